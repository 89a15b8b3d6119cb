package mysql

import (
	"slices"
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// foreignKey translates a foreign key of another system.
func (tr *translation) foreignKey(f schema.ForeignKey) {
	name := object("foreign key", f.Name)
	leftOut := func(why string) { tr.note(name, "%s, so it is left out", why) }
	f.Columns, f.RefColumns = slices.Clone(f.Columns), slices.Clone(f.RefColumns)
	ref := tr.from.Table(f.RefTable)
	if ref != nil && len(f.RefColumns) == 0 && ref.PrimaryKey != nil {
		f.RefColumns = ref.PrimaryKey.Columns()
	}
	if ref == nil || len(f.RefColumns) != len(f.Columns) {
		leftOut("the table that it references is not known")
		return
	}
	if f.Period {
		leftOut("there are no foreign keys over periods here")
		return
	}
	if f.NotValid || f.NotEnforced {
		leftOut("the rows at the source need not satisfy it")
		return
	}
	orderLike(&f, ref)
	if why := tr.matchTypes(f, ref); why != "" {
		leftOut(why)
		return
	}
	if f.Match != "" || f.Deferrable || len(f.SetColumns) > 0 {
		tr.note(name, "it is checked at every row, and MATCH SIMPLE, here")
	}
	out := schema.ForeignKey{Name: tr.foreignKeyName(f), Columns: f.Columns, RefTable: f.RefTable, RefColumns: f.RefColumns}
	out.OnDelete, out.OnUpdate = tr.action(name, f, f.OnDelete), tr.action(name, f, f.OnUpdate)
	tr.out.ForeignKeys = append(tr.out.ForeignKeys, out)
}

// orderLike puts the columns of a foreign key into the order of the referenced key,
// which InnoDB asks for.
func orderLike(f *schema.ForeignKey, ref *schema.Table) {
	var keys [][]string
	if ref.PrimaryKey != nil {
		keys = append(keys, ref.PrimaryKey.Columns())
	}
	for i := range ref.Uniques {
		keys = append(keys, ref.Uniques[i].Columns())
	}
	for _, x := range ref.Indexes {
		if x.Unique {
			k := schema.Key{Parts: x.Parts}
			keys = append(keys, k.Columns())
		}
	}
	for _, key := range keys {
		if len(key) != len(f.RefColumns) || !slices.Equal(slices.Sorted(slices.Values(key)), slices.Sorted(slices.Values(f.RefColumns))) {
			continue
		}
		local := make([]string, len(key))
		for i, column := range key {
			local[i] = f.Columns[slices.Index(f.RefColumns, column)]
		}
		f.Columns, f.RefColumns = local, slices.Clone(key)
		return
	}
}

// matchTypes gives the local columns the referenced columns' types where those are
// wider; the server wants them alike. It says why they can't be.
func (tr *translation) matchTypes(f schema.ForeignKey, ref *schema.Table) string {
	theirs := tr.server.columnTypes(tr.from, ref)
	for i, name := range f.Columns {
		c := tr.out.Column(name)
		d, ok := theirs[f.RefColumns[i]]
		if c == nil || !ok {
			return "a column of it is not there"
		}
		switch {
		case c.Type.Native == d.Native && c.Collation == d.collation:
		case c.Type.Kind == schema.Varchar && d.Kind == schema.Varchar && c.Collation == d.collation:
		case c.Type.Kind == schema.Varbinary && d.Kind == schema.Varbinary:
		case c.Type.Kind == schema.Int && d.Kind == schema.Int && !c.Type.Unsigned && !d.Unsigned && c.Type.Bits < d.Bits:
			tr.note(object("column", name), "it is %s here, as the column that it references", d.Native)
			c.Type = d.Type
		default:
			return "column " + name + " and column " + f.RefColumns[i] + " of " + f.RefTable.String() + " have different types, which the server does not allow"
		}
	}
	return ""
}

// action keeps what InnoDB knows to do.
func (tr *translation) action(name string, f schema.ForeignKey, action string) string {
	switch action {
	case "CASCADE":
		return action
	case "SET NULL":
		for _, column := range f.Columns {
			if c := tr.out.Column(column); c != nil && !c.Nullable {
				tr.note(name, "column %s is not null, so SET NULL can only be NO ACTION here", column)
				return ""
			}
		}
		return action
	case "SET DEFAULT":
		tr.note(name, "InnoDB knows no SET DEFAULT; it is NO ACTION here")
	}
	return ""
}

// foreignKeyName makes the name the database's own: here they are not the table's.
func (tr *translation) foreignKeyName(f schema.ForeignKey) string {
	name := f.Name
	switch {
	case name == "":
		name = tr.source.Name.Name + "_" + strings.Join(f.Columns, "_") + "_fkey"
	case tr.elsewhere(name):
		name = tr.source.Name.Name + "_" + name
	}
	return goodName(name)
}

// elsewhere reports whether another table has a foreign key of that name.
func (tr *translation) elsewhere(name string) bool {
	for i := range tr.from.Tables {
		t := &tr.from.Tables[i]
		if t.Name != tr.source.Name && slices.ContainsFunc(t.ForeignKeys, func(f schema.ForeignKey) bool { return strings.EqualFold(f.Name, name) }) {
			return true
		}
	}
	return false
}

// indexed reports whether a key or index begins with the columns, so that the server
// makes none for a foreign key.
func (s *server) indexed(t *schema.Table, columns []string) bool {
	begins := func(parts []schema.KeyPart) bool {
		for i, name := range columns {
			if i >= len(parts) || parts[i].Column != name || parts[i].Prefix > 0 || parts[i].Desc && !s.mariadb() {
				return false
			}
		}
		return true
	}
	if k := t.PrimaryKey; k != nil && begins(k.Parts) {
		return true
	}
	return slices.ContainsFunc(t.Indexes, func(x schema.Index) bool { return (x.Method == "" || x.Method == "hash") && begins(x.Parts) })
}
