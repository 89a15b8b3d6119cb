package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/syncform/syncform/cmd/internal/view"
	"github.com/syncform/syncform/executor/cutover"
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

The exit code is 0 only where all of it is as it must be: then writers can move to the target, and the sync stays paused, so that nothing overwrites what they do. "syncform destroy -target=sync.NAME" takes it down, "syncform resume" goes back to following the source. Where anything is not as it must be, the exit code is 1, the report says what, and the sync goes on as before.

Examples:

  syncform cutover warehouse
  syncform cutover -quiet 10s -json warehouse`,
		Flags: flags([]cli.Flag{
			&cli.DurationFlag{Name: "quiet", Value: 5 * time.Second, Usage: "How long no change may come for the source to count as fenced. Default 5s."},
			&cli.BoolFlag{Name: "force", Usage: "Go on although changes still come. What comes later is not at the target."},
			&cli.BoolFlag{Name: "reverse", Hidden: true},
			jsonFlag("Print the report as JSON; docs/json.md describes it."),
		}, varFlags()),
		Action: func(c *cli.Context) error {
			args, err := s.positional(c, 1, 1, "NAME")
			if err != nil {
				return err
			}
			switch {
			case c.Bool("reverse"):
				return refused("No -reverse in this version", "This version sets up no stream back from the target to the source; apply a configuration with a sync in that direction before writers move.")
			case c.Duration("quiet") < 0:
				return refused("Unsuitable option", "-quiet takes a duration such as 5s.")
			}
			return s.cutover(c.Context, configOptionsOf(c), args[0], cutover.Options{Quiet: c.Duration("quiet"), Force: c.Bool("force")}, c.Bool("json"))
		},
	}
}

func (s *session) cutover(ctx context.Context, o configOptions, name string, opts cutover.Options, asJSON bool) (err error) {
	w, streams, err := s.beginStreams(ctx, "cutover", o, []string{name})
	if err != nil {
		return s.jsonFailure(asJSON, err)
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if w.state.Running != "" {
		return s.jsonFailure(asJSON, refused("An apply was not finished", "The state says that an apply was begun and not finished. Run \"syncform apply\", which goes on with it, and cutover then."))
	}
	opts.Soft, opts.Redact = ctx, s.secrets.Text
	opts.Tell = func(what string) { fmt.Fprintf(s.err, "%s: %s...\n", view.Safe(streams[0].Sync), what) }
	rep, failure := cutover.Run(ctx, w.streamOf(streams[0]), opts)
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
