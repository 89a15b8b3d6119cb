package planner

import (
	"slices"
	"strings"

	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/ledger"
	"github.com/syncform/syncform/providers/schema"
)

// prunable finds the live tables that mappings with prune cover and nobody wants.
func (b *builder) prunable(e *endpoint, wants []*want) []*want {
	wanted := map[schema.Name]bool{}
	for _, w := range b.wants {
		if w.target.db.Identity == e.db.Identity {
			wanted[e.foldTable(w.name)] = true
			if w.table.Partition != nil {
				eachPartition(w.table.Partition, func(p *schema.Partition) { wanted[e.foldTable(p.Name)] = true })
			}
		}
	}
	var out []*want
	seen := map[*lang.Mapping]bool{}
	for _, c := range b.covers(e) {
		if seen[c.cfg] {
			continue
		}
		seen[c.cfg] = true
		for i := range e.db.Tables {
			t := &e.db.Tables[i]
			if wanted[e.foldTable(t.Name)] || t.Name.Schema != c.schema || !c.names(t.Name.Name) || ledger.IsOurs(t.Name.Name) {
				continue
			}
			wanted[e.foldTable(t.Name)] = true
			fate := b.vanishing[place{e, e.foldTable(t.Name)}]
			if fate == tableStays {
				continue
			}
			addr := lang.MappingAddr(c.sync.Addr, e.label(t.Name))
			if c.cfg.PreventDestroy {
				b.errorAt(c.cfg.DeclRange, sumPrevent, "%s: the source has no table %s, so prune would drop it, which prevent_destroy forbids.", addr, t.Name)
				continue
			}
			w := &want{addr: addr, sync: c.sync, cfg: c.cfg, target: e, name: t.Name, live: t, table: *t, agreed: fate == tableAgreed}
			w.policy, w.policyBlock = b.policy(c.sync)
			out = append(out, w)
		}
	}
	return out
}

// goesFirst reports whether prune drops a live table that nobody wants before others are
// made: in mode "schema", where nothing holds it. Else it goes when their rows are there.
func (b *builder) goesFirst(e *endpoint, t *schema.Table) bool {
	for _, c := range b.covers(e) {
		if t.Name.Schema != c.schema || !c.names(t.Name.Name) || ledger.IsOurs(t.Name.Name) {
			continue
		}
		if c.sync.Mode != "schema" || c.cfg.PreventDestroy {
			return false
		}
		addr := lang.MappingAddr(c.sync.Addr, e.label(t.Name))
		if p, _ := b.policy(c.sync); p != nil {
			if dec := p.Decide(schema.DropTable{}); dec.Written {
				return (dec.Verdict == plan.Apply || dec.Verdict == plan.Review && b.approved(addr)) && !b.kept(e, t)
			}
		}
		return (!tableGone(&want{cfg: c.cfg, name: t.Name, live: t}).risky || b.approved(addr)) && !b.kept(e, t)
	}
	return false
}

// kept reports whether something that is not the plan's own keeps a table from being dropped.
func (b *builder) kept(e *endpoint, t *schema.Table) bool {
	return slices.ContainsFunc(b.tableUsers(e, t), func(u providers.User) bool {
		return u.Refuses && !u.Goes && e.foldTable(u.Of) != e.foldTable(t.Name) && (u.Of.Name == "" || !b.swaps(e, u.Of))
	})
}

// prunes reports whether a wildcard with prune covers a table of a target.
func (b *builder) prunes(e *endpoint, table schema.Name) bool {
	return slices.ContainsFunc(b.covers(e), func(c cover) bool { return table.Schema == c.schema && c.names(table.Name) })
}

// cover is what a wildcard with prune covers of a target.
type cover struct {
	sync           *lang.Sync
	cfg            *lang.Mapping
	schema         string
	prefix, suffix string
}

func (c cover) names(table string) bool {
	return len(table) >= len(c.prefix)+len(c.suffix) && strings.HasPrefix(table, c.prefix) && strings.HasSuffix(table, c.suffix)
}

// covers lists what the wildcards of the syncs in question cover exactly.
func (b *builder) covers(e *endpoint) []cover {
	var out []cover
	for _, s := range selected(b.in.Config, b.in.Targets) {
		source := b.endpoints[s.Source]
		if source == nil || b.endpoints[s.Target] != e {
			continue
		}
		for _, m := range s.Mappings {
			if !m.Prune || !isWildcard(m) || !b.asked(m.Addr, m) {
				continue
			}
			in := source.wildcard(m.Label)
			if in == source.db.DefaultSchema {
				in = e.db.DefaultSchema
			}
			c := cover{sync: s, cfg: m, schema: in}
			if p := m.TargetTable; p != "" {
				if sch, name, ok := strings.Cut(p, "."); ok && e.hasSchemas() {
					c.schema, p = sch, name
				} else {
					c.schema = e.db.DefaultSchema
				}
				c.prefix, c.suffix, _ = strings.Cut(p, "*")
			}
			if !e.hasSchemas() {
				c.schema = ""
			}
			out = append(out, c)
		}
	}
	return out
}

// dropForeignKeysOf takes the foreign keys of tables that go away first, so that each
// table can go by itself.
func (s *script) dropForeignKeysOf(gone []*want) {
	s.foreignKeysGo(gone, func(w *want, k *schema.ForeignKey) bool {
		return slices.ContainsFunc(gone, func(x *want) bool { return x.name == k.RefTable && x != w })
	})
}

// letGo drops foreign keys of tables that go where they hold a unique key or index that a
// table which stays is to lose before.
func (s *script) letGo(gone, stay []*want) {
	loses := map[schema.Name]bool{}
	for _, w := range stay {
		loses[w.name] = w.losesKeys()
	}
	s.foreignKeysGo(gone, func(w *want, k *schema.ForeignKey) bool {
		return loses[k.RefTable] && (!tableGone(w).risky || s.b.approved(w.addr))
	})
}

// foreignKeysGo drops those foreign keys of tables that go.
func (s *script) foreignKeysGo(gone []*want, which func(*want, *schema.ForeignKey) bool) {
	if s.target.stepper.ForeignKeysWithTable() {
		return
	}
	for _, w := range gone {
		for _, k := range w.live.ForeignKeys {
			if !which(w, &k) {
				continue
			}
			d := tableGone(w)
			d.change = schema.DropForeignKey{In: w.name, Key: k}
			d.reason = "its table goes"
			d.risky = d.risky && !allowed(w.cfg.AllowHazards, &d)
			s.foreignKey(w, d, k.RefTable)
		}
	}
}

// losesKeys reports whether something of the table goes that a foreign key may rest on.
func (w *want) losesKeys() bool {
	return slices.ContainsFunc(w.work.diffs, func(d difference) bool {
		switch d.change.(type) {
		case schema.DropUnique, schema.DropPrimaryKey, schema.DropIndex, schema.DropColumn:
			return true
		}
		return false
	})
}

// tableGone is the removal of a table that the source lacks.
func tableGone(w *want) difference {
	d := difference{
		change: schema.DropTable{From: *w.live}, reason: whyGone, risky: true,
		hazards: []providers.Hazard{hazard(hazardDropTable, "table %s goes with its rows%s", w.name, about(w.live.Rows))},
	}
	d.risky = !w.agreed && !allowed(w.cfg.AllowHazards, &d)
	return d
}

func reverseDependency(wants []*want) []*want {
	out := byDependency(wants)
	slices.Reverse(out)
	return out
}

// eachPartition calls f with every part at every level.
func eachPartition(p *schema.Partitioning, f func(*schema.Partition)) {
	if p == nil {
		return
	}
	for i := range p.Partitions {
		f(&p.Partitions[i])
		eachPartition(p.Partitions[i].Partitioning, f)
	}
}
