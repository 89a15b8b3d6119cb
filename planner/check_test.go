package planner

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

func (e *bench) check(p *plan.Plan) error {
	return Check(context.Background(), p, Input{Config: e.cfg, State: e.state, Conns: map[string]providers.Conn{e.addrs[0]: e.source, e.addrs[1]: e.target}})
}

// saved makes a plan as it comes back from its file.
func (e *bench) saved() *plan.Plan {
	e.t.Helper()
	p, diags := e.plan(Options{})
	if diags.HasErrors() {
		e.t.Fatal(diags)
	}
	b, err := plan.Encode(p)
	if err != nil {
		e.t.Fatal(err)
	}
	if p, err = plan.Decode(b); err != nil {
		e.t.Fatal(err)
	}
	return p
}

// TestCheck moves one thing after the plan was made: it is named, and how it moved.
func TestCheck(t *testing.T) {
	text := schema.Type{Kind: schema.Text, Native: "text", System: schema.PostgreSQL}
	edit := func(db *schema.Database, change func(*schema.Table)) {
		t := &db.Tables[0]
		t.Columns = slices.Clone(t.Columns)
		t.Indexes = slices.Clone(t.Indexes)
		change(t)
	}
	for name, c := range map[string]struct {
		move func(*bench)
		want string // "" : the plan holds
	}{
		"nothing":   {func(*bench) {}, ""},
		"estimates": {func(e *bench) { edit(e.source.db, func(t *schema.Table) { t.Rows, t.Bytes = 7, 9 }) }, ""},
		"type":      {func(e *bench) { edit(e.source.db, func(t *schema.Table) { t.Columns[1].Type = text }) }, `table public.t0000 of source.postgresql.a: column "c0": bigint -> text`},
		"nullable":  {func(e *bench) { edit(e.source.db, func(t *schema.Table) { t.Columns[1].Nullable = false }) }, `column "c0": nullable -> not null`},
		"default":   {func(e *bench) { edit(e.source.db, func(t *schema.Table) { t.Columns[1].Default = nil }) }, `column "c0": default '1' -> none`},
		"column added": {func(e *bench) {
			edit(e.source.db, func(t *schema.Table) { t.Columns = append(t.Columns, schema.Column{Name: "new", Type: text}) })
		}, `column "new": added (text)`},
		"column dropped": {func(e *bench) { edit(e.source.db, func(t *schema.Table) { t.Columns = t.Columns[:14] }) }, `column "c13": dropped`},
		"index dropped":  {func(e *bench) { edit(e.source.db, func(t *schema.Table) { t.Indexes = nil }) }, `index "t0000_c0": dropped`},
		"index changed":  {func(e *bench) { edit(e.source.db, func(t *schema.Table) { t.Indexes[0].Unique = true }) }, `index "t0000_c0": changed`},
		"key dropped":    {func(e *bench) { edit(e.source.db, func(t *schema.Table) { t.PrimaryKey = nil }) }, "primary key: dropped"},
		"comment":        {func(e *bench) { edit(e.source.db, func(t *schema.Table) { t.Comment = "x" }) }, "its comment changed"},
		"column order": {func(e *bench) {
			edit(e.source.db, func(t *schema.Table) { t.Columns[1], t.Columns[2] = t.Columns[2], t.Columns[1] })
		}, "the order of its columns changed"},
		"table dropped":  {func(e *bench) { e.source.db.Tables = e.source.db.Tables[1:] }, "table public.t0000 of source.postgresql.a: it was dropped, or renamed"},
		"target appears": {func(e *bench) { e.target.db.Tables = e.source.db.Tables[:1] }, "table public.t0000 of target.postgresql.b: it is there now"},
		"table nobody mapped": {func(e *bench) {
			e.target.db.Tables = []schema.Table{{Name: schema.Name{Schema: "public", Name: "x"}}}
		}, ""},
		"other database": {func(e *bench) { e.target.db.Identity = "c" }, "target.postgresql.b: it leads to another database"},
		"configuration": {func(e *bench) {
			cfg := *e.cfg
			cfg.Hash = "other"
			e.cfg = &cfg
		}, "the configuration: its values have changed"},
		"state made": {func(e *bench) { e.state = &state.State{Lineage: "l", Serial: 3} }, "the state: there was none, and now there is one of serial 3"},
	} {
		t.Run(name, func(t *testing.T) {
			e := newPair(t, database(schema.PostgreSQL, 2, none))
			p := e.saved()
			c.move(e)
			err := e.check(p)
			if c.want == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			var stale *StaleError
			if !errors.As(err, &stale) || len(stale.Moved) != 1 || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v; want one thing moved: %s", err, c.want)
			}
		})
	}
}

func TestCheckState(t *testing.T) {
	e := newPair(t, database(schema.PostgreSQL, 2, none))
	e.state = state.New("test")
	e.state.Serial = 4
	p := e.saved()
	if err := e.check(p); err != nil {
		t.Fatal(err)
	}
	e.state.Serial = 5
	if err := e.check(p); err == nil || !strings.Contains(err.Error(), "serial is 5, not 4") {
		t.Errorf("the serial: %v", err)
	}
	lineage := e.state.Lineage
	e.state.Lineage, e.state.Serial = "other", 4
	if err := e.check(p); err == nil || !strings.Contains(err.Error(), "another lineage") {
		t.Errorf("the lineage: %v", err)
	}
	e.state.Lineage = lineage
	state := e.state
	e.state = nil
	if err := e.check(p); err == nil || !strings.Contains(err.Error(), "it is gone") {
		t.Errorf("no state: %v", err)
	}
	e.state = state

	// The plan's own apply is cut short in the middle: it may go on, whatever its steps
	// have made; once it is done, it may not.
	e.state.Begin(p)
	e.state.Serial += 3
	e.target.db.Tables = append(e.target.db.Tables, e.source.db.Tables[0])
	if err := e.check(p); err != nil {
		t.Errorf("a plan that was cut short: %v", err)
	}
	other := e.saved()
	if err := e.check(other); err != nil {
		t.Errorf("another plan in between: %v", err)
	}
	e.target.db.Identity = "c"
	if err := e.check(p); err == nil || !strings.Contains(err.Error(), "another database") {
		t.Errorf("going on in another database: %v", err)
	}
	e.state.Finish(p, "ann@host", time.Date(2026, 11, 2, 3, 4, 5, 0, time.UTC))
	var applied *AppliedError
	if err := e.check(p); !errors.As(err, &applied) || !strings.Contains(err.Error(), "2026-11-02T03:04:05Z by ann@host") {
		t.Errorf("a second time: %v", err)
	}
}

func TestCheckSecondPlanAfterFirst(t *testing.T) {
	e := newPair(t, database(schema.PostgreSQL, 2, none))
	first, second := e.saved(), e.saved()
	e.apply(first)
	var stale *StaleError
	if err := e.check(second); !errors.As(err, &stale) {
		t.Errorf("a plan that another overtook: %v", err)
	}
}
