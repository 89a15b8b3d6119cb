package view

import (
	"sync"
	"time"

	"github.com/syncform/syncform/executor"
	"github.com/syncform/syncform/planner/plan"
)

// Tally counts tables as a plan's summary does, from the actions that an apply has
// done: an index of a table that is made is no resource of its own.
type Tally struct {
	executor.Observer
	plan *plan.Plan
	mu   sync.Mutex
	done map[string]bool
}

// NewTally counts for p and passes all on to o.
func NewTally(p *plan.Plan, o executor.Observer) *Tally {
	return &Tally{Observer: o, plan: p, done: map[string]bool{}}
}

// ActionDone counts an action.
func (t *Tally) ActionDone(a *plan.Action, d time.Duration, err error) {
	if err == nil {
		t.mu.Lock()
		t.done[a.ID] = true
		t.mu.Unlock()
	}
	t.Observer.ActionDone(a, d, err)
}

// Result is r with its tables counted.
func (t *Tally) Result(r executor.Result) executor.Result {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := *t.plan
	p.Actions = nil
	for _, a := range t.plan.Actions {
		if t.done[a.ID] {
			p.Actions = append(p.Actions, a)
		}
	}
	s := Summarize(&p)
	r.Created, r.Updated, r.Deleted = s.Create+s.Objects, s.Change, s.Drop
	return r
}
