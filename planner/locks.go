package planner

import (
	"slices"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
)

// heldRows is from how many rows on a change is held that keeps others waiting for as
// long as the server works on all of them. Fewer are a matter of a second or less.
const heldRows = 100_000

// holdLocks holds changes of a large table for which the server has no form that lets
// others go on. The provider's own steps say so.
func (w *want) holdLocks() {
	if w.live.Rows < heldRows {
		return
	}
	for i := range w.work.diffs {
		d := &w.work.diffs[i]
		if d.held() || d.consented {
			continue
		}
		steps, err := w.target.stepper.PlanSteps(w.target.db, d.change)
		if err != nil {
			continue // told where the steps are planned
		}
		for _, s := range steps {
			for _, h := range s.Hazards {
				if h.Code == providers.HazardLock || h.Code == providers.HazardRewrite {
					d.hazards, d.risky = append(d.hazards, h), true
				}
			}
		}
		d.risky = d.risky || slices.ContainsFunc(d.hazards, func(h providers.Hazard) bool { return h.Code == hazardRewrite })
	}
}

// putHazards gives the first step a difference's hazards, but those that any of the
// steps has by itself.
func putHazards(steps []providers.Step, hazards []providers.Hazard) []providers.Step {
	var more []providers.Hazard
	for _, h := range hazards {
		if !slices.ContainsFunc(steps, func(s providers.Step) bool { return slices.Contains(s.Hazards, h) }) {
			more = append(more, h)
		}
	}
	if len(more) == 0 {
		return steps
	}
	if len(steps) == 0 {
		steps = []providers.Step{{}}
	}
	steps[0].Hazards = append(more, steps[0].Hazards...)
	return steps
}

// fallBack leaves steps their way round a server that can't make a change while others
// write only where that was allowed, and says so.
func fallBack(a *plan.Action, steps []providers.Step, allowed bool) {
	for i := range steps {
		s := &steps[i]
		switch {
		case s.Else == "":
		case !allowed:
			s.Else = ""
		case a.Held == "":
			s.Hazards = append(s.Hazards, hazard(providers.HazardLock, "where the server can't do it while others write, it is done all the same, and they wait"))
		}
	}
}
