package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/syncform/syncform/cmd/internal/view"
	"github.com/syncform/syncform/planner"
	"github.com/syncform/syncform/providers"
)

func (s *session) restoreCommand() *cli.Command {
	return &cli.Command{
		Name: "restore", Usage: "Bring back what an apply took away", ArgsUsage: "[NAME]",
		Description: `
Brings back a table or a column from the backup that an apply took before it destroyed it. The plan shows the backup's name; -list shows all of them with size and age.

Where the place is free, the table comes back with its keys, indexes and foreign keys, and the column with its default and the keys and indexes that went with it. Where it is taken in the same shape, only what is missing is written: rows whose key is not there, values where there is NULL. Where it is taken in another shape, nothing is done; -as restores it under another name. The backup stays.

What would be done is shown first, and asked for as "syncform apply" does.

Examples:

  syncform restore -list
  syncform restore _sync_backup_orders_legacy_note_3f2a9c0b1d
  syncform restore -as orders_before _sync_backup_orders_91c04d5e77`,
		Flags: flags([]cli.Flag{
			&cli.BoolFlag{Name: "list", Usage: "List the backups, the newest first, and restore nothing."},
			&cli.StringFlag{Name: "as", Usage: "Restore under this `name`: of a table, or of a column of the same table."},
			&cli.BoolFlag{Name: "auto-approve", Usage: "Skip interactive approval before restoring."},
			&cli.BoolFlag{Name: "verbose", Usage: "Show each step, word for word."},
			jsonFlag("Print the list, or what happens, as JSON; docs/json.md describes them."),
		}, varFlags(), lockFlags()),
		Action: func(c *cli.Context) error {
			args, err := s.positional(c, 0, 1, "[NAME]")
			if err != nil {
				return err
			}
			o := applyOptionsOf(c)
			o.parallelism = 1
			switch {
			case len(args) == 0 && !c.Bool("list"):
				return refused("Which backup?", "Give the name of a backup; \"syncform restore -list\" shows them.")
			case len(args) == 1 && c.Bool("list"):
				return refused("Incompatible command line options", "-list shows all backups; leave it out to restore one.")
			case len(args) == 0:
				return s.backups(c.Context, o.config, o.json)
			}
			return s.applyFailure(o, s.restore(c.Context, args[0], c.String("as"), o))
		},
	}
}

// backups lists what can be restored.
func (s *session) backups(ctx context.Context, o configOptions, asJSON bool) (err error) {
	w, err := s.begin(ctx, "restore", o, lockOptions{}) // it only reads
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	all, err := w.backups(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		return view.BackupsJSON(s.out, all)
	}
	return view.Backups(s.out, s.paint(), all, time.Now())
}

// backups reads the lists of all targets, the newest first.
func (w *work) backups(ctx context.Context) ([]providers.BackupEntry, error) {
	addrs := w.targets()
	if err := w.open(ctx, addrs); err != nil {
		return nil, err
	}
	var all []providers.BackupEntry
	for _, addr := range addrs {
		keeper, err := providers.As[providers.Backuper](w.conns[addr])
		if errors.Is(err, errors.ErrUnsupported) {
			continue
		}
		entries, err := keeper.Backups(ctx)
		if err != nil {
			return nil, failed("Can't read the backups of "+addr, err)
		}
		for _, e := range entries {
			e.Endpoint = addr
			all = append(all, e)
		}
	}
	slices.SortStableFunc(all, func(a, b providers.BackupEntry) int { return b.Taken.Compare(a.Taken) })
	return all, nil
}

func (s *session) restore(ctx context.Context, name, as string, o applyOptions) (err error) {
	if err := o.check(); err != nil {
		return err
	}
	w, err := s.begin(ctx, "restore", o.config, o.lock)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if w.state != nil && w.state.Running != "" && !strings.HasPrefix(w.state.Running, planner.RestorePrefix) {
		return refused("An apply is not finished", "An apply was begun and not finished. Run \"syncform apply\" first, which goes on with it.")
	}
	all, err := w.backups(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(e providers.BackupEntry) bool { return e.Name == name })
	if i < 0 {
		names := make([]string, len(all))
		for i, e := range all {
			names[i] = e.Name
		}
		return refused("No such backup", "There is no backup %s.%s \"syncform restore -list\" shows them.", name, planner.DidYouMean(name, names))
	}
	p, err := planner.Restore(ctx, w.input(customOptions{}), &all[i], as)
	if err != nil {
		return failed("Can't restore "+name, err)
	}
	if !o.json {
		if err := view.Plan(s.out, s.paint(), p, view.PlanOptions{Verbose: o.verbose}); err != nil {
			return failed("Can't write the plan", err)
		}
	}
	if !o.autoApprove {
		if err := s.approve(ctx, o, p); err != nil {
			return err
		}
	}
	return w.run(ctx, p, o)
}
