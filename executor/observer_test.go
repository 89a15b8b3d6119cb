package executor_test

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/syncform/syncform/executor"
	"github.com/syncform/syncform/planner/plan"
)

// watcher is an observer that remembers, and calls back.
type watcher struct {
	mu       sync.Mutex
	started  map[string]int
	failed   map[string]error
	last     map[string]executor.LoadProgress // by table
	retries  int
	progress func(executor.LoadProgress)
	begun    func(*plan.Action)
}

func newWatcher() *watcher {
	return &watcher{started: map[string]int{}, failed: map[string]error{}, last: map[string]executor.LoadProgress{}}
}

// atLoad calls f when the n-th load begins.
func (w *watcher) atLoad(n int, f func()) {
	var loads atomic.Int64
	w.begun = func(a *plan.Action) {
		if a.Backfill != nil && loads.Add(1) == int64(n) {
			f()
		}
	}
}

func (w *watcher) ActionStarted(a *plan.Action) {
	w.mu.Lock()
	w.started[a.ID]++
	w.mu.Unlock()
	if w.begun != nil {
		w.begun(a)
	}
}

func (w *watcher) ActionDone(a *plan.Action, _ time.Duration, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failed[a.ID] = err
}

func (w *watcher) LoadProgress(p executor.LoadProgress) {
	w.mu.Lock()
	w.last[p.Action.Table.Name] = p
	w.mu.Unlock()
	if w.progress != nil {
		w.progress(p)
	}
}

// Warned is of no interest.
func (w *watcher) Warned(string, string) {}

// Retrying counts.
func (w *watcher) Retrying(*plan.Action, int, time.Duration, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.retries++
}
