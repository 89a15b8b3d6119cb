package apply_test

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/syncform/syncform/executor/apply"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
)

func TestChangesMadeTogetherAreWrittenTogether(t *testing.T) {
	backend := state.NewLocal(filepath.Join(t.TempDir(), "s.sfstate"))
	r := apply.NewRecord(backend, nil, "1.0")
	p := &plan.Plan{ID: "p"}
	const n = 300
	for i := range n {
		p.Mappings = append(p.Mappings, plan.Mapping{Addr: string(rune(0x1000 + i))})
	}
	if err := r.Now(t.Context(), func(s *state.State) { s.Begin(p) }); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			addr := p.Mappings[i].Addr
			if err := r.Now(t.Context(), func(s *state.State) { s.LoadBegun(addr) }); err != nil {
				t.Error(err)
			}
			s, err := backend.Read(t.Context())
			if err != nil {
				t.Error(err)
			} else if s.Mapping(addr).Status != state.Loading {
				t.Errorf("mapping %d was not written", i)
			}
		})
	}
	wg.Wait()
	s, err := backend.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s.Serial > n {
		t.Errorf("%d changes took %d writes", n, s.Serial-1)
	}
}

func TestWhatIsPutOffIsFlushed(t *testing.T) {
	backend := state.NewLocal(filepath.Join(t.TempDir(), "s.sfstate"))
	r := apply.NewRecord(backend, nil, "1.0")
	if err := r.Now(t.Context(), func(s *state.State) { s.Running = "p" }); err != nil {
		t.Fatal(err)
	}
	if err := r.Soon(t.Context(), func(s *state.State) { s.Running = "q" }); err != nil {
		t.Fatal(err)
	}
	if s, err := backend.Read(t.Context()); err != nil || s.Running != "p" {
		t.Fatalf("%v %v", s, err)
	}
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s, err := backend.Read(t.Context()); err != nil || s.Running != "q" || s.Serial != 2 {
		t.Fatalf("%v %v", s, err)
	}
}

func TestAStateThatMovedStopsTheRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.sfstate")
	backend := state.NewLocal(path)
	r := apply.NewRecord(backend, nil, "1.0")
	if err := r.Now(t.Context(), func(*state.State) {}); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := r.Now(t.Context(), func(*state.State) {}); !errors.Is(err, state.ErrMoved) {
			t.Fatal(err)
		}
	}
}
