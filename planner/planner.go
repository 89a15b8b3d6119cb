// Package planner turns a configuration, what is there and what was applied into a
// plan: refresh (its only I/O) → desire → diff → policy → order.
package planner

import (
	"context"

	"github.com/hashicorp/hcl/v2"

	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers"
)

// Input is all that a plan is made from.
type Input struct {
	Config *lang.Config
	State  *state.State              // nil: nothing was applied yet
	Conns  map[string]providers.Conn // by endpoint address; only those that a sync in question uses
	Options
}

// Options are what the command line adds.
type Options struct {
	Targets []string // -target: addresses of syncs or mappings; empty: all
	Replace []string // -replace: mappings (or whole syncs) whose rows are loaded anew
	Destroy bool     // plan to take down what syncform made
	// DropTables, with Destroy, drops the tables that syncform made too; those that it
	// found and took over stay.
	DropTables bool
	// RefreshOnly plans nothing: it notes where the targets are no longer what the state
	// says was applied.
	RefreshOnly bool
	Version     string // of this binary
}

// Make reads the live databases and builds the plan. On errors the plan is nil.
func Make(ctx context.Context, in Input) (*plan.Plan, hcl.Diagnostics) {
	panic("bug in syncform: written next")
}

// Check says whether a saved plan still holds: nil, or a *StaleError that names what
// moved (state, configuration, endpoint, table) and how. A plan whose apply was cut
// short (state.Running) holds whatever its own steps have changed since; one that was
// applied is refused.
func Check(ctx context.Context, p *plan.Plan, in Input) error {
	panic("bug in syncform: written next")
}
