package main

import (
	"errors"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/urfave/cli/v2"

	"github.com/syncform/syncform/cmd/internal/view"
	"github.com/syncform/syncform/planner/plan"
)

// format is the form in which a result is written to stdout.
type format string

const (
	asText        format = ""
	asJSON        format = "json"
	asMarkdown    format = "markdown"
	asSQL         format = "sql"
	asSARIF       format = "sarif"
	asCodeQuality format = "code-quality"
	asJUnit       format = "junit"
)

// reportFlags are those of commands whose findings have a place in the configuration.
func reportFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "sarif", Usage: "Print what a reviewer should look at as SARIF 2.1.0, for code scanning."},
		&cli.BoolFlag{Name: "code-quality", Usage: "Print what a reviewer should look at as GitLab's code quality report."},
		&cli.StringFlag{Name: "annotations", Usage: "Besides, write what a reviewer should look at to stderr as annotations of the `system` that runs this: github."},
	}
}

// planFormatFlags are those of commands that print a plan.
func planFormatFlags() []cli.Flag {
	return append([]cli.Flag{
		&cli.BoolFlag{Name: "markdown", Usage: "Print the plan for the comment of a pull request, at most 65,000 characters."},
		&cli.StringFlag{Name: "comment-id", Usage: "With -markdown: the `name` by which a bot tells this comment from those of other configurations."},
		&cli.BoolFlag{Name: "sql", Usage: "Print the plan as the script of what would run, word for word."},
	}, reportFlags()...)
}

// formatOf gives the one format that was asked for.
func formatOf(c *cli.Context) (format, error) {
	var given []string
	for _, f := range []format{asJSON, asMarkdown, asSQL, asSARIF, asCodeQuality, asJUnit} {
		if c.Bool(string(f)) {
			given = append(given, string(f))
		}
	}
	if len(given) > 1 {
		return "", refused("Incompatible command line options", "-%s are each a form of the whole output; give one of them. A plan that was saved with -out is shown in another form by \"syncform show\".", strings.Join(given, ", -"))
	}
	if a := c.String("annotations"); a != "" && a != "github" {
		return "", refused("Unsuitable option", "-annotations takes github, not %q.", a)
	}
	if c.String("comment-id") != "" && (len(given) == 0 || given[0] != string(asMarkdown)) {
		return "", refused("Incompatible command line options", "-comment-id goes with -markdown.")
	}
	if len(given) == 0 {
		return asText, nil
	}
	return format(given[0]), nil
}

// planForm is how a plan is written.
type planForm struct {
	format    format
	commentID string
	annotate  bool
	text      view.PlanOptions
}

func planFormOf(c *cli.Context) (planForm, error) {
	f, err := formatOf(c)
	return planForm{format: f, commentID: c.String("comment-id"), annotate: c.String("annotations") != "", text: view.PlanOptions{Verbose: c.Bool("verbose")}}, err
}

// writePlan writes a plan in the form that was asked for.
func (s *session) writePlan(p *plan.Plan, f planForm) error {
	findings := f.text.Findings
	issues := view.PlanIssues(p, findings, s.chdir)
	if f.annotate {
		if err := view.GitHubAnnotations(s.err, issues); err != nil {
			return err
		}
	}
	switch f.format {
	case asJSON:
		return view.PlanJSON(s.out, p, findings)
	case asMarkdown:
		return view.PlanMarkdown(s.out, p, view.MarkdownOptions{ID: f.commentID, Findings: findings, Outputs: f.text.Outputs})
	case asSQL:
		return view.PlanSQL(s.out, p)
	case asSARIF:
		return view.SARIF(s.out, version, issues)
	case asCodeQuality:
		return view.CodeQuality(s.out, issues, s.firstFile())
	}
	return view.Plan(s.out, s.paint(), p, f.text)
}

// firstFile is where an issue without a place is shown.
func (s *session) firstFile() string { return filepath.ToSlash(filepath.Join(s.chdir, "main.sf.hcl")) }

// report says diagnostics on stdout, and as annotations, where a program reads them
// there; the person's text on stderr is not its matter.
func (s *session) report(f format, annotate bool, diags hcl.Diagnostics, files map[string]*hcl.File) error {
	diags = s.redact(diags)
	issues := view.DiagnosticIssues(diags, s.chdir)
	if annotate {
		if err := view.GitHubAnnotations(s.err, issues); err != nil {
			return err
		}
	}
	switch f {
	case asJSON:
		return view.ValidationJSON(s.out, diags, files)
	case asSARIF:
		return view.SARIF(s.out, version, issues)
	case asCodeQuality:
		return view.CodeQuality(s.out, issues, s.firstFile())
	}
	return nil
}

// failure says an error on stdout too where a program reads it.
func (s *session) failure(f format, annotate bool, err error) error {
	if err == nil {
		return nil
	}
	diags, files := diagnostics(err)
	return errors.Join(err, s.report(f, annotate, diags, files))
}

// jsonFailure is failure for commands whose only other format is JSON.
func (s *session) jsonFailure(json bool, err error) error {
	f := asText
	if json {
		f = asJSON
	}
	return s.failure(f, false, err)
}
