package planner

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/lang/expr"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// following is one sync of mode incremental on its way into the plan.
type following struct {
	sync    *lang.Sync
	wants   []*want
	spec    plan.Stream
	capture providers.CapturePlan
	record  *providers.StreamRecord // what the target knows of it; nil: nothing
	anew    bool                    // it begins, or begins again
	first   string                  // the action that prepares the source
	cut     bool                    // the last apply was not finished
	missed  map[schema.Name]string  // tables of which changes may not have been captured: why
}

// follow decides for each sync of mode incremental how its stream begins or goes on,
// and which of its tables must be loaded for it. It runs once the wants' own loads are
// decided.
func (b *builder) follow(ctx context.Context) {
	for _, w := range b.wants {
		if w.sync.Mode != "incremental" {
			continue
		}
		i := slices.IndexFunc(b.streams, func(f *following) bool { return f.sync == w.sync })
		if i < 0 {
			i = len(b.streams)
			b.streams = append(b.streams, &following{sync: w.sync})
		}
		b.streams[i].wants = append(b.streams[i].wants, w)
	}
	for _, f := range b.streams {
		b.followSync(ctx, f)
	}
}

func (b *builder) followSync(ctx context.Context, f *following) {
	s, source, target := f.sync, f.wants[0].source, f.wants[0].target
	if !b.followable(f) {
		return
	}
	capturer, err := providers.As[providers.Capturer](source.conn)
	if err != nil {
		b.errorAt(s.DeclRange, sumNotCapable, "%s: the changes of %s can't be followed: %s. Write mode = \"full\" or mode = \"snapshot\".", s.Addr, s.Source, err)
		return
	}
	if _, err := providers.As[providers.Applier](target.conn); err != nil {
		b.errorAt(s.DeclRange, sumNotCapable, "%s: %s can't take a stream of changes: %s. Write mode = \"full\" or mode = \"snapshot\".", s.Addr, s.Target, err)
		return
	}
	if f.record, err = recordOf(ctx, target, s.Addr); err != nil {
		b.errorAt(s.DeclRange, sumUnreadable, "%s: what %s knows of the stream can't be read: %s.", s.Addr, s.Target, err)
		return
	}
	f.cut = b.state != nil && b.state.Running != ""
	have := b.state.Stream(s.Addr)
	if have != nil && have.SourceIdentity != source.db.Identity {
		have = nil
	}
	b.begins(f, have)
	want := f.request(b.state, len(b.in.Targets) > 0)
	var before *providers.Capture
	if have != nil {
		before = &have.Capture
		if want.Method == "" {
			want.Method = before.Method // the best may be another by now, and a change costs a load
		}
		if want.Slot == "" {
			want.Slot = before.Slot
		}
		if want.Publication == "" {
			want.Publication = before.Publication
		}
	}
	if f.capture, err = capturer.PlanCapture(ctx, want, before); err != nil {
		b.errorAt(f.at(), sumCapture, "%s: %s.", s.Addr, err)
		return
	}
	if before != nil && (before.Method != f.capture.Capture.Method || before.Slot != f.capture.Capture.Slot) {
		f.anew = true
	}
	b.alarm(ctx, f, before, capturer, target)
	b.missed(ctx, f, before, capturer)
	if got := f.capture.Capture; got.OnExceed == "drop_slot" && got.Method != providers.LogicalReplication {
		b.errorAt(s.CDC.Range("on_exceed"), sumCapture, "%s: capture by %s has no slot to drop. Take on_exceed out.", s.Addr, got.Method)
	}
	if s.CDC != nil && s.CDC.Pushdown && f.capture.Capture.Method != providers.LogicalReplication {
		b.errorAt(s.CDC.Range("pushdown"), sumCapture, "%s: capture by %s has no publication that could leave columns or rows out. Take pushdown out.", s.Addr, f.capture.Capture.Method)
	}
	for _, x := range f.capture.Findings {
		text := x.Text
		if x.Fix != "" {
			text += ": " + x.Fix
		}
		switch at := f.reads(x); {
		case x.Fatal:
			b.errorAt(f.at(), sumCapture, "%s: %s", s.Addr, text)
		case at != nil:
			b.diags = append(b.diags, &hcl.Diagnostic{Severity: hcl.DiagWarning, Summary: sumAgain, Subject: at, Detail: fmt.Sprintf("%s: %s", s.Addr, text)})
		default:
			b.note(s.Addr, text)
		}
	}
	f.spec = plan.Stream{
		Sync: s.Addr, Source: s.Source, Target: s.Target, SourceIdentity: source.db.Identity, TargetIdentity: target.db.Identity,
		Capture: f.capture.Capture, Why: f.capture.Why, CheckpointInterval: s.CheckpointInterval, Schedule: s.Schedule, OnBadRow: s.OnBadRow,
	}
	b.loadForStream(f)
	b.plan.Streams = append(b.plan.Streams, f.spec)
}

// followable checks what a stream asks of its tables.
func (b *builder) followable(f *following) bool {
	ok := true
	for _, w := range f.wants {
		if len(w.key) == 0 {
			b.errorAt(w.cfg.DeclRange, sumKey, "%s: table %s of %s has no primary key and no unique key without nulls, so a change could not find its row. Name the columns that identify a row (key = [...]), or copy the table in a sync of mode \"full\".", w.addr, w.from.Name, w.source.addr)
			ok = false
		}
		if pk := w.from.PrimaryKey; pk != nil && pk.Deferrable && slices.Equal(pk.Columns(), w.key) {
			b.errorAt(w.cfg.DeclRange, sumKey, "%s: the primary key of table %s is deferrable, so two rows may share a key within a transaction and changes can't tell them apart. Name another unique key (key = [...]), or make the primary key NOT DEFERRABLE.", w.addr, w.from.Name)
			ok = false
		}
	}
	return ok
}

// begins settles whether the stream begins anew.
func (b *builder) begins(f *following, have *plan.Stream) {
	all := !slices.ContainsFunc(f.wants, func(w *want) bool { return !b.replaced(w) })
	origin := f.wants[0].source.db.Identity
	switch {
	case have == nil || all:
		f.anew = true
	case f.record == nil && b.state.Running == "":
		b.errorAt(f.sync.DeclRange, sumCapture, "%s: %s has lost its checkpoint of the stream (table _sync_checkpoint), so nobody knows which changes it has. Load its tables anew: -replace=%s.", f.sync.Addr, f.sync.Target, f.sync.Addr)
	case f.record == nil:
		f.anew = true // an apply was killed before it began the stream
	case f.record.Origin != origin:
		b.errorAt(f.sync.DeclRange, sumCapture, "%s: the checkpoint in %s is of another source than %s is now. Load its tables anew: -replace=%s.", f.sync.Addr, f.sync.Target, f.sync.Source, f.sync.Addr)
	}
}

// request is the capture that the configuration asks for.
func (f *following) request(s *state.State, narrowed bool) providers.Capture {
	c := providers.Capture{Sync: f.sync.Addr, Deletes: true}
	if cdc := f.sync.CDC; cdc != nil {
		c.Method, c.Publication, c.Slot = cdc.Method, cdc.Publication, cdc.Slot
		c.Deletes, c.Before = cdc.CaptureDeletes, cdc.CaptureBeforeValues
		c.MaxRetained, c.OnExceed = cdc.MaxRetainedWAL, cdc.OnExceed
	}
	for _, w := range f.wants {
		t := providers.CaptureTable{Table: w.work.mapping.ReadSource(), IncrementalKey: w.cfg.IncrementalKey, Lookback: w.cfg.Lookback, Needs: w.needs()}
		if f.sync.CDC != nil && f.sync.CDC.Pushdown {
			t.Pushdown = w.pushdown(t.Table)
		}
		c.Tables = append(c.Tables, t)
	}
	// Tables that -target leaves out stay in the stream as they are.
	if have := s.Stream(f.sync.Addr); have != nil {
		for _, t := range have.Capture.Tables {
			named := func(m schema.Name) bool { return m == t.Table.Name }
			kept := slices.ContainsFunc(s.Mappings, func(m state.Mapping) bool {
				return m.Sync == f.sync.Addr && named(m.SourceTable) && !slices.ContainsFunc(f.wants, func(w *want) bool { return w.addr == m.Addr })
			})
			if kept && !slices.ContainsFunc(c.Tables, func(x providers.CaptureTable) bool { return named(x.Table.Name) }) && narrowed {
				c.Tables = append(c.Tables, t)
			}
		}
	}
	return c
}

// pushdown is what the source need send of the table: not its other columns, where the
// stream has nothing to do with columns that are added to it.
func (w *want) pushdown(read providers.ReadTable) *providers.Pushdown {
	d := &providers.Pushdown{}
	added := w.policy.Decide(schema.AddColumn{In: w.name}).Verdict
	if !w.work.mapping.AllColumns || added == plan.Warn || added == plan.Ignore {
		for _, c := range read.Columns {
			d.Columns = append(d.Columns, c.Name)
		}
	}
	conditions := make([]*expr.Checked, len(w.filters))
	for i, f := range w.filters {
		conditions[i] = f.checked
	}
	d.Where = expr.Bounds(conditions, ExpressionColumns(w.from))
	return d
}

// loadForStream makes the tables be loaded whose rows the stream can't go on from.
func (b *builder) loadForStream(f *following) {
	records := map[string]providers.TableRecord{}
	if f.record != nil {
		for _, t := range f.record.Tables {
			records[t.Mapping] = t
		}
	}
	for _, w := range f.wants {
		k := &w.work
		if p := w.prev; !f.anew && p != nil && p.SourceTable == w.from.Name && p.SourceIdentity == w.source.db.Identity {
			// What the stream knows of columns is of its own place, not of today.
			k.mapping.ColumnIDs, k.mapping.Refill = p.ColumnIDs, p.Refill
		}
		rec, known := records[w.addr]
		missed := f.missed[w.from.Name]
		if rec.State == providers.TableHeld || missed != "" { // the stream itself may hold it any moment
			b.plan.HeldTables = append(b.plan.HeldTables, w.addr)
		}
		switch {
		case (f.anew || missed != "" || rec.State == providers.TableHeld) && k.resumed:
			// Its chunks are older than the stream, or of before what was not captured.
			k.resumed, k.gen, k.into = false, "", schema.Name{}
			if w.prev.Into != (schema.Name{}) && w.prev.Into != w.prev.TargetTable {
				b.aside(w)
			} else {
				k.empty, k.into, k.gen = true, w.name, b.newID()
			}
			switch {
			case f.anew:
				k.reason = "the stream begins"
			case missed != "":
				k.reason = missed
			default:
				k.reason = "its changes were held: " + rec.Reason
			}
		case k.load:
		case f.anew:
			k.load, k.reason = true, "the stream begins"
			b.aside(w)
		case !known:
			k.load, k.reason = true, "it joins the stream"
			b.aside(w)
		case missed != "" && rec.State != providers.TableHeld:
			k.load, k.reason = true, missed
			b.aside(w)
			b.note(w.addr, "it is loaded anew: "+missed)
		case rec.State == providers.TableHeld:
			k.load, k.reason = true, "its changes were held: "+rec.Reason
			b.aside(w)
			b.note(w.addr, "it is loaded anew, for its changes were held: "+rec.Reason)
		case w.rekeyed() != "":
			k.load, k.reason = true, w.rekeyed()
			b.aside(w)
			b.note(w.addr, "it is loaded anew: "+k.reason)
		}
		if k.load && k.gen == "" {
			k.gen = b.newID()
		}
		if k.load && missed != "" {
			k.mapping.ColumnIDs, k.mapping.Refill = nil, nil // the table may be another
		}
	}
}

// recordOf reads what a target knows of a stream.
func recordOf(ctx context.Context, target *endpoint, sync string) (*providers.StreamRecord, error) {
	keeper, err := providers.As[providers.StreamKeeper](target.conn)
	if err != nil {
		return nil, err
	}
	store, err := keeper.FindStreams(ctx)
	if err != nil || store == nil {
		return nil, err
	}
	return store.Stream(ctx, sync)
}

// reads is where the filter or expression stands that reads the column of a finding.
func (f *following) reads(x providers.Finding) *hcl.Range {
	for _, w := range f.wants {
		if x.Column == "" || w.from.Name != x.Table {
			continue
		}
		uses := func(c *expr.Checked) bool {
			return slices.ContainsFunc(c.Columns(), func(i int) bool { return w.from.Columns[i].Name == x.Column })
		}
		for i := range w.filters {
			if uses(w.filters[i].checked) {
				return &w.filters[i].rng
			}
		}
		for _, c := range w.columns {
			if c.expr != nil && uses(c.expr.checked) {
				return &c.expr.rng
			}
		}
	}
	return nil
}

// at is where the configuration says how changes are captured.
func (f *following) at() hcl.Range {
	if f.sync.CDC != nil {
		return f.sync.CDC.DeclRange
	}
	return f.sync.DeclRange
}

// begin adds the action that prepares the source, before the rows of any table.
func (s *script) beginStream(f *following) {
	var loads []string
	for _, w := range f.wants {
		if w.work.load {
			loads = append(loads, w.addr)
		}
	}
	if !f.anew && len(loads) == 0 && len(f.capture.Steps) == 0 {
		return
	}
	step, kind, reason := plan.StreamAdd, plan.Update, "tables join the stream, or are loaded anew"
	if f.anew {
		step, kind, reason = plan.StreamStart, plan.Create, f.capture.Why
	}
	a := plan.Action{
		Kind: kind, Addr: f.sync.Addr, Endpoint: f.sync.Source, Phase: plan.Expand, Steps: f.capture.Steps, Reason: reason, Source: syncRange(f.sync),
		Stream: &plan.StreamSpec{Sync: f.sync.Addr, Target: f.sync.Target, Step: step, Mappings: loads},
	}
	if f.anew {
		a.Stream.Start = f.capture.Start
	}
	f.first = s.add(a, nil)
}

// catchUp adds the action that streams until the loaded tables are of one moment.
func (s *script) catchUp(f *following) {
	var loads, depends []string
	for _, w := range f.wants {
		if w.work.load {
			loads = append(loads, w.addr)
		}
		depends = append(depends, s.last[w.name])
	}
	reason := "the rows were copied while the source went on"
	if len(loads) == 0 && !f.unfinished() {
		if !f.proves() {
			return
		}
		reason = "what is added must hold for the rows, as it does at the source"
	}
	id := s.add(plan.Action{
		Kind: plan.Update, Addr: f.sync.Addr, Endpoint: f.sync.Target, Phase: plan.Sync, Source: syncRange(f.sync),
		Reason: reason, Stream: &plan.StreamSpec{Sync: f.sync.Addr, Target: f.sync.Target, Step: plan.StreamCatchUp, Mappings: loads},
	}, append(depends, f.first))
	for _, w := range f.wants {
		s.last[w.name] = id
	}
}

// unfinished reports whether an earlier apply has not brought all tables to the stream,
// or not to one moment.
func (f *following) unfinished() bool {
	return f.record != nil && slices.ContainsFunc(f.record.Tables, func(t providers.TableRecord) bool {
		return t.State == providers.TableLoading || t.State == providers.TableCatchingUp && (t.ConsistentAt == "" || f.cut)
	})
}

// proves reports whether the plan adds to tables of a running stream what their rows could
// break: the source's of today keep it, and those of where the stream stands need not.
func (f *following) proves() bool {
	return f.record != nil && slices.ContainsFunc(f.wants, func(w *want) bool {
		return w.live != nil && slices.ContainsFunc(w.work.diffs, func(d difference) bool { return d.afterRows && !d.held() && provable(d.change) })
	})
}

// provable reports whether rows can be in the way of a change.
func provable(c schema.Change) bool {
	switch c := c.(type) {
	case schema.AddForeignKey, schema.AddUnique, schema.AddPrimaryKey, schema.AddCheck, schema.AddExclusion:
		return true
	case schema.AddIndex:
		return c.Index.Unique
	case schema.ModifyColumn:
		return c.From.Nullable && !c.To.Nullable
	}
	return false
}

// catchesUp reports whether the plan has the want's stream write rows.
func (b *builder) catchesUp(w *want) bool {
	return slices.ContainsFunc(b.streams, func(f *following) bool {
		loads := func(w *want) bool { return w.work.load }
		return slices.Contains(f.wants, w) && (slices.ContainsFunc(f.wants, loads) || f.unfinished())
	})
}

func syncRange(s *lang.Sync) plan.Range {
	r := s.DeclRange
	return plan.Range{File: r.Filename, Line: r.Start.Line, Column: r.Start.Column, EndLine: r.End.Line, EndColumn: r.End.Column}
}

// stopStreams plans to take down the streams of the state that the configuration has no
// more, or that are destroyed.
func (b *builder) stopStreams(ctx context.Context) {
	if b.state == nil {
		return
	}
	for i := range b.state.Streams {
		st := &b.state.Streams[i]
		if slices.ContainsFunc(b.plan.Streams, func(x plan.Stream) bool { return x.Sync == st.Sync }) && st.Turn == "" || !b.concerns(st.Sync, st.Sync) || b.stays(st) {
			continue
		}
		b.stopStream(ctx, st)
	}
}

func (b *builder) stopStream(ctx context.Context, st *plan.Stream) {
	b.plan.ForgetStreams = append(b.plan.ForgetStreams, st.Sync)
	source := b.endpoints[st.Source]
	if source == nil || source.db.Identity != st.SourceIdentity {
		b.note(st.Sync, fmt.Sprintf("%s is not in the configuration any more, or is another database: what the stream left there (%s) must be dropped by hand", st.Source, leftThere(&st.Capture)))
		return
	}
	capturer, err := providers.As[providers.Capturer](source.conn)
	if err != nil {
		b.errorf(sumNotCapable, "%s: %s.", st.Sync, err)
		return
	}
	steps, err := capturer.PlanTeardown(ctx, st.Capture)
	if err != nil {
		b.errorf(sumCapture, "%s: what the stream left in %s can't be found out: %s.", st.Sync, st.Source, err)
		return
	}
	b.count++
	b.plan.Actions = append(b.plan.Actions, plan.Action{
		ID: fmt.Sprintf("a%03d", b.count), Kind: plan.Delete, Addr: st.Sync, Endpoint: st.Source, Phase: plan.Contract, Steps: steps,
		Reason: "the sync follows its source no more", Stream: &plan.StreamSpec{Sync: st.Sync, Target: st.Target, Step: plan.StreamStop},
	})
}

func leftThere(c *providers.Capture) string {
	switch c.Method {
	case providers.LogicalReplication:
		return fmt.Sprintf("slot %s, publication %s", c.Slot, c.Publication)
	case providers.Trigger:
		return "table _change_log and its triggers"
	}
	return "nothing"
}

// streams gives the streams into the script's target.
func (s *script) streams() []*following {
	var out []*following
	for _, f := range s.b.streams {
		if f.wants[0].target == s.target {
			out = append(out, f)
		}
	}
	return out
}
