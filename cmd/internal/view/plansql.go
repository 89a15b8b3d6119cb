package view

import (
	"io"
	"strings"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers/schema"
)

// PlanSQL writes a plan's steps as a script: what apply runs, word for word, in its
// order. Rows are copied by syncform itself, so a backfill is a comment.
func PlanSQL(w io.Writer, p *plan.Plan) error {
	var b printer
	for i := range p.Actions {
		b.WriteString(actionSQL(p, &p.Actions[i]))
	}
	if b.Len() == 0 {
		b.line("-- nothing to do")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// actionSQL is an action's part of the script; what is held is a comment.
func actionSQL(p *plan.Plan, a *plan.Action) string {
	if a.Kind == plan.NoteKind {
		return ""
	}
	var b printer
	head := a.ID + " " + string(a.Kind)
	if n := tableOf(p, a); n.Name != "" {
		head += " " + n.String()
	}
	b.line("-- %s", Safe(head+" at "+a.Endpoint))
	if a.Held != "" {
		b.line("-- held: %s", Safe(a.Held))
	}
	if a.Stream != nil {
		b.line("-- %s", Safe(streamText(p, a)))
		if a.Stream.Start != "" {
			b.line("-- %s", Safe(a.Stream.Start))
		}
	}
	if a.Backfill != nil {
		b.line("-- rows are copied into %s", Safe(a.Backfill.Into.String()))
	}
	for _, s := range a.Steps {
		for _, h := range s.Hazards {
			b.line("-- %s: %s", Safe(h.Code), Safe(h.Text))
		}
		text := strings.TrimRight(s.Text, "; \n\t")
		if text == "" {
			continue
		}
		if a.Held != "" {
			b.line("%s", indent(text+";", "-- "))
			continue
		}
		if sys := systemOf(p, a.Endpoint); (sys == schema.MySQL || sys == schema.MariaDB) && strings.Contains(text, "BEGIN") { // else the client would cut a body at its semicolons
			b.line("DELIMITER $$\n%s$$\nDELIMITER ;", text)
		} else {
			b.line("%s;", text)
		}
		if len(s.Args) > 0 {
			b.line("-- with %s", Safe(strings.Join(s.Args, ", ")))
		}
	}
	b.line("")
	return b.String()
}

// PlanJSON writes a plan with its summary and what a preflight found.
func PlanJSON(w io.Writer, p *plan.Plan, findings []Finding) error {
	return writeJSON(w, PlanDocument{p, Summarize(p), findings, p.Samples})
}
