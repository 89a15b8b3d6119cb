package view

import (
	"strings"

	"github.com/syncform/syncform/docs"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
)

// causeText words why a change is planned.
func causeText(c plan.Cause) string {
	switch c {
	case plan.CauseSource:
		return "source changed"
	case plan.CauseConfiguration:
		return "configuration changed"
	case plan.CauseDrift:
		return "drift"
	}
	return ""
}

// cause is the one cause of all that is done to a table, "" where there is no such one.
func (v *planView) cause(t *tableGroup) plan.Cause {
	var out plan.Cause
	for i, a := range t.actions {
		if i > 0 && a.Cause != out {
			return ""
		}
		out = a.Cause
	}
	return out
}

// joined puts together what is not empty.
func joined(sep string, texts ...string) string {
	var out []string
	for _, t := range texts {
		if t != "" {
			out = append(out, t)
		}
	}
	return strings.Join(out, sep)
}

// hazardsOf lists an action's hazards, each once.
func hazardsOf(a *plan.Action) []providers.Hazard {
	var out []providers.Hazard
	seen := map[providers.Hazard]bool{}
	for _, s := range a.Steps {
		for _, h := range s.Hazards {
			if !seen[h] {
				seen[h] = true
				out = append(out, h)
			}
		}
	}
	return out
}

// codes lists the codes of a plan's hazards, each once, in the order of the plan.
func codes(p *plan.Plan) []string {
	var out []string
	seen := map[string]bool{}
	for i := range p.Actions {
		for _, h := range hazardsOf(&p.Actions[i]) {
			if !seen[h.Code] {
				seen[h.Code] = true
				out = append(out, h.Code)
			}
		}
	}
	return out
}

// advice says once for each code what to do about it.
func (v *planView) advice() {
	first := true
	for _, code := range codes(v.plan) {
		page, ok := docs.HazardPage(code)
		if !ok || page.Advice == "" {
			continue
		}
		if first {
			v.out.line("")
			v.out.line("What to do about the hazards (docs/hazards has a page for each):")
			first = false
		}
		lines := Wrap(code+": "+page.Advice, v.Columns()-4)
		v.out.line("  - %s", strings.ReplaceAll(lines, "\n", "\n    "))
	}
}
