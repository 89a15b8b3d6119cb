package main

import (
	"context"
	"errors"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/syncform/syncform/cmd/internal/view"
	"github.com/syncform/syncform/providers"
)

func (s *session) historyCommand() *cli.Command {
	return &cli.Command{
		Name: "history", Usage: "Show who applied what, and when",
		Description: `
Shows the audit trail that every apply leaves in the targets that it changes: who, when, which plan, each change with how long it took, and how it ended. One that is still running, or was killed, is shown as running.

Examples:

  syncform history
  syncform history -limit 3 -verbose
  syncform history -json`,
		Flags: flags([]cli.Flag{
			&cli.IntFlag{Name: "limit", Value: 20, Usage: "Show the newest `n` of each target; 0 is all. Default 20."},
			&cli.BoolFlag{Name: "verbose", Usage: "Show each change below its apply."},
			jsonFlag("Print the entries as JSON; docs/json.md describes them."),
		}, varFlags()),
		Action: func(c *cli.Context) error {
			if _, err := s.positional(c, 0, 0, ""); err != nil {
				return err
			}
			if c.Int("limit") < 0 {
				return refused("Unsuitable option", "-limit takes a number from 0 on.")
			}
			f, err := formatOf(c)
			if err != nil {
				return err
			}
			return s.history(c.Context, configOptionsOf(c), c.Int("limit"), c.Bool("verbose"), f)
		},
	}
}

func (s *session) history(ctx context.Context, o configOptions, limit int, verbose bool, f format) (err error) {
	w, err := s.begin(ctx, "history", o, lockOptions{}) // it only reads, and an apply may be running
	if err != nil {
		return s.failure(f, false, err)
	}
	defer func() { err = errors.Join(err, w.close()) }()
	addrs := w.targets()
	if err := w.open(ctx, addrs); err != nil {
		return s.failure(f, false, err)
	}
	var all []providers.ApplyEntry
	for _, addr := range addrs {
		keeper, err := providers.As[providers.Historian](w.conns[addr])
		if errors.Is(err, errors.ErrUnsupported) {
			continue
		}
		entries, err := keeper.History(ctx, limit)
		if err != nil {
			return s.failure(f, false, failed("Can't read the history of "+addr, err))
		}
		all = append(all, entries...)
	}
	slices.SortStableFunc(all, func(a, b providers.ApplyEntry) int { return b.Began.Compare(a.Began) })
	if f == asJSON {
		return view.HistoryJSON(s.out, all)
	}
	return view.History(s.out, s.paint(), all, verbose)
}

// targets gives the endpoints that applies of this configuration change, in order.
func (w *work) targets() []string {
	var out []string
	for _, sync := range w.cfg.Syncs {
		if sync.Target != "" {
			out = append(out, sync.Target)
		}
	}
	for _, m := range w.cfg.Migrations {
		out = append(out, m.Target)
	}
	if w.state != nil {
		for _, m := range w.state.Mappings {
			if w.cfg.Endpoint(m.Target) != nil {
				out = append(out, m.Target)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
