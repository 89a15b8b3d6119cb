package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// restriction is what a publication sends of a table that it does not send whole.
type restriction struct {
	filtered bool
	columns  []string // nil: all
	leftOut  []string // of those that could be sent
}

// restrictionFacts are the fields that newRestriction reads, of a pg_publication_rel r.
const restrictionFacts = `r.prqual IS NOT NULL, r.prattrs IS NOT NULL,
 coalesce((SELECT pg_catalog.string_agg(a.attname, '` + listSep + `' ORDER BY a.attnum) FROM pg_catalog.pg_attribute a WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs::int2[])), ''),
 coalesce((SELECT pg_catalog.string_agg(a.attname, '` + listSep + `' ORDER BY a.attnum) FROM pg_catalog.pg_attribute a WHERE a.attrelid = r.prrelid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND NOT a.attnum = ANY (r.prattrs::int2[])), '')`

func newRestriction(f []string) restriction {
	r := restriction{filtered: f[0] == "t"}
	if f[1] == "t" {
		r.columns = strings.Split(f[2], listSep)
		if f[3] != "" {
			r.leftOut = strings.Split(f[3], listSep)
		}
	}
	return r
}

// rowsMark begins the part of a publication's comment that says which row filters it has,
// and shownMark the part that says how the server shows them, in words of its own: a
// filter that somebody exchanges is told by that.
const (
	rowsMark  = "; rows "
	shownMark = " shown as "
)

// filtersShown is a SELECT of a hash of the row filters of a publication, as the server
// shows them; "" where it has none.
func filtersShown(publication string) string {
	return `SELECT coalesce(left(pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.string_agg(n.nspname || '.' || c.relname || ' ' || pg_catalog.pg_get_expr(r.prqual, r.prrelid), ' ' ORDER BY n.nspname, c.relname), 'UTF8')), 'hex'), 12), '')
 FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid JOIN pg_catalog.pg_class c ON c.oid = r.prrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE p.pubname = ` + publication + " AND r.prqual IS NOT NULL"
}

// says reports whether a publication has a comment, and its row filters are those that it
// had when that was written.
func (p *publication) says(comment string) bool {
	if !strings.Contains(comment, rowsMark) {
		return p.comment == comment
	}
	return p.comment == comment+shownMark+p.shown
}

func rowsHash(c *providers.Capture) string {
	var all []string
	for _, t := range c.Tables {
		if sql := rowFilter(t.Pushdown); sql != "" {
			all = append(all, quoteName(t.Table.Name)+" "+sql)
		}
	}
	if len(all) == 0 {
		return ""
	}
	sum := sha256.Sum256([]byte(strings.Join(all, "\n")))
	return rowsMark + hex.EncodeToString(sum[:6])
}

func rowFilter(d *providers.Pushdown) string {
	if d == nil {
		return ""
	}
	var parts []string
	for _, b := range d.Where {
		parts = append(parts, boundSQL(b, true))
	}
	return strings.Join(parts, " AND ")
}

// publishedSQL follows a table's name in a publication.
func publishedSQL(d *providers.Pushdown) string {
	sql := ""
	if d != nil && len(d.Columns) > 0 {
		sql = " (" + quoteAll(d.Columns) + ")"
	}
	if f := rowFilter(d); f != "" {
		sql += " WHERE (" + f + ")"
	}
	return sql
}

// pushdowns leaves of what was asked for the columns and rows that the publication can
// leave out. With a list of columns the server refuses updates of a table whose replica
// identity is not all in it, and with a filter those of one whose identity lacks its
// columns: both are made for the identity that planIdentity sees to.
func (p *capturePlanner) pushdowns(ctx context.Context, pub *publication) error {
	c := &p.plan.Capture
	for i := range c.Tables {
		t := &c.Tables[i]
		want := t.Pushdown
		f := p.factsOf(t.Table.Name)
		t.Pushdown = nil
		if want == nil || f == nil || p.conn.version < 150000 || pub != nil && !pub.ours(c.Sync) {
			continue
		}
		twice := slices.ContainsFunc(c.Tables[i+1:], func(x providers.CaptureTable) bool { return p.factsOf(x.Table.Name) == f }) ||
			slices.ContainsFunc(c.Tables[:i], func(x providers.CaptureTable) bool { return p.factsOf(x.Table.Name) == f })
		if twice || slices.ContainsFunc(f.below, func(b *captureFacts) bool { return !b.partition }) {
			continue
		}
		got := &providers.Pushdown{}
		for _, b := range want.Where {
			if slices.Contains(t.Table.Key, b.Column) && boundSQL(b, p.conn.encoding == "UTF8") != "" {
				got.Where = append(got.Where, b)
			}
		}
		var err error
		if got.Columns, err = p.sentColumns(ctx, f, t, want.Columns); err != nil {
			return err
		}
		if len(got.Columns)+len(got.Where) > 0 {
			t.Pushdown = got
		}
	}
	return nil
}

// sentColumns is the list of columns for a publication, in the table's order; nil where
// all are to be sent.
func (p *capturePlanner) sentColumns(ctx context.Context, f *captureFacts, t *providers.CaptureTable, want []string) ([]string, error) {
	if len(want) == 0 {
		return nil, nil
	}
	for _, rel := range append([]*captureFacts{f}, f.below...) {
		identity, _, _ := rel.wantedIdentity(t.Table.Key, t.FullImages || p.plan.Capture.Before)
		if identity == "FULL" || identity == "" && rel.identity == "f" {
			return nil, nil // an old row is logged whole, and so must be sent whole
		}
	}
	rows, err := p.session.query(ctx, "SELECT attname, attgenerated <> '' FROM pg_catalog.pg_attribute WHERE attrelid = $1::text::oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum", f.oid)
	if err != nil {
		return nil, fmt.Errorf("read the columns of table %s: %w", f.name, classify(err))
	}
	var list []string
	left := false
	for _, r := range rows {
		key := slices.Contains(t.Table.Key, r[0])
		switch {
		case r[1] == "t" && key:
			return nil, nil
		case r[1] == "t": // computed columns are not sent, and a list can't have them
		case key || slices.Contains(want, r[0]):
			list = append(list, r[0])
		default:
			left = true
		}
	}
	if !left {
		return nil, nil
	}
	return list, nil
}

// republish gives the statements that send other columns or rows of tables that the
// publication has. Those of tables that are to be sent whole run first of all steps: a
// table's replica identity may only become FULL after that.
func (p *capturePlanner) republish(pub *publication, comment string) (statements, done []string, tables []schema.Name) {
	c := &p.plan.Capture
	name := quote(c.Publication)
	var first, doneFirst []string
	for _, t := range c.Tables {
		f := p.factsOf(t.Table.Name)
		if f == nil || !slices.Contains(pub.tables, f.name) {
			continue
		}
		is, filter := pub.restricted[f.name], rowFilter(t.Pushdown)
		var columns []string
		if t.Pushdown != nil {
			columns = t.Pushdown.Columns
		}
		if slices.Equal(is.columns, columns) && is.filtered == (filter != "") && (filter == "" || pub.says(comment)) {
			continue
		}
		tables = append(tables, f.name)
		ref := tableRef(f.name, t.Table.Only && f.kind == "r")
		sql := []string{"ALTER PUBLICATION " + name + " DROP TABLE " + tableRef(f.name, true), "ALTER PUBLICATION " + name + " ADD TABLE " + ref + publishedSQL(t.Pushdown)}
		test := sendsOnly(c.Publication, f.name, columns, filter != "")
		if is.columns != nil && columns == nil {
			first, doneFirst = append(first, sql...), append(doneFirst, test)
			continue
		}
		statements, done = append(statements, sql...), append(done, test)
	}
	if len(first) > 0 {
		p.step(strings.Join(first, "; "), "SELECT ("+strings.Join(doneFirst, ") AND (")+")")
		p.lastFirst()
	}
	return statements, done, tables
}

// sendsOnly asks whether a publication sends these columns of a table, and whether it has
// a row filter.
func sendsOnly(publication string, n schema.Name, columns []string, filtered bool) string {
	list := "r.prattrs IS NULL"
	if columns != nil {
		quoted := make([]string, len(columns))
		for i, c := range columns {
			quoted[i] = literal(c)
		}
		list = `(SELECT pg_catalog.array_agg(a.attname::text ORDER BY a.attnum) FROM pg_catalog.pg_attribute a WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs::int2[])) = ARRAY[` + strings.Join(quoted, ", ") + `]::text[]`
	}
	return `SELECT EXISTS (SELECT FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid JOIN pg_catalog.pg_class c ON c.oid = r.prrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE p.pubname = ` + literal(publication) + ` AND n.nspname = ` + literal(n.Schema) + ` AND c.relname = ` + literal(n.Name) + fmt.Sprintf(" AND (r.prqual IS NOT NULL) = %t AND %s)", filtered, list)
}

// leftOut says what a publication leaves out of a table that was not asked of it, "" where
// nothing: what it does not send is missing in silence.
func (c slotCapture) leftOut(pub *publication, cp providers.Capture, t providers.CaptureTable, n schema.Name) string {
	is, ok := pub.restricted[n]
	if !ok {
		return ""
	}
	exchanged := !pub.says(publicationComment(cp.Sync)+rowsHash(&cp)) && (!pub.lists || pub.putBack(n))
	if is.filtered && (rowFilter(t.Pushdown) == "" || exchanged) {
		return fmt.Sprintf("the publication %q leaves rows of table %s out, by a row filter that syncform did not give it", cp.Publication, n)
	}
	for _, x := range t.Table.Columns {
		if slices.Contains(is.leftOut, x.Name) {
			return fmt.Sprintf("the publication %q leaves column %q of table %s out", cp.Publication, x.Name, n)
		}
	}
	for _, x := range t.Table.Key {
		if slices.Contains(is.leftOut, x) {
			return fmt.Sprintf("the publication %q leaves column %q of table %s out", cp.Publication, x, n)
		}
	}
	return ""
}

// findOthers finds publications of others that a change of a table's replica identity
// would break: the server would refuse updates of the table.
func (p *capturePlanner) findOthers(ctx context.Context, rel *captureFacts, full bool) error {
	if p.conn.version < 150000 {
		return nil
	}
	rows, err := p.session.query(ctx, "SELECT p.pubname FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid WHERE r.prrelid = $1::text::oid AND (r.prattrs IS NOT NULL OR r.prqual IS NOT NULL) AND p.pubname <> $2 ORDER BY 1", rel.oid, p.plan.Capture.Publication)
	if err == nil && full && rel.stored && p.conn.version >= 180000 {
		var more [][]string
		more, err = p.session.query(ctx, "SELECT p.pubname FROM pg_catalog.pg_publication_tables t JOIN pg_catalog.pg_publication p ON p.pubname = t.pubname WHERE t.schemaname = $1 AND t.tablename = $2 AND p.pubgencols = 'n' AND p.pubname <> $3 ORDER BY 1", rel.name.Schema, rel.name.Name, p.plan.Capture.Publication)
		rows = append(rows, more...)
	}
	if err != nil {
		return fmt.Errorf("look for other publications of table %s: %w", rel.name, classify(err))
	}
	for _, r := range rows {
		p.fatal("", "the publication %q sends only some of the columns or rows of table %s, and with another replica identity the server would refuse updates of the table: let it send all, or leave the replica identity as it is (capture_before_values = false, another key)", r[0], rel.name)
	}
	return nil
}
