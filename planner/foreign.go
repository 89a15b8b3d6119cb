package planner

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// foreignKeys keeps those whose columns are all mapped, at both ends.
func (w *want) foreignKeys(bySource map[schema.Name]*want) []schema.ForeignKey {
	var out []schema.ForeignKey
	for _, k := range w.from.ForeignKeys {
		ref := bySource[k.RefTable]
		if ref == nil {
			w.notes = append(w.notes, fmt.Sprintf("foreign key %s is left out: table %s is not mapped in %s", keyWords(&k), k.RefTable, w.sync.Addr))
			continue
		}
		if len(ref.filters) > 0 {
			w.notes = append(w.notes, fmt.Sprintf("foreign key %s is left out: %s has filters, so rows of %s may be missing in the target", keyWords(&k), ref.addr, k.RefTable))
			continue
		}
		cols, lost := w.rename(k.Columns)
		refs := k.RefColumns
		if len(refs) == 0 && ref.from.PrimaryKey != nil {
			refs = ref.from.PrimaryKey.Columns()
		}
		refCols, lostRef := ref.rename(refs)
		set, lostSet := w.rename(k.SetColumns)
		if lost != "" || lostRef != "" || lostSet != "" {
			w.notes = append(w.notes, fmt.Sprintf("foreign key %s is left out: the column %q is not mapped", keyWords(&k), lost+lostRef+lostSet))
			continue
		}
		if isMySQL(w.source.db.System) && !isMySQL(w.target.db.System) {
			k.OnDelete, k.OnUpdate = noAction(k.OnDelete), noAction(k.OnUpdate)
		}
		k.Columns, k.RefColumns, k.SetColumns, k.RefTable = cols, refCols, set, ref.name
		if len(set) == 0 {
			k.SetColumns = nil
		}
		out = append(out, k)
	}
	return out
}

// noAction gives the one word for RESTRICT and NO ACTION, which are the same to MySQL.
func noAction(s string) string {
	if s == "RESTRICT" || s == "NO ACTION" {
		return ""
	}
	return s
}

// rename gives the target names of source columns, or the first that is not mapped.
func (w *want) rename(cols []string) (out []string, lost string) {
	for _, name := range cols {
		i := slices.IndexFunc(w.columns, func(c column) bool { return c.source != nil && c.source.Name == name })
		if i < 0 {
			return nil, name
		}
		out = append(out, w.columns[i].name)
	}
	return out, ""
}

// acceptable leaves out the foreign keys that the target's server would refuse, because
// the source's does not mind: to columns that are no key, or of other types.
func acceptable(wants []*want) {
	byName := make(map[schema.Name]*want, len(wants))
	for _, w := range wants {
		byName[w.name] = w
	}
	for _, w := range wants {
		w.table.ForeignKeys = slices.DeleteFunc(w.table.ForeignKeys, func(k schema.ForeignKey) bool {
			ref := byName[k.RefTable]
			if ref == nil {
				return false
			}
			why := w.unacceptable(&k, ref)
			if why != "" {
				w.notes = append(w.notes, fmt.Sprintf("foreign key %q is left out: %s", k.Name, why))
			}
			return why != ""
		})
	}
}

// unacceptable says why the target would refuse a foreign key, "" where it would not.
func (w *want) unacceptable(k *schema.ForeignKey, ref *want) string {
	if schema.SameFamily(w.source.db.System, w.target.db.System) {
		return ""
	}
	if !isKey(&ref.table, k.RefColumns) {
		return fmt.Sprintf("the columns (%s) of %s, which it refers to, are no key there", some(k.RefColumns), ref.name)
	}
	if !isMySQL(w.target.db.System) || len(k.Columns) != len(k.RefColumns) {
		return ""
	}
	for i := range k.Columns {
		a, b := w.table.Column(k.Columns[i]), ref.table.Column(k.RefColumns[i])
		if a != nil && b != nil && !referable(a.Type, b.Type) {
			return fmt.Sprintf("%s wants equal types, and column %q is %s where %s.%s is %s. Give one of them the other's type with a column block", w.target.db.System, a.Name, a.Type, ref.name, b.Name, b.Type)
		}
	}
	return ""
}

// isKey reports whether the columns, in any order, are unique by a key of the table.
func isKey(t *schema.Table, cols []string) bool {
	if len(cols) == 0 || t.PrimaryKey != nil && sameSet(t.PrimaryKey.Columns(), cols) {
		return true
	}
	for i := range t.Uniques {
		if sameSet(t.Uniques[i].Columns(), cols) {
			return true
		}
	}
	for _, x := range t.Indexes {
		k := schema.Key{Parts: x.Parts}
		if x.Unique && x.Where == "" && sameSet(k.Columns(), cols) {
			return true
		}
	}
	return false
}

// referable reports whether a column of one type may refer to a column of the other:
// numbers must be the same, texts and bytes may differ in length.
func referable(a, b schema.Type) bool {
	if a.Kind == schema.Int || b.Kind == schema.Int {
		return a.Kind == b.Kind && a.Bits == b.Bits && a.Unsigned == b.Unsigned
	}
	if a.Kind == schema.Decimal {
		return a.SameMeaning(b)
	}
	return a.Kind == b.Kind || a.IsText() && b.IsText() || a.IsBinary() && b.IsBinary()
}

// keyWords names a foreign key: SQLite has such without a name.
func keyWords(k *schema.ForeignKey) string {
	if k.Name == "" {
		return "(" + strings.Join(k.Columns, ", ") + ")"
	}
	return strconv.Quote(k.Name)
}

// referring names the foreign keys of tables that are not the plan's own to a column.
func (b *builder) referring(w *want, column string) []string {
	var out []string
	for _, t := range w.target.db.Tables {
		for _, k := range t.ForeignKeys {
			if t.Name != w.name && w.target.foldTable(k.RefTable) == w.target.foldTable(w.live.Name) && slices.ContainsFunc(k.RefColumns, func(c string) bool { return w.sameColumn(c, column) }) && !b.swaps(w.target, t.Name) {
				out = append(out, fmt.Sprintf("foreign key %s of table %s", k.Name, t.Name))
			}
		}
	}
	return out
}
