package main

import (
	"context"
	"errors"
	"os"
	"runtime/debug"

	"github.com/urfave/cli/v2"

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
				&cli.IntFlag{Name: "sample", Usage: "Show what the mappings' expressions make of the first `n` rows of each table. Rows are data: they are shown here and kept nowhere."},
				&cli.BoolFlag{Name: "verbose", Usage: "Show each step below its change, word for word, and why it is planned."},
			},
			planFormatFlags(), customFlags(), varFlags(), lockFlags()),
		Action: func(c *cli.Context) error {
			if _, err := s.positional(c, 0, 0, ""); err != nil {
				return err
			}
			form, err := planFormOf(c)
			if err != nil {
				return err
			}
			return s.plan(c.Context, planOptions{
				config: configOptionsOf(c), lock: lockOptionsOf(c), custom: customOptionsOf(c),
				out: c.String("out"), detailed: c.Bool("detailed-exitcode"), form: form,
			})
		},
	}
}

// moderately has garbage collected early while two catalogues are held, until the
// function that it returns is called; what GOGC says comes first.
func moderately() (back func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	const percent = 20
	was := debug.SetGCPercent(percent)
	return func() { debug.SetGCPercent(was) }
}

func flags(groups ...[]cli.Flag) []cli.Flag {
	var out []cli.Flag
	for _, g := range groups {
		out = append(out, g...)
	}
	return out
}

type planOptions struct {
	config   configOptions
	lock     lockOptions
	custom   customOptions
	out      string
	detailed bool
	form     planForm
}

func (s *session) plan(ctx context.Context, o planOptions) (err error) {
	w, err := s.begin(ctx, "plan", o.config, o.lock)
	if err != nil {
		return s.failure(o.form.format, o.form.annotate, err)
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if o.custom.sample < 0 || o.custom.sample > 100 {
		return refused("Unsuitable option", "-sample takes a number from 1 to 100.")
	}
	defer moderately()()
	p, err := w.plan(ctx, o.custom)
	if err != nil {
		return s.failure(o.form.format, o.form.annotate, err)
	}
	findings, err := w.preflight(ctx, p)
	if err != nil {
		return s.failure(o.form.format, o.form.annotate, err)
	}
	outputs := w.outputs(p, o.custom)
	if o.out != "" {
		remember(p, w.cfg, o.config)
		if err := plan.WriteFile(o.out, p); err != nil {
			return failed("Can't save the plan", err)
		}
	}
	t := &o.form.text
	t.Targets, t.SavedTo, t.Hints, t.RefreshOnly = len(o.custom.targets) > 0, o.out, !s.automation, o.custom.refreshOnly
	t.Findings, t.Outputs, t.Samples = findings, outputs, o.custom.sample > 0
	err = s.writePlan(p, o.form)
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
