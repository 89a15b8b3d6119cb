package view

import (
	"fmt"
	"io"
	"strings"

	"github.com/syncform/syncform/planner/plan"
)

// PlanSQL writes a plan's steps as a script: what apply runs, word for word, in its
// order. Rows are copied by syncform itself, so a backfill is a comment.
func PlanSQL(w io.Writer, p *plan.Plan) error {
	var b printer
	for i := range p.Actions {
		a := &p.Actions[i]
		if a.Kind == plan.NoteKind {
			continue
		}
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
			b.line("%s;", text)
			if len(s.Args) > 0 {
				b.line("-- with %s", Safe(strings.Join(s.Args, ", ")))
			}
		}
		b.line("")
	}
	if b.Len() == 0 {
		b.line("-- nothing to do")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// PlanJSON writes a plan with its summary and what a preflight found.
func PlanJSON(w io.Writer, p *plan.Plan, findings []Finding) error {
	return writeJSON(w, struct {
		*plan.Plan
		Summary   Summary   `json:"summary"`
		Preflight []Finding `json:"preflight,omitempty"`
	}{p, Summarize(p), findings})
}

// PlanMarkdown writes a plan for a pull request's comment: the summary, and the plan
// in a code block that nothing in it can end.
func PlanMarkdown(w io.Writer, p *plan.Plan) error {
	var text strings.Builder
	if err := Plan(&text, Paint{Width: 100}, p, PlanOptions{}); err != nil {
		return err
	}
	fence := "```"
	for strings.Contains(text.String(), fence) {
		fence += "`"
	}
	title := Summarize(p).String()
	if p.Empty() {
		title = "No changes."
		if p.Held > 0 {
			title = "No changes to apply; " + Plural(int64(p.Held), "change") + " held."
		}
	}
	_, err := fmt.Fprintf(w, "### syncform plan\n\n%s\n\n<details><summary>Show the plan</summary>\n\n%stext\n%s%s\n\n</details>\n", title, fence, text.String(), fence)
	return err
}
