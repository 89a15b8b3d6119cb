package cutover

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// reverseSuffix ends the name of a way back.
const reverseSuffix = "_reverse"

// ReverseName names the sync that goes the other way round of one: its name with _reverse,
// or without it.
func ReverseName(sync string) string {
	name, index, keyed := strings.Cut(sync, "[")
	if short, ok := strings.CutSuffix(name, reverseSuffix); ok {
		name = short
	} else {
		name += reverseSuffix
	}
	if keyed {
		return name + "[" + index
	}
	return name
}

// Reverse is what a stream back takes.
type Reverse struct {
	Spec     plan.Stream           `json:"spec"`
	Mappings []plan.Mapping        `json:"mappings"`
	Capture  providers.CapturePlan `json:"capture"`
	// Lacking says what is in the way, each with the way out; nothing may be changed then.
	Lacking []string `json:"lacking"`
}

func (r *Reverse) lack(format string, args ...any) {
	r.Lacking = append(r.Lacking, fmt.Sprintf(format, args...))
}

// PlanReverse plans the stream back of forward, whose mappings are turned round, and
// looks for all that it would lack. have is what an earlier run that was cut short has
// begun, nil where there is none; kept are the mappings of the sync that forward itself is
// the way back of. It changes nothing.
func PlanReverse(ctx context.Context, forward *plan.Stream, mappings, kept []plan.Mapping, have *plan.Stream, source, target providers.Conn) (*Reverse, error) {
	r := &Reverse{Lacking: []string{}}
	from, err := inspect(ctx, target, mappings, func(m *plan.Mapping) schema.Name { return m.TargetTable })
	if err != nil {
		return nil, fmt.Errorf("inspect %s: %w", forward.Target, err)
	}
	to, err := inspect(ctx, source, mappings, func(m *plan.Mapping) schema.Name { return m.SourceTable })
	if err != nil {
		return nil, fmt.Errorf("inspect %s: %w", forward.Source, err)
	}
	r.Spec = plan.Stream{
		Sync: ReverseName(forward.Sync), Source: forward.Target, Target: forward.Source, SourceIdentity: from.Identity, TargetIdentity: to.Identity,
		CheckpointInterval: forward.CheckpointInterval, OnBadRow: forward.OnBadRow, Reverses: forward.Sync, Forward: forward, Turn: plan.TurnComing,
	}
	want := providers.Capture{Sync: r.Spec.Sync, Deletes: true}
	if f := forward.Forward; f != nil && forward.Reverses == r.Spec.Sync {
		// It goes back to what the configuration says.
		want = f.Capture
		r.Spec.Schedule, r.Spec.Reverses, r.Spec.Forward = f.Schedule, "", nil
		if r.Mappings = kept; len(kept) == 0 {
			r.lack("the state has no mapping of %s any more (state rm?): run syncform destroy, and apply the sync anew", r.Spec.Sync)
		}
	} else {
		r.turnAll(mappings, from, to)
	}
	want.Tables = slices.Clone(want.Tables)
	for i := range want.Tables {
		want.Tables[i].Undo = ""
	}
	if want.Tables == nil {
		for i := range r.Mappings {
			want.Tables = append(want.Tables, providers.CaptureTable{Table: r.Mappings[i].ReadSource()})
		}
	}
	if err := r.capture(ctx, want, have, target); err != nil {
		return nil, err
	}
	if err := r.able(ctx, mappings, source, target); err != nil {
		return nil, err
	}
	return r, nil
}

func inspect(ctx context.Context, conn providers.Conn, mappings []plan.Mapping, of func(*plan.Mapping) schema.Name) (*schema.Database, error) {
	var names []schema.Name
	for i := range mappings {
		names = append(names, of(&mappings[i]))
	}
	return conn.Inspect(ctx, providers.InspectOptions{Tables: names, NoEstimates: true})
}

// turnAll turns mappings round; from and to are the databases in the new direction.
func (r *Reverse) turnAll(mappings []plan.Mapping, from, to *schema.Database) {
	written := map[schema.Name]string{}
	for i := range mappings {
		m := &mappings[i]
		if other := written[m.SourceTable]; other != "" {
			r.lack("%s and %s are both made of table %s, so its rows would come back twice. Leave one of them out of the sync", m.Addr, other, m.SourceTable)
			continue
		}
		written[m.SourceTable] = m.Addr
		source, target := from.Table(m.TargetTable), to.Table(m.SourceTable)
		if source == nil || target == nil {
			r.lack("%s: table %s or %s is gone", m.Addr, m.SourceTable, m.TargetTable)
			continue
		}
		r.Mappings = append(r.Mappings, r.turn(m, source, target))
	}
}

// turn turns one mapping round.
func (r *Reverse) turn(m *plan.Mapping, source, target *schema.Table) plan.Mapping {
	out := plan.Mapping{
		Addr: r.Spec.Sync + strings.TrimPrefix(m.Addr, m.Sync), Sync: r.Spec.Sync, Source: m.Target, Target: m.Source, SourceTable: m.TargetTable, TargetTable: m.SourceTable,
		SourceIdentity: r.Spec.SourceIdentity, TargetIdentity: r.Spec.TargetIdentity, SourceKey: m.TargetKey, TargetKey: m.SourceKey, Mode: m.Mode, Policy: m.Policy,
		BatchSize: m.BatchSize, ParallelTables: m.ParallelTables, RetryAttempts: m.RetryAttempts, MaxSnapshotAge: m.MaxSnapshotAge,
	}
	if len(m.Filters) > 0 {
		r.lack("%s has filters (%s): rows that they leave out are not at the target, so what new rows do to them can't be known. Take the filters out and run syncform apply, or cut over without -reverse", m.Addr, strings.Join(m.Filters, "; "))
	}
	carried := map[string]bool{}
	for _, c := range m.Columns {
		if c.Expr != "" || c.Source == "" {
			continue
		}
		carried[c.Source] = true
		a, b := source.Column(c.Target), target.Column(c.Source)
		switch {
		case a == nil || b == nil:
			r.lack("%s: column %q or %q is gone: run syncform plan", m.Addr, c.Source, c.Target)
		case b.Generated != nil: // computed there as well
		default:
			back := plan.Column{Source: c.Target, Target: c.Source, SourceType: &a.Type, TargetType: &b.Type, Identity: b.Identity != nil && b.Identity.Always}
			if !a.Type.Equal(b.Type) {
				back.ReadAs = &b.Type
			}
			out.Columns = append(out.Columns, back)
		}
	}
	for _, c := range m.Columns {
		if c.Expr == "" || c.Metadata {
			continue
		}
		for _, read := range m.Reads {
			if !carried[read.Name] && strings.Contains(strings.ToLower(c.Expr), strings.ToLower(read.Name)) {
				carried[read.Name] = true // it is told once
				r.lack("%s: column %q of the source reaches the target only by %s, which can't be turned round. Map the column as it is, too, or cut over without -reverse", m.Addr, read.Name, c.Expr)
			}
		}
	}
	for i := range target.Columns {
		c := &target.Columns[i]
		if !carried[c.Name] && !c.Nullable && c.Default == nil && c.Generated == nil && c.Identity == nil && c.OnUpdate == "" {
			r.lack("%s: column %q of the source's table %s is not carried, takes no NULL and has no default, so new rows could not be written there. Map it, or give it a default: ALTER TABLE ... ALTER COLUMN ... SET DEFAULT", m.Addr, c.Name, target.Name)
		}
	}
	for _, k := range out.TargetKey {
		if !slices.ContainsFunc(out.Columns, func(c plan.Column) bool { return c.Target == k }) {
			r.lack("%s: its key column %q can't be written at the source", m.Addr, k)
		}
	}
	return out
}

// capture plans how the new source is followed.
func (r *Reverse) capture(ctx context.Context, want providers.Capture, have *plan.Stream, source providers.Conn) error {
	capturer, err := providers.As[providers.Capturer](source)
	if err != nil {
		r.lack("the changes of %s can't be followed: %v", r.Spec.Source, err)
		return nil
	}
	var before *providers.Capture
	if have != nil {
		before = &have.Capture
	}
	if r.Capture, err = capturer.PlanCapture(ctx, want, before); err != nil {
		if providers.IsRetryable(err) || ctx.Err() != nil {
			return err
		}
		r.lack("the changes of %s can't be followed: %v", r.Spec.Source, err)
		return nil
	}
	for _, f := range r.Capture.Findings {
		r.finding(r.Spec.Source, f)
	}
	r.Spec.Capture, r.Spec.Why = r.Capture.Capture, r.Capture.Why
	return nil
}

func (r *Reverse) finding(addr string, f providers.Finding) {
	if !f.Fatal {
		return
	}
	if f.Fix == "" {
		r.lack("%s: %s", addr, f.Text)
		return
	}
	r.lack("%s: %s: %s", addr, f.Text, f.Fix)
}

// able looks whether the old source can be written to, and the old target be read.
func (r *Reverse) able(ctx context.Context, forward []plan.Mapping, source, target providers.Conn) error {
	for _, err := range []error{second(providers.As[providers.Applier](source)), second(providers.As[providers.StreamKeeper](source))} {
		if err != nil {
			r.lack("%s can't take a stream of changes: %v", r.Spec.Target, err)
		}
	}
	var write, read providers.Preflight
	for i := range forward {
		write.Write, read.Read = append(write.Write, forward[i].SourceTable), append(read.Read, forward[i].TargetTable)
	}
	for _, x := range []struct {
		addr string
		conn providers.Conn
		use  providers.Preflight
	}{{r.Spec.Target, source, write}, {r.Spec.Source, target, read}} {
		pre, err := providers.As[providers.Preflighter](x.conn)
		if errors.Is(err, errors.ErrUnsupported) {
			continue
		}
		found, err := pre.Preflight(ctx, x.use)
		if err != nil {
			return fmt.Errorf("%s: look for what is missing: %w", x.addr, err)
		}
		for _, f := range found {
			r.finding(x.addr, f)
		}
	}
	return nil
}

func second[T any](_ T, err error) error { return err }
