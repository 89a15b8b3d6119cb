// Package executor does what a plan says: it never diffs and never decides.
package executor

import (
	"context"
	"log/slog"
	"time"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers"
)

// Env is what a run works with.
type Env struct {
	Conns       map[string]providers.Conn // by endpoint address
	Backend     state.Backend             // locked by the caller
	State       *state.State              // as read under the lock; nil where there was none
	Observer    Observer
	Parallelism int          // -parallelism: actions at a time besides backfills; 0: 4
	By          string       // user@host, for the state
	Log         *slog.Logger // of streams; nil: silent
	// Redact takes secrets out of the texts of errors that are kept in targets; nil: none.
	Redact func(string) string
	// Hard, when it is cancelled, ends what is running at once: the second Ctrl-C. Apply's
	// own context is the first: running chunks and steps finish. nil: never.
	Hard context.Context
}

// Observer is told what happens, from several goroutines at once. cmd shows it.
type Observer interface {
	// ActionStarted is called when an action begins: a backfill when a worker takes it up.
	ActionStarted(a *plan.Action)
	// ActionDone follows each ActionStarted.
	ActionDone(a *plan.Action, took time.Duration, err error)
	// LoadProgress is called about every 100 ms per table, and when a load ends.
	LoadProgress(p LoadProgress)
	// Retrying is called before each further try, after wait: try is 2 for the first of them.
	Retrying(a *plan.Action, try int, wait time.Duration, err error)
	// Warned is called when something is not as it should be, and the apply goes on: addr is
	// what has to do with it.
	Warned(addr, text string)
}

// LoadProgress is how far one backfill is.
type LoadProgress struct {
	Action      *plan.Action
	Rows, Bytes int64 // written so far, with those of earlier runs in Rows
	Resumed     int64 // of Rows, those that an earlier run had written
	TotalRows   int64 // estimate; -1 unknown
	Chunks      int
	ChunksDone  int
	Done        bool
}

// Result counts what was done.
type Result struct {
	Created, Updated, Deleted, Loaded int
	Rows                              int64
	State                             *state.State
}

// Apply runs the plan's steps verbatim in an order that satisfies DependsOn,
// journals each, and writes the state before it begins, as parts are finished, and
// at the end. An action that fails keeps others from beginning; what runs is finished,
// and the error joins all that failed. When ctx is cancelled, running chunks and steps
// finish and the error wraps context.Canceled; when env.Hard is, they are broken off.
// Nothing is lost either way, and a new apply goes on. The result holds what was done
// also where the error is not nil.
func Apply(ctx context.Context, p *plan.Plan, env Env) (Result, error) {
	r, err := newRun(p, env)
	if err != nil {
		return Result{State: env.State}, err
	}
	return r.apply(ctx)
}
