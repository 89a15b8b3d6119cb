// Package planner turns a configuration, what is there and what was applied into a
// plan: refresh (its only I/O) → desire → diff → policy → order.
package planner

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// Input is all that a plan is made from.
type Input struct {
	Config *lang.Config
	State  *state.State              // nil: nothing was applied yet
	Conns  map[string]providers.Conn // by endpoint address; only those that a sync in question uses
	Options
}

// Options are what the command line adds.
type Options struct {
	Targets []string // -target: addresses of syncs or mappings; empty: all
	Replace []string // -replace: mappings (or whole syncs) whose rows are loaded anew
	Approve []string // -approve: addresses at or below which what is held is released
	Destroy bool     // plan to take down what syncform made
	// DropTables, with Destroy, drops the tables that syncform made too; those that it
	// found and took over stay.
	DropTables bool
	// RefreshOnly plans nothing: it notes where the targets are no longer what the state
	// says was applied.
	RefreshOnly bool
	// Sample shows what expressions make of so many rows of each table (plan.Samples).
	Sample  int
	Version string // of this binary
}

// Make reads the live databases and builds the plan. On errors the plan is nil.
func Make(ctx context.Context, in Input) (*plan.Plan, hcl.Diagnostics) {
	b := newBuilder(in)
	b.make(ctx)
	return b.finish()
}

func newBuilder(in Input) *builder {
	return &builder{
		in: in, newID: newID, names: map[*lang.Mapping]mentioned{}, vanishing: map[place]fate{},
		plan: &plan.Plan{
			FormatVersion: plan.FormatVersion, Version: in.Version, ID: newID(), CreatedAt: time.Now().UTC().Truncate(time.Second),
			Destroy: in.Destroy,
		},
	}
}

// newID gives a name that no other plan or load has.
func newID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

func (b *builder) make(ctx context.Context) {
	b.takeState()
	b.known()
	if b.diags.HasErrors() {
		return
	}
	var diags hcl.Diagnostics
	b.endpoints, diags = refresh(ctx, b.in.Conns, b.in.Config, b.addresses(), providers.InspectOptions{})
	if b.diags = append(b.diags, diags...); b.diags.HasErrors() {
		return
	}
	for _, addr := range b.addresses() {
		b.endpoints[addr].askUsers(ctx)
		if err := b.endpoints[addr].findAsides(ctx, b.state); err != nil {
			b.diags = append(b.diags, unreadable(b.in.Config, addr, err))
			return
		}
	}
	switch {
	case b.in.Destroy:
		b.destroy(ctx) // what syncform made of the source's rows needs no copy
	case b.in.RefreshOnly:
		b.drift()
	default:
		b.build(ctx)
	}
	if !b.diags.HasErrors() {
		b.unapproved()
		b.waitForMigrations()
		b.backUp(ctx)
	}
}

// build makes the plan's actions, each step only where those before it had no error,
// so that one mistake is not told twice.
func (b *builder) build(ctx context.Context) {
	syncs := b.standing(selected(b.in.Config, b.in.Targets))
	for _, step := range []func(){
		func() { b.desire(syncs) },
		b.noteTraits,
		func() { b.narrow() },
		func() { b.compare(ctx) },
		func() { b.previous(syncs) },
		b.relax,
		b.policies,
		b.noteDrift,
		func() { b.decide(ctx) },
		func() { b.fillAdded(ctx) },
		func() { b.tryExpressions(ctx) },
		func() { b.migrations(ctx, "before") },
		b.order,
		func() { b.dropRemoved(ctx) },
		func() { b.stopStreams(ctx) },
		func() { b.migrations(ctx, "after") },
	} {
		if step(); b.diags.HasErrors() {
			return
		}
	}
	for _, w := range b.wants {
		w.work.mapping.Traits = w.settled()
		b.plan.Mappings = append(b.plan.Mappings, w.work.mapping)
		b.read(w.source, w.from.Name, w.from)
		b.read(w.target, w.name, w.live)
	}
}

// read notes a table that the plan rests on; nil where there is none.
func (b *builder) read(e *endpoint, n schema.Name, t *schema.Table) {
	b.plan.Read = append(b.plan.Read, plan.ReadObject{Endpoint: e.addr, Name: n, Table: t})
}

// finish adds what every plan has.
func (b *builder) finish() (*plan.Plan, hcl.Diagnostics) {
	if b.diags.HasErrors() {
		return nil, b.diags
	}
	p := b.plan
	p.ConfigHash = b.in.Config.Hash
	if b.in.State != nil {
		p.StateSerial, p.StateLineage = b.in.State.Serial, b.in.State.Lineage
	}
	for _, addr := range b.addresses() {
		if e := b.endpoints[addr]; e != nil {
			p.Endpoints = append(p.Endpoints, plan.Endpoint{Addr: addr, System: e.db.System, Version: e.db.Version, Identity: e.db.Identity})
		}
	}
	for _, a := range p.Actions {
		if a.Held != "" {
			p.Held++
		}
	}
	b.outputs()
	if err := p.Validate(); err != nil {
		b.errorf("Bug in syncform", "The plan is not sound: %s. This is a bug in syncform.", err)
		return nil, b.diags
	}
	return p, b.diags
}
