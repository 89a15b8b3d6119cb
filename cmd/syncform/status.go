package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/syncform/syncform/cmd/internal/view"
	"github.com/syncform/syncform/executor/stream"
	"github.com/syncform/syncform/planner/plan"
)

func (s *session) statusCommand() *cli.Command {
	return &cli.Command{
		Name: "status", Usage: "Show how syncs are", ArgsUsage: "[NAME...]",
		Description: `
Shows for each sync that follows its source (or those of these names) whether an instance runs it, how far it is behind in seconds and in bytes of log that the source keeps for it, and for each of its tables the state, rows and changes. What needs somebody's hand is shown with the command that mends it.

The lag in seconds is the age of the last transaction that was applied, and 0 where all that the source had is applied.

The exit code is 1 where anything needs a hand, else 0. A pause that somebody asked for does not, as long as the source does not keep more for it than it should.

Examples:

  syncform status
  syncform status -watch
  syncform status -json warehouse`,
		Flags: flags([]cli.Flag{
			&cli.BoolFlag{Name: "watch", Usage: "Show it again every two seconds, until Ctrl-C; with -json one document a line."},
			jsonFlag("Print the status as JSON; docs/json.md describes it."),
		}, varFlags()),
		Action: func(c *cli.Context) error {
			return s.status(c.Context, configOptionsOf(c), c.Args().Slice(), c.Bool("watch"), c.Bool("json"))
		},
	}
}

// watchEvery is how long -watch rests between two looks.
const watchEvery = 2 * time.Second

func (s *session) status(ctx context.Context, o configOptions, names []string, watch, asJSON bool) (err error) {
	w, streams, err := s.beginStreams(ctx, "status", o, names)
	if err != nil {
		return s.jsonFailure(asJSON, err)
	}
	defer func() { err = errors.Join(err, w.close()) }()
	for {
		all, failure := w.look(ctx, streams)
		if watch && ctx.Err() != nil {
			return nil
		}
		if failure != nil && !watch {
			return s.jsonFailure(asJSON, failure)
		}
		if failure != nil {
			s.show(failure)
		} else if err := s.showStatus(all, watch, asJSON); err != nil {
			return failed("Can't write the result", err)
		}
		if !watch {
			for i := range all {
				if !all[i].Healthy() {
					return exitCode(1)
				}
			}
			return nil
		}
		select {
		case <-time.After(watchEvery):
		case <-ctx.Done():
			return nil
		}
	}
}

func (s *session) showStatus(all []stream.Health, watch, asJSON bool) error {
	switch {
	case asJSON && watch:
		return view.StatusLine(s.out, all)
	case asJSON:
		return view.StatusJSON(s.out, all)
	case watch && s.paint().On:
		fmt.Fprint(s.out, "\x1b[H\x1b[2J")
	}
	return view.Status(s.out, s.paint(), all, time.Now())
}

// look asks for all streams at a time.
func (w *work) look(ctx context.Context, streams []*plan.Stream) ([]stream.Health, error) {
	all, errs := make([]stream.Health, len(streams)), make([]error, len(streams))
	var wg sync.WaitGroup
	for i, st := range streams {
		wg.Go(func() {
			var err error
			if all[i], err = stream.Look(ctx, st, w.conns[st.Source], w.conns[st.Target]); err != nil {
				errs[i] = fmt.Errorf("%s: %w", st.Sync, err)
			}
			for j := range all[i].Alarms { // a source's error, among others
				all[i].Alarms[j].Text = w.s.secrets.Text(all[i].Alarms[j].Text)
			}
		})
	}
	wg.Wait()
	return all, failed("The status can't be read", errors.Join(errs...))
}
