package postgres

import (
	"fmt"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

func (tr *translation) keys(t *schema.Table) {
	if k := tr.source.PrimaryKey; k != nil {
		if parts, ok := tr.keyParts("primary key", k.Parts, t); ok {
			key := schema.Key{Name: objectName(t.Name.Name, "", "pkey"), Parts: parts, Comment: k.Comment}
			t.PrimaryKey = &key
			for _, p := range parts {
				if c := t.Column(p.Column); c != nil {
					c.Nullable = false
				}
			}
		}
	}
	for _, k := range tr.source.Uniques {
		object := fmt.Sprintf("unique %q", k.Name)
		if parts, ok := tr.keyParts(object, k.Parts, t); ok {
			name := k.Name
			if name == "" {
				name = objectName(t.Name.Name, strings.Join(columnNames(k.Columns()), "_"), "key")
			}
			t.Uniques = append(t.Uniques, schema.Key{Name: fit(name), Parts: parts, Comment: k.Comment})
		}
	}
}

// keyParts takes a key's columns over; a key over prefixes or expressions can't be a
// constraint here.
func (tr *translation) keyParts(object string, parts []schema.KeyPart, t *schema.Table) ([]schema.KeyPart, bool) {
	out := make([]schema.KeyPart, len(parts))
	for i, p := range parts {
		c := t.Column(fit(p.Column))
		if p.Column == "" || p.Prefix > 0 || c == nil {
			tr.note(object, "a key over a part of a column or an expression has no counterpart here; it is left out")
			return nil, false
		}
		if !indexable(c.Type) {
			tr.note(object, "PostgreSQL can't index the type %s of column %q; it is left out", c.Type, p.Column)
			return nil, false
		}
		out[i] = schema.KeyPart{Column: c.Name}
	}
	return out, true
}

// indexable: json and xml have no order.
func indexable(t schema.Type) bool {
	return t.Kind != schema.JSON && t.Kind != schema.XML
}

func (tr *translation) indexes(t *schema.Table) {
	for _, x := range tr.source.Indexes {
		object := fmt.Sprintf("index %q", x.Name)
		switch x.Method {
		case "", "btree", "hash":
		default:
			tr.note(object, "a %s index has no counterpart here; it is left out", x.Method)
			continue
		}
		made := schema.Index{Name: tr.indexName(t, x.Name), Unique: x.Unique, Comment: x.Comment}
		if x.Where != "" {
			where, ok := tr.expression(x.Where, schema.Bool)
			if !ok {
				tr.note(object, "its condition (%s) is in words that PostgreSQL may read otherwise; the index is left out", x.Where)
				continue
			}
			made.Where = where
		}
		var ok bool
		if made.Parts, ok = tr.indexParts(object, x, t); !ok {
			continue
		}
		t.Indexes = append(t.Indexes, made)
	}
}

// indexName: an index of MySQL has a name within its table, here within the schema,
// where tables have theirs too.
func (tr *translation) indexName(t *schema.Table, name string) string {
	base := indexBase(tr.from.System, tr.source.Name.Name, name)
	made := base
	for n := 1; tr.isTaken(t, base, made); n++ {
		made = clip(base, fmt.Sprintf("_%d", n))
	}
	return made
}

func indexBase(from schema.System, table, name string) string {
	if from != schema.SQLite && !strings.HasPrefix(name, table+"_") {
		name = table + "_" + name
	}
	return fit(name)
}

// isTaken reports whether a table has the name, or another index: one of this table,
// or one of a table before this one whose name begins alike.
func (tr *translation) isTaken(t *schema.Table, base, name string) bool {
	if t.PrimaryKey != nil && t.PrimaryKey.Name == name || slices.ContainsFunc(t.Indexes, func(x schema.Index) bool { return x.Name == name }) {
		return true
	}
	for i := range tr.from.Tables {
		other := &tr.from.Tables[i]
		if fit(other.Name.Name) == name {
			return true
		}
		if name != base || other.Name.Compare(tr.source.Name) >= 0 {
			continue
		}
		for _, x := range other.Indexes {
			if indexBase(tr.from.System, other.Name.Name, x.Name) == name {
				return true
			}
		}
	}
	return false
}

func (tr *translation) indexParts(object string, x schema.Index, t *schema.Table) ([]schema.KeyPart, bool) {
	parts := make([]schema.KeyPart, 0, len(x.Parts))
	for _, p := range x.Parts {
		q := schema.KeyPart{Desc: p.Desc}
		if p.Column == "" {
			expr, ok := tr.expression(p.Expr, "")
			if !ok {
				tr.note(object, "its expression (%s) is in words that PostgreSQL may read otherwise; it is left out", p.Expr)
				return nil, false
			}
			q.Expr = withoutParens(expr)
			parts = append(parts, q)
			continue
		}
		c := t.Column(fit(p.Column))
		if c == nil {
			return nil, false
		}
		if !indexable(c.Type) {
			tr.note(object, "PostgreSQL can't index the type %s of column %q; it is left out", c.Type, p.Column)
			return nil, false
		}
		col := quoteIfNeeded(c.Name)
		switch {
		case p.Prefix == 0:
			q.Column = c.Name
		case c.Type.Kind == schema.Blob:
			q.Expr = fmt.Sprintf("substr(%s, 1, %d)", col, p.Prefix)
		case c.Type.Kind == schema.Text:
			q.Expr = fmt.Sprintf(`"left"(%s, %d)`, col, p.Prefix)
		default:
			q.Expr = fmt.Sprintf(`"left"((%s)::text, %d)`, col, p.Prefix)
		}
		parts = append(parts, q)
	}
	return parts, true
}

func (tr *translation) foreignKeys(t *schema.Table) {
	for _, k := range tr.source.ForeignKeys {
		name := k.Name
		if name == "" {
			name = objectName(t.Name.Name, strings.Join(columnNames(k.Columns), "_"), "fkey")
		}
		object := fmt.Sprintf("foreign key %q", name)
		ref := tr.from.Table(k.RefTable)
		refColumns := k.RefColumns
		if len(refColumns) == 0 && ref != nil && ref.PrimaryKey != nil {
			refColumns = ref.PrimaryKey.Columns()
		}
		if ref != nil {
			if !isUniqueIn(ref, refColumns) {
				tr.note(object, "the columns that it refers to are not unique in table %s, which PostgreSQL asks for; it is left out", k.RefTable)
				continue
			}
			if bad := tr.unlikeTypes(k.Columns, ref, refColumns); bad != "" {
				tr.note(object, "column %q and the one it refers to are of types that PostgreSQL does not compare; it is left out", bad)
				continue
			}
		}
		made := schema.ForeignKey{Name: fit(name), Columns: columnNames(k.Columns), RefTable: schema.Name{Schema: k.RefTable.Schema, Name: fit(k.RefTable.Name)}, RefColumns: columnNames(refColumns),
			OnDelete: action(k.OnDelete), OnUpdate: action(k.OnUpdate), Deferrable: k.Deferrable, Deferred: k.Deferred}
		for slices.ContainsFunc(t.ForeignKeys, func(o schema.ForeignKey) bool { return o.Name == made.Name }) {
			made.Name = clip(made.Name, "1")
		}
		t.ForeignKeys = append(t.ForeignKeys, made)
	}
}

// action: NO ACTION is said by saying nothing.
func action(a string) string {
	if a == "NO ACTION" {
		return ""
	}
	return a
}

// isUniqueIn reports whether a key of the table is over just these columns.
func isUniqueIn(t *schema.Table, columns []string) bool {
	same := func(parts []schema.KeyPart) bool {
		if len(parts) != len(columns) {
			return false
		}
		for _, p := range parts {
			if p.Prefix > 0 || p.Column == "" || !slices.Contains(columns, p.Column) {
				return false
			}
		}
		return true
	}
	if t.PrimaryKey != nil && same(t.PrimaryKey.Parts) {
		return true
	}
	for _, k := range t.Uniques {
		if same(k.Parts) {
			return true
		}
	}
	for _, x := range t.Indexes {
		if x.Unique && x.Where == "" && same(x.Parts) {
			return true
		}
	}
	return false
}

// unlikeTypes finds a column whose type here can't refer to the other's.
func (tr *translation) unlikeTypes(columns []string, ref *schema.Table, refColumns []string) string {
	other := &translation{from: tr.from, source: *ref, version: tr.version}
	for i, name := range columns {
		a := tr.source.Column(name)
		if a == nil || i >= len(refColumns) {
			return name
		}
		b := ref.Column(refColumns[i])
		if b == nil {
			return name
		}
		ta, err1 := tr.columnType(*a)
		tb, err2 := other.columnType(*b)
		if err1 != nil || err2 != nil || family(ta.Kind) != family(tb.Kind) || ta.Kind == schema.Decimal && tb.Kind != schema.Decimal {
			return name
		}
	}
	return ""
}

// family groups kinds that the server compares with each other.
func family(k schema.Kind) schema.Kind {
	switch k {
	case schema.Char, schema.Varchar:
		return schema.Text
	case schema.Decimal, schema.Float:
		return schema.Int
	}
	return k
}
