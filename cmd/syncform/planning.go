package main

import (
	"context"
	"slices"

	"github.com/syncform/syncform/cmd/internal/view"
	"github.com/syncform/syncform/planner"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// input is what the planner works with.
func (w *work) input(o customOptions) planner.Input {
	return planner.Input{Config: w.cfg, State: w.state, Conns: w.conns, Options: planner.Options{
		Targets: o.targets, Replace: o.replace, Approve: o.approve, Destroy: o.destroy, DropTables: o.dropTables, RefreshOnly: o.refreshOnly, Version: version,
	}}
}

// plan opens the endpoints and makes a plan; warnings are shown.
func (w *work) plan(ctx context.Context, o customOptions) (*plan.Plan, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if err := w.open(ctx, w.endpointsOf(o)); err != nil {
		return nil, err
	}
	if w.applies {
		if err := w.settle(ctx); err != nil {
			return nil, err
		}
	}
	p, diags := planner.Make(ctx, w.input(o))
	if diags.HasErrors() {
		return nil, &diagnosed{diags, w.cfg.Files}
	}
	w.s.showDiagnostics(diags, w.cfg.Files)
	return p, nil
}

// outputs gives what an apply of the plan would change of the state's outputs.
func (w *work) outputs(p *plan.Plan, o customOptions) []view.OutputChange {
	if o.refreshOnly {
		return nil
	}
	return view.OutputChanges(w.state, p)
}

// release lets the held actions of a saved plan, at or below these addresses, run.
func release(p *plan.Plan, approved []string) error {
	for _, addr := range approved {
		found := false
		for i := range p.Actions {
			a := &p.Actions[i]
			if a.Held == "" || !state.Under(a.Addr, addr) {
				continue
			}
			if _, adds := a.Change.(schema.AddColumn); a.Manual || adds {
				return refused("Can't be approved", "The change at %s can't be released in a saved plan: %s. Make a new plan (for a column that is added: with -approve='%s', so that its values are copied too).", a.Addr, a.Held, a.Addr)
			}
			if slices.ContainsFunc(a.Steps, func(s providers.Step) bool { return s.Text == "" }) {
				return refused("Can't be approved", "The change at %s can only be made by hand: %s.", a.Addr, a.Info)
			}
			a.Held, found = "", true
			p.Held--
		}
		if !found {
			return refused("Nothing to approve", "No change at or below %s is held for review. Held so far: %s.", addr, heldAddresses(p))
		}
	}
	return nil
}

func heldAddresses(p *plan.Plan) string {
	var out []string
	for _, a := range p.Actions {
		if a.Held != "" && !slices.Contains(out, a.Addr) {
			out = append(out, a.Addr)
		}
	}
	if len(out) == 0 {
		return "none"
	}
	text := out[0]
	for _, o := range out[1:] {
		text += ", " + o
	}
	return text
}
