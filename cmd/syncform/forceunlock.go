package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/syncform/syncform/cmd/internal/view"
	"github.com/syncform/syncform/planner/state"
)

func (s *session) forceUnlockCommand() *cli.Command {
	return &cli.Command{
		Name: "force-unlock", Usage: "Release a stuck lock on the state", ArgsUsage: "LOCK_ID", Category: "other",
		Description: `
Removes the lock on the state, whoever holds it. No database is changed. The error of a command that could not get the lock says its ID.

Example:

  syncform force-unlock -force 0f3c5a…`,
		Flags: []cli.Flag{&cli.BoolFlag{Name: "force", Usage: "Don't ask for input for unlock confirmation."}, doneFlag()},
		Action: func(c *cli.Context) error {
			args, err := s.positional(c, 1, 1, "LOCK_ID")
			if err != nil {
				return err
			}
			d := s.collect(c, "force-unlock")
			return d.end(s.forceUnlock(c.Context, args[0], c.Bool("force"), d))
		},
	}
}

func (s *session) forceUnlock(ctx context.Context, id string, force bool, d *done) error {
	cfg, diags := s.read(configOptions{}, true)
	if diags.HasErrors() {
		return &diagnosed{diags, filesOf(cfg)}
	}
	backend, err := s.backend(cfg)
	if err != nil {
		return err
	}
	if !force {
		if !s.inTerminal {
			return refused("Approval is missing", "There is no terminal to ask at: add -force to remove the lock %s.", id)
		}
		p := s.paintErr()
		fmt.Fprintf(s.err, "%s\n  syncform will remove the lock on the state. This will allow other commands to\n  change it while its holder may still be at work.\n  Only 'yes' will be accepted to confirm.\n\n  %s ", p.Bold("Do you really want to force-unlock?"), p.Bold("Enter a value:"))
		answer, err := s.readLine(ctx)
		if err != nil {
			return err
		}
		if answer != "yes" {
			return refused("force-unlock cancelled", "The lock is still held.")
		}
	}
	err = backend.ForceUnlock(ctx, id)
	if errors.Is(err, state.ErrNoLock) {
		return refused("Failed to unlock state", "The state is not locked by a lock of ID %q.", id)
	}
	if err != nil {
		return failed("Failed to unlock state", err)
	}
	p := s.paint()
	d.add(view.Changed{Name: id}, "")
	d.tell("%s\n\nThe state has been unlocked, and syncform commands should now be able to\nobtain a new lock on it.\n", p.Green(p.Bold("syncform state has been successfully unlocked!")))
	return nil
}
