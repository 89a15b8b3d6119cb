package planner

import (
	"slices"

	"github.com/syncform/syncform/providers/schema"
)

// retypes takes away what hangs on a column whose type changes into another kind, and
// gives it back afterwards: checks, conditions and computed columns are kept by the
// server as they were read with the old type.
func (s *script) retypes(wants []*want, o *objects) {
	releaseRested(wants, s.target.db.System)
	if s.target.db.System != schema.PostgreSQL {
		return
	}
	cols := map[schema.Name]map[string]bool{}
	hard := map[schema.Name]map[string]bool{}
	for _, w := range wants {
		if w.live == nil {
			continue
		}
		cols[w.name], hard[w.name] = map[string]bool{}, map[string]bool{}
		for i := range w.work.diffs {
			m, ok := w.work.diffs[i].change.(schema.ModifyColumn)
			if !ok || w.work.diffs[i].held() || sameType(m.From.Type, m.To.Type) && m.From.Collation == m.To.Collation {
				continue
			}
			cols[w.name][m.To.Name] = true
			if m.Type != schema.Widens {
				hard[w.name][m.To.Name] = true
			}
		}
		for _, c := range w.live.Columns {
			if usesNamed(c.Type, o.retyped) {
				cols[w.name][c.Name], hard[w.name][c.Name] = true, true
			}
		}
	}
	for _, w := range wants {
		if w.live == nil {
			continue
		}
		for _, col := range remade(w) {
			r := &releaser{w: w, sys: s.target.db.System}
			cols[w.name][col], hard[w.name][col] = true, true
			r.keysOf(col)
		}
	}
	for _, w := range wants {
		if w.live == nil {
			continue
		}
		r := &releaser{w: w, sys: s.target.db.System}
		r.computed(cols[w.name], hard[w.name])
		r.release(hard[w.name])
		for _, k := range w.live.ForeignKeys {
			if touches(k.Columns, hard[w.name]) || touches(k.RefColumns, hard[k.RefTable]) {
				r.foreignKey(k)
			}
		}
		w.markAgain()
	}
}

// releaseRested swaps the foreign keys that rest on what goes.
func releaseRested(wants []*want, sys schema.System) {
	switch {
	case isMySQL(sys):
		releaseIndexed(wants, sys)
	case sys == schema.PostgreSQL:
		releaseKeyed(wants, sys)
	}
}

// releaseIndexed swaps the foreign keys that an index serves which goes: MySQL lets none
// go that a foreign key needs, on either side.
func releaseIndexed(wants []*want, sys schema.System) {
	leads := map[schema.Name]map[string]bool{}
	for _, w := range wants {
		leads[w.name] = map[string]bool{}
		for _, d := range w.work.diffs {
			var parts []schema.KeyPart
			switch c := d.change.(type) {
			case schema.DropIndex:
				parts = c.Index.Parts
			case schema.DropPrimaryKey:
				parts = c.Key.Parts
			}
			if len(parts) > 0 && !d.held() {
				leads[w.name][parts[0].Column] = true
			}
		}
	}
	for _, w := range wants {
		if w.live == nil {
			continue
		}
		r := &releaser{w: w, sys: sys}
		for _, k := range w.live.ForeignKeys {
			if touches(k.Columns, leads[w.name]) || touches(k.RefColumns, leads[k.RefTable]) {
				r.foreignKey(k)
			}
		}
	}
}

// releaseKeyed swaps the foreign keys that rest on a key, unique index or partition which goes:
// PostgreSQL ties each to one of them.
func releaseKeyed(wants []*want, sys schema.System) {
	gone := map[schema.Name][][]string{} // the columns of the keys that go, by table
	cut := map[schema.Name]bool{}        // tables that lose a part, be it for a moment
	for _, w := range wants {
		for _, d := range w.work.diffs {
			var k schema.Key
			switch c := d.change.(type) {
			case schema.DropPrimaryKey:
				k = c.Key
			case schema.DropUnique:
				k = c.Key
			case schema.DropIndex:
				k.Parts = c.Index.Parts
			case schema.DropPartition:
				cut[w.name] = cut[w.name] || !d.held()
			case schema.DetachPartition:
				cut[w.name] = cut[w.name] || !d.held() && d.reason == whyBounds
			}
			if len(k.Parts) > 0 && !d.held() {
				gone[w.name] = append(gone[w.name], k.Columns())
			}
		}
	}
	for _, w := range wants {
		if w.live == nil {
			continue
		}
		r := &releaser{w: w, sys: sys}
		for _, k := range w.live.ForeignKeys {
			if cut[k.RefTable] || slices.ContainsFunc(gone[k.RefTable], func(cols []string) bool { return sameSet(cols, k.RefColumns) }) {
				r.foreignKey(k)
			}
		}
	}
}

// remade lists the columns that go and come back.
func remade(w *want) []string {
	var out []string
	for _, d := range w.work.diffs {
		c, ok := d.change.(schema.DropColumn)
		if ok && slices.ContainsFunc(w.work.diffs, func(o difference) bool {
			a, ok := o.change.(schema.AddColumn)
			return ok && a.Column.Name == c.Column.Name
		}) {
			out = append(out, c.Column.Name)
		}
	}
	return out
}

func touches(names []string, set map[string]bool) bool {
	return slices.ContainsFunc(names, func(n string) bool { return set[n] })
}

// usesNamed reports whether a type is one of these, or made of one.
func usesNamed(t schema.Type, names map[schema.Name]bool) bool {
	return names[t.Name] && t.Name.Name != "" || t.Elem != nil && usesNamed(*t.Elem, names)
}

type releaser struct {
	w   *want
	sys schema.System
}

// computed makes anew the columns that are computed from columns which change their
// type; what is built on them follows, as hard shows.
func (r *releaser) computed(cols, hard map[string]bool) {
	if len(cols) == 0 {
		return
	}
	for _, c := range r.w.live.Columns {
		if c.Generated == nil {
			continue
		}
		if _, uses := mentions(r.sys, c.Generated.Expr, cols); !uses {
			continue
		}
		to := r.w.table.Column(c.Name)
		if to == nil {
			continue // it goes anyway
		}
		hard[c.Name] = true
		r.keysOf(c.Name)
		if slices.ContainsFunc(r.w.work.diffs, func(d difference) bool {
			drop, ok := d.change.(schema.DropColumn)
			return ok && drop.Column.Name == c.Name
		}) {
			continue // it is made anew for a reason of its own
		}
		r.w.work.diffs = slices.DeleteFunc(r.w.work.diffs, func(d difference) bool {
			m, ok := d.change.(schema.ModifyColumn)
			return ok && m.To.Name == c.Name
		})
		const why = "it is computed from a column that changes its type"
		r.w.work.diffs = append(r.w.work.diffs,
			difference{change: schema.DropColumn{In: r.w.name, Column: c}, column: c.Name, reason: why, early: true},
			difference{change: schema.AddColumn{In: r.w.name, Column: *to}, column: c.Name, reason: why})
	}
}

// keysOf releases the keys and plain indexes of a column that is made anew.
func (r *releaser) keysOf(col string) {
	set := map[string]bool{col: true}
	t := r.w.live
	for _, k := range t.Uniques {
		if touches(k.Columns(), set) || touches(k.Include, set) {
			if i := slices.IndexFunc(r.w.table.Uniques, func(x schema.Key) bool { return x.Name == k.Name }); i >= 0 {
				r.swap(schema.DropUnique{In: r.w.name, Key: k}, schema.AddUnique{In: r.w.name, Key: r.w.table.Uniques[i]})
			}
		}
	}
	for _, x := range t.Indexes {
		k := schema.Key{Parts: x.Parts}
		if touches(k.Columns(), set) || touches(x.Include, set) {
			r.index(x)
		}
	}
}

// release swaps the checks, conditions and expressions that name the columns.
func (r *releaser) release(cols map[string]bool) {
	if len(cols) == 0 {
		return
	}
	t := r.w.live
	for _, k := range t.Checks {
		if _, uses := mentions(r.sys, k.Expr, cols); !uses {
			continue
		}
		if i := slices.IndexFunc(r.w.table.Checks, func(x schema.Check) bool { return x.Name == k.Name }); i >= 0 {
			r.swap(schema.DropCheck{In: r.w.name, Check: k}, schema.AddCheck{In: r.w.name, Check: r.w.table.Checks[i]})
		}
	}
	for _, k := range t.Exclusions {
		if _, uses := mentions(r.sys, k.Definition, cols); !uses {
			continue
		}
		if i := slices.IndexFunc(r.w.table.Exclusions, func(x schema.Exclusion) bool { return x.Name == k.Name }); i >= 0 {
			r.swap(schema.DropExclusion{In: r.w.name, Exclusion: k}, schema.AddExclusion{In: r.w.name, Exclusion: r.w.table.Exclusions[i]})
		}
	}
	for _, x := range t.Indexes {
		text := x.Where
		for _, p := range x.Parts {
			text += " " + p.Expr
			if p.OpClass != "" && cols[p.Column] {
				text += " " + p.Column
			}
		}
		if _, uses := mentions(r.sys, text, cols); uses {
			r.index(x)
		}
	}
}

func (r *releaser) index(x schema.Index) {
	if i := slices.IndexFunc(r.w.table.Indexes, func(y schema.Index) bool { return y.Name == x.Name }); i >= 0 {
		r.swap(schema.DropIndex{In: r.w.name, Index: x}, schema.AddIndex{In: r.w.name, Index: r.w.table.Indexes[i]})
	}
}

func (r *releaser) foreignKey(k schema.ForeignKey) {
	if i := slices.IndexFunc(r.w.table.ForeignKeys, func(x schema.ForeignKey) bool { return x.Name == k.Name }); i >= 0 {
		r.swap(schema.DropForeignKey{In: r.w.name, Key: k}, schema.AddForeignKey{In: r.w.name, Key: r.w.table.ForeignKeys[i]})
	}
}

// swap drops and makes anew, unless the plan drops the object already.
func (r *releaser) swap(drop, add schema.Change) {
	if slices.ContainsFunc(r.w.work.diffs, func(d difference) bool { return replaces(d.change) == replaces(drop) }) {
		return
	}
	const why = "what it rests on changes"
	r.w.work.diffs = append(r.w.work.diffs, difference{change: drop, reason: why}, difference{change: add, reason: why, afterRows: true})
}
