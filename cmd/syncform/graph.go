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
		Name: "graph", Usage: "Generate a Graphviz or Mermaid graph of a plan", ArgsUsage: "[PLAN]", Category: "other",
		Description: `
Draws the actions of a plan and what each waits for, or how rows flow from sources through mappings to targets. Without a PLAN it makes one.

Examples:

  syncform graph | dot -Tsvg > graph.svg
  syncform graph -type=flow -format=mermaid tfplan`,
		Flags: flags([]cli.Flag{
			&cli.StringFlag{Name: "type", Value: "order", Usage: "Draw this `kind` of graph: order (what waits for what) or flow (where rows go). Default order."},
			&cli.StringFlag{Name: "format", Value: "dot", Usage: "Draw in this `language`: dot or mermaid. Default dot."},
		}, customFlags(), varFlags(), lockFlags()),
		Action: func(c *cli.Context) error {
			args, err := s.positional(c, 0, 1, "[PLAN]")
			if err != nil {
				return err
			}
			o := view.GraphOptions{Flow: c.String("type") == "flow", Mermaid: c.String("format") == "mermaid"}
			switch {
			case c.String("type") != "order" && !o.Flow:
				return refused("Unsuitable option", "-type takes order or flow, not %q.", c.String("type"))
			case c.String("format") != "dot" && !o.Mermaid:
				return refused("Unsuitable option", "-format takes dot or mermaid, not %q.", c.String("format"))
			}
			if len(args) == 1 {
				p, err := readPlan(args[0])
				if err != nil {
					return err
				}
				return view.Graph(s.out, p, o)
			}
			return s.graph(c.Context, configOptionsOf(c), lockOptionsOf(c), customOptionsOf(c), o)
		},
	}
}

func (s *session) graph(ctx context.Context, c configOptions, l lockOptions, custom customOptions, o view.GraphOptions) (err error) {
	w, err := s.begin(ctx, "graph", c, l)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	var p *plan.Plan
	if p, err = w.plan(ctx, custom); err != nil {
		return err
	}
	return view.Graph(s.out, p, o)
}
