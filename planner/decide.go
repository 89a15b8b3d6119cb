package planner

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers/ledger"
	"github.com/syncform/syncform/providers/schema"
)

// work is what is to be done for one want.
type work struct {
	create   bool
	diffs    []difference
	empty    bool        // an unfinished load's rows go first
	load     bool        // rows are copied
	into     schema.Name // where to
	resumed  bool
	reason   string       // why rows are copied
	replaces bool         // rows that syncform did not write
	advance  bool         // set sequences past the rows even without a load
	release  []difference // foreign keys that go first, for they tie columns that change
	mapping  plan.Mapping
	result   schema.Table // the target table once all is done that is not held
	gen      string
	filtered *plan.Filtered
	group    string // snapshot
}

// replaced reports whether -replace names the want.
func (b *builder) replaced(w *want) bool {
	return slices.ContainsFunc(b.in.Replace, func(r string) bool { return state.Under(w.addr, r) || w.cfg.Addr == r })
}

// decide settles for each want what becomes of its table and its rows.
func (b *builder) decide(ctx context.Context) {
	probes := map[*endpoint]*prober{}
	defer func() {
		for _, p := range probes {
			p.close()
		}
	}()
	for _, w := range b.wants {
		if w.schemaOnly() {
			w.decideSchema()
			continue
		}
		p := probes[w.target]
		if p == nil {
			p = &prober{conn: w.target.conn}
			probes[w.target] = p
		}
		b.decideTable(ctx, w, p)
		if w.work.advance = b.state != nil && b.state.Running != "" && w.prev != nil && w.live != nil; w.work.advance {
			w.work.advance = numbered(&w.table)
		}
	}
	b.snapshots()
	if b.follow(ctx); b.diags.HasErrors() {
		return
	}
	for _, w := range b.wants {
		b.settle(w)
	}
	b.releaseColumns()
}

// decideTable looks at the table's diff and at what is known of its rows.
func (b *builder) decideTable(ctx context.Context, w *want, p *prober) {
	k := &w.work
	k.mapping = w.planMapping()
	if w.live == nil {
		k.create, k.load, k.reason = true, true, "the table is new"
		return
	}
	if w.prev == nil {
		b.takeOver(ctx, w, p)
		return
	}
	switch w.prev.Status {
	case state.Loaded:
		k.reason = "-replace"
		if same, why := sameRows(&w.prev.Mapping, &k.mapping); !same {
			k.reason = why
		} else if !b.replaced(w) {
			return
		}
		k.load = true
		b.aside(w)
	case state.Loading:
		b.goOn(w)
	case state.Emptying:
		k.load, k.empty, k.reason = true, true, "an earlier load was given up"
	default:
		b.begun(ctx, w, p)
	}
}

// goOn continues the load that the state says has begun, where what it wrote is still
// good, else begins anew.
func (b *builder) goOn(w *want) {
	k := &w.work
	k.load = true
	beside := w.prev.Into != schema.Name{} && w.prev.Into != w.prev.TargetTable
	same := sameLoad(&w.prev.Mapping, &k.mapping) && !b.replaced(w) && w.sync.Mode != "snapshot"
	// What the first load left is ours alone: it is given up rather than hold a change.
	otherwise := slices.ContainsFunc(k.diffs, func(d difference) bool { return d.risky })
	switch {
	case same && !beside && !otherwise:
		k.resumed, k.gen, k.into = true, w.prev.Generation, w.name
		k.reason = "an earlier apply was cut short"
	case same && w.target.asides[w.prev.Into] != nil:
		k.resumed, k.gen, k.into = true, w.prev.Generation, w.prev.Into
		k.reason = "an earlier apply was cut short"
	case beside:
		k.reason = "an earlier apply was cut short"
		b.aside(w)
	default:
		k.empty, k.reason = true, "an earlier load was given up"
	}
}

// begun deals with a table that an apply was to make or take over, and that it was not
// to write yet: rows in it are others', who may have been first to make it.
func (b *builder) begun(ctx context.Context, w *want, p *prober) {
	rows, ok := b.hasRows(ctx, w, p)
	switch {
	case !ok:
	case rows || !w.prev.Created:
		b.takeOver(ctx, w, p)
	default:
		w.work.load, w.work.reason = true, "it was never loaded"
	}
}

// hasRows looks whether the want's live table holds any row; ok is false after an error.
func (b *builder) hasRows(ctx context.Context, w *want, p *prober) (rows, ok bool) {
	rows, err := p.hasRows(ctx, w.live)
	if err != nil {
		b.errorAt(w.cfg.DeclRange, sumUnreadable, "%s: whether table %s of %s holds rows can't be read: %s.", w.addr, w.name, w.target.addr, err)
	}
	return rows, err == nil
}

// takeOver deals with a table that is there and that syncform did not write.
func (b *builder) takeOver(ctx context.Context, w *want, p *prober) {
	k := &w.work
	rows, ok := b.hasRows(ctx, w, p)
	if !ok {
		return
	}
	k.load, k.reason = true, "the table is empty"
	switch {
	case !rows:
	case !b.replaced(w):
		b.errorAt(w.cfg.DeclRange, sumRows, "Table %s of %s exists and holds %s that syncform did not write. Give %s another target_table, empty the table, or run with -replace='%s' to load the source's rows beside them and put those in their place.",
			w.name, w.target.addr, rowsText(w.live.Rows), w.addr, w.addr)
		b.fillable(w, w.live) // another of its troubles, told at once
	case w.cfg.PreventDestroy:
		b.errorAt(w.cfg.DeclRange, sumPrevent, "%s: -replace would put the source's rows in place of those of table %s, which prevent_destroy forbids.", w.addr, w.name)
		return
	default:
		k.replaces, k.reason = true, "-replace"
		b.aside(w)
	}
	var other []string
	for _, d := range k.diffs {
		m, ok := d.change.(schema.ModifyColumn)
		switch {
		case !ok || !d.other:
		case m.Type == schema.NotNarrow:
			other = append(other, fmt.Sprintf("%q is computed otherwise", m.To.Name))
		default:
			other = append(other, fmt.Sprintf("%q is %s, not %s", m.To.Name, m.From.Type, m.To.Type))
		}
	}
	if len(other) > 0 {
		b.errorAt(w.cfg.DeclRange, sumOther, "Table %s of %s is there already, and syncform did not make it: its column %s. Give %s another target_table, declare those columns' types, or change the table by hand.",
			w.name, w.target.addr, strings.Join(other, ", "), w.addr)
	}
}

// aside makes the load go into a table beside the target.
func (b *builder) aside(w *want) {
	w.work.gen = b.newID()
	w.work.into = schema.Name{Schema: w.name.Schema, Name: ledger.Aside(w.name.Name, w.work.gen)}
}

// snapshots makes the loads of each snapshot sync one group, of one moment. Where an
// earlier group was not finished, all that it loaded is loaded again.
func (b *builder) snapshots() {
	bySync := map[string][]*want{}
	var order []string
	for _, w := range b.wants {
		if w.sync.Mode == "snapshot" {
			if bySync[w.sync.Addr] == nil {
				order = append(order, w.sync.Addr)
			}
			bySync[w.sync.Addr] = append(bySync[w.sync.Addr], w)
		}
	}
	for _, addr := range order {
		b.snapshot(addr, bySync[addr])
	}
}

func (b *builder) snapshot(addr string, members []*want) {
	unfinished := map[string]bool{}
	for _, w := range members {
		if w.prev != nil && w.prev.Status != state.Loaded && w.prev.Generation != "" {
			unfinished[w.prev.Generation] = true
		}
	}
	group := b.newID()
	loads := 0
	for _, w := range members {
		k := &w.work
		if !k.load && w.prev != nil && unfinished[w.prev.Generation] {
			k.load, k.reason = true, "one moment must hold for all tables of the snapshot, and its first load was cut short"
			b.aside(w)
		}
		if !k.load {
			continue
		}
		loads++
		k.gen, k.group = group, group
		if k.into != (schema.Name{}) && k.into != w.name {
			k.into.Name = ledger.Aside(w.name.Name, group)
		}
	}
	if loads > 0 && loads < len(members) {
		b.note(addr, fmt.Sprintf("%d of its %d tables are loaded, as of another moment than the tables that were loaded before", loads, len(members)))
	}
}

// numbered reports whether the server numbers any of the table's columns.
func numbered(t *schema.Table) bool {
	return slices.ContainsFunc(t.Columns, func(c schema.Column) bool {
		return c.Identity != nil || c.Default != nil && !c.Default.Literal && strings.HasPrefix(c.Default.Text, "nextval(")
	})
}
