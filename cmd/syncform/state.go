package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/syncform/syncform/cmd/internal/view"
	"github.com/syncform/syncform/planner/state"
)

func (s *session) stateCommand() *cli.Command {
	return &cli.Command{
		Name: "state", Usage: "Advanced state management", Category: "other",
		Description: `
These subcommands look at the state and change it. Databases are not touched: what is removed from the state stays where it is.`,
		Subcommands: []*cli.Command{
			s.stateListCommand(), s.stateShowCommand(), s.stateMvCommand(), s.stateRmCommand(), s.statePullCommand(), s.statePushCommand(),
		},
	}
}

func (s *session) stateListCommand() *cli.Command {
	return &cli.Command{
		Name: "list", Usage: "List mappings in the state", ArgsUsage: "[address...]",
		Description: `
Lists the addresses of the mappings in the state, or of those at or below the given addresses.

Example:

  syncform state list sync.warehouse`,
		Flags: []cli.Flag{jsonFlag("Print the addresses as JSON; docs/json.md describes it.")},
		Action: func(c *cli.Context) error {
			st, err := s.readState(c.Context)
			if err != nil {
				return err
			}
			if st == nil {
				return noState()
			}
			for _, at := range c.Args().Slice() {
				if len(st.List(at)) == 0 {
					return failed("No such mapping", &state.NotFoundError{Addr: at})
				}
			}
			addrs := st.List(c.Args().Slice()...)
			if c.Bool("json") {
				return view.JSON(s.out, view.AddressesDocument{FormatVersion: view.ListFormat, Addresses: append([]string{}, addrs...)})
			}
			for _, addr := range addrs {
				fmt.Fprintln(s.out, view.Safe(addr))
			}
			return nil
		},
	}
}

func noState() error {
	return refused("No state", "Nothing was applied yet, so there is no state.")
}

func (s *session) stateShowCommand() *cli.Command {
	return &cli.Command{
		Name: "show", Usage: "Show a mapping in the state", ArgsUsage: "ADDRESS",
		Description: `
Shows what the state holds of a mapping.

Example:

  syncform state show 'sync.warehouse.mapping["users"]'`,
		Flags: []cli.Flag{jsonFlag("Print it as JSON.")},
		Action: func(c *cli.Context) error {
			args, err := s.positional(c, 1, 1, "ADDRESS")
			if err != nil {
				return err
			}
			st, err := s.readState(c.Context)
			if err != nil {
				return err
			}
			if st == nil {
				return noState()
			}
			m := st.Mapping(args[0])
			switch {
			case m == nil:
				return failed("No such mapping", &state.NotFoundError{Addr: args[0]})
			case c.Bool("json"):
				return view.JSON(s.out, m)
			}
			return view.StateMapping(s.out, s.paint(), m)
		},
	}
}

func (s *session) stateMvCommand() *cli.Command {
	return &cli.Command{
		Name: "mv", Usage: "Move a mapping to another address", ArgsUsage: "SOURCE DESTINATION",
		Description: `
Gives a mapping, or all mappings of a sync, another address in the state, as a "moved" block does. Tables and rows stay where they are.

Example:

  syncform state mv 'sync.a.mapping["users"]' 'sync.b.mapping["users"]'`,
		Flags: flags([]cli.Flag{dryRunFlag(), doneFlag()}, lockFlags()),
		Action: func(c *cli.Context) error {
			args, err := s.positional(c, 2, 2, "SOURCE DESTINATION")
			if err != nil {
				return err
			}
			d := s.collect(c, "state mv")
			return d.end(s.edit(c, "state mv", func(st *state.State) error {
				moved, err := st.Move(args[0], args[1])
				for _, addr := range moved {
					to := args[1] + addr[len(args[0]):]
					d.add(view.Changed{Name: addr, To: to}, view.Safe(addr)+" -> "+view.Safe(to))
				}
				return err
			}))
		},
	}
}

func (s *session) stateRmCommand() *cli.Command {
	return &cli.Command{
		Name: "rm", Usage: "Remove mappings from the state", ArgsUsage: "ADDRESS...",
		Description: `
Takes mappings out of the state, an address of a sync all of its mappings. Tables and their rows stay; syncform no longer knows them as its own.

Example:

  syncform state rm sync.old`,
		Flags: flags([]cli.Flag{dryRunFlag(), doneFlag()}, lockFlags()),
		Action: func(c *cli.Context) error {
			args, err := s.positional(c, 1, 1<<20, "ADDRESS...")
			if err != nil {
				return err
			}
			d := s.collect(c, "state rm")
			return d.end(s.edit(c, "state rm", func(st *state.State) error {
				gone, err := st.Remove(args...)
				for _, addr := range gone {
					d.add(view.Changed{Name: addr}, "Removed "+view.Safe(addr))
				}
				return err
			}))
		},
	}
}

func dryRunFlag() cli.Flag {
	return &cli.BoolFlag{Name: "dry-run", Usage: "Only show what would be changed."}
}

// edit changes the state under its lock.
func (s *session) edit(c *cli.Context, operation string, change func(*state.State) error) (err error) {
	w, err := s.beginState(c.Context, operation, lockOptionsOf(c))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if w.state == nil {
		return noState()
	}
	if w.state.Running != "" && !c.Bool("dry-run") {
		return refused("An apply is not finished", "An apply was begun and not finished; its plan counts on the state as it is. Run \"syncform apply\" first.")
	}
	if err := change(w.state); err != nil {
		return failed("The state was not changed", err)
	}
	if c.Bool("dry-run") {
		return nil
	}
	return failed("Can't write the state", state.Save(c.Context, w.backend, w.state))
}

func (s *session) statePullCommand() *cli.Command {
	return &cli.Command{
		Name: "pull", Usage: "Pull the current state and output to stdout",
		Description: `
Writes the state, as the backend has it, to standard output.

Example:

  syncform state pull > backup.sfstate`,
		Action: func(c *cli.Context) error {
			if _, err := s.positional(c, 0, 0, ""); err != nil {
				return err
			}
			st, err := s.readState(c.Context)
			if err != nil || st == nil {
				return err
			}
			b, err := state.Encode(st)
			if err != nil {
				return failed("Can't write the state", err)
			}
			_, err = s.out.Write(b)
			return err
		},
	}
}

func (s *session) statePushCommand() *cli.Command {
	return &cli.Command{
		Name: "push", Usage: "Replace the stored state by a local file", ArgsUsage: "PATH",
		Description: `
Replaces the state that the backend has by that of a file, or of standard input where PATH is "-". A state of another lineage, or an older one, is refused unless -force is given.

Example:

  syncform state push backup.sfstate`,
		Flags: flags([]cli.Flag{&cli.BoolFlag{Name: "force", Usage: "Write the state even if lineages don't match or the stored one is newer."}, doneFlag()}, lockFlags()),
		Action: func(c *cli.Context) error {
			args, err := s.positional(c, 1, 1, "PATH")
			if err != nil {
				return err
			}
			d := s.collect(c, "state push")
			d.add(view.Changed{Name: args[0]}, "")
			return d.end(s.push(c.Context, args[0], lockOptionsOf(c), c.Bool("force")))
		},
	}
}

func (s *session) push(ctx context.Context, path string, l lockOptions, force bool) (err error) {
	var b []byte
	if path == "-" {
		b, err = io.ReadAll(s.in)
	} else {
		b, err = os.ReadFile(path)
	}
	if err != nil {
		return failed("Can't read the state", err)
	}
	st, err := state.Decode(b)
	if err != nil {
		return failed("Can't read the state of "+path, err)
	}
	cfg, diags := s.read(configOptions{}, true)
	if diags.HasErrors() {
		return &diagnosed{diags, filesOf(cfg)}
	}
	w, err := s.locked(ctx, cfg, "state push", l) // what is stored may be what can't be read
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	return failed("The state was not replaced", state.Push(ctx, w.backend, st, force))
}
