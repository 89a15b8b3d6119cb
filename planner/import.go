package planner

import (
	"context"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// Import gives what the state is to hold of the mapping at addr, whose target table is
// there already with rows that the caller vouches for: they are taken as loaded, and
// later plans change the table in place. It reads the live databases and changes
// nothing. What differs between the table and the configuration is told as warnings.
func Import(ctx context.Context, in Input, addr string) (*state.Mapping, hcl.Diagnostics) {
	in.Targets, in.Replace, in.Destroy, in.RefreshOnly = []string{addr}, nil, false, false
	b := newBuilder(in)
	b.takeState()
	if b.known(); b.diags.HasErrors() {
		return nil, b.diags
	}
	var diags hcl.Diagnostics
	b.endpoints, diags = refresh(ctx, in.Conns, in.Config, b.addresses(), providers.InspectOptions{})
	if b.diags = append(b.diags, diags...); b.diags.HasErrors() {
		return nil, b.diags
	}
	b.desire(selected(in.Config, in.Targets))
	if !b.diags.HasErrors() {
		b.narrow()
	}
	if !b.diags.HasErrors() {
		b.compare(ctx)
	}
	if b.diags.HasErrors() {
		return nil, b.diags
	}
	for _, w := range b.wants {
		if w.addr == addr {
			return b.imported(w), b.diags
		}
	}
	b.errorf("No such mapping", "The configuration has no mapping %s: an address such as sync.warehouse.mapping[\"users\"] is needed, of a source table that is there.", addr)
	return nil, b.diags
}

// imported is the state's view of a want that is taken over with its rows.
func (b *builder) imported(w *want) *state.Mapping {
	switch {
	case b.state != nil && b.state.Mapping(w.addr) != nil:
		b.errorAt(w.cfg.DeclRange, "In the state already", "%s is in the state already; \"syncform state rm\" takes it out.", w.addr)
		return nil
	case w.live == nil:
		b.errorAt(w.cfg.DeclRange, "No table to import", "%s: there is no table %s at %s. \"syncform apply\" makes and fills it.", w.addr, w.name, w.target.addr)
		return nil
	}
	m := w.planMapping()
	for _, c := range m.Columns {
		if findColumn(w.target.db.System, w.live, c.Target) == nil {
			b.errorAt(w.cfg.DeclRange, "Table lacks a column", "%s: table %s at %s has no column %q, so its rows can't have come from this mapping. Add the column by hand, leave it out of the mapping, or let \"syncform apply -replace='%s'\" load the table.", w.addr, w.name, w.target.addr, c.Target, w.addr)
			return nil
		}
	}
	if n := len(w.work.diffs); n > 0 {
		b.diags = append(b.diags, &hcl.Diagnostic{Severity: hcl.DiagWarning, Summary: "Table differs from the configuration", Subject: w.cfg.DeclRange.Ptr(),
			Detail: "The next plan has changes for table " + w.name.String() + " of " + w.target.addr + "; look at it before you apply it."})
	}
	seen := *w.live
	seen.Rows, seen.Bytes = -1, -1
	return &state.Mapping{Table: &seen, Mapping: m, Status: state.Loaded, Generation: b.newID(), Into: schema.Name{}, Rows: max(w.live.Rows, 0), LoadedAt: time.Now().UTC().Truncate(time.Second)}
}
