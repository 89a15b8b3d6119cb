package main

import (
	"context"
	"errors"

	"github.com/urfave/cli/v2"

	"github.com/syncform/syncform/cmd/internal/view"
	"github.com/syncform/syncform/planner/plan"
)

func (s *session) graphCommand() *cli.Command {
	return &cli.Command{
		Name: "graph", Usage: "Generate a Graphviz graph of a plan's actions", ArgsUsage: "[PLAN]", Category: "other",
		Description: `
Prints the actions of a plan and what each waits for in the DOT language. Without a PLAN it makes one.

Example:

  syncform graph | dot -Tsvg > graph.svg`,
		Flags: flags(customFlags(), varFlags(), lockFlags()),
		Action: func(c *cli.Context) error {
			args, err := s.positional(c, 0, 1, "[PLAN]")
			if err != nil {
				return err
			}
			if len(args) == 1 {
				p, err := readPlan(args[0])
				if err != nil {
					return err
				}
				return view.Graph(s.out, p)
			}
			return s.graph(c.Context, configOptionsOf(c), lockOptionsOf(c), customOptionsOf(c))
		},
	}
}

func (s *session) graph(ctx context.Context, c configOptions, l lockOptions, o customOptions) (err error) {
	w, err := s.begin(ctx, "graph", c, l)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	var p *plan.Plan
	if p, err = w.plan(ctx, o); err != nil {
		return err
	}
	return view.Graph(s.out, p)
}
