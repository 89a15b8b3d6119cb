package executor_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/syncform/syncform/executor"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/schema"
)

// pairs are the systems that the tests of this package copy between.
var pairs = [][2]string{{"sqlite", "sqlite"}, {"postgres", "postgres"}, {"postgres", "mariadb"}, {"mysql", "postgres"}}

// eachPair runs a test for all pairs, with a shop of some rows at the source.
func eachPair(t *testing.T, rows int, test func(t *testing.T, source, target string)) {
	for _, p := range pairs {
		t.Run(p[0]+"-"+p[1], func(t *testing.T) {
			source := systems[p[0]].fresh(t)
			providertest.Exec(t, source, shop(p[0], rows)...)
			test(t, source, systems[p[1]].fresh(t))
		})
	}
}

// applied runs a plan to its end, with the state kept in a file of dir.
func apply(t testing.TB, ctx context.Context, p *plan.Plan, conns map[string]providers.Conn, dir string, change func(*executor.Env)) (executor.Result, error) {
	t.Helper()
	backend := state.NewLocal(filepath.Join(dir, "syncform.sfstate"))
	s, err := backend.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s != nil && s.Running != "" { // as the command does: a server goes on with a step whose client was killed
		for _, c := range conns {
			if settler, err := providers.As[providers.Settler](c); err == nil {
				if err := settler.Settle(ctx); err != nil {
					return executor.Result{}, err
				}
			}
		}
	}
	env := executor.Env{Conns: conns, Backend: backend, State: s, By: "tester@test"}
	if change != nil {
		change(&env)
	}
	return executor.Apply(ctx, p, env)
}

func readState(t testing.TB, dir string) *state.State {
	t.Helper()
	s, err := state.NewLocal(filepath.Join(dir, "syncform.sfstate")).Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestApplyCopiesEveryTable(t *testing.T) {
	eachPair(t, 3000, func(t *testing.T, source, target string) {
		for _, mode := range []string{"full", "snapshot"} {
			t.Run(mode, func(t *testing.T) {
				if mode == "snapshot" {
					target = systems["sqlite"].fresh(t)
				}
				conns, dir, w := openBoth(t, source, target), t.TempDir(), newWatcher()
				p := makePlan(t, "p1", conns, want{mode: mode, tables: shopNames(), batch: 500, parallel: 3, retries: 1})
				p.Outputs = map[string]any{"o": "x"}
				r, err := apply(t, t.Context(), p, conns, dir, func(e *executor.Env) { e.Observer = w })
				if err != nil {
					t.Fatal(err)
				}
				sameRows(t, source, target, shopTables)
				if r.Loaded != 4 || r.Rows != 15000 || r.Created < 4 {
					t.Errorf("result %+v", r)
				}
				for name, rows := range map[string]int64{"orders": 3000, "codes": 3000, "parts": 3000, "log": 6000} {
					if l := w.last[name]; l.Rows != rows || !l.Done || l.ChunksDone != l.Chunks || l.Bytes == 0 || l.Resumed != 0 {
						t.Errorf("last progress of %s: %+v", name, l)
					}
				}
				s := readState(t, dir)
				if s.Running != "" || s.WasApplied("p1") == nil || s.Outputs["o"].Value != "x" || len(s.Mappings) != 4 {
					t.Errorf("state %+v", s)
				}
				for _, m := range s.Mappings {
					if m.Status != state.Loaded || !m.Created || m.Rows != w.last[m.TargetTable.Name].Rows || m.LoadedAt.IsZero() {
						t.Errorf("mapping %+v", m)
					}
				}
				for id, err := range w.failed {
					if err != nil {
						t.Errorf("action %s: %v", id, err)
					}
				}
			})
		}
	})
}

func TestHeldActionsAreLeft(t *testing.T) {
	source, target := providertest.SQLite(t), providertest.SQLite(t)
	providertest.Exec(t, source, shop("sqlite", 10)...)
	conns, w := openBoth(t, source, target), newWatcher()
	p := makePlan(t, "p1", conns, want{tables: shopNames(), batch: 500, held: "codes"})
	if _, err := apply(t, t.Context(), p, conns, t.TempDir(), func(e *executor.Env) { e.Observer = w }); err != nil {
		t.Fatal(err)
	}
	if n := providertest.Query(t, target, "SELECT count(*) FROM sqlite_master WHERE name = 'codes'"); n[0][0] != "0" {
		t.Error("a held table was made")
	}
	sameRows(t, source, target, map[string]string{"orders": "id, note, qty"})
}

func TestAPlanWithoutActionsWritesNothingTwice(t *testing.T) {
	source, target := providertest.SQLite(t), providertest.SQLite(t)
	providertest.Exec(t, source, shop("sqlite", 10)...)
	conns, dir := openBoth(t, source, target), t.TempDir()
	if _, err := apply(t, t.Context(), makePlan(t, "p1", conns, want{tables: []string{"orders"}, batch: 500}), conns, dir, nil); err != nil {
		t.Fatal(err)
	}
	serial := readState(t, dir).Serial
	empty := &plan.Plan{ID: "p2"}
	if _, err := apply(t, t.Context(), empty, conns, dir, nil); err != nil {
		t.Fatal(err)
	}
	if got := readState(t, dir).Serial; got != serial {
		t.Errorf("an empty plan moved the state from serial %d to %d", serial, got)
	}
	empty.Outputs = map[string]any{"o": "x"}
	if _, err := apply(t, t.Context(), empty, conns, dir, nil); err != nil {
		t.Fatal(err)
	}
	if got := readState(t, dir); got.Outputs["o"].Value != "x" {
		t.Errorf("a new output is not in the state: %+v", got)
	}
}

func TestPlansThatWouldLoseRowsAreRefused(t *testing.T) {
	source, target := providertest.SQLite(t), providertest.SQLite(t)
	providertest.Exec(t, source, shop("sqlite", 10)...)
	conns := openBoth(t, source, target)
	for name, change := range map[string]func(*plan.Plan){
		"a load that goes on in a new table": func(p *plan.Plan) { p.Actions[1].Backfill.Resumed = true },
		"a load without a generation":        func(p *plan.Plan) { p.Actions[1].Backfill.Generation = "" },
		"a load of no mapping":               func(p *plan.Plan) { p.Mappings = nil },
		"no ID":                              func(p *plan.Plan) { p.ID = "" },
		"an endpoint that is not open":       func(p *plan.Plan) { p.Actions[0].Endpoint = "target.x.other" },
	} {
		t.Run(name, func(t *testing.T) {
			p := makePlan(t, "p1", conns, want{tables: []string{"orders"}, batch: 500})
			change(p)
			dir := t.TempDir()
			if _, err := apply(t, t.Context(), p, conns, dir, nil); err == nil || !strings.Contains(err.Error(), "bug in syncform") {
				t.Errorf("error %v", err)
			}
			if readState(t, dir) != nil {
				t.Error("a state was written")
			}
		})
	}
}

func TestErrorsOfSeveralTablesAreAllTold(t *testing.T) {
	source, target := providertest.SQLite(t), providertest.SQLite(t)
	providertest.Exec(t, source, shop("sqlite", 10)...)
	conns, dir := openBoth(t, source, target), t.TempDir()
	p := makePlan(t, "p1", conns, want{tables: []string{"orders", "codes"}, batch: 500})
	p.Actions[0].Steps[0].Text = "CREATE TABLE orders (this is no SQL"
	_, err := apply(t, t.Context(), p, conns, dir, nil)
	if err == nil || !strings.Contains(err.Error(), `sync.test.mapping["orders"]: step 1 of`) {
		t.Fatal(err)
	}
	s := readState(t, dir)
	if s.Running != "p1" || s.Mapping(`sync.test.mapping["orders"]`).Status != state.Creating {
		t.Errorf("state %+v", s)
	}
}

func TestABadRowStopsWithItsKey(t *testing.T) {
	source, target := providertest.SQLite(t), providertest.SQLite(t)
	providertest.Exec(t, source, shop("sqlite", 1000)...)
	providertest.Exec(t, source, "UPDATE orders SET qty = 'many' WHERE id = 700")
	conns, dir := openBoth(t, source, target), t.TempDir()
	p := makePlan(t, "p1", conns, want{tables: []string{"orders"}, batch: 100, parallel: 1})
	_, err := apply(t, t.Context(), p, conns, dir, nil)
	var bad *providers.BadRowError
	if !errors.As(err, &bad) || bad.Column != "qty" || !strings.Contains(bad.Key, "700") {
		t.Fatalf("error %v", err)
	}
	if strings.Contains(err.Error(), "many") {
		t.Errorf("the error shows the value: %v", err)
	}
	n := providertest.Query(t, target, "SELECT count(*) FROM orders")[0][0]
	if n == "0" || n == "1000" {
		t.Errorf("%s rows at the target", n)
	}
	providertest.Exec(t, source, "UPDATE orders SET qty = 1 WHERE id = 700")
	w := newWatcher()
	if _, err := apply(t, t.Context(), p, conns, dir, func(e *executor.Env) { e.Observer = w }); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(w.last["orders"].Resumed); got != n {
		t.Errorf("the second apply found %s rows, the first had written %s", got, n)
	}
	sameRows(t, source, target, map[string]string{"orders": "id, note, qty"})
}

func TestALedgerThatTheStateDoesNotKnowIsNotTrusted(t *testing.T) {
	source, target := providertest.SQLite(t), providertest.SQLite(t)
	providertest.Exec(t, source, shop("sqlite", 1000)...)
	conns := openBoth(t, source, target)
	p := makePlan(t, "p1", conns, want{tables: []string{"orders"}, batch: 100})
	if _, err := apply(t, t.Context(), p, conns, t.TempDir(), nil); err != nil {
		t.Fatal(err)
	}
	p.ID = "p2"
	p.Actions[0].Held = "it is there"
	if _, err := apply(t, t.Context(), p, conns, t.TempDir(), nil); err == nil || !strings.Contains(err.Error(), "_sync_chunk") {
		t.Fatal(err)
	}
}

func TestRowsLoadedAsideTakeTheTablesPlace(t *testing.T) {
	for _, sys := range []string{"sqlite", "postgres", "mariadb"} {
		t.Run(sys, func(t *testing.T) {
			source, target := systems[sys].fresh(t), systems[sys].fresh(t)
			providertest.Exec(t, source, shop(sys, 1000)...)
			conns, dir := openBoth(t, source, target), t.TempDir()
			if _, err := apply(t, t.Context(), makePlan(t, "p1", conns, want{tables: []string{"orders"}, batch: 100}), conns, dir, nil); err != nil {
				t.Fatal(err)
			}
			providertest.Exec(t, source, "DELETE FROM orders WHERE id <= 100", "UPDATE orders SET qty = 8 WHERE id > 900")
			p := reload(t, "p2", conns, "orders")
			if _, err := apply(t, t.Context(), p, conns, dir, nil); err != nil {
				t.Fatal(err)
			}
			sameRows(t, source, target, map[string]string{"orders": "id, note, qty"})
			m := readState(t, dir).Mapping(p.Mappings[0].Addr)
			again := readState(t, dir)
			again.Running, again.Applied = "p2", nil
			if m.Status != state.Loaded || m.Rows != 900 || m.Into != (schema.Name{}) || len(m.Asides) != 0 || !m.Created {
				t.Errorf("state %+v", m)
			}
			// As if it had been killed before the state was written.
			if _, err := executor.Apply(t.Context(), p, executor.Env{Conns: conns, Backend: state.NewLocal(filepath.Join(t.TempDir(), "s")), State: forgotten(again)}); err != nil {
				t.Fatal(err)
			}
			sameRows(t, source, target, map[string]string{"orders": "id, note, qty"})
		})
	}
}

// forgotten is a state that a backend without one takes.
func forgotten(s *state.State) *state.State {
	s.Serial = 0
	return s
}

// reload plans a new load of a table that is there, beside it.
func reload(t testing.TB, id string, conns map[string]providers.Conn, table string) *plan.Plan {
	t.Helper()
	p := makePlan(t, id, conns, want{tables: []string{table}, batch: 100, bare: true})
	to, err := conns[targetAddr].Inspect(t.Context(), providers.InspectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	planner := capability[providers.StepPlanner](t, conns[targetAddr])
	m := p.Mappings[0]
	live := to.Table(m.TargetTable)
	aside := schema.Name{Schema: m.TargetTable.Schema, Name: "_sync_load_test"}
	var columns []string
	for _, c := range m.Columns {
		columns = append(columns, c.Target)
	}
	db := to.Working()
	changes := []schema.Change{schema.AddAside{Live: *live, Aside: aside}, nil, schema.ReplaceRows{Live: *live, Aside: aside, Columns: columns, Key: m.TargetKey}}
	for i, c := range changes {
		a := plan.Action{ID: fmt.Sprintf("a%d", i), Kind: plan.Create, Addr: m.Addr, Endpoint: targetAddr, Table: m.TargetTable, Change: c}
		if i > 0 {
			a.DependsOn = []string{fmt.Sprintf("a%d", i-1)}
		}
		if c == nil {
			a.Kind, a.Backfill = plan.Backfill, &plan.BackfillSpec{Mapping: m.Addr, Generation: id, Into: aside, Rows: -1, Bytes: -1}
		} else {
			if a.Steps, err = planner.PlanSteps(db, c); err != nil {
				t.Fatal(err)
			}
			db.Apply(c)
		}
		p.Actions = append(p.Actions, a)
	}
	return p
}
