package view

import (
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/syncform/syncform/docs"
	"github.com/syncform/syncform/planner/plan"
)

// Issue is one thing that a reviewer should look at, with its place in the
// configuration: what SARIF, annotations and code quality reports are made of.
type Issue struct {
	Rule  string // SF107, or the kind of diagnostic: unknown-argument
	Level string // error, warning, note
	Title string // what the rule is about, in one sentence
	Text  string // this case
	Addr  string // what it is about; "" for none
	File  string // with slashes, from where the command was started; "" for none
	Line  int    // from 1 on; 0 not known
	Col   int
	EndLine,
	EndCol int // behind the last character
}

// The rules of issues that have no code of a hazard.
const (
	ruleHeld    = "held"
	ruleDrift   = "drift"
	ruleMissing = "missing"
	ruleNotice  = "preflight"
)

var notWord = regexp.MustCompile(`[^a-z0-9]+`)

// slug makes a rule's name of a summary: "Unknown argument" is unknown-argument.
func slug(s string) string {
	s = strings.Trim(notWord.ReplaceAllString(strings.ToLower(s), "-"), "-")
	if s == "" {
		return "other"
	}
	return s
}

// under gives a file's path as seen from where the command was started.
func under(base, file string) string {
	if file == "" {
		return ""
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(base, file)
	}
	return path.Clean(filepath.ToSlash(file))
}

// DiagnosticIssues gives errors and warnings as issues. base is the folder of -chdir.
func DiagnosticIssues(diags hcl.Diagnostics, base string) []Issue {
	out := []Issue{}
	for _, d := range diags {
		i := Issue{Rule: slug(d.Summary), Level: "error", Title: d.Summary, Text: d.Detail}
		if d.Severity == hcl.DiagWarning {
			i.Level = "warning"
		}
		if i.Text == "" {
			i.Text = d.Summary
		}
		if s := d.Subject; s != nil && s.Filename != "" {
			i.File, i.Line, i.Col, i.EndLine, i.EndCol = under(base, s.Filename), s.Start.Line, s.Start.Column, s.End.Line, s.End.Column
		}
		out = append(out, i)
	}
	return out
}

// PlanIssues gives what a reviewer of a plan should look at: hazards, what is held,
// drift, and what an apply would lack. base is the folder of -chdir.
func PlanIssues(p *plan.Plan, findings []Finding, base string) []Issue {
	out := []Issue{}
	for i := range p.Actions {
		a := &p.Actions[i]
		add := func(rule, level, title, text string) {
			s := a.Source
			out = append(out, Issue{Rule: rule, Level: level, Title: title, Text: actionName(p, a) + ": " + Safe(text), Addr: a.Addr,
				File: under(base, s.File), Line: s.Line, Col: s.Column, EndLine: s.EndLine, EndCol: s.EndColumn})
		}
		hazards := hazardsOf(a)
		for _, h := range hazards {
			title := h.Text
			if page, ok := docs.HazardPage(h.Code); ok {
				title = page.Title
			}
			level, text := "note", h.Text
			if a.Held != "" {
				level, text = "warning", joined(". ", h.Text, "Held: "+a.Held)
			}
			if l := lockText(p, a); l != "" {
				text = joined("; ", text, l)
			}
			add(h.Code, level, title, text)
		}
		switch {
		case a.Held != "" && len(hazards) == 0:
			add(ruleHeld, "warning", "A change is held for review.", a.Held)
		case a.Cause == plan.CauseDrift:
			add(ruleDrift, "warning", "The target was changed outside of syncform.", joined(", ", a.Info, a.Reason))
		}
	}
	for _, f := range findings {
		i := Issue{Rule: ruleMissing, Level: "error", Title: "An apply would lack something.", Addr: f.Endpoint, Text: f.Endpoint + ": " + Safe(f.Text)}
		if !f.Fatal {
			i.Rule, i.Level, i.Title = ruleNotice, "note", "Something to know before an apply."
		}
		if f.Fix != "" {
			i.Text += " Fix: " + Safe(f.Fix)
		}
		out = append(out, i)
	}
	return out
}
