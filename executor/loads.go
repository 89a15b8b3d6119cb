package executor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/syncform/syncform/executor/backfill"
	"github.com/syncform/syncform/executor/transform"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers"
)

// errStoppedBetween: a soft stop between two steps of one action.
var errStoppedBetween = fmt.Errorf("between two steps: %w", backfill.ErrStopped)

// load is one backfill of the plan.
type load struct {
	mapping *plan.Mapping
	spec    *plan.BackfillSpec
	job     *backfill.Job
	pool    *backfill.Pool
	began   time.Time // once a worker has taken it up
	rows    int64     // once it is done
}

// openPools makes a pool of workers for each sync, or for each group of its loads that
// must be of one moment.
func (r *run) openPools() []*backfill.Pool {
	type group struct{ sync, snapshot string }
	var order []group
	jobs := map[group][]*load{}
	for _, a := range r.graph.Actions {
		if a.Backfill == nil {
			continue
		}
		l := r.newLoad(a)
		g := group{l.mapping.Sync, l.spec.Snapshot}
		if jobs[g] == nil {
			order = append(order, g)
		}
		jobs[g] = append(jobs[g], l)
		r.loads[a.ID] = l
	}
	var pools []*backfill.Pool
	for _, g := range order {
		m := jobs[g][0].mapping
		o := backfill.Options{Workers: m.ParallelTables, OneMoment: g.snapshot != "", Name: g.sync, Soft: r.soft, Hard: r.hard}
		// Both were found by check.
		o.Source, _ = providers.As[providers.SnapshotReader](r.env.Conns[m.Source])
		o.Target, _ = providers.As[providers.Writer](r.env.Conns[m.Target])
		if m.Mode == "incremental" {
			o.MaxAge = m.MaxSnapshotAge
			o.Floors = func(ctx context.Context) ([]string, error) { return r.floors(ctx, m) }
		}
		list := make([]*backfill.Job, len(jobs[g]))
		for i, l := range jobs[g] {
			list[i] = l.job
		}
		p := backfill.New(o, list)
		for _, l := range jobs[g] {
			l.pool = p
		}
		pools = append(pools, p)
	}
	return pools
}

func (r *run) newLoad(a *plan.Action) *load {
	spec, m := a.Backfill, r.plan.Mapping(a.Backfill.Mapping)
	j := &backfill.Job{
		Read:      m.ReadSource(),
		Load:      providers.Load{Mapping: m.Addr, Generation: spec.Generation, Table: spec.Into, Live: m.TargetTable, Key: m.TargetKey},
		ChunkRows: m.BatchSize,
		Rows:      spec.Rows,
		Bytes:     spec.Bytes,
		Attempts:  m.RetryAttempts,
		Fresh:     !spec.Resumed && !r.again,
		Retrying:  func(try int, wait time.Duration, err error) { r.env.Observer.Retrying(a, try, wait, err) },
	}
	if m.Mode == "incremental" {
		j.Alone = func(err error) bool { return r.lostSource(m, err) != "" }
	}
	if m.Computes() {
		j.Read.Where = transform.Bounds(m)
		j.Read.Parts, j.Load.Parts = transform.Parts(m)
		j.Stage = func() (*transform.Stage, error) { return transform.New(m, transform.Options{}) }
	}
	for _, c := range m.Columns {
		j.Load.Columns = append(j.Load.Columns, providers.WriteColumn{Name: c.Target, Type: *c.TargetType, Source: c.Travels(), Identity: c.Identity})
	}
	j.Progress = func(p backfill.Progress) {
		r.env.Observer.LoadProgress(LoadProgress{
			Action: a, Rows: p.Rows, Bytes: p.Bytes, Resumed: p.Resumed, TotalRows: spec.Rows,
			Chunks: p.Chunks, ChunksDone: p.ChunksDone, Done: p.Done,
		})
	}
	l := &load{mapping: m, spec: spec, job: j}
	j.Begun = func() {
		l.began = time.Now()
		r.env.Observer.ActionStarted(a)
	}
	return l
}

// load runs a backfill. It says when that began, and whether the observer knows of it:
// a load that waits for a worker in vain has not begun.
func (r *run) load(a *plan.Action) (began time.Time, told bool, err error) {
	l := r.loads[a.ID]
	if err := r.record.Now(r.hard, func(s *state.State) { s.LoadBegun(l.mapping.Addr) }); err != nil {
		return began, false, err
	}
	got, err := l.pool.Run(l.job)
	if err == nil {
		err = r.loaded(a, l, got)
	}
	return l.began, got.Begun, err
}

// loaded notes what a load has come to.
func (r *run) loaded(a *plan.Action, l *load, got backfill.Result) error {
	r.done(a, got.Rows-got.Resumed)
	r.mu.Lock()
	l.rows = got.Rows
	r.mu.Unlock()
	if l.spec.Into != l.mapping.TargetTable {
		return nil // its rows are the table's only after ReplaceRows
	}
	return r.record.Soon(r.hard, func(s *state.State) { s.LoadDone(l.mapping.Addr, got.Rows, time.Now()) })
}

// rows is what this run has found a mapping's load to hold.
func (r *run) rows(m *plan.Mapping) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.loads {
		if l.mapping == m {
			return l.rows
		}
	}
	return 0
}

var errBug = errors.New("bug in syncform")
