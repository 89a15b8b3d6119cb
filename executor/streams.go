package executor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/syncform/syncform/executor/retry"
	"github.com/syncform/syncform/executor/stream"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// streamStep does one action of a stream.
func (r *run) streamStep(a *plan.Action) error {
	policy := retry.Policy{Attempts: defaultAttempts, Notify: func(try int, wait time.Duration, err error) {
		r.env.Observer.Retrying(a, try, wait, err)
	}}
	err := retry.Do(r.soft, r.hard, policy, func(ctx context.Context) error {
		switch a.Stream.Step {
		case plan.StreamStart:
			return r.startStream(ctx, a)
		case plan.StreamAdd:
			return r.addToStream(ctx, a)
		case plan.StreamCatchUp:
			return r.catchUp(ctx, a)
		case plan.StreamStop:
			return r.stopStream(ctx, a)
		}
		return fmt.Errorf("%w: the stream's step %q is unknown", errBug, a.Stream.Step)
	})
	if err == nil && a.Stream.Step != plan.StreamCatchUp {
		r.done(a, 0)
	}
	return err
}

// store opens the target's records of streams.
func (r *run) store(ctx context.Context, target string) (providers.StreamStore, error) {
	keeper, err := providers.As[providers.StreamKeeper](r.env.Conns[target])
	if err != nil {
		return nil, err
	}
	return keeper.OpenStreams(ctx)
}

// prepare runs the steps that prepare the source.
func (r *run) prepare(ctx context.Context, a *plan.Action) (providers.Capturer, error) {
	capturer, err := providers.As[providers.Capturer](r.env.Conns[a.Endpoint])
	if err != nil {
		return nil, err
	}
	for i, s := range a.Steps {
		if _, err := capturer.RunCaptureStep(ctx, s); err != nil {
			return nil, fmt.Errorf("step %d of %d (%s): %w", i+1, len(a.Steps), firstWords(s.Text), err)
		}
	}
	return capturer, nil
}

// startStream prepares the source, fixes the stream's start, and writes it into the
// target. Where an earlier run of this very plan has done so, it stays.
func (r *run) startStream(ctx context.Context, a *plan.Action) error {
	spec := r.plan.Stream(a.Stream.Sync)
	if spec == nil {
		return fmt.Errorf("%w: the plan has no stream %s", errBug, a.Stream.Sync)
	}
	store, err := r.store(ctx, spec.Target)
	if err != nil {
		return err
	}
	tables := r.records(a)
	rec, err := store.Stream(ctx, spec.Sync)
	if err != nil {
		return err
	}
	if r.again && rec != nil && begun(rec, tables) {
		return nil
	}
	capturer, err := r.prepare(ctx, a)
	if err != nil {
		return err
	}
	if err := r.identify(ctx, a); err != nil {
		return err
	}
	start, err := capturer.StartCapture(ctx, spec.Capture)
	if err != nil {
		return err
	}
	return store.Begin(ctx, providers.StreamRecord{Sync: spec.Sync, Origin: spec.SourceIdentity, Start: start, Position: start.Position, Tables: tables, PausedBy: providers.PausedByApply})
}

// records are the tables of a stream's action, as they are before their loads.
func (r *run) records(a *plan.Action) []providers.TableRecord {
	var out []providers.TableRecord
	for _, addr := range a.Stream.Mappings {
		m := r.plan.Mapping(addr)
		out = append(out, providers.TableRecord{Mapping: addr, Table: m.TargetTable, State: providers.TableLoading, Generation: r.generation(addr)})
	}
	return out
}

// generation is that of the plan's load of a mapping, "" where it has none.
func (r *run) generation(mapping string) string {
	for _, a := range r.graph.Actions {
		if a.Backfill != nil && a.Backfill.Mapping == mapping {
			return a.Backfill.Generation
		}
	}
	return ""
}

// begun reports whether a record was written for these very loads.
func begun(rec *providers.StreamRecord, tables []providers.TableRecord) bool {
	for _, t := range tables {
		if !slices.ContainsFunc(rec.Tables, func(x providers.TableRecord) bool { return x.Mapping == t.Mapping && x.Generation == t.Generation }) {
			return false
		}
	}
	return true
}

// addToStream prepares the source for tables that join a stream, or are loaded anew,
// while the stream rests.
func (r *run) addToStream(ctx context.Context, a *plan.Action) error {
	spec := r.plan.Stream(a.Stream.Sync)
	store, err := r.store(ctx, spec.Target)
	if err != nil {
		return err
	}
	rec, err := store.Stream(ctx, spec.Sync)
	if err != nil {
		return err
	}
	tables := r.records(a)
	if rec == nil {
		return fmt.Errorf("%s: %w", spec.Sync, stream.ErrNoRecord)
	}
	if r.again && begun(rec, tables) {
		return nil
	}
	// Once the source captures their changes again, nothing tells that some went by.
	if held := waiting(rec, tables); len(held) > 0 {
		if err := store.SetTables(ctx, spec.Sync, held, nil); err != nil {
			return err
		}
	}
	capturer, err := r.prepare(ctx, a)
	if err != nil {
		return err
	}
	if len(tables) > 0 {
		if err := r.identify(ctx, a); err != nil {
			return err
		}
		floor, err := capturer.Floor(ctx, spec.Capture)
		if err != nil {
			return err
		}
		for i := range tables {
			tables[i].Floor = floor
		}
	}
	var keep []string
	for _, t := range rec.Tables {
		if !slices.Contains(r.plan.Forget, t.Mapping) {
			keep = append(keep, t.Mapping)
		}
	}
	for _, t := range tables {
		keep = append(keep, t.Mapping)
	}
	return store.SetTables(ctx, spec.Sync, tables, keep)
}

// waiting are the records that there are of tables which are to be loaded, held until the
// source is prepared for that.
func waiting(rec *providers.StreamRecord, tables []providers.TableRecord) []providers.TableRecord {
	var out []providers.TableRecord
	for _, t := range rec.Tables {
		if t.State == providers.TableHeld || !slices.ContainsFunc(tables, func(x providers.TableRecord) bool { return x.Mapping == t.Mapping }) {
			continue
		}
		t.State, t.Reason = providers.TableHeld, "an apply was to load it anew, and was cut short: run syncform apply"
		out = append(out, t)
	}
	return out
}

// floors are what a snapshot for the loads of a stream must hold.
func (r *run) floors(ctx context.Context, m *plan.Mapping) ([]string, error) {
	store, err := r.store(ctx, m.Target)
	if err != nil {
		return nil, err
	}
	rec, err := store.Stream(ctx, m.Sync)
	if err != nil {
		return nil, err
	}
	if rec == nil {
		return nil, fmt.Errorf("%s: %w", m.Sync, stream.ErrNoRecord)
	}
	floors := []string{rec.Start.Floor}
	for _, t := range rec.Tables {
		if t.Floor != "" && !slices.Contains(floors, t.Floor) {
			floors = append(floors, t.Floor)
		}
	}
	return floors, nil
}

// catchUp streams until every table of the sync is as the source was at one moment after
// the last row was copied.
func (r *run) catchUp(ctx context.Context, a *plan.Action) error {
	spec := r.plan.Stream(a.Stream.Sync)
	r.endBeside(spec.Sync)
	store, err := r.store(ctx, spec.Target)
	if err != nil {
		return err
	}
	capturer, err := providers.As[providers.Capturer](r.env.Conns[spec.Source])
	if err != nil {
		return err
	}
	rec, err := store.Stream(ctx, spec.Sync)
	if err != nil {
		return err
	}
	if rec == nil {
		return fmt.Errorf("%s: %w", spec.Sync, stream.ErrNoRecord)
	}
	if slices.ContainsFunc(rec.Tables, func(t providers.TableRecord) bool { return t.State == providers.TableLoading }) {
		if err := r.passLoads(ctx, a); err != nil {
			return err
		}
		if err := stream.Drain(ctx, r.stream(spec), stream.Options{Soft: r.soft, Log: r.env.Log, Redact: r.env.Redact}); err != nil {
			return err
		}
		if rec, err = store.Stream(ctx, spec.Sync); err != nil {
			return err
		}
		if rec == nil {
			return fmt.Errorf("%s: %w", spec.Sync, stream.ErrNoRecord)
		}
	}
	goal, err := capturer.Current(ctx, spec.Capture)
	if err != nil {
		return err
	}
	var tables []providers.TableRecord
	for _, t := range rec.Tables {
		if t.State == providers.TableLoading || t.State == providers.TableCatchingUp && t.ConsistentAt == "" {
			t.State, t.ConsistentAt, t.Loaded = providers.TableCatchingUp, goal, r.loadedRows(t.Mapping)
			tables = append(tables, t)
		}
	}
	if len(tables) > 0 {
		if err := store.SetTables(ctx, spec.Sync, tables, nil); err != nil {
			return err
		}
	}
	o := stream.Options{Until: stream.CaughtUp, Soft: r.soft, Log: r.env.Log, Redact: r.env.Redact, Attempts: defaultAttempts, IgnorePause: providers.PausedByAnyone, KeepMapping: r.keepMapping}
	if len(tables) == 0 {
		// No load has set a goal that lies behind the plan.
		if _, err := stream.Run(ctx, r.stream(spec), o); err != nil || r.soft.Err() != nil {
			return errors.Join(err, r.soft.Err())
		}
	}
	o.Until = stream.Live
	res, err := stream.Run(ctx, r.stream(spec), o)
	if err == nil {
		for _, t := range res.Held {
			r.warn(t.Mapping, "table "+t.Table.String()+" is held: "+t.Reason)
		}
	}
	return err
}

// passLoads brings a stream that was under way past the loads before their tables take part:
// what is told of a table's rows from before may be of another table of its name.
func (r *run) passLoads(ctx context.Context, a *plan.Action) error {
	spec := r.plan.Stream(a.Stream.Sync)
	joins := slices.ContainsFunc(r.graph.Actions, func(x *plan.Action) bool {
		return x.Stream != nil && x.Stream.Sync == spec.Sync && x.Stream.Step == plan.StreamAdd
	})
	if !joins || spec.Capture.Method == providers.Polling {
		return nil
	}
	_, err := stream.Run(ctx, r.stream(spec), stream.Options{Beside: true, Until: stream.CaughtUp, Soft: r.soft, Log: r.env.Log, Redact: r.env.Redact, Attempts: defaultAttempts, IgnorePause: providers.PausedByAnyone})
	if errors.As(err, new(*stream.RestsError)) {
		return nil
	}
	return err
}

// keepMapping is stream.Options.KeepMapping.
func (r *run) keepMapping(ctx context.Context, m *plan.Mapping) error {
	return r.record.Now(ctx, func(s *state.State) {
		if e := s.Mapping(m.Addr); e != nil {
			e.Mapping = *m
		}
	})
}

// identify notes the identities of the columns of tables that a stream takes up, where it
// does not know them yet. It comes before their capture, which brings what changes later.
func (r *run) identify(ctx context.Context, a *plan.Action) error {
	source, err := providers.As[providers.ColumnIdentifier](r.env.Conns[a.Endpoint])
	if errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	var tables []schema.Name
	for _, addr := range a.Stream.Mappings {
		tables = append(tables, r.plan.Mapping(addr).SourceTable)
	}
	ids, err := source.ColumnIDs(ctx, tables)
	if err != nil {
		return err
	}
	return r.record.Now(ctx, func(s *state.State) {
		for _, addr := range a.Stream.Mappings {
			if e := s.Mapping(addr); e != nil {
				known := map[string]string{}
				maps.Copy(known, ids[e.SourceTable])
				maps.Copy(known, e.ColumnIDs)
				e.ColumnIDs = known
			}
		}
	})
}

// loadedRows is how many rows a mapping's load has brought, as far as is known.
func (r *run) loadedRows(addr string) int64 {
	if m := r.plan.Mapping(addr); m != nil {
		if n := r.rows(m); n > 0 {
			return n
		}
	}
	if s := r.record.State(); s != nil {
		if m := s.Mapping(addr); m != nil {
			return m.Rows
		}
	}
	return 0
}

// streamMappings are the mappings of a sync: those of the plan, and those that -target
// left out. What the plan forgets is not followed any more.
func (r *run) streamMappings(sync string) []plan.Mapping {
	return slices.DeleteFunc(StreamMappings(r.record.State(), sync), func(m plan.Mapping) bool { return slices.Contains(r.plan.Forget, m.Addr) })
}

// StreamMappings are the mappings of a sync's stream, as they were applied.
func StreamMappings(s *state.State, sync string) []plan.Mapping {
	var out []plan.Mapping
	for _, m := range s.Mappings {
		if m.Sync == sync && m.Mode == "incremental" {
			out = append(out, m.Mapping)
		}
	}
	return out
}

// stopStream takes down what a stream left.
func (r *run) stopStream(ctx context.Context, a *plan.Action) error {
	if _, err := r.prepare(ctx, a); err != nil {
		return err
	}
	if r.env.Conns[a.Stream.Target] == nil {
		return nil
	}
	store, err := r.store(ctx, a.Stream.Target)
	if err != nil {
		return err
	}
	return store.Forget(ctx, a.Stream.Sync)
}

// pauseWait is how long an apply waits for a running sync to stop at a transaction's end.
const pauseWait = 2 * time.Minute

// pauseStreams asks the instances that run the plan's syncs to stop at their
// transaction's end, and waits until they have.
func (r *run) pauseStreams() error {
	if len(r.graph.Actions) == 0 {
		return nil
	}
	for _, st := range r.touched() {
		store, err := r.findStore(st.target)
		if err != nil || store == nil {
			return err
		}
		rec, err := store.Stream(r.hard, st.sync)
		if err != nil {
			return err
		}
		if rec == nil {
			continue
		}
		if err := pauseStream(r.hard, r.soft, store, st.sync); err != nil {
			return err
		}
	}
	return nil
}

func pauseStream(ctx, soft context.Context, store providers.StreamStore, sync string) error {
	if err := store.Pause(ctx, sync, providers.PausedByApply, true); err != nil {
		return err
	}
	deadline := time.Now().Add(pauseWait)
	for beat := int64(-1); ; {
		rec, err := store.Stream(ctx, sync)
		if err != nil || rec == nil || rec.Holder == "" || rec.Paused {
			return err
		}
		if beat < 0 {
			beat = rec.Beat
			deadline = time.Now().Add(providers.LeaseExpires)
		} else if rec.Beat != beat {
			beat, deadline = rec.Beat, time.Now().Add(pauseWait)
		}
		if time.Now().After(deadline) {
			return nil // it gives no sign of life; the lease settles who writes
		}
		select {
		case <-time.After(providers.LeaseBeat / 10):
		case <-soft.Done():
			return soft.Err()
		}
	}
}

type touchedStream struct{ sync, target string }

// touched are the streams that the plan's actions have to do with.
func (r *run) touched() []touchedStream {
	var out []touchedStream
	for _, st := range r.plan.Streams {
		out = append(out, touchedStream{st.Sync, st.Target})
	}
	for _, a := range r.graph.Actions {
		if a.Stream != nil && a.Stream.Step == plan.StreamStop && r.env.Conns[a.Stream.Target] != nil {
			out = append(out, touchedStream{a.Stream.Sync, a.Stream.Target})
		}
	}
	return out
}

func (r *run) findStore(target string) (providers.StreamStore, error) {
	keeper, err := providers.As[providers.StreamKeeper](r.env.Conns[target])
	if errors.Is(err, errors.ErrUnsupported) {
		return nil, nil
	}
	return keeper.FindStreams(r.hard)
}

// resumeStreams takes the request back, also after a failure.
func (r *run) resumeStreams() error {
	if len(r.graph.Actions) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.hard), lastWrite)
	defer cancel()
	var errs []error
	for _, st := range r.touched() {
		store, err := r.findStore(st.target)
		if err != nil || store == nil {
			errs = append(errs, err)
			continue
		}
		errs = append(errs, store.Pause(ctx, st.sync, providers.PausedByApply, false))
	}
	return errors.Join(errs...)
}
