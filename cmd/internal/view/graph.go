package view

import (
	"io"
	"strconv"

	"github.com/syncform/syncform/planner/plan"
)

// Graph writes a plan's actions and what each waits for, in DOT.
func Graph(w io.Writer, p *plan.Plan) error {
	var b printer
	b.line("digraph {")
	b.line("  rankdir = \"LR\"")
	b.line("  node [shape = box]")
	for i := range p.Actions {
		a := &p.Actions[i]
		label := string(a.Kind) + " " + actionName(p, a)
		style := ""
		if a.Held != "" {
			style = ", style = dashed"
		}
		b.line("  %s [label = %s%s]", strconv.Quote(a.ID), strconv.Quote(label), style)
	}
	for _, a := range p.Actions {
		for _, d := range a.DependsOn {
			b.line("  %s -> %s", strconv.Quote(d), strconv.Quote(a.ID))
		}
	}
	b.line("}")
	_, err := io.WriteString(w, b.String())
	return err
}
