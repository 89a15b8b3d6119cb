package planner

import "github.com/syncform/syncform/providers/schema"

// share keeps one copy of columns that a source and a target describe in the very same
// way: in a mirror that is nearly all of what was read. Nobody writes to them (they are
// cloned first).
func (b *builder) share() {
	for _, s := range selected(b.in.Config, b.in.Targets) {
		from, to := b.endpoints[s.Source], b.endpoints[s.Target]
		if from == nil || to == nil || from == to || from.db.System != to.db.System {
			continue
		}
		for i := range to.db.Tables {
			t := &to.db.Tables[i]
			if f := from.table(t.Name); f != nil && schema.IdenticalColumns(f.Columns, t.Columns) {
				t.Columns = f.Columns
			}
		}
	}
}

// shareColumns has the want use the live table's columns where its own are the same: of
// many tables one copy is held.
func (w *want) shareColumns(live *schema.Table) {
	if live != nil && schema.IdenticalColumns(w.table.Columns, live.Columns) {
		w.table.Columns = live.Columns
	}
}
