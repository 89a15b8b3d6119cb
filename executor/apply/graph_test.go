package apply_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/syncform/syncform/executor/apply"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers/schema"
)

func name(s string) schema.Name { return schema.Name{Name: s} }

func step(id, table string, deps ...string) plan.Action {
	return plan.Action{ID: id, Kind: plan.Create, Endpoint: "target", Table: name(table), Change: schema.AddTable{To: schema.Table{Name: name(table)}}, DependsOn: deps}
}

func load(id, table, group string, deps ...string) plan.Action {
	return plan.Action{ID: id, Kind: plan.Backfill, Endpoint: "target", Table: name(table), DependsOn: deps,
		Backfill: &plan.BackfillSpec{Into: name(table), Snapshot: group}}
}

// trace runs a graph and returns the actions in the order of their ends, each preceded
// by what had begun.
func trace(t *testing.T, p *plan.Plan, parallel int, fail string) (order []string, all bool, failed []error) {
	t.Helper()
	g, err := apply.NewGraph(p)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var mu sync.Mutex
	running := 0
	failed, all = g.Run(ctx, parallel, func(a *plan.Action) error {
		mu.Lock()
		defer mu.Unlock()
		order = append(order, a.ID)
		if a.Backfill == nil {
			running++
			if running > parallel {
				t.Errorf("%d actions run at a time", running)
			}
			running--
		}
		if a.ID == fail {
			stop()
			return errors.New("failed")
		}
		return nil
	})
	return order, all, failed
}

func TestActionsWaitForWhatTheyDependOn(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		p := &plan.Plan{}
		for i := range 30 {
			a := step(string(rune('A'+i)), string(rune('a'+r.IntN(5))))
			for range r.IntN(3) {
				if i > 0 {
					a.DependsOn = append(a.DependsOn, string(rune('A'+r.IntN(i))))
				}
			}
			if r.IntN(4) == 0 {
				a = load(a.ID, a.Table.Name, []string{"", "g", "h"}[r.IntN(3)], a.DependsOn...)
			}
			p.Actions = append(p.Actions, a)
		}
		order, all, failed := trace(t, p, 1+r.IntN(4), "")
		if !all || len(failed) > 0 || len(order) != len(p.Actions) {
			t.Fatalf("%d of %d actions ran, failed %v", len(order), len(p.Actions), failed)
		}
		at := map[string]int{}
		for i, id := range order {
			at[id] = i
		}
		last := map[schema.Name]string{}
		for _, a := range p.Actions {
			for _, d := range append(slices.Clone(a.DependsOn), last[a.Table]) {
				if d != "" && at[d] > at[a.ID] {
					t.Fatalf("%s ran before %s: %v", a.ID, d, order)
				}
			}
			last[a.Table] = a.ID
		}
	}
}

func TestASnapshotGroupBeginsTogether(t *testing.T) {
	p := &plan.Plan{Actions: []plan.Action{
		step("A", "a"), load("B", "a", "g", "A"), step("C", "b"), load("D", "b", "g", "C"),
		load("E", "c", "g", "B"), // waits for a load of its own group
		step("F", "d", "B"), load("G", "d", "g", "F"),
	}}
	order, all, _ := trace(t, p, 1, "")
	if !all {
		t.Fatal("not all ran", order)
	}
	if b, c := slices.Index(order, "B"), slices.Index(order, "C"); b < c {
		t.Fatalf("a load began before its group's tables were there: %v", order)
	}
}

func TestForeignKeysTouchBothTables(t *testing.T) {
	fk := step("C", "b")
	fk.Change = schema.AddForeignKey{In: name("b"), Key: schema.ForeignKey{RefTable: name("a")}}
	p := &plan.Plan{Actions: []plan.Action{step("A", "a"), step("B", "b"), fk, step("D", "a")}}
	order, _, _ := trace(t, p, 4, "")
	if slices.Index(order, "C") < slices.Index(order, "A") || slices.Index(order, "D") < slices.Index(order, "C") {
		t.Fatal(order)
	}
}

func TestAFailureKeepsOthersFromBeginning(t *testing.T) {
	p := &plan.Plan{Actions: []plan.Action{step("A", "a"), step("B", "a"), step("C", "b"), step("D", "c")}}
	order, all, failed := trace(t, p, 1, "A")
	if all || len(failed) != 1 || !slices.Equal(order, []string{"A"}) {
		t.Fatal(order, all, failed)
	}
}

func TestHeldActionsAndNotesDoNotRun(t *testing.T) {
	held := step("B", "b")
	held.Held = "review"
	p := &plan.Plan{Actions: []plan.Action{step("A", "a"), held, {ID: "N", Kind: plan.NoteKind}, step("C", "c", "B", "N")}}
	order, all, _ := trace(t, p, 4, "")
	if slices.Sort(order); !all || !slices.Equal(order, []string{"A", "C"}) {
		t.Fatal(order, all)
	}
}

func TestAnOrderThatCanNotBeIsRefused(t *testing.T) {
	for _, p := range []*plan.Plan{
		{Actions: []plan.Action{step("A", "a", "B"), step("B", "b")}},
		{Actions: []plan.Action{step("A", "a"), step("A", "b")}},
		{Actions: []plan.Action{step("A", "a", "X")}},
	} {
		if _, err := apply.NewGraph(p); err == nil || !strings.Contains(err.Error(), "bug in syncform") {
			t.Errorf("error %v", err)
		}
	}
}
