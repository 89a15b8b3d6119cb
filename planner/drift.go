package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
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
		n := b.count
		for _, c := range m.Columns {
			col := findColumn(e.db.System, t, c.Target)
			switch {
			case col == nil:
				b.drifted(columnAddr(m.Addr, c.Target), m.Target, t.Name, fmt.Sprintf("column %q is gone", c.Target))
			case !sameType(col.Type, *c.TargetType):
				b.drifted(columnAddr(m.Addr, c.Target), m.Target, t.Name, fmt.Sprintf("column %q: %s -> %s", c.Target, c.TargetType, col.Type))
			}
		}
		for _, what := range byOthers(m, t, e.db.System) {
			b.drifted(m.Addr, m.Target, t.Name, what)
		}
		if key := m.TargetKey; m.Table == nil && len(key) > 0 && t.PrimaryKey == nil && len(t.UniqueKeys()) == 0 {
			b.drifted(m.Addr, m.Target, t.Name, fmt.Sprintf("its key (%s) is gone", some(key)))
		}
		if b.count > n {
			if b.plan.Drifted == nil {
				b.plan.Drifted = map[string]schema.Table{}
			}
			b.plan.Drifted[m.Addr] = *t
		}
	}
}

// byOthers words what others have changed of a table since it was applied, but for the
// columns that rows carry, whose types the mapping knows.
func byOthers(m *state.Mapping, live *schema.Table, sys schema.System) []string {
	if m.Table == nil {
		return nil
	}
	carried := func(what string) bool {
		return slices.ContainsFunc(m.Columns, func(c plan.Column) bool {
			p := fmt.Sprintf("column %q: ", c.Target)
			was, is := m.Table.Column(c.Target), live.Column(c.Target)
			// Its type is told beside it, and a stream may have added it since.
			return strings.HasPrefix(what, p) && (was == nil || is == nil || !sameType(was.Type, is.Type))
		})
	}
	return slices.DeleteFunc(describe(m.Table, live, sys), carried)
}

// noteDrift tells in a plan what others have changed since the last apply, whether the
// plan takes it back or leaves it.
func (b *builder) noteDrift() {
	if b.state == nil || b.state.Running != "" {
		return
	}
	for _, w := range b.wants {
		if w.prev == nil || w.live == nil || w.prev.TargetTable != w.live.Name {
			continue
		}
		if what := byOthers(w.prev, w.live, w.target.db.System); len(what) > 0 {
			b.note(w.addr, fmt.Sprintf("table %s of %s was changed outside of syncform since it was applied: %s. The plan takes back what the configuration says otherwise; \"syncform apply -refresh-only\" takes the rest as it is", w.name, w.target.addr, some(what)))
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
