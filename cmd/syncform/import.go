package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/syncform/syncform/cmd/internal/view"
	"github.com/syncform/syncform/planner"
	"github.com/syncform/syncform/planner/state"
)

func (s *session) importCommand() *cli.Command {
	return &cli.Command{
		Name: "import", Usage: "Take over a table that is there already", ArgsUsage: "ADDRESS", Category: "other",
		Description: `
Writes into the state that the target table of a mapping is there, with the source's rows in it, as another tool or an earlier replication left them. No row is copied, and no database is changed: later plans change the table in place.

That the rows are the source's is what you say by it; "syncform verify" compares them.

Example:

  syncform import 'sync.warehouse.mapping["users"]'
  syncform verify -target 'sync.warehouse.mapping["users"]'`,
		Flags: flags([]cli.Flag{dryRunFlag(), doneFlag()}, varFlags(), lockFlags()),
		Action: func(c *cli.Context) error {
			args, err := s.positional(c, 1, 1, "ADDRESS")
			if err != nil {
				return err
			}
			d := s.collect(c, "import")
			return d.end(s.importTable(c.Context, args[0], configOptionsOf(c), lockOptionsOf(c), c.Bool("dry-run"), d))
		},
	}
}

func (s *session) importTable(ctx context.Context, addr string, o configOptions, l lockOptions, dry bool, d *done) (err error) {
	w, err := s.begin(ctx, "import", o, l)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if w.state != nil && w.state.Running != "" {
		return refused("An apply is not finished", "An apply was begun and not finished; its plan counts on the state as it is. Run \"syncform apply\" first.")
	}
	if err := w.open(ctx, w.endpointsOf(customOptions{targets: []string{addr}})); err != nil {
		return err
	}
	m, diags := planner.Import(ctx, w.input(customOptions{}), addr)
	if diags.HasErrors() {
		return &diagnosed{diags, w.cfg.Files}
	}
	s.showDiagnostics(diags, w.cfg.Files)
	verb := "Imported"
	if dry {
		verb = "Would import"
	} else {
		if w.state == nil {
			w.state = state.New(version)
		}
		w.state.Mappings = append(w.state.Mappings, *m)
		if err := state.Save(ctx, w.backend, w.state); err != nil {
			return failed("Can't write the state", err)
		}
	}
	text := fmt.Sprintf("table %s at %s", view.Safe(m.TargetTable.String()), view.Safe(m.Target))
	d.add(view.Changed{Name: addr, Text: text}, fmt.Sprintf("%s %s: %s.", verb, view.Safe(addr), text))
	return nil
}
