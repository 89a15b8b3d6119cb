package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/robfig/cron/v3"
	"github.com/urfave/cli/v2"

	"github.com/syncform/syncform/cmd/internal/view"
	"github.com/syncform/syncform/executor"
	"github.com/syncform/syncform/executor/monitor"
	"github.com/syncform/syncform/executor/stream"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

func (s *session) syncCommand() *cli.Command {
	return &cli.Command{
		Name: "sync", Usage: "Follow the sources: apply their changes to the targets, continuously", ArgsUsage: "[NAME...]",
		Description: `
Follows the sources of the syncs that were applied (all of them, or those of these names) and applies every change to the targets, in order, each once, until it is stopped. What it follows is what the state says was applied, not what the configuration says now: that takes "syncform apply".

Lost connections are waited out, for as long as it takes. It ends with Ctrl-C or SIGTERM at the end of the transaction that is being written (exit code 0), or with an error that trying again can't mend (exit code 1): a position that the source no longer has, a row that the target can't hold.

While it runs it moves sequences, identity columns and auto-increments of the targets to where those of the sources are, never back: at most every ten seconds, and at its end.

A sync with a schedule makes its passes at those times instead.

With -listen it serves over HTTP: /metrics in Prometheus' text format (sync_lag_seconds, sync_lag_bytes, records_synced_total, sync_errors_total, sync_state, sync_table_state, sync_dead_letters, sync_last_checkpoint_timestamp_seconds, sync_alarm), /status as "status -json", /healthz while the process lives, and /readyz, which is 503 while any sync waits for a connection or has stopped with an error.

Examples:

  syncform sync
  syncform sync warehouse
  syncform sync -until-caught-up
  syncform sync -listen 127.0.0.1:9187`,
		Flags: flags([]cli.Flag{
			&cli.BoolFlag{Name: "once", Usage: "Make one pass, up to where the sources are now, and exit."},
			&cli.BoolFlag{Name: "until-caught-up", Usage: "The same as -once."},
			&cli.StringFlag{Name: "listen", Usage: "Serve /metrics (Prometheus), /status, /healthz and /readyz at this `host:port`."},
			jsonFlag("Print what happens as lines of JSON to stdout; docs/json.md describes them."),
		}, varFlags()),
		Action: func(c *cli.Context) error {
			return s.sync(c.Context, configOptionsOf(c), c.Args().Slice(), c.Bool("once") || c.Bool("until-caught-up"), c.String("listen"), c.Bool("json"))
		},
	}
}

// sync runs the streams of these names, or all.
func (s *session) sync(ctx context.Context, o configOptions, names []string, once bool, listen string, asJSON bool) (err error) {
	opening := true
	defer func() {
		if opening && ctx.Err() != nil {
			// Stopped before it had begun, which nothing is lost by. What else was wrong, if
			// anything, the next start says again.
			err = nil
		}
		err = s.applyFailure(applyOptions{json: asJSON}, err)
	}()
	w, err := s.begin(ctx, "sync", o, lockOptions{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	streams, err := w.streams(names)
	if err != nil {
		return err
	}
	if w.state.Running != "" {
		return refused("An apply was not finished", "The state says that an apply was begun and not finished. Run \"syncform apply\", which goes on with it, and sync then.")
	}
	if err := w.openStreams(ctx, streams); err != nil {
		return err
	}
	log := s.streamLog(asJSON)
	if listen != "" {
		if w.monitor, err = monitor.Listen(listen, log, view.StatusJSON); err != nil {
			return failed("Can't listen at "+listen, err)
		}
		defer func() { err = errors.Join(err, failed("Can't stop listening", w.monitor.Close())) }()
		if err := w.monitor.Follow(ctx, streams, w.conns); err != nil {
			return failed("Can't watch the syncs", err)
		}
	}
	opening = false
	return w.follow(ctx, streams, once, log)
}

// streams picks the streams of the state by name or address.
func (w *work) streams(names []string) ([]*plan.Stream, error) {
	if w.state == nil || len(w.state.Streams) == 0 {
		return nil, refused("Nothing to follow", "The state has no sync of mode \"incremental\". Write one, and run \"syncform apply\" first.")
	}
	var out []*plan.Stream
	for _, n := range names {
		st := w.state.Stream(n)
		if st == nil {
			st = w.state.Stream("sync." + n)
		}
		if st != nil && st.Turn != "" {
			return nil, refused("The sync is being turned round", "A \"syncform cutover -reverse\" was cut short while %s was set up or taken down. Run it again, which goes on with it, or \"syncform apply\", which removes what it left.", st.Sync)
		}
		if st == nil {
			var have []string
			for _, x := range w.state.Streams {
				have = append(have, x.Sync)
			}
			return nil, refused("No such sync", "The state has no sync %q that follows its source. Those that do: %s.", n, have)
		}
		out = append(out, st)
	}
	if len(names) == 0 {
		for i := range w.state.Streams {
			if w.state.Streams[i].Turn == "" {
				out = append(out, &w.state.Streams[i])
			}
		}
	}
	return out, nil
}

func (w *work) openStreams(ctx context.Context, streams []*plan.Stream) error {
	var addrs []string
	for _, st := range streams {
		for _, addr := range []string{st.Source, st.Target} {
			if w.cfg.Endpoint(addr) == nil {
				return refused("No such endpoint", "%s was applied with %s, which is not in the configuration any more.", st.Sync, addr)
			}
			if !slices.Contains(addrs, addr) {
				addrs = append(addrs, addr)
			}
		}
	}
	return w.open(ctx, addrs)
}

// streamLog is where streams say what happens: stderr, whatever SF_LOG is; as JSON it is
// the result, on stdout.
func (s *session) streamLog(asJSON bool) *slog.Logger {
	level := slog.LevelInfo
	if s.getenv("SF_LOG") == "debug" {
		level = slog.LevelDebug
	}
	o := &slog.HandlerOptions{Level: level, ReplaceAttr: s.secrets.Attr}
	if asJSON {
		o.ReplaceAttr = func(groups []string, a slog.Attr) slog.Attr {
			switch {
			case len(groups) == 0 && a.Key == slog.TimeKey:
				return slog.String("at", a.Value.Time().UTC().Format(time.RFC3339Nano))
			case len(groups) == 0 && a.Key == slog.MessageKey:
				a.Key = "message"
			}
			return s.secrets.Attr(groups, a)
		}
		return slog.New(slog.NewJSONHandler(s.out, o)).With("format_version", view.SyncFormat, "type", "log")
	}
	return slog.New(slog.NewTextHandler(s.err, o))
}

// follow runs streams side by side until all have ended.
func (w *work) follow(ctx context.Context, streams []*plan.Stream, once bool, log *slog.Logger) error {
	var wg sync.WaitGroup
	errs := make([]error, len(streams))
	for i, st := range streams {
		wg.Go(func() {
			errs[i] = w.followOne(ctx, *st, once, log)
			if errs[i] != nil {
				w.monitor.State(st.Sync, stream.StateFailed, w.s.secrets.Text(errs[i].Error()))
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (w *work) followOne(ctx context.Context, st plan.Stream, once bool, log *slog.Logger) error {
	var timetable cron.Schedule
	if st.Schedule != "" && !once {
		var err error
		if timetable, err = cron.ParseStandard(st.Schedule); err != nil {
			return failed("Unsuitable schedule", err)
		}
	}
	for {
		if timetable != nil {
			next := timetable.Next(time.Now())
			w.monitor.State(st.Sync, stream.StateWaiting, "")
			log.Info("the next pass", "sync", st.Sync, "at", next.Format(time.RFC3339))
			for wait := time.Until(next); wait > 0; wait = time.Until(next) {
				select {
				case <-time.After(min(wait, 10*time.Second)):
				case <-ctx.Done():
					return nil
				}
				if err := w.giveUp(ctx, &st); err != nil {
					return err
				}
			}
		}
		res, err := w.pass(ctx, st, once || timetable != nil, log)
		switch {
		case err != nil:
			log.Error("the sync stopped", "sync", st.Sync, "error", err.Error())
			return failed("The sync of "+st.Sync+" stopped", err)
		case len(res.Held) > 0 && (once || ctx.Err() != nil):
			for _, t := range res.Held {
				log.Warn("a table is held", "sync", st.Sync, "table", t.Table.String(), "reason", t.Reason)
			}
		}
		if ctx.Err() != nil {
			log.Info("stopped", "sync", st.Sync, "position", string(res.Position), "changes", res.Changes)
			return nil
		}
		if res.Paused {
			if once {
				return refused("The sync is paused", "%s is paused. \"syncform resume\" lets it go on.", st.Sync)
			}
			if err := w.awaitResume(ctx, &st, log); err != nil || ctx.Err() != nil {
				return err
			}
			continue
		}
		if timetable == nil {
			log.Info("caught up", "sync", st.Sync, "position", string(res.Position), "changes", res.Changes)
			return nil
		}
	}
}

// pass follows one stream until it has caught up, or for good.
func (w *work) pass(ctx context.Context, st plan.Stream, once bool, log *slog.Logger) (stream.Result, error) {
	until := stream.Stopped
	if once {
		until = stream.CaughtUp
	}
	log.Info("following", "sync", st.Sync, "source", st.Source, "target", st.Target, "method", st.Capture.Method)
	return stream.Run(w.s.hardContext(ctx), stream.Stream{Spec: st, Mappings: executor.StreamMappings(w.state, st.Sync), Source: w.conns[st.Source], Target: w.conns[st.Target]},
		stream.Options{Until: until, Soft: ctx, Log: log, Tell: w.monitor.Tell(st.Sync), Redact: w.s.secrets.Text, AddColumns: w.addColumns(&st), DropColumns: w.dropColumns(&st), WidenColumns: w.widenColumns(&st), Ease: w.ease(&st), KeepMapping: w.keeping(&st)})
}

// giveUp is on_exceed = "drop_slot" while a stream rests.
func (w *work) giveUp(ctx context.Context, st *plan.Stream) error {
	err := stream.GiveUp(ctx, st, w.conns[st.Source])
	if err == nil || !errors.As(err, new(*providers.GapError)) && providers.IsRetryable(err) {
		return nil
	}
	w.monitor.State(st.Sync, stream.StateFailed, w.s.secrets.Text(err.Error()))
	return failed("The sync of "+st.Sync+" stopped", err)
}

// hardContext is what the second Ctrl-C ends.
func (s *session) hardContext(ctx context.Context) context.Context {
	if s.hard != nil {
		return s.hard
	}
	return context.WithoutCancel(ctx)
}

// awaitResume waits while somebody wants the stream to rest, then takes up what was
// applied meanwhile.
func (w *work) awaitResume(ctx context.Context, st *plan.Stream, log *slog.Logger) error {
	log.Info("paused", "sync", st.Sync)
	w.monitor.State(st.Sync, stream.StatePaused, "")
	keeper, err := providers.As[providers.StreamKeeper](w.conns[st.Target])
	if err != nil {
		return err
	}
	for looks := 0; ; looks++ {
		select {
		case <-time.After(500 * time.Millisecond):
		case <-ctx.Done():
			return nil
		}
		if looks%20 == 0 {
			if err := w.giveUp(ctx, st); err != nil {
				return err
			}
		}
		store, err := keeper.FindStreams(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && providers.IsRetryable(err):
			continue
		case err != nil:
			return failed("The sync can't go on", err)
		}
		if store == nil {
			return gone(st)
		}
		rec, err := store.Stream(ctx, st.Sync)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && !providers.IsRetryable(err):
			return failed("The sync can't go on", err)
		case err != nil:
			continue
		case rec == nil:
			return gone(st)
		case rec.PauseRequested():
			continue
		}
		fresh, err := w.backend.Read(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return failed("Can't read the state", err)
		}
		if fresh == nil || fresh.Stream(st.Sync) == nil {
			return refused("The sync is gone", "The state has no stream of %s any more.", st.Sync)
		}
		if fresh.Running != "" {
			continue
		}
		w.remember(fresh)
		*st = *fresh.Stream(st.Sync)
		log.Info("resumed", "sync", st.Sync)
		return nil
	}
}

// gone says that a sync which was waited for is not there any more.
func gone(st *plan.Stream) error {
	return refused("The sync is gone", "%s was destroyed, or turned round by \"syncform cutover -reverse\".", st.Sync)
}

// addColumns takes columns that the source has gained into the target and the state.
func (w *work) addColumns(st *plan.Stream) func(context.Context, *plan.Mapping, []row.RelationColumn, stream.FillColumns) (*plan.Mapping, error) {
	return func(ctx context.Context, m *plan.Mapping, added []row.RelationColumn, fill stream.FillColumns) (*plan.Mapping, error) {
		n, err := executor.AddColumns(ctx, w.conns[m.Source], w.conns[m.Target], m, added, w.lockState, fill)
		if err != nil {
			return nil, err
		}
		return n, w.keepMapping(ctx, st, n)
	}
}

// dropColumns takes columns that are gone at the source out of the state.
func (w *work) dropColumns(st *plan.Stream) func(context.Context, *plan.Mapping, []string) (*plan.Mapping, error) {
	return func(ctx context.Context, m *plan.Mapping, gone []string) (*plan.Mapping, error) {
		n, err := executor.DropColumns(ctx, w.conns[m.Target], m, gone)
		if err != nil {
			return nil, err
		}
		return n, w.keepMapping(ctx, st, n)
	}
}

// widenColumns takes columns that have become wider at the source into the target and the state.
func (w *work) widenColumns(st *plan.Stream) func(context.Context, *plan.Mapping, []string) (*plan.Mapping, error) {
	return func(ctx context.Context, m *plan.Mapping, names []string) (*plan.Mapping, error) {
		n, err := executor.WidenColumns(ctx, w.conns[m.Source], w.conns[m.Target], m, names, w.lockState)
		if err != nil {
			return nil, err
		}
		return n, w.keepMapping(ctx, st, n)
	}
}

// ease lets the target take rows that the source takes by now.
func (w *work) ease(st *plan.Stream) func(context.Context, *plan.Mapping) (*plan.Mapping, []string, error) {
	return func(ctx context.Context, m *plan.Mapping) (*plan.Mapping, []string, error) {
		n, done, err := executor.Ease(ctx, w.conns[m.Source], w.conns[m.Target], m, w.lockState)
		if len(done.Words) > 0 {
			err = errors.Join(err, w.keepMapping(ctx, st, n, done.Changes...))
		}
		return n, done.Words, err
	}
}

// keeping is keepMapping for a stream.
func (w *work) keeping(st *plan.Stream) func(context.Context, *plan.Mapping) error {
	return func(ctx context.Context, m *plan.Mapping) error { return w.keepMapping(ctx, st, m) }
}

// stateWait is how long a stream that has come to a change of columns waits for the
// state's lock. One that an apply has keeps it long, and the apply waits for the stream to
// rest, so it is tried again from the checkpoint.
const stateWait = 5 * time.Second

// lockState takes the state's lock for a stream.
func (w *work) lockState(ctx context.Context) (state.Unlock, error) {
	if w.unlock != nil {
		return func(context.Context) error { return nil }, nil
	}
	unlock, err := w.backend.Lock(ctx, state.NewLockInfo(streamLock), stateWait)
	if err != nil {
		return nil, &providers.RetryableError{Err: fmt.Errorf("a source's columns have changed, which is to be noted in the state: %w", err)}
	}
	return unlock, nil
}

// keepMapping writes a mapping that has changed, and what was changed of its target's table,
// into the state, under its lock.
func (w *work) keepMapping(ctx context.Context, st *plan.Stream, m *plan.Mapping, changes ...schema.Change) (err error) {
	unlock, err := w.lockState(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock(context.WithoutCancel(ctx))) }()
	s, err := w.backend.Read(ctx)
	if err != nil {
		return err
	}
	e := s.Mapping(m.Addr)
	if e == nil {
		return fmt.Errorf("the state has no mapping %s any more", m.Addr)
	}
	e.Mapping = *m
	if e.Table != nil {
		for _, c := range changes {
			e.Table.Apply(c)
		}
	}
	if x := s.Stream(st.Sync); x != nil {
		for i := range x.Capture.Tables {
			if c := &x.Capture.Tables[i]; c.Table.Name == m.SourceTable {
				c.Table = m.ReadSource()
			}
		}
	}
	if err := state.Save(ctx, w.backend, s); err != nil {
		return err
	}
	w.remember(s)
	return nil
}

// remember takes over a state that was read or written anew.
func (w *work) remember(s *state.State) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.state = s
}
