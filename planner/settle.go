package planner

import (
	"fmt"
	"slices"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers/schema"
)

// planMapping gives the data path's view of the want.
func (w *want) planMapping() plan.Mapping {
	m := plan.Mapping{
		Addr: w.addr, Sync: w.sync.Addr, Source: w.source.addr, Target: w.target.addr,
		SourceTable: w.from.Name, TargetTable: w.name,
		SourceIdentity: w.source.db.Identity, TargetIdentity: w.target.db.Identity,
		SourceKey: w.key, GivenKey: len(w.cfg.Key) > 0, TargetKey: w.targetKey(), Only: w.only, Mode: w.sync.Mode,
		ParallelTables: w.sync.ParallelTables, MaxSnapshotAge: w.sync.MaxSnapshotAge, RetryAttempts: w.sync.RetryAttempts,
		Policy:  w.policy,
		Columns: make([]plan.Column, 0, len(w.columns)),
	}
	if m.Mode == "incremental" {
		for _, c := range w.from.Columns {
			m.SourceColumns = append(m.SourceColumns, c.Name)
		}
		_, star := w.cfg.Columns["*"]
		m.AllColumns = star || !w.cfg.ColumnsSet
	}
	m.BatchSize = batchSize(w.sync.BatchSize, w.from)
	for _, c := range w.columns {
		if c.source == nil && c.expr == nil {
			continue
		}
		to := w.table.Column(c.name)
		if w.live != nil {
			if live := findColumn(w.target.db.System, w.live, c.name); live != nil && (to == nil || live.Generated == nil || to.Generated != nil) {
				to = live
			}
		}
		if to == nil || to.Generated != nil {
			continue // the server computes it
		}
		out := plan.Column{Target: to.Name, TargetType: &to.Type, Identity: to.Identity != nil && to.Identity.Always}
		if c.expr != nil {
			result := c.expr.checked.Type()
			out.Expr, out.Metadata, out.SourceType = c.expr.text, c.expr.metadata, &result
		} else {
			out.Source, out.SourceType = c.source.Name, &c.source.Type
		}
		m.Columns = append(m.Columns, out)
	}
	w.reads(&m)
	return m
}

// settle decides which changes of an existing table are held, and what the table and
// the mapping are once the others are made.
func (b *builder) settle(w *want) {
	k := &w.work
	if k.load && k.into == (schema.Name{}) {
		k.into = w.name
	}
	if k.load && k.gen == "" {
		k.gen = b.newID()
	}
	if w.live == nil {
		k.result = w.table
		return
	}
	b.keep(w)
	// A table that is loaded from nothing has no row that a change could harm.
	fresh := k.load && k.into == w.name && !k.resumed
	// An apply that was cut short may have come as far as the rows, and not to what waited
	// for them.
	cutShort := b.state != nil && b.state.Running != ""
	w.swapTypes()
	if !fresh {
		w.holdLocks()
	}
	for i := range k.diffs {
		d := &k.diffs[i]
		_, column := d.change.(schema.ModifyColumn)
		if d.risky && (fresh || k.load && column && d.afterRows) {
			d.risky, d.hazards = false, nil // it concerns only rows that come from the source
		}
		if d.risky && cutShort && column && d.afterRows {
			d.risky = false
		}
		if d.risky && (allowed(w.cfg.AllowHazards, d) || b.approved(w.addrOf(d))) {
			d.risky = false
		}
	}
	for i := range k.diffs {
		b.mind(w, &k.diffs[i])
	}
	w.holdDependents()
	w.unfinished()
	k.result = *w.live
	for _, d := range k.diffs {
		if !d.held() {
			k.result = after(k.result, d.change)
		}
	}
	for i := range k.mapping.Columns {
		c := &k.mapping.Columns[i]
		to := k.result.Column(c.Target)
		if to == nil {
			continue
		}
		c.TargetType, c.Identity = &to.Type, to.Identity != nil && to.Identity.Always
		if k.load && to.Generated != nil {
			b.errorAt(w.cfg.DeclRange, sumOther, "%s: column %q of table %s is computed by %s, so rows can't be written to it. Leave it out (exclude_columns), or make it a plain column by hand.", w.addr, c.Target, w.name, w.target.addr)
		}
	}
	switch {
	case k.load:
		b.fillable(w, &k.result)
	case w.sync.Mode == "incremental":
		for _, c := range w.needy(&k.result) {
			b.note(columnAddr(w.addr, c), fmt.Sprintf("column %q of table %s may not be null, has no default, and nothing fills it any more: the first row that is inserted holds the table. Let it be null, or give it a default", c, w.name))
		}
	}
}

// allowed reports whether the mapping's allow_hazards names every hazard of a change.
func allowed(codes []string, d *difference) bool {
	for _, h := range d.hazards {
		if !slices.Contains(codes, h.Code) {
			return false
		}
	}
	return len(d.hazards) > 0
}

// keep deals with columns that an earlier apply filled and that the source has no
// more: they stay, with their values.
func (b *builder) keep(w *want) {
	if w.prev == nil || w.cfg.Prune {
		return
	}
	k := &w.work
	still := make(map[string]bool, len(k.mapping.Columns))
	for _, c := range k.mapping.Columns {
		still[c.Target] = true
	}
	once := slices.Clone(w.prev.Kept)
	for _, old := range w.prev.Columns {
		once = append(once, old.Target)
	}
	slices.Sort(once)
	for _, name := range slices.Compact(once) {
		col := w.live.Column(name)
		if still[name] || col == nil || w.table.Column(name) != nil {
			continue
		}
		k.mapping.Kept = append(k.mapping.Kept, name) // also one that goes, for a kill may come first
		dec, stays := b.removed(w, col)
		// A stream that goes on writes to what stays, and one that catches up in this plan
		// also to what goes behind it.
		follows := w.sync.Mode == "incremental" && stays && dec.Verdict != plan.Ignore
		if k.load || follows || b.catchesUp(w) {
			w.letGo(col, "the source fills it no more, and rows must be written without it")
		}
	}
}

// letGo lets rows be written without a column.
func (w *want) letGo(col *schema.Column, why string) {
	is := func(d difference) bool {
		m, ok := d.change.(schema.ModifyColumn)
		return ok && m.To.Name == col.Name && m.To.Nullable
	}
	if col.Nullable || filled(col) || slices.ContainsFunc(w.work.diffs, is) {
		return
	}
	to := *col
	to.Nullable = true
	w.work.diffs = append(w.work.diffs, difference{change: schema.ModifyColumn{In: w.name, From: *col, To: to}, column: col.Name, reason: why})
}

// fillable checks that rows can be written to a table without those of its columns that
// the mapping does not fill.
func (b *builder) fillable(w *want, in *schema.Table) {
	for _, c := range w.needy(in) {
		b.errorAt(w.cfg.DeclRange, sumOther, "Table %s of %s has a column %q that may not be null, has no default, and that %s does not fill. Map a column to it, or give it a default by hand.", w.name, w.target.addr, c, w.addr)
	}
}

// needy lists the columns that neither a row of the mapping nor the server fills, and
// that must have a value.
func (w *want) needy(in *schema.Table) []string {
	var out []string
	carried := make(map[string]bool, len(w.work.mapping.Columns))
	for _, c := range w.work.mapping.Columns {
		carried[c.Target] = true
	}
	for i := range in.Columns {
		c := &in.Columns[i]
		if carried[c.Name] || c.Nullable || filled(c) || w.table.Column(c.Name) != nil {
			continue
		}
		out = append(out, c.Name)
	}
	return out
}

// filled reports whether the server gives a value to a column that a row leaves out.
func filled(c *schema.Column) bool {
	return c.Default != nil || c.Generated != nil || c.Identity != nil || c.OnUpdate != ""
}
