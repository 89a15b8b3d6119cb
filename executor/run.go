package executor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/syncform/syncform/executor/apply"
	"github.com/syncform/syncform/executor/backfill"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
)

// lastWrite is how long the state's last write may take after a hard stop.
const lastWrite = 5 * time.Second

// defaultParallelism is Env.Parallelism where it is 0.
const defaultParallelism = 4

// run is one Apply.
type run struct {
	plan    *plan.Plan
	env     Env
	graph   *apply.Graph
	record  *apply.Record
	again   bool // an earlier apply has begun this very plan
	hard    context.Context
	soft    context.Context // ends on ctx's end, and on the first failure
	stop    context.CancelFunc
	loads   map[string]*load // by action
	besides []*beside
	given   map[string]bool // mappings whose loads were given up

	mu      sync.Mutex
	result  Result
	history *history
}

func newRun(p *plan.Plan, env Env) (*run, error) {
	if env.Observer == nil {
		env.Observer = silent{}
	}
	if env.Parallelism < 1 {
		env.Parallelism = defaultParallelism
	}
	if env.Log == nil {
		env.Log = slog.New(slog.DiscardHandler)
	}
	r := &run{plan: p, env: env, again: env.State != nil && env.State.Running == p.ID}
	var err error
	if r.graph, err = apply.NewGraph(p); err != nil {
		return nil, err
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	r.record = apply.NewRecord(env.Backend, env.State, p.Version)
	r.loads, r.given = map[string]*load{}, map[string]bool{}
	return r, nil
}

func (r *run) apply(ctx context.Context) (res Result, err error) {
	if r.hard = r.env.Hard; r.hard == nil {
		r.hard = context.WithoutCancel(ctx)
	}
	r.soft, r.stop = context.WithCancel(ctx)
	defer r.stop()
	defer context.AfterFunc(r.hard, r.stop)()
	if r.nothing() {
		r.result.State = r.env.State
		return r.result, nil
	}
	if err := r.record.Now(r.hard, func(s *state.State) { s.Version = r.plan.Version; s.Begin(r.plan) }); err != nil {
		return Result{State: r.env.State}, err
	}
	if err := r.pauseStreams(); err != nil {
		return Result{State: r.record.State()}, err
	}
	if err := r.heldSince(); err != nil {
		return Result{State: r.record.State()}, err
	}
	if err := r.beginHistory(); err != nil {
		return Result{State: r.record.State()}, err
	}
	defer func() { r.endHistory(err) }()
	pools := r.openPools()
	r.openBesides()
	failed, all := r.graph.Run(r.soft, r.env.Parallelism, r.do)
	r.endBesides()
	failed = keep(failed, r.resumeStreams())
	for _, p := range pools {
		p.Close()
	}
	if all {
		seen := r.see()
		err := r.record.Now(context.WithoutCancel(r.hard), func(s *state.State) {
			s.Finish(r.plan, r.env.By, time.Now())
			for addr, t := range seen {
				s.Seen(addr, t)
			}
			s.Outputs = outputs(r.plan)
		})
		r.result.State = r.record.State()
		return r.result, err // nil also where a stop came too late
	}
	failed = keep(failed, r.flush())
	r.result.State = r.record.State()
	return r.result, r.outcome(ctx, failed)
}

// flush writes what the record still holds, also after a hard stop, but then not for long.
func (r *run) flush() error {
	ctx := context.WithoutCancel(r.hard)
	if r.hard.Err() != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, lastWrite)
		defer cancel()
	}
	return r.record.Flush(ctx)
}

// keep appends err unless it is nil or there already.
func keep(failed []error, err error) []error {
	if err == nil || slices.ContainsFunc(failed, func(f error) bool { return errors.Is(f, err) }) {
		return failed
	}
	return append(failed, err)
}

// nothing reports whether neither a database nor the state would change.
func (r *run) nothing() bool {
	s := r.env.State
	if s == nil || len(r.graph.Actions) > 0 || !r.plan.Empty() || s.Running != "" {
		return false
	}
	for _, m := range r.plan.Mappings {
		if have := s.Mapping(m.Addr); have == nil || !sameMapping(&have.Mapping, &m) {
			return false
		}
	}
	return sameOutputs(s.Outputs, outputs(r.plan))
}

// sameMapping compares what the state keeps of a mapping with what a plan says of it.
func sameMapping(a, b *plan.Mapping) bool {
	if reflect.DeepEqual(a, b) {
		return true
	}
	x, errA := json.Marshal(a) // nil and empty are one there
	y, errB := json.Marshal(b)
	return errA == nil && errB == nil && bytes.Equal(x, y)
}

// outcome is Apply's error: what failed, and that the run was stopped.
func (r *run) outcome(ctx context.Context, failed []error) error {
	var real []error
	for _, err := range failed {
		if !errors.Is(err, backfill.ErrStopped) && !errors.As(err, new(*brokenOff)) {
			real = append(real, err)
		}
	}
	switch {
	case ctx.Err() != nil:
		real = append(real, fmt.Errorf("the apply was stopped before its end; nothing is lost, and a new apply goes on: %w", ctx.Err()))
	case r.hard.Err() != nil:
		real = append(real, fmt.Errorf("the apply was stopped before its end; nothing is lost, and a new apply goes on: %w", r.hard.Err()))
	}
	return errors.Join(real...)
}

// brokenOff is what failed because the hard stop broke it off.
type brokenOff struct{ err error }

func (e *brokenOff) Error() string { return e.err.Error() }

// Unwrap returns what the provider said.
func (e *brokenOff) Unwrap() error { return e.err }

// do runs one action.
func (r *run) do(a *plan.Action) error {
	var err error
	began := time.Now()
	told := true
	switch {
	case r.givenUp(a):
		told = false
	case a.Backfill != nil:
		if began, told, err = r.load(a); err != nil {
			err = r.giveUp(a, err)
		}
	case a.Migration != nil:
		r.env.Observer.ActionStarted(a)
		err = r.migrate(a)
	case a.Stream != nil:
		r.env.Observer.ActionStarted(a)
		err = r.streamStep(a)
	default:
		r.env.Observer.ActionStarted(a)
		err = r.steps(a)
	}
	if err != nil {
		if r.hard.Err() != nil {
			err = &brokenOff{err}
		}
		if !errors.Is(err, backfill.ErrStopped) {
			err = fmt.Errorf("%s: %w", a.Addr, explain(a, r.mapping(a), err))
		}
		r.stop()
	} else {
		r.advanceBesides(a)
	}
	if told || err != nil {
		r.noteAction(a, time.Since(began), err)
	}
	if told {
		r.env.Observer.ActionDone(a, time.Since(began), err)
	}
	return err
}

// done counts an action that has changed something.
func (r *run) done(a *plan.Action, rows int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch a.Kind {
	case plan.Create:
		r.result.Created++
	case plan.Update:
		r.result.Updated++
	case plan.Delete:
		r.result.Deleted++
	case plan.Backfill:
		r.result.Loaded++
		r.result.Rows += rows
	}
}

func outputs(p *plan.Plan) map[string]state.Output {
	if len(p.Outputs)+len(p.SensitiveOutputs) == 0 {
		return nil
	}
	out := make(map[string]state.Output, len(p.Outputs)+len(p.SensitiveOutputs))
	for name, v := range p.Outputs {
		out[name] = state.Output{Value: v}
	}
	for _, name := range p.SensitiveOutputs {
		out[name] = state.Output{Sensitive: true}
	}
	return out
}

func sameOutputs(have, want map[string]state.Output) bool {
	return maps.EqualFunc(have, want, func(a, b state.Output) bool {
		return a.Sensitive == b.Sensitive && fmt.Sprint(a.Value) == fmt.Sprint(b.Value)
	})
}

// silent is the observer of those who gave none.
type silent struct{}

func (silent) ActionStarted(*plan.Action)                       {}
func (silent) ActionDone(*plan.Action, time.Duration, error)    {}
func (silent) LoadProgress(LoadProgress)                        {}
func (silent) Retrying(*plan.Action, int, time.Duration, error) {}
func (silent) Warned(string, string)                            {}
