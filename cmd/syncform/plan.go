package main

import (
	"context"
	"errors"

	"github.com/urfave/cli/v2"

	"github.com/syncform/syncform/cmd/internal/view"
	"github.com/syncform/syncform/planner/plan"
)

func (s *session) planCommand() *cli.Command {
	return &cli.Command{
		Name: "plan", Usage: "Show changes required by the current configuration",
		Description: `
Reads the live databases and shows what syncform would do to make the targets what the configuration says. Nothing is changed.

You can save the plan to a file with -out and pass that file to "syncform apply", which then does exactly what was shown, or refuses where anything has moved since.

Examples:

  syncform plan
  syncform plan -out tfplan
  syncform plan -target 'sync.warehouse.mapping["users"]'
  syncform plan -detailed-exitcode   # in CI: 0 nothing to do, 2 changes`,
		Flags: flags(
			[]cli.Flag{
				&cli.StringFlag{Name: "out", Usage: "Write the plan to the given `path`. This can be used as input to the \"apply\" command."},
				&cli.BoolFlag{Name: "detailed-exitcode", Usage: "Return a detailed exit code: 0 nothing to do, 1 error, 2 there are changes, 3 there are changes that are held for review."},
				jsonFlag("Print the plan as JSON; docs/json.md describes it."),
				&cli.BoolFlag{Name: "markdown", Usage: "Print the plan for the comment of a pull request."},
				&cli.BoolFlag{Name: "sql", Usage: "Print the plan as the script of what would run, word for word."},
				&cli.BoolFlag{Name: "verbose", Usage: "Show each step below its change, word for word, and why it is planned."},
			},
			customFlags(), varFlags(), lockFlags()),
		Action: func(c *cli.Context) error {
			if _, err := s.positional(c, 0, 0, ""); err != nil {
				return err
			}
			return s.plan(c.Context, planOptions{
				config: configOptionsOf(c), lock: lockOptionsOf(c), custom: customOptionsOf(c),
				out: c.String("out"), detailed: c.Bool("detailed-exitcode"), verbose: c.Bool("verbose"),
				json: c.Bool("json"), markdown: c.Bool("markdown"), sql: c.Bool("sql"),
			})
		},
	}
}

func flags(groups ...[]cli.Flag) []cli.Flag {
	var out []cli.Flag
	for _, g := range groups {
		out = append(out, g...)
	}
	return out
}

type planOptions struct {
	config              configOptions
	lock                lockOptions
	custom              customOptions
	out                 string
	detailed, verbose   bool
	json, markdown, sql bool
}

func (s *session) plan(ctx context.Context, o planOptions) (err error) {
	w, err := s.begin(ctx, "plan", o.config, o.lock)
	if err != nil {
		return s.jsonFailure(o.json, err)
	}
	defer func() { err = errors.Join(err, w.close()) }()
	p, err := w.plan(ctx, o.custom)
	if err != nil {
		return s.jsonFailure(o.json, err)
	}
	findings, err := w.preflight(ctx, p)
	if err != nil {
		return s.jsonFailure(o.json, err)
	}
	outputs := w.outputs(p, o.custom)
	if o.out != "" {
		remember(p, w.cfg, o.config)
		if err := plan.WriteFile(o.out, p); err != nil {
			return failed("Can't save the plan", err)
		}
	}
	switch {
	case o.json:
		err = view.PlanJSON(s.out, p, findings)
	case o.markdown:
		err = view.PlanMarkdown(s.out, p)
	case o.sql:
		err = view.PlanSQL(s.out, p)
	default:
		err = view.Plan(s.out, s.paint(), p, view.PlanOptions{Verbose: o.verbose, Targets: len(o.custom.targets) > 0, SavedTo: o.out, Hints: !s.automation, RefreshOnly: o.custom.refreshOnly, Findings: findings, Outputs: outputs})
	}
	if err != nil {
		return failed("Can't write the plan", err)
	}
	if !o.detailed {
		return nil
	}
	switch {
	case p.Held > 0:
		return exitCode(3)
	case !p.Empty(), len(outputs) > 0, o.custom.refreshOnly && len(p.Actions) > 0:
		return exitCode(2)
	}
	return nil
}

// jsonFailure says an error on stdout too where a program reads it.
func (s *session) jsonFailure(asJSON bool, err error) error {
	if err == nil || !asJSON {
		return err
	}
	diags, files := diagnostics(err)
	if werr := view.ValidationJSON(s.out, diags, files); werr != nil {
		return errors.Join(err, werr)
	}
	return err
}
