package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/syncform/syncform/cmd/internal/view"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/ledger"
	"github.com/syncform/syncform/providers/schema"
)

// preflight asks each endpoint for what an apply of the plan would lack.
func (w *work) preflight(ctx context.Context, p *plan.Plan) ([]view.Finding, error) {
	use := map[string]*providers.Preflight{}
	of := func(addr string) *providers.Preflight {
		if use[addr] == nil {
			use[addr] = &providers.Preflight{}
		}
		return use[addr]
	}
	for i := range p.Actions {
		a := &p.Actions[i]
		if a.Held != "" || a.Kind == plan.NoteKind {
			continue
		}
		if a.Backfill == nil {
			needed(of(a.Endpoint), a)
			if slices.ContainsFunc(a.Steps, func(s providers.Step) bool { return strings.Contains(s.Text, ledger.RetypePrefix) }) {
				once(&of(a.Endpoint).Retype, a.Table)
			}
			continue
		}
		if m := p.Mapping(a.Backfill.Mapping); m != nil {
			once(&of(m.Source).Read, m.SourceTable)
			once(&of(m.Target).Write, m.TargetTable)
		}
	}
	var out []view.Finding
	for _, e := range p.Endpoints {
		conn := w.conns[e.Addr]
		if use[e.Addr] == nil || conn == nil {
			continue
		}
		pre, err := providers.As[providers.Preflighter](conn)
		if errors.Is(err, errors.ErrUnsupported) {
			continue
		}
		found, err := pre.Preflight(ctx, *use[e.Addr])
		if err != nil {
			return nil, failed("Can't look for what is missing", fmt.Errorf("%s: %w", e.Addr, err))
		}
		for _, f := range found {
			out = append(out, view.Finding{Endpoint: e.Addr, Finding: f})
		}
	}
	return out, nil
}

func once[T comparable](to *[]T, what T) {
	var zero T
	if what != zero && !slices.Contains(*to, what) {
		*to = append(*to, what)
	}
}

// needed notes what the change of an action needs.
func needed(use *providers.Preflight, a *plan.Action) {
	makes := func(n schema.Name) {
		if !slices.Contains(use.Make, n.Schema) {
			use.Make = append(use.Make, n.Schema)
		}
	}
	if a.Backup != nil {
		once(&use.Backup, a.Table)
		makes(a.Table)
	}
	switch c := a.Change.(type) {
	case nil:
	case schema.AddTable:
		once(&use.Write, a.Table)
		for _, k := range c.To.ForeignKeys {
			once(&use.Refer, k.RefTable)
		}
	case schema.AddAside, schema.ReplaceRows, schema.RestoreRows, schema.EmptyTable, schema.AdvanceSequences:
		once(&use.Write, a.Table)
	case schema.AddForeignKey:
		once(&use.Change, a.Table)
		once(&use.Refer, c.Key.RefTable)
	case schema.AddIndex, schema.AddUnique, schema.AddPrimaryKey, schema.AddExclusion:
		once(&use.Change, a.Table)
		makes(a.Table)
	case schema.AddSchema:
		once(&use.Make, c.Schema)
	case schema.DropSchema:
		use.Change = append(use.Change, schema.Name{Schema: c.Schema})
	case schema.AddEnum:
		makes(c.Enum.Name)
	case schema.AddDomain:
		makes(c.Domain.Name)
	case schema.AddSequence:
		makes(c.Sequence.Name)
	case schema.AddComposed:
		makes(c.Type.Name)
	case schema.AddExtension:
		once(&use.Extensions, c.Name)
		makes(schema.Name{Schema: c.Schema})
	case schema.ModifyEnum:
		once(&use.Change, c.To.Name)
	case schema.ModifyDomain:
		once(&use.Change, c.To.Name)
	case schema.ModifySequence:
		once(&use.Change, c.To.Name)
	case schema.OwnSequence:
		once(&use.Change, c.Sequence.Name)
		once(&use.Change, a.Table)
	case schema.DropEnum:
		once(&use.Change, c.Enum.Name)
	case schema.DropDomain:
		once(&use.Change, c.Domain.Name)
	case schema.DropSequence:
		once(&use.Change, c.Sequence.Name)
	default:
		once(&use.Change, a.Table)
	}
}

// lacking is an error that says what an apply would lack; nil where that is nothing.
func lacking(findings []view.Finding) error {
	var b strings.Builder
	for _, f := range findings {
		if f.Fatal {
			fmt.Fprintf(&b, "%s: %s.\n", f.Endpoint, strings.TrimSuffix(f.Text, "."))
			if f.Fix != "" {
				fmt.Fprintf(&b, "\n    %s\n\n", f.Fix)
			}
		}
	}
	if b.Len() == 0 {
		return nil
	}
	return refused("Something is missing for this plan", "%s\n\nNothing was changed.", strings.TrimRight(b.String(), "\n"))
}
