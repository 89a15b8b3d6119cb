package main

import (
	"context"
	"errors"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/syncform/syncform/cmd/internal/view"
	"github.com/syncform/syncform/executor/stream"
	"github.com/syncform/syncform/providers"
)

func (s *session) pauseCommand() *cli.Command {
	return &cli.Command{
		Name: "pause", Usage: "Pause syncs at the end of a transaction", ArgsUsage: "[NAME...]",
		Description: `
Asks the syncs (all, or those of these names) to rest, and waits until each has written the transaction that it is at and its checkpoint. The instance keeps running and waits; one that is started later waits too. The source keeps its log meanwhile, so don't forget to resume: "syncform status" shows how much that is.

Where the wait is cut short, the request stays.

Examples:

  syncform pause warehouse
  syncform pause -timeout 10m`,
		Flags: flags([]cli.Flag{
			&cli.DurationFlag{Name: "timeout", Value: 2 * time.Minute, Usage: "Wait at most this `duration` for the transaction's end. Default 2m."},
			doneFlag(),
		}, varFlags()),
		Action: func(c *cli.Context) error {
			if c.Duration("timeout") <= 0 {
				return refused("Unsuitable option", "-timeout takes a duration such as 2m.")
			}
			d := s.collect(c, "pause")
			return d.end(s.pause(c.Context, configOptionsOf(c), c.Args().Slice(), c.Duration("timeout"), d))
		},
	}
}

func (s *session) pause(ctx context.Context, o configOptions, names []string, wait time.Duration, d *done) (err error) {
	w, streams, err := s.beginStreams(ctx, "pause", o, names)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	// All are asked before any is waited for.
	for _, st := range streams {
		store, err := w.store(ctx, st)
		if err != nil {
			return err
		}
		rec, err := store.Stream(ctx, st.Sync)
		if err != nil {
			return failed("Can't read the stream's record", err)
		}
		if rec == nil {
			return noRecord(st)
		}
		if err := store.Pause(ctx, st.Sync, providers.PausedByPerson, true); err != nil {
			return failed("Can't pause the sync", err)
		}
	}
	wctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for _, st := range streams {
		store, err := w.store(ctx, st)
		if err != nil {
			return err
		}
		rest, err := stream.WaitForRest(wctx, store, st.Sync)
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			return refused("Not at rest yet", "%s has not come to the end of its transaction within %s. The request stays; \"syncform status\" shows when it rests.", st.Sync, wait)
		}
		if err != nil {
			return failed("Can't wait for the sync", err)
		}
		text := map[stream.Rest]string{
			stream.RestPaused: "is paused.",
			stream.RestIdle:   "is paused; no instance runs it.",
			stream.RestSilent: "is to pause, but the instance that has it gives no sign of life; it pauses if it wakes.",
		}[rest]
		d.add(view.Changed{Name: st.Sync, Text: text}, view.Safe(st.Sync)+" "+text)
	}
	return nil
}

func (s *session) resumeCommand() *cli.Command {
	return &cli.Command{
		Name: "resume", Usage: "Let paused syncs go on", ArgsUsage: "[NAME...]",
		Description: `
Takes back what "syncform pause" asked for: instances that wait go on by themselves within a second. Where none runs, start one with "syncform sync".

A pause that an apply asked for ends with the apply, not by this.

Example:

  syncform resume warehouse`,
		Flags: flags([]cli.Flag{doneFlag()}, varFlags()),
		Action: func(c *cli.Context) error {
			d := s.collect(c, "resume")
			return d.end(s.resume(c.Context, configOptionsOf(c), c.Args().Slice(), d))
		},
	}
}

func (s *session) resume(ctx context.Context, o configOptions, names []string, d *done) (err error) {
	w, streams, err := s.beginStreams(ctx, "resume", o, names)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	for _, st := range streams {
		store, err := w.store(ctx, st)
		if err != nil {
			return err
		}
		// What a command left that was killed goes too.
		if err := store.Pause(ctx, st.Sync, providers.PausedByPerson|providers.PausedByOperation, false); err != nil {
			return failed("Can't resume the sync", err)
		}
		rec, err := store.Stream(ctx, st.Sync)
		text := ""
		switch {
		case err != nil:
			return failed("Can't read the stream's record", err)
		case rec == nil:
			return noRecord(st)
		case rec.PauseRequested():
			text = "may go on as far as you are concerned; an apply still pauses it. Where none is running any more, \"syncform apply\" finishes it."
		case rec.Paused:
			text = "may go on: an instance that waits takes it up within a second."
		case rec.Holder == "":
			text = "may go on, but no instance runs it: \"syncform sync\" does."
		default:
			text = "goes on."
		}
		d.add(view.Changed{Name: st.Sync, Text: text}, view.Safe(st.Sync)+" "+text)
	}
	return nil
}
