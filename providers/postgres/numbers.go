package postgres

import (
	"context"
	"slices"

	"github.com/syncform/syncform/providers/schema"
)

// LastNumbers reads the sequences that columns own, and those that their defaults draw
// from.
func (c *Conn) LastNumbers(ctx context.Context, tables []schema.Name) (map[schema.Name]map[string]string, error) {
	s, err := c.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer c.release(s)
	rows, err := s.query(ctx, `SELECT n.nspname, c.relname, a.attname, pg_catalog.pg_sequence_last_value(q.seqrelid) FROM pg_catalog.pg_sequence q
 JOIN (SELECT objid AS seq, refobjid AS rel, refobjsubid AS num FROM pg_catalog.pg_depend WHERE classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND deptype IN ('a', 'i') AND refobjsubid > 0
  UNION SELECT d.refobjid, f.adrelid, f.adnum FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_attrdef f ON f.oid = d.objid WHERE d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass) o ON o.seq = q.seqrelid
 JOIN pg_catalog.pg_class c ON c.oid = o.rel JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_attribute a ON a.attrelid = o.rel AND a.attnum = o.num
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
