package planner

import (
	"fmt"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers/schema"
)

// drift notes where the targets are no longer what the state says was applied.
func (b *builder) drift() {
	if b.state == nil {
		return
	}
	for i := range b.state.Mappings {
		m := &b.state.Mappings[i]
		e := b.endpoints[m.Target]
		if e == nil || !inScope(m.Addr, b.in.Targets) {
			continue
		}
		if !e.holds(m) {
			b.drifted(m.Addr, m.Target, m.TargetTable, fmt.Sprintf("%s leads to another database than it did", m.Target))
			continue
		}
		t := e.table(m.TargetTable)
		if t == nil {
			b.drifted(m.Addr, m.Target, m.TargetTable, "the table is gone")
			continue
		}
		for _, c := range m.Columns {
			col := findColumn(e.db.System, t, c.Target)
			switch {
			case col == nil:
				b.drifted(columnAddr(m.Addr, c.Target), m.Target, t.Name, fmt.Sprintf("column %q is gone", c.Target))
			case !sameType(col.Type, c.TargetType):
				b.drifted(columnAddr(m.Addr, c.Target), m.Target, t.Name, fmt.Sprintf("column %q: %s -> %s", c.Target, c.TargetType, col.Type))
			}
		}
		if key := m.TargetKey; len(key) > 0 && t.PrimaryKey == nil && len(uniqueKeys(t)) == 0 {
			b.drifted(m.Addr, m.Target, t.Name, fmt.Sprintf("its key (%s) is gone", some(key)))
		}
	}
}

func (b *builder) drifted(addr, endpoint string, table schema.Name, what string) {
	b.count++
	b.plan.Actions = append(b.plan.Actions, plan.Action{
		ID: fmt.Sprintf("a%03d", b.count), Kind: plan.NoteKind, Addr: addr, Endpoint: endpoint, Table: table, Phase: plan.Expand,
		Reason: "changed outside of syncform", Cause: plan.CauseDrift, Info: what,
	})
}
