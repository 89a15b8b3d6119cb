package view

import (
	"maps"
	"slices"
	"strings"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
)

// OutputChange is an output whose value in the state an apply would change.
type OutputChange struct {
	Symbol string // + ~ -
	Name   string
	text   string
}

// OutputChanges compares the outputs of the state (nil where there is none) with those
// of a plan.
func OutputChanges(s *state.State, p *plan.Plan) []OutputChange {
	have := map[string]string{}
	if s != nil {
		for name, o := range s.Outputs {
			have[name] = outputText(o)
		}
	}
	want := map[string]string{}
	for name, v := range p.Outputs {
		want[name] = outputText(state.Output{Value: v})
	}
	for _, name := range p.SensitiveOutputs {
		want[name] = outputText(state.Output{Sensitive: true})
	}
	var out []OutputChange
	for _, name := range slices.Sorted(maps.Keys(want)) {
		old, there := have[name]
		switch {
		case !there:
			out = append(out, OutputChange{"+", name, want[name]})
		case old != want[name] && want[name] == sensitive: // so was the old value, perhaps
			out = append(out, OutputChange{"~", name, sensitive})
		case old != want[name]:
			out = append(out, OutputChange{"~", name, old + " -> " + want[name]})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(have)) {
		if _, stays := want[name]; !stays {
			out = append(out, OutputChange{"-", name, have[name]})
		}
	}
	return out
}

// sensitive stands in place of a sensitive value.
const sensitive = "<sensitive>"

func outputText(o state.Output) string {
	if o.Sensitive {
		return sensitive
	}
	return HCLValue(o.Value)
}

// outputs lists what an apply would change of the outputs.
func (v *planView) outputs() {
	if len(v.opts.Outputs) == 0 {
		return
	}
	v.out.line("")
	v.out.line("%s", v.Bold("Changes to outputs:"))
	for _, c := range v.opts.Outputs {
		v.out.line("  %s %s = %s", v.Symbol(c.Symbol), Safe(c.Name), strings.ReplaceAll(c.text, "\n", "\n    "))
	}
}
