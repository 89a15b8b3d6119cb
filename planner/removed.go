package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// kept is a column of the target that the source fills no more and that stays.
type kept struct {
	column schema.Column
	text   string
}

// removed decides what becomes of a column that an earlier apply filled and that the
// source has no more. stays reports that nothing is planned for it, or that it waits.
func (b *builder) removed(w *want, col *schema.Column) (dec plan.Decision, stays bool) {
	k := &w.work
	for i := range k.diffs {
		if drop, ok := k.diffs[i].change.(schema.DropColumn); ok && drop.Column.Name == col.Name {
			return dec, k.diffs[i].held() // it is an exact mirror, and the policy has had its say
		}
	}
	keep := func(text string) (plan.Decision, bool) {
		w.kept = append(w.kept, kept{*col, col.Name + "  kept: " + text})
		return dec, true
	}
	const gone = "the source no longer fills it"
	dec = w.policy.Decide(schema.DropColumn{In: w.name, Column: *col})
	switch {
	case dec.Verdict == plan.Ignore:
		return dec, true
	case !dec.Written:
		return keep(gone)
	case dec.Verdict == plan.Warn:
		return keep("remove_column = warn")
	}
	d := difference{
		change: schema.DropColumn{In: w.name, Column: *col}, column: col.Name, risky: true, afterRows: true,
		reason:  "the source no longer has it, or it is no longer mapped",
		hazards: []providers.Hazard{hazard(hazardDropColumn, "column %q goes with its values%s", col.Name, about(w.live.Rows))},
	}
	if !b.judge(w, &d) {
		return dec, true
	}
	if r := w.policy.RemoveColumn; r != nil && r.KeepData && !d.held() {
		w.letGo(col, "the source fills it no more (keep_data)")
		return keep("keep_data = true")
	}
	k.diffs = append(k.diffs, d)
	return dec, d.held()
}

// place is a table of a target, under its folded name.
type place struct {
	target *endpoint
	table  schema.Name
}

// fate is what a policy, or a removed block, has said of a table that the source has no
// more, for prune may cover it too.
type fate uint8

const (
	tableStays  fate = iota + 1 // prune leaves it: it is kept, held, or dropped by other means
	tableAgreed                 // prune drops it, and need not ask
)

// vanished deals with a table whose mapping the sync still has, by a wildcard, and that
// the source has no more. It reports whether the policy has decided; else the state
// forgets it.
func (b *builder) vanished(m *state.Mapping) bool {
	i := slices.IndexFunc(b.in.Config.Syncs, func(s *lang.Sync) bool { return s.Addr == m.Sync })
	if i < 0 || b.endpoints[m.Source] == nil || b.endpoints[m.Source].table(m.SourceTable) != nil {
		return false
	}
	p, block := b.policy(b.in.Config.Syncs[i])
	dec := p.Decide(schema.DropTable{})
	if !dec.Written {
		return false
	}
	target := b.endpoints[m.Target]
	if target == nil || !target.holds(m) || target.table(m.TargetTable) == nil || !m.Created && dec.Verdict != plan.Deny {
		return false // nothing that could be dropped
	}
	at := place{target, target.foldTable(m.TargetTable)}
	agreed := dec.Verdict == plan.Apply || dec.Verdict == plan.Review && b.approved(m.Addr)
	b.vanishing[at] = tableStays
	if agreed && b.prunes(target, target.table(m.TargetTable).Name) {
		b.vanishing[at] = tableAgreed
		return false
	}
	says := p.Addr + " has drop_table = " + string(dec.Verdict)
	switch dec.Verdict {
	case plan.Apply:
		b.drops(m, "")
	case plan.Warn:
		b.note(m.Addr, fmt.Sprintf("the source no longer has table %s; table %s of %s is kept, with its rows (drop_table = warn)", m.SourceTable, m.TargetTable, m.Target))
	case plan.Review:
		if agreed {
			b.drops(m, "")
		} else {
			b.drops(m, fmt.Sprintf("%s. Release it with apply -approve='%s'", says, m.Addr))
		}
	case plan.Manual:
		b.drops(m, fmt.Sprintf("%s: to drop it, write\nremoved {\n  from    = %s\n  destroy = true\n}", says, m.Addr))
		b.manual[m.Addr] = true
	case plan.Deny:
		if p.Mode == "strict" {
			b.errorAt(block.Range("mode"), sumPolicy, "%s: the source no longer has table %s, and %s is strict.", m.Addr, m.SourceTable, p.Addr)
		} else {
			b.errorAt(ruleRange(block, plan.DropTableRule), sumPolicy, "%s: the source no longer has table %s, and %s. Bring the table back, or exclude it.", m.Addr, m.SourceTable, says)
		}
	}
	return true
}

// drops plans to drop a table that the source has no more; held says why it waits.
func (b *builder) drops(m *state.Mapping, held string) {
	b.dropped = append(b.dropped, m)
	if held == "" {
		b.plan.Forget = append(b.plan.Forget, m.Addr)
		return
	}
	if b.heldDrops == nil {
		b.heldDrops, b.manual = map[string]string{}, map[string]bool{}
	}
	b.heldDrops[m.Addr] = held
}

// addrOf is the address of a change of the want.
func (w *want) addrOf(d *difference) string {
	if d.column != "" {
		return columnAddr(w.addr, d.column)
	}
	return w.addr
}

// changeText says a change in a few words, for a message.
func changeText(c schema.Change) string {
	kind := strings.ReplaceAll(schema.ChangeKind(c), "_", " ")
	switch c := c.(type) {
	case schema.AddColumn:
		return fmt.Sprintf("%s %q %s", kind, c.Column.Name, c.Column.Type)
	case schema.DropColumn:
		return fmt.Sprintf("%s %q", kind, c.Column.Name)
	case schema.RenameColumn:
		return fmt.Sprintf("%s %q to %q", kind, c.From, c.To)
	case schema.ModifyColumn:
		if !sameType(c.From.Type, c.To.Type) {
			return fmt.Sprintf("%s %q: %s -> %s", kind, c.To.Name, c.From.Type, c.To.Type)
		}
		return fmt.Sprintf("%s %q", kind, c.To.Name)
	case schema.AddIndex:
		return fmt.Sprintf("%s %q", kind, c.Index.Name)
	case schema.DropIndex:
		return fmt.Sprintf("%s %q", kind, c.Index.Name)
	case schema.ModifyEnum:
		return fmt.Sprintf("%s %s", kind, c.To.Name)
	}
	return kind
}
