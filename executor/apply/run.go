package apply

import (
	"context"

	"github.com/syncform/syncform/planner/plan"
)

// Run calls do for each action once those that it waits for have succeeded, for at
// most parallel actions at a time besides loads, which bound themselves. After ctx is
// cancelled nothing more is begun. It returns when all that was begun has ended, with
// what failed, in the order of the failures, and whether every action has succeeded.
func (g *Graph) Run(ctx context.Context, parallel int, do func(*plan.Action) error) (failed []error, all bool) {
	type outcome struct {
		action int
		err    error
	}
	ended := make(chan outcome)
	missing := make([]int, len(g.Actions)) // of those that it waits for
	next := make([][]int, len(g.Actions))  // those that wait for it
	var ready []int                        // steps, in the plan's order of becoming ready
	running, busy, succeeded := 0, 0, 0    // busy: without loads
	start := func(i int) {
		running++
		go func() { ended <- outcome{i, do(g.Actions[i])} }()
	}
	offer := func(i int) {
		switch {
		case g.Actions[i].Backfill == nil:
			ready = append(ready, i)
		case ctx.Err() == nil:
			start(i)
		}
	}
	for i, waits := range g.waits {
		missing[i] = len(waits)
		for _, d := range waits {
			next[d] = append(next[d], i)
		}
	}
	for i := range g.Actions {
		if missing[i] == 0 {
			offer(i)
		}
	}
	for {
		for len(ready) > 0 && busy < max(parallel, 1) && ctx.Err() == nil {
			busy++
			start(ready[0])
			ready = ready[1:]
		}
		if running == 0 {
			return failed, succeeded == len(g.Actions)
		}
		o := <-ended
		running--
		if g.Actions[o.action].Backfill == nil {
			busy--
		}
		if o.err != nil {
			failed = append(failed, o.err)
			continue
		}
		succeeded++
		for _, n := range next[o.action] {
			if missing[n]--; missing[n] == 0 {
				offer(n)
			}
		}
	}
}
