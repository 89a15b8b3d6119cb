package planner

import (
	"slices"
	"strings"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/ledger"
	"github.com/syncform/syncform/providers/schema"
)

// holdLocks holds changes of a large table for which the server has no form that lets
// others go on. The provider's own steps say so.
func (w *want) holdLocks() {
	for i := range w.work.diffs {
		d := &w.work.diffs[i]
		if d.swapped {
			continue
		}
		w.aside(d)
		if w.live.Rows < providers.ManyRows {
			continue
		}
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

// aside tells of a change of type that the target makes on a new column, for which nobody
// waits, or why it can't.
func (w *want) aside(d *difference) {
	m, ok := d.change.(schema.ModifyColumn)
	r, err := providers.As[providers.Retyper](w.target.conn)
	if !ok || err != nil {
		return
	}
	aside, why := r.RetypesAside(w.target.db, m)
	switch {
	case aside:
		d.hazards = slices.DeleteFunc(d.hazards, func(h providers.Hazard) bool { return h.Code == hazardRewrite })
		last := ""
		if w.target.db.System == schema.PostgreSQL {
			last = " and is the table's last then"
		}
		d.info = strings.TrimPrefix(d.info+"; on a new column, filled while others go on, which takes the old one's place"+last, "; ")
	case why != "":
		d.hazards = slices.DeleteFunc(d.hazards, func(h providers.Hazard) bool { return h.Code == hazardRewrite })
		d.hazards = append(d.hazards, hazard(hazardRewrite, "%s -> %s: the server rewrites the table%s, and nobody reads or writes it meanwhile; a new column can't take the place of this one: %s", m.From.Type, m.To.Type, about(w.live.Rows), why))
	}
}

// unfinished takes away the columns that changes of type which were given up have left.
func (w *want) unfinished() {
	if w.live.Unfinished == nil {
		return
	}
	for _, c := range w.live.Unfinished.Columns {
		goesOn := slices.ContainsFunc(w.work.diffs, func(d difference) bool {
			m, ok := d.change.(schema.ModifyColumn)
			return ok && !d.held() && ledger.Retyped(m.To.Name) == c.Name && !sameType(m.From.Type, m.To.Type)
		})
		if !goesOn {
			w.work.diffs = append(w.work.diffs, difference{change: schema.DropColumn{In: w.name, Column: c}, column: c.Name, reason: "an apply that was cut short made it for a change of type, and it is not needed any more"})
		}
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
