package postgres

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// numberedColumns are all sequences q with the columns a that they number, of tables c in n.
const numberedColumns = ` FROM pg_catalog.pg_sequence q
 JOIN (SELECT objid AS seq, refobjid AS rel, refobjsubid AS num FROM pg_catalog.pg_depend WHERE classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND deptype IN ('a', 'i') AND refobjsubid > 0
  UNION SELECT d.refobjid, f.adrelid, f.adnum FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_attrdef f ON f.oid = d.objid WHERE d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass) o ON o.seq = q.seqrelid
 JOIN pg_catalog.pg_class c ON c.oid = o.rel JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_attribute a ON a.attrelid = o.rel AND a.attnum = o.num`

// LastNumbers reads the sequences that columns own, and those that their defaults draw
// from.
func (c *Conn) LastNumbers(ctx context.Context, tables []schema.Name) (map[schema.Name]map[string]string, error) {
	s, err := c.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer c.release(s)
	rows, err := s.query(ctx, `SELECT n.nspname, c.relname, a.attname, pg_catalog.pg_sequence_last_value(q.seqrelid)`+numberedColumns+`
 WHERE pg_catalog.pg_sequence_last_value(q.seqrelid) IS NOT NULL`)
	if err != nil {
		return nil, classify(err)
	}
	last := map[schema.Name]map[string]string{}
	for _, r := range rows {
		n := schema.Name{Schema: r[0], Name: r[1]}
		if !slices.Contains(tables, n) {
			continue
		}
		if last[n] == nil {
			last[n] = map[string]string{}
		}
		last[n][r[2]] = r[3]
	}
	return last, nil
}

// AdvanceNumbers sets sequences, which waits for nobody and keeps nobody waiting.
func (c *Conn) AdvanceNumbers(ctx context.Context, given map[schema.Name]map[string]string) (moved []schema.Name, err error) {
	var list []string
	for n, columns := range given {
		at := n
		if at.Schema == "" {
			at.Schema = c.schema
		}
		for column, last := range columns {
			if v, err := strconv.ParseInt(last, 10, 64); err == nil {
				list = append(list, fmt.Sprintf("(%s, %s, %s, %d::bigint)", literal(at.Schema), literal(at.Name), literal(column), v))
			}
		}
	}
	if len(list) == 0 {
		return nil, nil
	}
	s, err := c.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer c.release(s)
	rows, err := s.query(ctx, "SELECT n.nspname, c.relname, pg_catalog.setval(q.seqrelid, v.given)"+numberedColumns+"\n JOIN (VALUES "+strings.Join(list, ", ")+`) v(nsp, rel, col, given) ON v.nsp = n.nspname AND v.rel = c.relname AND v.col = a.attname
 WHERE v.given BETWEEN q.seqmin AND q.seqmax AND (pg_catalog.pg_sequence_last_value(q.seqrelid) IS NULL OR CASE WHEN q.seqincrement > 0 THEN v.given > pg_catalog.pg_sequence_last_value(q.seqrelid) ELSE v.given < pg_catalog.pg_sequence_last_value(q.seqrelid) END)`)
	if err != nil {
		return nil, fmt.Errorf("move sequences on: %w", classify(err))
	}
	for _, r := range rows {
		for n := range given {
			if n.Name == r[1] && (n.Schema == r[0] || n.Schema == "" && r[0] == c.schema) {
				moved = append(moved, n)
			}
		}
	}
	return moved, nil
}
