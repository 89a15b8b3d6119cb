package planner

import (
	"fmt"
	"slices"

	"github.com/syncform/syncform/providers/schema"
)

// held reports whether a change is shown and not applied.
func (d *difference) held() bool { return d.risky || d.waits != "" }

// holdDependents holds what can't be made while other changes are held: keys, indexes
// and checks of a column whose own change waits, and, in MySQL, a column that becomes
// a text while an index of it stands.
func (w *want) holdDependents() {
	diffs := w.work.diffs
	if isMySQL(w.target.db.System) {
		for i := range diffs {
			w.holdIndexed(&diffs[i])
		}
	}
	waiting := map[string]bool{}
	for _, d := range diffs {
		if m, ok := d.change.(schema.ModifyColumn); ok && d.held() && !sameType(m.From.Type, m.To.Type) {
			waiting[m.To.Name] = true
		}
	}
	if len(waiting) == 0 {
		return
	}
	for i := range diffs {
		d := &diffs[i]
		if d.held() {
			continue
		}
		if col, ok := uses(w.target.db.System, d.change, waiting); ok {
			d.waits = fmt.Sprintf("it waits for the change of column %q, which is held", col)
		}
	}
	// What is replaced goes and comes together.
	for i := range diffs {
		if name := replaces(diffs[i].change); name != "" && diffs[i].waits != "" {
			for j := range diffs {
				if replaces(diffs[j].change) == name && !diffs[j].held() {
					diffs[j].waits = diffs[i].waits
				}
			}
		}
	}
}

// holdIndexed holds a change to a type that MySQL indexes by a prefix only, where an
// index of the whole column stands that the plan does not take away.
func (w *want) holdIndexed(d *difference) {
	m, ok := d.change.(schema.ModifyColumn)
	if !ok || d.held() || indexable(m.To.Type) || !indexable(m.From.Type) {
		return
	}
	for _, x := range w.live.Indexes {
		whole := slices.ContainsFunc(x.Parts, func(p schema.KeyPart) bool { return p.Column == m.To.Name && p.Prefix == 0 })
		goes := slices.ContainsFunc(w.work.diffs, func(o difference) bool {
			drop, ok := o.change.(schema.DropIndex)
			return ok && drop.Index.Name == x.Name && !o.held()
		})
		if whole && !goes && x.Method != "fulltext" {
			d.waits = fmt.Sprintf("index %q of the target stands on the column, and a %s is indexed by a prefix only: drop that index by hand", x.Name, m.To.Type)
		}
	}
}

// indexable reports whether MySQL indexes a whole column of the type.
func indexable(t schema.Type) bool {
	switch t.Kind {
	case schema.Text, schema.Blob, schema.JSON, schema.JSONB, schema.Geometry:
		return false
	}
	return true
}

// uses reports which of the columns a change of keys, indexes or checks names.
func uses(sys schema.System, c schema.Change, cols map[string]bool) (string, bool) {
	list := func(names []string) (string, bool) {
		if i := slices.IndexFunc(names, func(n string) bool { return cols[n] }); i >= 0 {
			return names[i], true
		}
		return "", false
	}
	parts := func(parts []schema.KeyPart, include []string, where string) (string, bool) {
		text := where
		names := slices.Clone(include)
		for _, p := range parts {
			names = append(names, p.Column)
			text += " " + p.Expr
		}
		if col, ok := list(names); ok {
			return col, true
		}
		return mentions(sys, text, cols)
	}
	switch c := c.(type) {
	case schema.AddPrimaryKey:
		return parts(c.Key.Parts, c.Key.Include, "")
	case schema.AddUnique:
		return parts(c.Key.Parts, c.Key.Include, "")
	case schema.DropUnique:
		return parts(c.Key.Parts, c.Key.Include, "")
	case schema.AddIndex:
		return parts(c.Index.Parts, c.Index.Include, c.Index.Where)
	case schema.DropIndex:
		return parts(c.Index.Parts, c.Index.Include, c.Index.Where)
	case schema.AddForeignKey:
		return list(c.Key.Columns)
	case schema.DropForeignKey:
		return list(c.Key.Columns)
	case schema.AddCheck:
		return mentions(sys, c.Check.Expr, cols)
	case schema.DropCheck:
		return mentions(sys, c.Check.Expr, cols)
	case schema.AddExclusion:
		return mentions(sys, c.Exclusion.Definition, cols)
	case schema.DropExclusion:
		return mentions(sys, c.Exclusion.Definition, cols)
	}
	return "", false
}

// replaces gives what a drop and an add of one name have in common, "" for others.
func replaces(c schema.Change) string {
	switch c := c.(type) {
	case schema.AddUnique:
		return "unique " + c.Key.Name
	case schema.DropUnique:
		return "unique " + c.Key.Name
	case schema.AddIndex:
		return "index " + c.Index.Name
	case schema.DropIndex:
		return "index " + c.Index.Name
	case schema.AddForeignKey:
		return "foreign key " + c.Key.Name
	case schema.DropForeignKey:
		return "foreign key " + c.Key.Name
	case schema.AddCheck:
		return "check " + c.Check.Name
	case schema.DropCheck:
		return "check " + c.Check.Name
	case schema.AddExclusion:
		return "exclusion " + c.Exclusion.Name
	case schema.DropExclusion:
		return "exclusion " + c.Exclusion.Name
	}
	return ""
}
