package executor_test

import (
	"sync"
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
}

func newWatcher() *watcher {
	return &watcher{started: map[string]int{}, failed: map[string]error{}, last: map[string]executor.LoadProgress{}}
}

func (w *watcher) ActionStarted(a *plan.Action) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.started[a.ID]++
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

func (w *watcher) Retrying(*plan.Action, int, time.Duration, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.retries++
}
