package postgres

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/syncform/syncform/providers/ledger"
	"github.com/syncform/syncform/providers/schema"
)

func number(s string) float64 {
	if s == "" {
		return -1
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return -1
	}
	return f
}

// buildColumns gives each relation its columns, in order.
func (r *catalogue) buildColumns() {
	numbered := map[string][]*sequenceRow{}
	for i := range r.sequences {
		if s := &r.sequences[i]; s.how == "i" {
			numbered[s.ownerRel] = append(numbered[s.ownerRel], s)
		}
	}
	slices.SortFunc(r.columns, func(a, b columnRow) int { return cmp.Or(cmp.Compare(a.rel, b.rel), int(a.num)-int(b.num)) })
	for rows := r.columns; len(rows) > 0; {
		n := 1
		for n < len(rows) && rows[n].rel == rows[0].rel {
			n++
		}
		oid := r.words[rows[0].rel]
		if rel := r.relations[oid]; rel != nil {
			r.columnsOf(rel, rows[:n])
			for _, s := range numbered[oid] {
				if col := rel.table.Column(s.ownerColumn); col != nil && col.Identity != nil {
					s.identity(col.Identity)
				}
			}
			if r.scope.share != nil {
				rel.table.Columns = r.scope.share(rel.table.Columns)
			}
		}
		rows = rows[n:]
	}
	r.columns, r.words, r.places = nil, nil, nil
}

func (r *catalogue) columnsOf(rel *relation, rows []columnRow) {
	last := rows[len(rows)-1].num
	rel.columns, rel.colls = make([]string, last+1), make([]string, last+1)
	rel.table.Columns = make([]schema.Column, 0, len(rows))
	for _, row := range rows {
		name, typ, collation := r.words[row.name], r.words[row.typ], r.words[row.collation]
		rel.columns[row.num], rel.colls[row.num] = name, collation
		col := schema.Column{Name: name, Type: r.typeOf(typ), Nullable: !row.notNull, Comment: r.comments[commentKey{"pg_class", rel.oid, strconv.Itoa(int(row.num))}]}
		if collation != r.typeCollation(typ) {
			col.Collation = r.collationName(collation)
		}
		if row.options != 0 {
			col.Options = columnOptions(r.words[row.options-1])
		}
		switch {
		case row.generated != 0:
			col.Generated = &schema.Generated{Expr: r.words[row.def], Stored: row.generated == 's'}
		case row.hasDefault:
			col.Default = decodeDefault(col.Type, r.words[row.def])
		}
		if row.identity != 0 {
			col.Identity = &schema.Identity{Always: row.identity == 'a'}
		}
		rel.width += width(col.Type)
		rel.table.Columns = append(rel.table.Columns, col)
	}
}

// The server's own collations.
const (
	noCollation      = "0"
	defaultCollation = "100" // the database's
	cCollation       = "950"
)

// typeCollation is what a column of the type has where nothing is said, so that only
// what was said is kept.
func (r *catalogue) typeCollation(native string) string {
	native = strings.TrimSuffix(native, "[]")
	if u := r.userTypes[native]; u != nil && u.kind == "d" {
		return u.collation
	}
	if native == "name" {
		return cCollation
	}
	t := r.typeOf(native)
	if isCharacters(t.Kind) || t.Kind == schema.Other && t.Name.Name != "" {
		return defaultCollation
	}
	return noCollation
}

// width guesses what a value takes on disk.
func width(t schema.Type) int {
	switch t.Kind {
	case schema.Bool:
		return 1
	case schema.Int, schema.Float:
		return max(t.Bits/8, 2)
	case schema.Date:
		return 4
	case schema.Time, schema.Timestamp, schema.TimestampTZ:
		return 8
	case schema.UUID, schema.Interval:
		return 16
	}
	return 24
}

func (r *catalogue) collationName(oid string) string {
	n, ok := r.collations[oid]
	if !ok {
		return ""
	}
	if n.Schema == "pg_catalog" {
		return quote(n.Name)
	}
	return quoteName(n)
}

// buildInheritance hangs partitions under their tables and notes other parents.
func (r *catalogue) buildInheritance() {
	for _, in := range r.inherits {
		child, parent := r.relations[in[0]], r.relations[in[1]]
		switch {
		case child == nil:
		case child.isPartition:
			if parent != nil {
				parent.children = append(parent.children, child)
			}
		case parent != nil:
			child.table.Inherits = append(child.table.Inherits, parent.name)
		}
	}
}

// partitioning describes how a relation is cut.
func (r *catalogue) partitioning(rel *relation) *schema.Partitioning {
	if rel.kind != "p" {
		return nil
	}
	strategy, _, _ := strings.Cut(rel.partKey, " ")
	p := &schema.Partitioning{Strategy: strings.ToLower(strategy), Definition: rel.partKey}
	for _, c := range rel.children {
		p.Partitions = append(p.Partitions, schema.Partition{Name: c.name, Definition: c.bound, Partitioning: r.partitioning(c), Local: r.local(rel, c), Given: given(c)})
	}
	slices.SortFunc(p.Partitions, func(a, b schema.Partition) int { return a.Name.Compare(b.Name) })
	return p
}

// finish fills in what belongs to the table itself.
func (r *catalogue) finish(rel *relation) {
	t := &rel.table
	t.Name = rel.name
	t.Partition = r.partitioning(rel)
	t.Comment = r.comments[commentKey{"pg_class", rel.oid, "0"}]
	t.Options = storageOptions(rel.options)
	option := func(k, v string) {
		if v == "" {
			return
		}
		if t.Options == nil {
			t.Options = map[string]string{}
		}
		t.Options[k] = v
	}
	if rel.persistence == "u" {
		option("unlogged", "true")
	}
	option("tablespace", rel.tablespace)
	option("using", rel.access)
	t.Marks.ReplicaIdentity = cmp.Or(t.Marks.ReplicaIdentity, replicaIdentities[rel.identity])
	t.Rows, t.Bytes = -1, -1
	if r.scope.estimates {
		t.Rows, t.Bytes = rel.estimate()
	}
	sortParts(t)
	t.Unfinished = ledger.Unfinished(t)
}

// sortParts puts a table's parts into the order of their names.
func sortParts(t *schema.Table) {
	slices.SortFunc(t.Uniques, func(a, b schema.Key) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(t.ForeignKeys, func(a, b schema.ForeignKey) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(t.Checks, func(a, b schema.Check) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(t.Exclusions, func(a, b schema.Exclusion) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(t.Indexes, func(a, b schema.Index) int { return strings.Compare(a.Name, b.Name) })
}

// storageOptions splits reloptions.
func storageOptions(list string) map[string]string {
	if list == "" {
		return nil
	}
	m := map[string]string{}
	for _, o := range strings.Split(list, listSep) {
		k, v, _ := strings.Cut(o, "=")
		m[k] = v
	}
	return m
}

// estimate gives rows and bytes: what the server counted as written or found at the
// last ANALYZE. Where the file's size is known, rows as the server's own planner
// estimates them: the rows per page of the last ANALYZE times the pages of today; for a
// table that was never analysed, as many rows as fit.
func (rel *relation) estimate() (rows, bytes int64) {
	if rel.kind == "p" {
		for _, c := range rel.children {
			if c.width == 0 {
				c.width = rel.width // the columns of partitions are not read
			}
			r, b := c.estimate()
			rows, bytes = rows+max(r, 0), bytes+max(b, 0)
		}
		return rows, bytes
	}
	const page, pageHeader, rowHeader = 8192, 24, 28
	rowWidth := float64(rowHeader + max(rel.width, 4))
	if rel.size < 0 {
		rows = int64(max(rel.live, rel.tuples, 0))
		return rows, int64(max(rel.pages*page, float64(rows)*rowWidth))
	}
	pages := rel.size / page
	if rel.tuples >= 0 && rel.pages > 0 {
		return int64(rel.tuples/rel.pages*pages + 0.5), int64(rel.size)
	}
	return int64(max(pages*max((page-pageHeader)/rowWidth, 1), rel.live)), int64(rel.size)
}
