package planner

import (
	"fmt"
	"slices"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers/schema"
)

// Where a table's rows are loaded anew beside it, the rows that are there need not live
// through a change of type, and may not be able to: the rows beside it have the new type,
// and the live table gets it once it is emptied for them.

// swapTypes marks such changes: those of columns that the load fills. A table with
// columns that it does not fill keeps their values, and so its rows.
func (w *want) swapTypes() {
	k := &w.work
	if !k.load || k.into == w.name {
		return
	}
	carried := map[string]bool{}
	for _, c := range k.mapping.Columns {
		carried[foldColumn(w.target.db.System, c.Target)] = true
	}
	gone := func(name string) bool {
		return slices.ContainsFunc(k.diffs, func(d difference) bool {
			drop, ok := d.change.(schema.DropColumn)
			return ok && drop.Column.Name == name
		})
	}
	for _, c := range w.live.Columns {
		name := c.Name
		if to, ok := w.renamed[name]; ok {
			name = to
		}
		if c.Generated == nil && !carried[foldColumn(w.target.db.System, name)] && !gone(c.Name) {
			return
		}
	}
	for i := range k.diffs {
		d := &k.diffs[i]
		if m, ok := d.change.(schema.ModifyColumn); ok && carried[foldColumn(w.target.db.System, m.To.Name)] && (m.Type == schema.Narrows || m.Type == schema.Retypes) {
			d.swapped, d.risky, d.hazards = true, false, nil
			d.info = "the rows that are loaded beside it have the new type; those that are there need not take it"
		}
	}
}

// swaps lists the changes of a table that wait until it is emptied for its new rows.
func (w *want) swaps() []difference {
	var out []difference
	for _, d := range w.work.diffs {
		if d.swapped && !d.held() {
			out = append(out, d)
		}
	}
	return out
}

// retypeAside gives the table beside the live one the new types.
func (s *script) retypeAside(w *want) {
	aside := s.target.asides[w.work.into]
	if t := s.db.Table(w.work.into); t != nil {
		aside = t
	}
	for _, d := range w.swaps() {
		m := d.change.(schema.ModifyColumn)
		if aside == nil {
			continue
		}
		from := findColumn(s.target.db.System, aside, m.To.Name)
		if from == nil || sameType(from.Type, m.To.Type) {
			continue // an apply that was cut short has done it
		}
		m.In, m.From = w.work.into, *from
		m.To.Default, m.To.Comment, m.To.Nullable = nil, from.Comment, from.Nullable // every row brings its value
		if m.To.Identity != nil {
			m.To.Identity = from.Identity
		}
		if isMySQL(s.target.db.System) {
			m.From.Identity, m.To.Identity = nil, nil // nothing numbers rows beside a table there
		}
		if id := s.do(w, plan.Sync, difference{change: m, column: m.To.Name, reason: d.reason, info: "beside " + w.name.String()}, s.last[w.name]); id != "" {
			s.last[w.name] = id
		}
	}
}

// swapTables empties the live table and gives it the new types, once its rows stand beside it.
func (s *script) swapTables(w *want) {
	list := w.swaps()
	if len(list) == 0 {
		return
	}
	s.do(w, plan.Sync, difference{change: schema.EmptyTable{In: w.name}, reason: fmt.Sprintf("its rows need not take the new type of column %q: those beside it take their place", list[0].column)})
	for _, d := range list {
		s.do(w, plan.Sync, d)
	}
}
