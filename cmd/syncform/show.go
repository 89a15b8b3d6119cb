package main

import (
	"context"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/syncform/syncform/cmd/internal/view"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
)

func (s *session) showCommand() *cli.Command {
	return &cli.Command{
		Name: "show", Usage: "Show the current state or a saved plan", ArgsUsage: "[path]", Category: "other",
		Description: `
Shows a saved plan or a state file in a human-readable form. Without a path it shows the current state.

Examples:

  syncform show tfplan
  syncform show -json tfplan
  syncform show`,
		Flags: flags([]cli.Flag{
			jsonFlag("Print the plan or state as JSON; docs/json.md describes it."),
			&cli.BoolFlag{Name: "verbose", Usage: "Of a plan, show each step word for word, and why it is planned."},
		}, planFormatFlags()),
		Action: func(c *cli.Context) error {
			args, err := s.positional(c, 0, 1, "[path]")
			if err != nil {
				return err
			}
			form, err := planFormOf(c)
			if err != nil {
				return err
			}
			if len(args) == 1 {
				return s.failure(form.format, form.annotate, s.showFile(args[0], form))
			}
			return s.failure(form.format, form.annotate, s.showState(c.Context, form))
		},
	}
}

// showFile shows a plan file or a state file, whichever it is.
func (s *session) showFile(path string, f planForm) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return failed("Can't read the file", err)
	}
	if !plan.IsFile(b) {
		if len(b) > 0 && b[0] != '{' {
			return refused("Neither a plan nor a state", "%s is neither a plan file of \"syncform plan -out\" nor a state file, or it was cut.", path)
		}
		st, err := state.Decode(b)
		if err != nil {
			return failed("Can't read "+path, err)
		}
		return s.writeState(st, f)
	}
	p, err := readPlan(path)
	if err != nil {
		return err
	}
	return s.writePlan(p, f)
}

func (s *session) showState(ctx context.Context, f planForm) error {
	if f.format != asText && f.format != asJSON || f.annotate {
		return refused("Incompatible command line options", "A state is shown as text or with -json; the other forms show a plan: give the path of one.")
	}
	st, err := s.readState(ctx)
	if err != nil {
		return err
	}
	return s.writeState(st, f)
}

func (s *session) writeState(st *state.State, f planForm) error {
	if f.format == asJSON {
		return view.StateJSON(s.out, st)
	}
	return view.State(s.out, s.paint(), st)
}

// readState reads the state without its lock: one write replaces it as a whole.
func (s *session) readState(ctx context.Context) (*state.State, error) {
	w, err := s.beginState(ctx, "show", lockOptions{})
	if err != nil {
		return nil, err
	}
	return w.state, w.close()
}
