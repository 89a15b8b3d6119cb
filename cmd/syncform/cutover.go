package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/syncform/syncform/cmd/internal/view"
	"github.com/syncform/syncform/executor/cutover"
	"github.com/syncform/syncform/planner/plan"
)

func (s *session) cutoverCommand() *cli.Command {
	return &cli.Command{
		Name: "cutover", Usage: "Bring a followed target to where writers can move to it", ArgsUsage: "NAME",
		Description: `
Before: fence the writers of the source, so that nothing more is written to the sync's tables. Then this command, in order:

1. pauses the instance that runs the sync, and applies what the source still has itself;
2. sees that no change of the sync's tables comes for a while (-quiet). Where one comes, writers are not fenced, and it stops there; -force goes on all the same;
3. refuses where tables are held or there are dead letters;
4. compares all rows of all tables of the sync;
5. sets the sequences, identity columns and auto-increments of the target past the greatest values that are there;
6. prints a report.

With -reverse the way back is set up before writers move: what they change at the target then comes to the source, so that it can be gone back to. Before anything is changed it is seen whether all that takes is there: the changes of the target's tables can be captured, the source's tables written to, and each mapping turned round (no filter, no source column that reaches the target only through an expression, none that is left out though it takes no NULL and has no default). Else each obstacle is named, with the way out. What will be made is shown, and asked for approval. After step 5 the capture at the target begins, its checkpoint is written into the source, and what the forward stream has left is removed. From there on the sync is called NAME_reverse: "syncform sync NAME_reverse" runs it, "syncform status" shows it, "syncform cutover NAME_reverse" goes back to the source, with -reverse again with a way back, and "syncform destroy" takes it down. As long as the configuration has the sync, plans leave both ways as they are. A run that was cut short is gone on with by the same command.

The exit code is 0 only where all of it is as it must be: then writers can move to the target, and the sync stays paused, so that nothing overwrites what they do. "syncform destroy -target=sync.NAME" takes it down, "syncform resume" goes back to following the source. Where anything is not as it must be, the exit code is 1, the report says what, and the sync goes on as before.

Examples:

  syncform cutover warehouse
  syncform cutover -quiet 10s -json warehouse
  syncform cutover -reverse warehouse`,
		Flags: flags([]cli.Flag{
			&cli.DurationFlag{Name: "quiet", Value: 5 * time.Second, Usage: "How long no change may come for the source to count as fenced. Default 5s."},
			&cli.BoolFlag{Name: "force", Usage: "Go on although changes still come. What comes later is not at the target."},
			&cli.BoolFlag{Name: "reverse", Usage: "Set up the stream back from the target to the source before writers move."},
			&cli.BoolFlag{Name: "auto-approve", Usage: "With -reverse: skip interactive approval of what it sets up."},
			jsonFlag("Print the report as JSON; docs/json.md describes it."),
		}, varFlags()),
		Action: func(c *cli.Context) error {
			args, err := s.positional(c, 1, 1, "NAME")
			if err != nil {
				return err
			}
			if c.Duration("quiet") < 0 {
				return refused("Unsuitable option", "-quiet takes a duration such as 5s.")
			}
			r := reverseOptions{on: c.Bool("reverse"), apply: applyOptions{autoApprove: c.Bool("auto-approve"), input: c.Bool("input"), json: c.Bool("json")}}
			switch {
			case r.apply.autoApprove && !r.on:
				return refused("Incompatible command line options", "Only with -reverse is there anything to approve.")
			case r.on && r.apply.json && !r.apply.autoApprove:
				return refused("Auto-approve required", "With -json there is no one to ask: add -auto-approve.")
			}
			return s.cutover(c.Context, configOptionsOf(c), args[0], cutover.Options{Quiet: c.Duration("quiet"), Force: c.Bool("force")}, r, c.Bool("json"))
		},
	}
}

func (s *session) cutover(ctx context.Context, o configOptions, name string, opts cutover.Options, back reverseOptions, asJSON bool) (err error) {
	w, st, err := s.beginCutover(ctx, o, name, back)
	if err != nil {
		return s.jsonFailure(asJSON, err)
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if w.state.Running != "" {
		return s.jsonFailure(asJSON, refused("An apply was not finished", "The state says that an apply was begun and not finished. Run \"syncform apply\", which goes on with it, and cutover then."))
	}
	if st.Turn == plan.TurnGone {
		return s.jsonFailure(asJSON, w.finishTurn(ctx, st, asJSON))
	}
	var rev *cutover.Reverse
	if back.on {
		if rev, err = w.planReverse(ctx, st, back); err != nil {
			return s.jsonFailure(asJSON, err)
		}
	}
	opts.Soft, opts.Redact = ctx, s.secrets.Text
	opts.KeepMapping = w.keeping(st)
	opts.Tell = func(what string) { fmt.Fprintf(s.err, "%s: %s...\n", view.Safe(st.Sync), what) }
	rep, failure := cutover.Run(ctx, w.streamOf(st), opts)
	if failure == nil && rep.Done && rev != nil {
		opts.Tell("setting up the way back")
		if failure = cutover.Turn(ctx, st, rev, w.conns[st.Source], w.conns[st.Target], w.saveState); failure != nil {
			rep.Done = false
		} else {
			rep.Reverse = rev.Spec.Sync
		}
	}
	if failure != nil && asJSON {
		return s.jsonFailure(asJSON, failed("The cutover could not be made", failure))
	}
	for i, text := range rep.Problems {
		rep.Problems[i] = s.secrets.Text(text)
	}
	if asJSON {
		err = view.CutoverJSON(s.out, rep)
	} else {
		err = view.Cutover(s.out, s.paint(), rep)
	}
	switch {
	case failure != nil:
		return failed("The cutover could not be made", failure)
	case err != nil:
		return failed("Can't write the result", err)
	case !rep.Done:
		return exitCode(1)
	}
	return nil
}
