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
	add := func(to *[]schema.Name, n schema.Name) {
		if n.Name != "" && !slices.Contains(*to, n) {
			*to = append(*to, n)
		}
	}
	for i := range p.Actions {
		a := &p.Actions[i]
		if a.Held != "" || a.Kind == plan.NoteKind {
			continue
		}
		if a.Backfill == nil {
			if _, drops := a.Change.(schema.DropTable); !drops {
				add(&of(a.Endpoint).Write, a.Table)
			}
			if slices.ContainsFunc(a.Steps, func(s providers.Step) bool { return strings.Contains(s.Text, ledger.RetypePrefix) }) {
				add(&of(a.Endpoint).Retype, a.Table)
			}
			continue
		}
		if m := p.Mapping(a.Backfill.Mapping); m != nil {
			add(&of(m.Source).Read, m.SourceTable)
			add(&of(m.Target).Write, m.TargetTable)
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
