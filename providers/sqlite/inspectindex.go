package sqlite

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// readIndexes adds the indexes that a CREATE INDEX has made; those of constraints are
// part of the table.
func (in *inspection) readIndexes(d *schema.Database) error {
	names, err := in.names()
	if err != nil {
		return err
	}
	rows, err := all(in.db, `SELECT s.value, l.name, l."unique", l.partial, x.cid, x.name, x."desc", x.coll
		FROM json_each(?) s, pragma_index_list(s.value) l, pragma_index_xinfo(l.name) x
		WHERE l.origin = 'c' AND x.key = 1 ORDER BY s.key, l.name, x.seqno`, names)
	if err != nil {
		return err
	}
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && rows[n][0] == rows[0][0] && rows[n][1] == rows[0][1] {
			n++
		}
		t := d.Table(schema.Name{Name: rows[0][0]})
		x, err := in.index(t, rows[:n])
		if err != nil {
			return err
		}
		t.Indexes = append(t.Indexes, *x)
		rows = rows[n:]
	}
	for i := range d.Tables {
		slices.SortFunc(d.Tables[i].Indexes, func(a, b schema.Index) int { return cmp.Compare(a.Name, b.Name) })
	}
	return nil
}

// index puts an index together: the pragma names its columns, the text has expressions.
func (in *inspection) index(t *schema.Table, rows [][]string) (*schema.Index, error) {
	name := rows[0][1]
	x := &schema.Index{Name: name, Unique: rows[0][2] == "1"}
	var text *parsedIndex
	if o := in.objects[lower(name)]; o != nil {
		var err error
		if text, err = parseIndex(o.sql); err != nil {
			return nil, fmt.Errorf("read the definition of index %s: %w", name, err)
		}
		if len(text.parts) != len(rows) {
			return nil, fmt.Errorf("index %s: its definition has %d parts and the pragma %d", name, len(text.parts), len(rows))
		}
		if rows[0][3] == "1" {
			x.Where = text.where
		}
	}
	for i, r := range rows {
		p := schema.KeyPart{Column: r[5], Desc: r[6] == "1"}
		declared := "BINARY"
		if r[4] == "-2" {
			p.Column, p.Expr = "", text.parts[i]
		} else if c := t.Column(p.Column); c != nil && c.Collation != "" {
			declared = c.Collation
		}
		if !strings.EqualFold(r[7], declared) {
			p.Collation = r[7]
		}
		x.Parts = append(x.Parts, p)
	}
	return x, nil
}

// others lists what is seen and not managed.
func (in *inspection) others(d *schema.Database) {
	for _, o := range in.list {
		other := schema.Object{Name: schema.Name{Name: o.name}}
		switch {
		case o.kind == "view":
			other.Kind, other.Definition = "view", o.sql
		case o.kind == "trigger":
			other.Kind, other.On, other.Definition = "trigger", schema.Name{Name: o.table}, o.sql
		case o.class == "virtual":
			other.Kind = "virtual table"
		default:
			continue
		}
		d.Others = append(d.Others, other)
	}
	slices.SortFunc(d.Others, func(a, b schema.Object) int {
		return cmp.Or(a.Name.Compare(b.Name), cmp.Compare(a.Kind, b.Kind))
	})
}

// smallFile is up to where reading every page once for exact numbers is cheap.
const smallFile = 64 << 20

// leastRow is the fewest bytes that a row takes, about: more rows than the file has
// room for are only gaps between row ids.
const leastRow = 8

// estimate sets rows and bytes: exact for a small file, else what ANALYZE has left or
// the span of the row ids allows.
func (in *inspection) estimate(d *schema.Database) error {
	if len(d.Tables) == 0 {
		return nil
	}
	bytes := int64(1)
	for _, name := range []string{"page_count", "page_size"} {
		text, err := pragma(in.db, name)
		if err != nil {
			return err
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return err
		}
		bytes *= n
	}
	if bytes <= smallFile {
		return in.countPages(d)
	}
	rows := map[string]int64{}
	if in.objects["sqlite_stat1"] != nil {
		stat, err := all(in.db, "SELECT tbl, max(CAST(stat AS INTEGER)) FROM sqlite_stat1 GROUP BY tbl")
		if err != nil {
			return err
		}
		for _, r := range stat {
			if rows[lower(r[0])], err = strconv.ParseInt(r[1], 10, 64); err != nil {
				return err
			}
		}
	}
	var total int64
	for i := range d.Tables {
		t := &d.Tables[i]
		n, known := rows[lower(t.Name.Name)]
		if !known {
			span, err := in.span(t)
			if err != nil {
				return err
			}
			n = min(span, bytes/leastRow)
		}
		t.Rows = n
		total += max(n, 0)
	}
	for i := range d.Tables { // a share of the file by rows
		t := &d.Tables[i]
		if t.Rows >= 0 && total > 0 {
			t.Bytes = int64(float64(bytes) * float64(t.Rows) / float64(total))
		}
	}
	return nil
}

// span is how many rows there can be between the least and the greatest row id: two
// steps down the tree each. -1 for a table without row ids.
func (in *inspection) span(t *schema.Table) (int64, error) {
	rowid := rowidName(t)
	if rowid == "" {
		return -1, nil
	}
	r, err := one(in.db, fmt.Sprintf("SELECT (SELECT max(%s) FROM %s), (SELECT min(%[1]s) FROM %[2]s)", rowid, ident(t.Name.Name)))
	if err != nil || r[0] == "" {
		return 0, err
	}
	most, err := strconv.ParseInt(r[0], 10, 64)
	if err != nil {
		return 0, err
	}
	least, err := strconv.ParseInt(r[1], 10, 64)
	if err != nil {
		return 0, err
	}
	if n := most - least + 1; n > 0 {
		return n, nil
	}
	return -1, nil
}

// countPages counts the cells of all leaf pages: every row is one, in a table without
// row ids also those of the pages above.
func (in *inspection) countPages(d *schema.Database) error {
	rows, err := all(in.db, "SELECT name, sum(CASE WHEN pagetype = 'leaf' THEN ncell ELSE 0 END), sum(ncell), sum(pgsize) FROM dbstat GROUP BY name")
	if err != nil {
		return err
	}
	stat := make(map[string][]string, len(rows))
	for _, r := range rows {
		stat[lower(r[0])] = r
	}
	for i := range d.Tables {
		t := &d.Tables[i]
		cells := 1
		if t.Options["without_rowid"] != "" {
			cells = 2
		}
		r := stat[lower(t.Name.Name)]
		if r == nil {
			continue
		}
		var err error
		if t.Rows, err = strconv.ParseInt(r[cells], 10, 64); err != nil {
			return err
		}
		if t.Bytes, err = strconv.ParseInt(r[3], 10, 64); err != nil {
			return err
		}
	}
	return nil
}

// rowidName gives the name by which a table's row ids can be asked for, or "" where it
// has none, or its columns have all the names.
func rowidName(t *schema.Table) string {
	if t.Options["without_rowid"] != "" {
		return ""
	}
	for _, name := range []string{"rowid", "_rowid_", "oid"} {
		if !slices.ContainsFunc(t.Columns, func(c schema.Column) bool { return lower(c.Name) == name }) {
			return name
		}
	}
	if c := rowidAlias(t); c != "" {
		return ident(c)
	}
	return ""
}

// rowidAlias gives the column that is the row id itself: INTEGER PRIMARY KEY, but not
// INTEGER PRIMARY KEY DESC.
func rowidAlias(t *schema.Table) string {
	k := t.PrimaryKey
	if k == nil || len(k.Parts) != 1 || t.Options["without_rowid"] != "" {
		return ""
	}
	c := t.Column(k.Parts[0].Column)
	if c == nil || !isRowidName(c.Type.Native) || k.Parts[0].Desc {
		return ""
	}
	return c.Name
}
