package executor_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/syncform/syncform/executor"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers/providertest"
)

// TestCtrlCOnceFinishesTheChunks: what was begun is written and marked, and the next
// apply goes on behind it.
func TestCtrlCOnceFinishesTheChunks(t *testing.T) {
	eachPair(t, 20_000, func(t *testing.T, source, target string) {
		conns, dir, w := openBoth(t, source, target), t.TempDir(), newWatcher()
		p := makePlan(t, "p1", conns, want{tables: shopNames(), batch: 500, parallel: 2})
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		w.atLoad(3, stop)
		if _, err := apply(t, ctx, p, conns, dir, func(e *executor.Env) { e.Observer = w }); !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v", err)
		}
		s := readState(t, dir)
		if s.Running != "p1" {
			t.Errorf("state %+v", s)
		}
		before := map[string]string{}
		for _, a := range p.Actions {
			if a.Backfill == nil || w.started[a.ID] == 0 {
				continue
			}
			name := a.Table.Name
			marked := providertest.Query(t, target, fmt.Sprintf("SELECT coalesce(sum(rows_written), 0) FROM _sync_chunk WHERE mapping = '%s'", a.Backfill.Mapping))[0][0]
			got := providertest.Query(t, target, "SELECT count(*) FROM "+name)[0][0]
			if marked != got {
				t.Errorf("%s: %s rows are marked as written, %s are there", name, marked, got)
			}
			before[name] = got
		}
		w = newWatcher()
		if _, err := apply(t, t.Context(), p, conns, dir, func(e *executor.Env) { e.Observer = w }); err != nil {
			t.Fatal(err)
		}
		sameRows(t, source, target, shopTables)
		for name, rows := range before {
			if got := strconv.FormatInt(w.last[name].Resumed, 10); got != rows {
				t.Errorf("%s: the second apply took over %s rows of %s", name, got, rows)
			}
		}
	})
}

// TestCtrlCTwiceBreaksOff: chunks are rolled back, and the next apply writes them again.
func TestCtrlCTwiceBreaksOff(t *testing.T) {
	for _, pair := range pairs {
		t.Run(pair[0]+"-"+pair[1], func(t *testing.T) {
			source := systems[pair[0]].fresh(t)
			providertest.Exec(t, source, shop(pair[0], 20_000)...)
			// The sooner it is stopped, the surer it is stopped before its end.
			for after := 32 * time.Millisecond; ; after /= 2 {
				if brokenOff(t, source, systems[pair[1]].fresh(t), after) {
					return
				}
				if after == 0 {
					t.Fatal("it ran to its end although it was stopped at once")
				}
			}
		})
	}
}

// brokenOff stops an apply hard, so long after its first load has begun; false where it
// was over by then.
func brokenOff(t *testing.T, source, target string, after time.Duration) bool {
	t.Helper()
	conns, dir, w := openBoth(t, source, target), t.TempDir(), newWatcher()
	// One chunk per table: only breaking off ends it early.
	p := makePlan(t, "p1", conns, want{tables: shopNames(), batch: 1_000_000, parallel: 1, retries: 3})
	soft, once := context.WithCancel(t.Context())
	hard, twice := context.WithCancel(t.Context())
	defer once()
	defer twice()
	stop := func() {
		once()
		twice()
	}
	w.begun = func(a *plan.Action) {
		if a.Backfill != nil && after > 0 {
			time.AfterFunc(after, stop)
		} else if a.Backfill != nil {
			stop()
		}
	}
	_, err := apply(t, soft, p, conns, dir, func(e *executor.Env) { e.Observer, e.Hard = w, hard })
	if err == nil {
		return false
	}
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
	if w.retries > 0 {
		t.Error("what was broken off was tried again")
	}
	if _, err := apply(t, t.Context(), p, conns, dir, nil); err != nil {
		t.Fatal(err)
	}
	sameRows(t, source, target, shopTables)
	return true
}

func TestAStopBeforeTheFirstActionLeavesAStateToGoOnFrom(t *testing.T) {
	source, target := providertest.SQLite(t), providertest.SQLite(t)
	providertest.Exec(t, source, shop("sqlite", 10)...)
	conns, dir := openBoth(t, source, target), t.TempDir()
	p := makePlan(t, "p1", conns, want{tables: shopNames(), batch: 500})
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := apply(t, ctx, p, conns, dir, nil); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
	for _, m := range readState(t, dir).Mappings {
		if m.Status != state.Creating {
			t.Errorf("mapping %+v", m)
		}
	}
	if _, err := apply(t, t.Context(), p, conns, dir, nil); err != nil {
		t.Fatal(err)
	}
	sameRows(t, source, target, shopTables)
}
