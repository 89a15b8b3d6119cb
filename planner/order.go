package planner

import (
	"fmt"
	"slices"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// order turns what was decided into the plan's actions: types, then tables, then
// rows, then keys and indexes, then foreign keys (so that circles of them are no
// matter), then numbering, then what goes.
func (b *builder) order() {
	var targets []*endpoint
	byTarget := map[*endpoint][]*want{}
	for _, w := range b.wants {
		if byTarget[w.target] == nil {
			targets = append(targets, w.target)
		}
		byTarget[w.target] = append(byTarget[w.target], w)
	}
	for _, sync := range selected(b.in.Config, b.in.Targets) {
		if e := b.endpoints[sync.Target]; e != nil && !slices.Contains(targets, e) && len(b.covers(e)) > 0 {
			targets = append(targets, e) // all that it holds may have to go
		}
	}
	for _, e := range targets {
		s := b.newScript(e)
		var only, full []*want
		for _, w := range byTarget[e] {
			if w.schemaOnly() {
				only = append(only, w)
			} else {
				full = append(full, w)
			}
		}
		gone := b.prunable(e, byTarget[e])
		without := slices.DeleteFunc(slices.Clone(gone), func(w *want) bool { return w.schemaOnly() })
		gone = slices.DeleteFunc(gone, func(w *want) bool { return !w.schemaOnly() })
		s.writeSchema(only, gone)
		s.serial = false
		s.letGo(without, full)
		s.write(full)
		s.dropForeignKeysOf(without)
		for _, w := range reverseDependency(without) {
			s.do(w, plan.Contract, tableGone(w))
		}
		b.plan.Actions = append(b.plan.Actions, s.actions...)
	}
}

func (s *script) write(wants []*want) {
	needs := s.b.gatherNeeds(wants)
	for _, n := range needs.changes {
		if !s.b.judge(n.w, &n.difference) {
			continue
		}
		n.risky = n.risky && !allowed(n.w.cfg.AllowHazards, &n.difference) && !s.b.approved(n.w.addr)
		s.do(n.w, plan.Expand, n.difference)
	}
	releaseRested(wants, s.target.db.System)
	made := s.create(wants)
	s.change(wants)
	for _, n := range needs.owned {
		s.do(n.w, plan.Expand, n.difference)
	}
	for _, f := range s.streams() {
		s.beginStream(f)
	}
	s.rows(wants)
	for _, w := range wants {
		if w.work.create {
			s.primaryKey(w)
		}
	}
	for _, f := range s.streams() {
		s.catchUp(f)
	}
	for _, w := range wants {
		if w.work.create {
			s.keys(w)
		} else {
			s.later(w, false)
		}
	}
	for _, w := range wants {
		if w.work.create && !s.target.stepper.ForeignKeysWithTable() {
			s.foreignKeys(w)
		} else {
			s.later(w, true)
		}
	}
	for _, w := range wants {
		s.numbers(w)
		s.leftovers(w)
		if w.live != nil && !w.work.create {
			s.b.likelyRenames(w)
		}
		s.tell(w, made)
	}
}

// create makes the tables that are not there.
func (s *script) create(wants []*want) map[*want]bool {
	made := map[*want]bool{}
	var missing []*want
	for _, w := range wants {
		if w.work.create {
			missing = append(missing, w)
		}
	}
	for _, w := range byDependency(missing) {
		t := w.work.result
		t.Rows, t.Bytes = 0, 0
		var parents []string
		for _, p := range t.Inherits {
			parents = append(parents, s.last[p])
			if !s.has(p) {
				s.b.errorAt(w.cfg.DeclRange, sumSteps, "%s: table %s inherits from %s, which this plan does not make. Take it into -target too.", w.addr, w.name, p)
			}
		}
		s.do(w, plan.Expand, difference{change: schema.AddTable{To: t}, reason: "the source has it"}, parents...)
		made[w] = true
	}
	return made
}

// change makes those changes of existing tables that need not wait for rows.
func (s *script) change(wants []*want) {
	for _, w := range wants {
		for _, d := range w.work.release {
			s.foreignKey(w, d, d.change.(schema.DropForeignKey).Key.RefTable)
		}
		for _, d := range w.work.diffs {
			if drop, ok := d.change.(schema.DropForeignKey); ok { // for it holds keys and indexes
				s.foreignKey(w, d, drop.Key.RefTable)
			}
		}
	}
	for _, w := range wants {
		k := &w.work
		if k.empty {
			s.do(w, plan.Expand, difference{change: schema.EmptyTable{In: w.name}, reason: k.reason})
		}
		if k.create {
			continue
		}
		for _, d := range k.diffs {
			if _, done := d.change.(schema.DropForeignKey); !done && !d.afterRows && (!d.swapped || d.held()) {
				s.do(w, plan.Expand, d)
			}
		}
	}
}

// rows copies them, where a table is loaded anew beside it first.
func (s *script) rows(wants []*want) {
	var loads []*want
	for _, w := range wants {
		if w.work.load {
			loads = append(loads, w)
		}
	}
	for _, w := range loads {
		if k := &w.work; k.into != w.name && !k.resumed {
			s.do(w, plan.Sync, difference{change: schema.AddAside{Live: s.live(w), Aside: k.into}, reason: k.reason})
		}
		s.retypeAside(w)
	}
	loads = bySize(loads)
	for _, w := range loads {
		s.backfill(w)
	}
	for _, w := range loads {
		k := &w.work
		if k.into == w.name {
			continue
		}
		s.swapTables(w)
		cols := make([]string, len(k.mapping.Columns))
		for i, c := range k.mapping.Columns {
			cols[i] = c.Target
		}
		d := difference{change: schema.ReplaceRows{Live: s.live(w), Aside: k.into, Columns: cols, Key: k.mapping.TargetKey}, reason: k.reason}
		if k.replaces {
			d.hazards = []providers.Hazard{hazard(hazardReplace, "rows that syncform did not write%s are replaced by the source's", about(w.live.Rows))}
		}
		s.do(w, plan.Sync, d)
	}
}

// has reports whether the table is there by now.
func (s *script) has(n schema.Name) bool {
	if s.target.table(n) != nil {
		return true
	}
	n = s.target.foldTable(n)
	return slices.ContainsFunc(s.db.Tables, func(t schema.Table) bool { return s.target.foldTable(t.Name) == n })
}

// live gives the want's table as it is by now.
func (s *script) live(w *want) schema.Table {
	if t := s.db.Table(w.name); t != nil {
		return *t
	}
	return w.work.result
}

func (s *script) backfill(w *want) {
	k := &w.work
	spec := &plan.BackfillSpec{
		Mapping: w.addr, Generation: k.gen, Into: k.into, Rows: w.from.Rows, Bytes: w.from.Bytes,
		Chunks: chunks(w.from.Rows, k.mapping.BatchSize), Resumed: k.resumed, Snapshot: k.group, Filtered: k.filtered,
	}
	depends := []string{s.last[w.name]}
	for _, f := range s.streams() {
		if f.sync == w.sync {
			depends = append(depends, f.first)
		}
	}
	s.last[w.name] = s.add(plan.Action{
		Kind: plan.Backfill, Addr: w.addr, Endpoint: s.target.addr, Table: w.name, Phase: plan.Sync,
		Backfill: spec, Reason: k.reason, Source: rangeOf(w.cfg),
	}, depends)
}

// phase is where what follows a table's rows belongs.
func (w *want) phase() plan.Phase {
	if w.work.load {
		return plan.Sync
	}
	return plan.Expand
}

// sourceHas is the reason for what a new table gets.
const sourceHas = "the source has it"

// primaryKey gives a new table its primary key, once it has its rows.
func (s *script) primaryKey(w *want) {
	t := &w.work.result
	if t.PrimaryKey != nil && !s.target.stepper.KeyWithTable() {
		s.do(w, w.phase(), difference{change: schema.AddPrimaryKey{In: t.Name, Key: *t.PrimaryKey}, reason: sourceHas})
	}
	if w.sync.Mode != "incremental" || t.PrimaryKey != nil && sameSet(t.PrimaryKey.Columns(), w.targetKey()) {
		return
	}
	// The stream finds its rows by another unique key, which is needed as early.
	key := w.targetKey()
	for _, k := range t.Uniques {
		if sameSet(k.Columns(), key) && !s.target.stepper.ForeignKeysWithTable() {
			s.do(w, w.phase(), difference{change: schema.AddUnique{In: t.Name, Key: k}, reason: sourceHas})
			w.early = k.Name
			return
		}
	}
	for _, x := range t.Indexes {
		k := schema.Key{Parts: x.Parts}
		if x.Unique && x.Where == "" && sameSet(k.Columns(), key) {
			s.do(w, w.phase(), difference{change: schema.AddIndex{In: t.Name, Index: x}, reason: sourceHas})
			w.early = x.Name
			return
		}
	}
}

// keys gives a new table its other keys and indexes, once it is of one moment.
func (s *script) keys(w *want) {
	t := &w.work.result
	const why = sourceHas
	if !s.target.stepper.ForeignKeysWithTable() {
		for _, k := range t.Uniques {
			if k.Name != w.early || w.early == "" {
				s.do(w, w.phase(), difference{change: schema.AddUnique{In: t.Name, Key: k}, reason: why})
			}
		}
	}
	for _, x := range t.Exclusions {
		s.do(w, w.phase(), difference{change: schema.AddExclusion{In: t.Name, Exclusion: x}, reason: why})
	}
	for _, x := range t.Indexes {
		if x.Name != w.early || w.early == "" {
			s.do(w, w.phase(), difference{change: schema.AddIndex{In: t.Name, Index: x}, reason: why})
		}
	}
	if t.Marks != (schema.Marks{}) && s.target.db.System == schema.PostgreSQL {
		s.do(w, w.phase(), difference{change: schema.SetMarks{In: t.Name, To: t.Marks}, reason: why})
	}
}

// foreignKeys gives a new table its foreign keys, once the tables that they name have
// rows and keys.
func (s *script) foreignKeys(w *want) {
	for _, k := range w.work.result.ForeignKeys {
		s.foreignKey(w, difference{change: schema.AddForeignKey{In: w.name, Key: k}, reason: "the source has it"}, k.RefTable)
	}
}

// foreignKey adds or drops one; no two that share a table run at once, for each locks both.
func (s *script) foreignKey(w *want, d difference, ref schema.Name) {
	phase := w.phase()
	switch {
	case kindOf(d.change) == plan.Delete:
		phase = plan.Expand
	case !s.has(ref):
		s.b.note(w.addr, fmt.Sprintf("its foreign key to table %s waits until that is there, which this plan does not make", ref))
		return
	}
	if id := s.do(w, phase, d, s.last[ref]); id != "" {
		s.last[ref] = id
	}
}

// later makes those changes of an existing table that waited for rows: all but the
// foreign keys, or those alone.
func (s *script) later(w *want, foreign bool) {
	if w.work.create {
		return
	}
	for _, d := range w.work.diffs {
		k, isForeign := d.change.(schema.AddForeignKey)
		if !d.afterRows || isForeign != foreign {
			continue
		}
		_, drops := d.change.(schema.DropColumn)
		switch {
		case isForeign:
			s.foreignKey(w, d, k.Key.RefTable)
		case drops:
			s.do(w, plan.Contract, d)
		default:
			s.do(w, w.phase(), d)
		}
	}
}

// numbers sets what numbers the table's columns past the rows that were copied.
func (s *script) numbers(w *want) {
	if w.work.load && numbered(&w.work.result) || w.work.advance {
		s.do(w, w.phase(), difference{change: schema.AdvanceSequences{To: w.work.result}, reason: "rows came with numbers of their own"})
	}
}

// leftovers drops the tables that loads which were given up left beside the target.
func (s *script) leftovers(w *want) {
	if w.prev == nil {
		return
	}
	for _, n := range w.prev.Asides {
		t := s.target.asides[n]
		if t == nil || w.work.load && n == w.work.into {
			continue
		}
		s.do(w, plan.Contract, difference{change: schema.DropTable{From: *t}, reason: "a load that was given up left it", info: "beside " + w.name.String()})
	}
}

// tell notes what the reader should know of a table to which something is done.
func (s *script) tell(w *want, made map[*want]bool) {
	for i := range w.kept {
		c := &w.kept[i].column
		s.add(plan.Action{
			Kind: plan.NoteKind, Addr: columnAddr(w.addr, c.Name), Endpoint: s.target.addr, Table: w.name, Phase: plan.Contract,
			Change: schema.DropColumn{In: w.name, Column: *c}, Reason: "the source no longer has it, or it is no longer mapped", Cause: w.cause(schema.DropColumn{In: w.name, Column: *c}), Info: w.kept[i].text, Source: rangeOf(w.cfg),
		}, nil)
	}
	if !made[w] && !w.work.load && !slices.ContainsFunc(w.work.diffs, func(d difference) bool { return !d.held() }) {
		return
	}
	for _, text := range w.notes {
		s.b.note(w.addr, text)
	}
	if len(w.key) == 0 && w.work.load {
		s.b.note(w.addr, fmt.Sprintf("table %s has no key: it is copied in one piece, which a restart repeats, and verify compares it as a whole", w.from.Name))
	}
}
