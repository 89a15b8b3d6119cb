package main

import (
	"context"
	"errors"

	"github.com/urfave/cli/v2"

	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/planner/state"
)

func (s *session) initCommand() *cli.Command {
	return &cli.Command{
		Name: "init", Usage: "Prepare your working directory for other commands",
		Description: `
Checks the configuration of this directory and prepares the backend that keeps its state. It is safe to run it several times.

With -from it first writes a configuration for the tables of a live database. The target is the database of -to, or else the source itself, so that the first plan says that there is nothing to do.

Examples:

  syncform init
  syncform init -from sqlite:app.db -to copy.db
  syncform init -from "$DATABASE_URL"`,
		Flags: flags([]cli.Flag{
			&cli.StringFlag{Name: "from", Usage: "Write a configuration for the tables of the database at `URL`: postgres://, mysql:// or sqlite:PATH. Refused where the directory has one."},
			&cli.StringFlag{Name: "to", Usage: "With -from: the target, as a `URL` or the path of an SQLite file."},
			doneFlag(),
		}, varFlags()),
		Action: func(c *cli.Context) error {
			if _, err := s.positional(c, 0, 0, ""); err != nil {
				return err
			}
			d := s.collect(c, "init")
			if !c.IsSet("from") {
				if c.IsSet("to") {
					return refused("Incompatible command line options", "-to goes with -from.")
				}
				return d.end(s.init(c.Context, configOptionsOf(c), d))
			}
			if err := s.initFrom(c.Context, c.String("from"), c.String("to"), d); err != nil {
				return d.end(err)
			}
			return d.end(s.init(c.Context, configOptionsOf(c), d))
		},
	}
}

// init checks the configuration, as far as that can be done without values, and that
// the backend works.
func (s *session) init(ctx context.Context, o configOptions, d *done) error {
	p := s.paint()
	if empty, err := emptyFolder(); err == nil && empty {
		d.tell("%s\n\nThe directory has no syncform configuration files (*.sf.hcl). You may begin\nworking with syncform by writing some, or with \"syncform init -from URL\".\n", p.Bold("syncform initialized in an empty directory!"))
		return nil
	}
	cfg, diags := s.read(o, true)
	if diags.HasErrors() {
		return &diagnosed{diags, filesOf(cfg)}
	}
	s.showDiagnostics(diags, filesOf(cfg))
	if err := s.prepareBackend(ctx, cfg); err != nil {
		return err
	}
	d.tell("%s\n", p.Green(p.Bold("syncform has been successfully initialized!")))
	if !s.automation {
		d.tell("\nYou may now begin working with syncform. Try running \"syncform plan\" to see\nwhat would be done.\n")
	}
	return nil
}

// prepareBackend takes and gives back the lock, which makes what the backend needs,
// and reads the state.
func (s *session) prepareBackend(ctx context.Context, cfg *lang.Config) error {
	w, err := s.withState(ctx, cfg, "init", lockOptions{lock: true})
	if errors.As(err, new(*state.LockedError)) {
		return nil // another is at work, so the backend does
	}
	if err != nil {
		return err
	}
	return w.close()
}
