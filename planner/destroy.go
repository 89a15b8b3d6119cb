package planner

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// destroy plans to take down what the state holds: nothing of the rows by default;
// with DropTables the tables that syncform made.
func (b *builder) destroy(ctx context.Context) {
	if b.state == nil {
		return
	}
	var gone []*state.Mapping
	for i := range b.state.Mappings {
		m := &b.state.Mappings[i]
		if !b.concerns(m.Addr, m.Sync) {
			continue
		}
		b.plan.Forget = append(b.plan.Forget, m.Addr)
		switch {
		case !b.in.DropTables:
			b.note(m.Addr, fmt.Sprintf("table %s of %s is kept, with its rows, and syncform forgets it", m.TargetTable, m.Target))
		case !m.Created:
			b.note(m.Addr, fmt.Sprintf("table %s of %s was there before syncform and is kept", m.TargetTable, m.Target))
		default:
			gone = append(gone, m)
			continue
		}
		gone = append(gone, &state.Mapping{Mapping: m.Mapping, Asides: m.Asides})
	}
	b.stopStreams(ctx)
	b.drop(ctx, gone)
}

// dropRemoved drops the tables of removed blocks that say destroy.
func (b *builder) dropRemoved(ctx context.Context) { b.drop(ctx, b.dropped) }

// drop plans to drop the tables that these mappings made, those that refer to others
// first, and what their unfinished loads left.
func (b *builder) drop(ctx context.Context, gone []*state.Mapping) {
	scripts := map[string]*script{}
	var order []string
	type victim struct {
		m     *state.Mapping
		table *schema.Table
	}
	tables := map[string][]victim{}
	for _, m := range gone {
		e := b.endpoints[m.Target]
		if e == nil || !e.holds(m) {
			if m.Created {
				b.note(m.Addr, fmt.Sprintf("%s is not in the configuration any more, or is another database: table %s is kept", m.Target, m.TargetTable))
			}
			continue
		}
		if scripts[m.Target] == nil {
			if d := e.capable(); d != nil {
				b.diags = append(b.diags, d)
				return
			}
			scripts[m.Target] = b.newScript(e)
			order = append(order, m.Target)
		}
		if m.Created {
			if at, protected := b.protected(m.Addr); protected {
				b.errorAt(at, sumPrevent, "%s: table %s would be dropped, which prevent_destroy forbids.", m.Addr, m.TargetTable)
				continue
			}
			if t := e.table(m.TargetTable); t != nil && b.made(ctx, m, e, t) {
				tables[m.Target] = append(tables[m.Target], victim{m, t})
				b.read(e, t.Name, t)
			}
		}
		for _, n := range m.Asides {
			if t := e.asides[n]; t != nil {
				scripts[m.Target].do(asWant(m), plan.Contract, difference{change: schema.DropTable{From: *t}, reason: "a load that was given up left it"})
			}
		}
	}
	for _, addr := range order {
		s := scripts[addr]
		var wants []*want
		owner := map[*want]victim{}
		for _, v := range tables[addr] {
			w := asWant(v.m)
			w.policy = b.policyOf(v.m.Sync)
			w.name, w.table = v.table.Name, *v.table
			owner[w] = v
			wants = append(wants, w)
		}
		wants = byDependency(wants)
		slices.Reverse(wants)
		for _, w := range wants {
			if b.heldDrops[w.addr] == "" {
				s.dropForeignKeys(w, wants)
			}
		}
		last := ""
		for _, w := range wants {
			t := s.live(w)
			last = s.do(w, plan.Contract, difference{
				change: schema.DropTable{From: t}, reason: "syncform made it", policy: b.heldDrops[w.addr], manual: b.manual[w.addr],
				hazards: []providers.Hazard{hazard(hazardDropTable, "table %s goes with its rows%s", t.Name, about(t.Rows))},
			}, last)
			if a := &s.actions[len(s.actions)-1]; a.Held == "" || b.heldDrops[w.addr] != "" {
				continue
			} else if b.in.Destroy {
				b.errorf(sumUsers, "%s: table %s of %s can't be dropped: %s.", w.addr, t.Name, addr, a.Held)
			}
			b.plan.Forget = slices.DeleteFunc(b.plan.Forget, func(f string) bool { return f == w.addr })
		}
		b.plan.Actions = append(b.plan.Actions, s.actions...)
	}
}

// made reports whether a table is syncform's work: one that an apply was to make, and
// that holds rows though it was never to write any, is not.
func (b *builder) made(ctx context.Context, m *state.Mapping, e *endpoint, t *schema.Table) bool {
	if m.Status != state.Creating {
		return true
	}
	p := &prober{conn: e.conn}
	defer p.close()
	rows, err := p.hasRows(ctx, t)
	if err != nil {
		b.errorf(sumUnreadable, "Whether table %s of %s holds rows can't be read: %s.", t.Name, m.Target, err)
	}
	if rows {
		b.note(m.Addr, fmt.Sprintf("table %s of %s holds rows that syncform did not write, and is kept", t.Name, m.Target))
	}
	return !rows
}

// dropForeignKeys takes away those by which tables that go refer to one another in a
// circle, so that each can go by itself.
func (s *script) dropForeignKeys(w *want, all []*want) {
	at := slices.Index(all, w)
	for _, k := range w.table.ForeignKeys {
		ref := slices.IndexFunc(all, func(x *want) bool { return x.name == k.RefTable })
		if ref >= 0 && ref < at && !s.target.stepper.ForeignKeysWithTable() {
			s.do(w, plan.Contract, difference{change: schema.DropForeignKey{In: w.name, Key: k}, reason: "its table goes"})
		}
	}
}

// asWant is a want that only says whose an action is.
func asWant(m *state.Mapping) *want {
	return &want{addr: m.Addr, cfg: &lang.Mapping{}, name: m.TargetTable}
}

// protected reports whether the configuration forbids to destroy a mapping's table.
func (b *builder) protected(addr string) (hcl.Range, bool) {
	for _, s := range b.in.Config.Syncs {
		for _, m := range s.Mappings {
			if m.PreventDestroy && (m.Addr == addr || isWildcard(m) && state.Under(addr, s.Addr) && !b.exact(s, addr)) {
				return m.DeclRange, true
			}
		}
	}
	return hcl.Range{}, false
}

// exact reports whether a mapping of the state stands in the sync by itself, so that
// no wildcard of it made its table.
func (b *builder) exact(s *lang.Sync, addr string) bool {
	return slices.ContainsFunc(s.Mappings, func(m *lang.Mapping) bool { return m.Addr == addr })
}
