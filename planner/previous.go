package planner

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers/schema"
)

// takeState copies the state, with the addresses that moved blocks give its mappings.
func (b *builder) takeState() {
	if b.in.State == nil {
		return
	}
	s := *b.in.State
	s.Mappings = slices.Clone(s.Mappings)
	b.state = &s
	for _, mv := range b.in.Config.Moved {
		for _, addr := range s.List(mv.From) {
			b.move(addr, mv.To+addr[len(mv.From):])
		}
	}
}

// move gives a mapping of the state another address, unless that is taken.
func (b *builder) move(from, to string) {
	m := b.state.Mapping(from)
	if m == nil || b.state.Mapping(to) != nil {
		return
	}
	m.Addr = to
	for i := range b.plan.Moved {
		if b.plan.Moved[i].To == from {
			b.plan.Moved[i].To = to
			return
		}
	}
	b.plan.Moved = append(b.plan.Moved, plan.Moved{From: from, To: to})
}

// previous finds for each want what was applied of it: by its address; else, where
// the address is new, by its target table, when no other mapping has that any more.
// Mappings that are left over are forgotten. syncs are those in question.
func (b *builder) previous(syncs []*lang.Sync) {
	if b.state == nil {
		return
	}
	byAddr := make(map[string]*want, len(b.wants))
	for _, w := range b.wants {
		byAddr[w.addr] = w
	}
	type place struct {
		identity string
		table    schema.Name
	}
	orphans := map[place]string{}
	known := make(map[string]bool, len(b.state.Mappings))
	for i := range b.state.Mappings {
		m := &b.state.Mappings[i]
		known[m.Addr] = true
		if byAddr[m.Addr] == nil && b.whole(m, syncs) {
			orphans[place{m.TargetIdentity, m.TargetTable}] = m.Addr
		}
	}
	for _, w := range b.wants {
		at := place{w.target.db.Identity, w.name}
		if !known[w.addr] && orphans[at] != "" {
			b.move(orphans[at], w.addr)
			delete(orphans, at)
		}
	}
	prev := make(map[string]*state.Mapping, len(b.state.Mappings))
	for i := range b.state.Mappings {
		prev[b.state.Mappings[i].Addr] = &b.state.Mappings[i]
	}
	for _, w := range b.wants {
		m := prev[w.addr]
		if m == nil {
			continue
		}
		if w.target.holds(m) && w.target.foldTable(m.TargetTable) == w.target.foldTable(w.name) {
			w.prev = m
			if len(w.renamed) > 0 {
				was := *m
				was.Columns = asRenamed(m.Columns, w.renamed)
				w.prev = &was
			}
		} else {
			b.note(w.addr, fmt.Sprintf("it wrote table %s of %s before; that table is kept, with its rows", m.TargetTable, m.Target))
		}
	}
	for i := range b.state.Mappings {
		m := &b.state.Mappings[i]
		if byAddr[m.Addr] == nil && b.whole(m, syncs) {
			b.forget(m)
		}
	}
}

// whole reports whether a mapping of the state would be among the wants if it still
// were in the configuration.
func (b *builder) whole(m *state.Mapping, syncs []*lang.Sync) bool {
	block := b.blockOf(m.Sync)
	if slices.ContainsFunc(b.in.Config.Syncs, func(s *lang.Sync) bool { return s.Addr == block }) &&
		!slices.ContainsFunc(syncs, func(s *lang.Sync) bool { return s.Addr == block }) {
		return false
	}
	return len(b.in.Targets) == 0 || slices.ContainsFunc(b.in.Targets, func(t string) bool { return state.Under(m.Addr, t) })
}

// forget plans that the state drops a mapping that the configuration has no more.
func (b *builder) forget(m *state.Mapping) {
	if b.vanished(m) {
		return
	}
	b.plan.Forget = append(b.plan.Forget, m.Addr)
	for _, r := range b.in.Config.Removed {
		if !state.Under(m.Addr, r.From) {
			continue
		}
		if r.Destroy {
			b.dropped = append(b.dropped, m)
			if e := b.endpoints[m.Target]; e != nil {
				b.vanishing[place{e, e.foldTable(m.TargetTable)}] = tableStays
			}
		}
		return
	}
	if e := b.endpoints[m.Target]; e != nil && e.holds(m) && e.table(m.TargetTable) != nil && b.prunes(e, e.table(m.TargetTable).Name) {
		return // the plan shows that it is dropped
	}
	b.note(m.Addr, fmt.Sprintf("no longer mapped: table %s of %s is kept, with its rows, and syncform forgets it", m.TargetTable, m.Target))
}

// sameRows reports whether a mapping reads the same columns of the same table in the
// same way, so that what it loaded holds still.
func sameRows(old, new *plan.Mapping) (bool, string) {
	if old.Source != new.Source && old.SourceIdentity != new.SourceIdentity || old.SourceTable != new.SourceTable {
		return false, fmt.Sprintf("its source was %s of %s", old.SourceTable, old.Source)
	}
	if old.Only != new.Only {
		return false, "the rows of inheritance children are counted otherwise"
	}
	if !slices.Equal(old.Filters, new.Filters) {
		return false, "its filters have changed"
	}
	from := make(map[string]plan.Column, len(old.Columns))
	for _, c := range old.Columns {
		from[c.Target] = c
	}
	var added []string
	for _, c := range new.Columns {
		was, ok := from[c.Target]
		switch {
		case c.Metadata && (!ok || was.Metadata):
			// It belongs to the writing of a row: rows that were written before go without it.
		case !ok:
			added = append(added, fmt.Sprintf("%q", c.Target))
		case was.Source != c.Source || was.Expr != c.Expr:
			return false, fmt.Sprintf("column %q came from %s", c.Target, cmp.Or(was.Expr, strconv.Quote(was.Source)))
		}
	}
	if len(added) > 0 {
		return false, "the rows need values for the new column " + strings.Join(added, ", ")
	}
	return true, ""
}

// sameLoad reports whether chunks that were written for old are good for new.
func sameLoad(old, new *plan.Mapping) bool {
	if same, _ := sameRows(old, new); !same || len(old.Columns) != len(new.Columns) || !slices.Equal(old.SourceKey, new.SourceKey) {
		return false
	}
	for i, c := range new.Columns {
		o := old.Columns[i]
		if o.Source != c.Source || o.Expr != c.Expr || o.Metadata != c.Metadata || o.Target != c.Target || !o.SourceType.Equal(*c.SourceType) || !o.TargetType.Equal(*c.TargetType) {
			return false
		}
	}
	return true
}
