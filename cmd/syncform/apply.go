package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/syncform/syncform/cmd/internal/view"
	"github.com/syncform/syncform/executor"
	"github.com/syncform/syncform/planner"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
)

func (s *session) applyCommand() *cli.Command {
	return &cli.Command{
		Name: "apply", Usage: "Make the targets what the configuration says", ArgsUsage: "[PLAN]",
		Description: `
Changes the targets, and copies rows, as the configuration says.

Without a PLAN it makes a new one, shows it and asks for approval. With one (a file that "syncform plan -out" wrote) it does exactly what was shown, without asking, or refuses where anything has moved since.

An apply that was stopped or killed is gone on with by the next one.

Examples:

  syncform apply
  syncform apply tfplan
  syncform apply -auto-approve -replace 'sync.warehouse.mapping["users"]'`,
		Flags: flags(applyFlags(), customFlags(), varFlags(), lockFlags()),
		Action: func(c *cli.Context) error {
			args, err := s.positional(c, 0, 1, "[PLAN]")
			if err != nil {
				return err
			}
			o := applyOptionsOf(c)
			if len(args) == 1 {
				err = s.applyFile(c.Context, args[0], o)
			} else {
				err = s.apply(c.Context, o)
			}
			if err != nil || !c.Bool("sync") || c.Context.Err() != nil {
				return err
			}
			return s.sync(c.Context, o.config, nil, false, "", o.json)
		},
	}
}

func applyFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "auto-approve", Usage: "Skip interactive approval of the plan before applying."},
		&cli.IntFlag{Name: "parallelism", Value: 4, Usage: "Limit the number of concurrent changes to `n`; how many tables are loaded at a time is the sync's parallel_tables. Default 4."},
		jsonFlag("Print what happens as lines of JSON; docs/json.md describes them."),
		&cli.BoolFlag{Name: "verbose", Usage: "Show each step of the plan, word for word, and why it is planned."},
		&cli.BoolFlag{Name: "sync", Usage: "Go on into continuous sync once all is applied, as \"syncform sync\" does."},
	}
}

type applyOptions struct {
	config      configOptions
	lock        lockOptions
	custom      customOptions
	autoApprove bool
	input       bool
	parallelism int
	json        bool
	verbose     bool
}

func applyOptionsOf(c *cli.Context) applyOptions {
	return applyOptions{
		config: configOptionsOf(c), lock: lockOptionsOf(c), custom: customOptionsOf(c),
		autoApprove: c.Bool("auto-approve"), input: c.Bool("input"), parallelism: c.Int("parallelism"), json: c.Bool("json"), verbose: c.Bool("verbose"),
	}
}

func (o applyOptions) check() error {
	if o.parallelism < 1 {
		return refused("Unsuitable option", "-parallelism takes a number from 1 on.")
	}
	if o.json && !o.autoApprove {
		return refused("Plan file or auto-approve required", "With -json there is no one to ask: give a saved plan, or -auto-approve.")
	}
	return nil
}

// apply makes a plan, asks, and applies it.
func (s *session) apply(ctx context.Context, o applyOptions) (err error) {
	if err := o.check(); err != nil {
		return err
	}
	operation := "apply"
	if o.custom.destroy {
		operation = "destroy"
	}
	w, err := s.begin(ctx, operation, o.config, o.lock)
	if err != nil {
		return s.applyFailure(o, err)
	}
	defer func() { err = errors.Join(err, w.close()) }()
	w.applies = true
	for try := 1; ; try++ {
		err := w.planAndRun(ctx, o)
		if !errors.As(err, new(*executor.HeldSinceError)) || !o.autoApprove || try == mostPlans {
			return s.applyFailure(o, err)
		}
		slog.Info("the plan was overtaken by a stream", "reason", err.Error())
		if !o.json {
			fmt.Fprint(s.err, "\nMeanwhile a stream has come to a change of the source, so the plan is made anew.\n\n")
		}
		if w.state, err = w.backend.Read(ctx); err != nil {
			return s.applyFailure(o, failed("Can't read the state", err))
		}
	}
}

// mostPlans is how often an apply that need not ask makes its plan, where streams come to
// changes of the source meanwhile.
const mostPlans = 5

// planAndRun makes a plan, shows it, asks where somebody is to, and executes it.
func (w *work) planAndRun(ctx context.Context, o applyOptions) error {
	s := w.s
	p, err := w.plan(ctx, o.custom)
	if err != nil {
		return err
	}
	findings, err := w.preflight(ctx, p)
	if err != nil {
		return err
	}
	outputs := w.outputs(p, o.custom)
	if !o.json {
		if err := view.Plan(s.out, s.paint(), p, view.PlanOptions{Verbose: o.verbose, Targets: len(o.custom.targets) > 0, RefreshOnly: o.custom.refreshOnly, Findings: findings, Outputs: outputs}); err != nil {
			return failed("Can't write the plan", err)
		}
	}
	if o.custom.refreshOnly {
		return w.takeIn(ctx, p, o)
	}
	if err := lacking(findings); err != nil {
		return err
	}
	if (!p.Empty() || len(outputs) > 0) && !o.autoApprove {
		if err := s.approve(ctx, o, p); err != nil {
			return err
		}
	}
	return w.run(ctx, p, o)
}

// takeIn writes into the state how the tables stand that others have changed.
func (w *work) takeIn(ctx context.Context, p *plan.Plan, o applyOptions) error {
	if len(p.Drifted) == 0 {
		return nil
	}
	if w.state.Running != "" {
		return refused("An apply is not finished", "An apply was begun and not finished. Run \"syncform apply\" first, which goes on with it.")
	}
	if !o.autoApprove {
		if err := w.s.approve(ctx, o, p); err != nil {
			return err
		}
	}
	for addr, t := range p.Drifted {
		w.state.Seen(addr, t)
	}
	if err := state.Save(ctx, w.backend, w.state); err != nil {
		return failed("Can't write the state", err)
	}
	if !o.json {
		fmt.Fprintf(w.s.out, "\nThe state takes %s as they are now. No database was changed.\n", view.Plural(int64(len(p.Drifted)), "table"))
	}
	return nil
}

// approve asks whether to go on; anything but yes is an error.
func (s *session) approve(ctx context.Context, o applyOptions, p *plan.Plan) error {
	question, verb, does := "Do you want to perform these actions?", "apply", "perform the actions described above"
	if o.custom.destroy {
		question, verb, does = "Do you really want to take down what syncform made?", "destroy", "take it down as shown above. There is no undo"
	}
	if o.custom.refreshOnly {
		question, does = "Do you want to take this into the state?", "note the tables as they are now, and change no database"
	}
	if !o.input || !s.inTerminal {
		return refused("Approval is missing", "There is no terminal to ask at. Look at the plan with \"syncform plan -out FILE\" and apply that file, or add -auto-approve.")
	}
	fmt.Fprintf(s.err, "\n%s\n  syncform will %s.\n  Only 'yes' will be accepted to approve.\n\n  %s ", s.paintErr().Bold(question), does, s.paintErr().Bold("Enter a value:"))
	answer, err := s.readLine(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(s.err)
	if answer != "yes" {
		return refused(titled(verb)+" cancelled", "Nothing was changed.")
	}
	return nil
}

func titled(verb string) string {
	if verb == "destroy" {
		return "Destroy"
	}
	return "Apply"
}

// applyFile applies a saved plan.
func (s *session) applyFile(ctx context.Context, path string, o applyOptions) (err error) {
	o.autoApprove = true // it was approved when it was made
	if err := o.check(); err != nil {
		return err
	}
	if flag := o.custom.set(); flag != "" {
		return refused("Incompatible command line options", "%s says what a plan is made for, and %s is made already. Make a new plan, or leave the option out.", flag, path)
	}
	p, err := readPlan(path)
	if err != nil {
		return s.applyFailure(o, err)
	}
	o.custom.destroy = p.Destroy
	if o.config, err = s.recall(p, o.config); err != nil {
		return s.applyFailure(o, err)
	}
	w, err := s.begin(ctx, "apply", o.config, o.lock)
	if err != nil {
		return s.applyFailure(o, err)
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if err := w.open(ctx, endpointsOfPlan(p)); err != nil {
		return s.applyFailure(o, err)
	}
	if err := w.settle(ctx); err != nil {
		return s.applyFailure(o, err)
	}
	if err := planner.Check(ctx, p, w.input(customOptions{})); err != nil {
		return s.applyFailure(o, failed("Saved plan is stale", err))
	}
	if err := release(p, o.custom.approve); err != nil {
		return s.applyFailure(o, err)
	}
	findings, err := w.preflight(ctx, p)
	if err == nil {
		err = lacking(findings)
	}
	if err != nil {
		return s.applyFailure(o, err)
	}
	return s.applyFailure(o, w.run(ctx, p, o))
}

// readPlan reads a plan file and tells apart what may stand in its place.
func readPlan(path string) (*plan.Plan, error) {
	if st, err := os.Stat(path); err == nil && st.IsDir() {
		return nil, refused("No plan file", "%s is a directory. Run in another directory with the global option: syncform -chdir=%s apply", path, path)
	} else if errors.Is(err, fs.ErrNotExist) {
		return nil, refused("No plan file", "There is no file %s. \"syncform plan -out %s\" writes a plan.", path, path)
	}
	p, err := plan.ReadFile(path)
	return p, failed("Can't use the plan file", err)
}

// run executes a plan and says how it went.
func (w *work) run(ctx context.Context, p *plan.Plan, o applyOptions) error {
	s := w.s
	progress := s.progress(p, o)
	tally := view.NewTally(p, logged{progress, &s.secrets})
	res, err := executor.Apply(ctx, p, executor.Env{
		Conns: w.conns, Backend: w.backend, State: w.state, Observer: tally,
		Parallelism: o.parallelism, By: state.Who(), Hard: s.hard, Log: slog.Default(), Redact: s.secrets.Text,
	})
	progress.Close()
	if err != nil {
		summary := "Apply was not finished"
		if o.custom.destroy {
			summary = "Destroy was not finished"
		}
		return failed(summary, err)
	}
	if o.json {
		progress.(*view.ApplyJSON).Completed(tally.Result(res), p.Outputs)
		return nil
	}
	text := view.ApplyText(tally.Result(res))
	if o.custom.destroy {
		text = view.DestroyText(tally.Result(res))
	}
	fmt.Fprintf(s.out, "\n%s\n", s.paint().Green(s.paint().Bold(text)))
	if res.State != nil && len(res.State.Outputs) > 0 && !o.custom.destroy {
		fmt.Fprint(s.out, "\nOutputs:\n\n")
		return view.Outputs(s.out, res.State.Outputs)
	}
	return nil
}

// progress picks how an apply is shown while it runs. stdout carries only the result.
func (s *session) progress(p *plan.Plan, o applyOptions) view.Progress {
	switch {
	case o.json:
		v := view.NewApplyJSON(s.out, p)
		v.Planned()
		return v
	case s.errTerminal && !s.words && s.getenv("TERM") != "dumb":
		return view.NewApplyBars(s.err, s.paintErr(), p)
	}
	return view.NewApplyLines(s.err, s.paintErr(), p)
}

// applyFailure says an error on stdout too where a program reads it.
func (s *session) applyFailure(o applyOptions, err error) error {
	if err == nil || !o.json {
		return err
	}
	diags, files := diagnostics(err)
	view.NewApplyJSON(s.out, &plan.Plan{}).Diagnostics(view.NewDiagnostics(s.redact(diags), files))
	return err
}
