package planner

import (
	"fmt"
	"slices"

	"github.com/syncform/syncform/providers/schema"
)

// releaseColumns takes away the live foreign keys that stand in the way of a change of
// type, on either side, and gives back those that are still wanted: MySQL and MariaDB
// let no column change its type, or how its texts are ordered, while a foreign key ties it;
// PostgreSQL has both sides change their types at one time.
func (b *builder) releaseColumns() {
	type side struct {
		e     *endpoint
		table schema.Name
		col   string
	}
	changing := map[side]bool{}
	for _, w := range b.wants {
		for _, d := range w.work.diffs {
			if m, ok := d.change.(schema.ModifyColumn); ok && !d.held() && (isMySQL(w.target.db.System) || d.swapped) && (!sameType(m.From.Type, m.To.Type) || m.From.Charset != m.To.Charset || m.From.Collation != m.To.Collation) {
				changing[side{w.target, w.name, foldColumn(w.target.db.System, m.To.Name)}] = true
			}
		}
	}
	if len(changing) == 0 {
		return
	}
	touches := func(e *endpoint, table schema.Name, cols []string) bool {
		return slices.ContainsFunc(cols, func(c string) bool { return changing[side{e, table, foldColumn(e.db.System, c)}] })
	}
	for _, w := range b.wants {
		if w.live == nil || w.schemaOnly() && !isMySQL(w.target.db.System) {
			continue
		}
		d := differ{sys: w.target.db.System}
		for _, k := range w.live.ForeignKeys {
			if !touches(w.target, w.name, k.Columns) && !touches(w.target, k.RefTable, k.RefColumns) {
				continue
			}
			gone := slices.ContainsFunc(w.work.diffs, func(x difference) bool {
				drop, ok := x.change.(schema.DropForeignKey)
				return ok && drop.Key.Name == k.Name
			})
			w.work.release = append(w.work.release, difference{change: schema.DropForeignKey{In: w.name, Key: k}, reason: "a column that it ties changes its type"})
			if gone {
				w.work.diffs = slices.DeleteFunc(w.work.diffs, func(x difference) bool {
					drop, ok := x.change.(schema.DropForeignKey)
					return ok && drop.Key.Name == k.Name
				})
				continue
			}
			w.work.result = after(w.work.result, schema.DropForeignKey{In: w.name, Key: k})
			if i := slices.IndexFunc(w.table.ForeignKeys, func(x schema.ForeignKey) bool { return d.sameForeignKey(&k, &x) }); i >= 0 {
				back := schema.AddForeignKey{In: w.name, Key: w.table.ForeignKeys[i]}
				w.work.diffs = append(w.work.diffs, difference{change: back, reason: "its columns have their new types", afterRows: true})
				w.work.result = after(w.work.result, back)
			} else {
				w.notes = append(w.notes, fmt.Sprintf("foreign key %q goes: its columns no longer have equal types", k.Name))
			}
		}
	}
}
