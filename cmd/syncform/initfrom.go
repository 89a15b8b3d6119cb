package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/syncform/syncform/cmd/internal/scaffold"
	"github.com/syncform/syncform/cmd/internal/view"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// written is the file that init -from writes.
const written = "main.sf.hcl"

// initFrom writes a configuration for a live database's tables.
func (s *session) initFrom(ctx context.Context, from, to string, d *done) error {
	if empty, err := emptyFolder(); err != nil {
		return failed("Can't read the directory", err)
	} else if !empty {
		return refused("Configuration files are there already", "init -from writes a configuration, and this directory has one. Run it in an empty directory, or take the files away.")
	}
	s.secrets.AddConnection(from)
	s.secrets.AddConnection(to)
	source, err := scaffold.Parse(from)
	if err != nil {
		return failed("Unsuitable -from", err)
	}
	target := source
	if to != "" {
		if target, err = scaffold.Parse(to); err != nil {
			return failed("Unsuitable -to", err)
		}
	}
	db, err := s.inspect(ctx, source)
	if err != nil {
		return failed("Can't read "+source.String(), err)
	}
	if len(db.Tables) == 0 {
		return refused("No tables", "%s has no tables that a configuration could be written for.", source)
	}
	r := scaffold.Write(db, source, target, os.Environ())
	f, err := os.OpenFile(written, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return failed("Can't write the configuration", err)
	}
	_, err = f.Write(r.HCL)
	if err := errors.Join(err, f.Close()); err != nil {
		return failed("Can't write the configuration", err)
	}
	d.add(view.Changed{Name: written}, "")
	d.tell("Wrote %s: %s of %s.\n\n", written, view.Plural(int64(r.Tables), "table"), view.Safe(source.String()))
	for _, name := range slices.Sorted(maps.Keys(r.Variables)) {
		if s.getenv(name) == "" {
			d.tell("It reads a connection from the environment, so that no password stands in it.\nBefore the next command, set %s to the URL of\n%s.\n\n", name, view.Safe(r.Variables[name].String()))
		}
	}
	return nil
}

func (s *session) inspect(ctx context.Context, l scaffold.Location) (_ *schema.Database, err error) {
	p := s.providers[l.Provider]
	if p == nil {
		return nil, fmt.Errorf("this version of syncform has no provider %q", l.Provider)
	}
	dir, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	conn, err := p.Open(ctx, l.Config("source."+l.Provider, dir))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	return conn.Inspect(ctx, providers.InspectOptions{NoEstimates: true})
}
