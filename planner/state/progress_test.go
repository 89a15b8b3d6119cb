package state

import (
	"testing"
	"time"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers/schema"
)

const addr = `sync.s.mapping["t"]`

func loadPlan(id, generation string, into schema.Name, made bool) *plan.Plan {
	p := &plan.Plan{ID: id, Mappings: []plan.Mapping{{Addr: addr, TargetTable: schema.Name{Name: "t"}, Mode: "full"}}}
	if made {
		p.Actions = append(p.Actions, plan.Action{Addr: addr, Change: schema.AddTable{To: schema.Table{Name: schema.Name{Name: "t"}}}})
	}
	if generation != "" {
		p.Actions = append(p.Actions, plan.Action{Addr: addr, Kind: plan.Backfill, Backfill: &plan.BackfillSpec{Mapping: addr, Generation: generation, Into: into}})
	}
	return p
}

// TestProgress follows one mapping through a first load that is cut short, another
// that replaces it, and a reload beside the table.
func TestProgress(t *testing.T) {
	table, aside := schema.Name{Name: "t"}, schema.Name{Name: "_sync_load_1"}
	s := New("1")
	expect := func(step string, status Status, generation string, into schema.Name, created bool) {
		t.Helper()
		m := s.Mapping(addr)
		if m == nil || m.Status != status || m.Generation != generation || m.Into != into || m.Created != created {
			t.Fatalf("%s: %+v", step, m)
		}
	}
	first := loadPlan("p1", "g1", table, true)
	s.Begin(first)
	expect("begun", Creating, "g1", table, true)
	s.LoadBegun(addr)
	expect("load begun", Loading, "g1", table, true)
	s.Begin(first)
	expect("the same plan again", Loading, "g1", table, true)
	s.Begin(loadPlan("p2", "g1", table, false))
	expect("a plan that goes on", Loading, "g1", table, true)
	s.Begin(loadPlan("p3", "g2", table, false))
	expect("a plan that begins anew", Emptying, "g2", table, true)
	s.Begin(loadPlan("p4", "g3", table, false))
	expect("and once more", Emptying, "g3", table, true)
	s.LoadBegun(addr)
	s.LoadDone(addr, 5, time.Now())
	expect("loaded", Loaded, "g3", schema.Name{}, true)
	s.Finish(loadPlan("p4", "g3", table, false), "ann", time.Now())
	if s.Running != "" || s.WasApplied("p4") == nil || s.WasApplied("p1") != nil {
		t.Fatalf("finished: %+v", s)
	}

	s.Begin(loadPlan("p5", "g4", aside, false))
	expect("a reload beside", Loading, "g4", aside, true)
	s.Begin(loadPlan("p6", "g5", schema.Name{Name: "_sync_load_2"}, false))
	if m := s.Mapping(addr); len(m.Asides) != 2 {
		t.Fatalf("both tables beside must be known: %+v", m)
	}
	s.LoadDone(addr, 6, time.Now())
	s.Finish(loadPlan("p6", "g5", aside, false), "ann", time.Now())
	expect("reloaded", Loaded, "g5", schema.Name{}, true)
	if m := s.Mapping(addr); len(m.Asides) != 0 {
		t.Fatalf("no table beside is left: %+v", m)
	}

	gone := &plan.Plan{ID: "p7", Forget: []string{addr}}
	s.Begin(gone)
	expect("before the end", Loaded, "g5", schema.Name{}, true)
	s.Finish(gone, "ann", time.Now())
	if len(s.Mappings) != 0 {
		t.Fatalf("forgotten: %+v", s.Mappings)
	}
}

func TestBeginOtherTarget(t *testing.T) {
	s := New("1")
	s.Begin(loadPlan("p1", "g1", schema.Name{Name: "t"}, true))
	s.LoadDone(addr, 5, time.Now())
	p := loadPlan("p2", "g2", schema.Name{Name: "u"}, false)
	p.Mappings[0].TargetTable.Name = "u"
	s.Begin(p)
	if m := s.Mapping(addr); m.Status != Creating || m.Created || m.Rows != 0 {
		t.Errorf("a table that was found: %+v", m)
	}
}

func TestBeginMoves(t *testing.T) {
	s := New("1")
	s.Begin(loadPlan("p1", "g1", schema.Name{Name: "t"}, true))
	s.LoadDone(addr, 5, time.Now())
	const to = `sync.s.mapping["public.t"]`
	p := &plan.Plan{ID: "p2", Moved: []plan.Moved{{From: addr, To: to}}, Mappings: []plan.Mapping{{Addr: to, TargetTable: schema.Name{Name: "t"}}}}
	s.Begin(p)
	if m := s.Mapping(to); m == nil || m.Status != Loaded || m.Rows != 5 || len(s.Mappings) != 1 {
		t.Errorf("moved: %+v", s.Mappings)
	}
}
