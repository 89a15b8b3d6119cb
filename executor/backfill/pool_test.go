package backfill_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/syncform/syncform/executor/backfill"
	"github.com/syncform/syncform/providers"
)

// jobs are copies of n tables.
func jobs(n int, generation string, attempts int) []*backfill.Job {
	all := make([]*backfill.Job, n)
	for i := range all {
		table := fmt.Sprintf("t%d", i)
		all[i] = &backfill.Job{
			Read:     providers.ReadTable{Name: name(table), Columns: make([]providers.ReadColumn, 1)},
			Load:     providers.Load{Mapping: "m." + table, Generation: generation, Table: name(table), Live: name(table)},
			Bytes:    int64(i),
			Attempts: attempts,
		}
	}
	return all
}

// run runs all jobs at once and returns their errors.
func run(o backfill.Options, list []*backfill.Job) []error {
	p := backfill.New(o, list)
	defer p.Close()
	errs := make([]error, len(list))
	var wg sync.WaitGroup
	for i, j := range list {
		wg.Go(func() { _, errs[i] = p.Run(j) })
	}
	wg.Wait()
	return errs
}

// check compares a table with what the source has, and returns the moments it was read at.
func check(t *testing.T, d *database, i int) map[string]bool {
	t.Helper()
	table := fmt.Sprintf("t%d", i)
	want := (1 + i%7) * 100
	got := slices.Clone(d.tables[table])
	moments := map[string]bool{}
	seen := map[string]bool{}
	for _, r := range got {
		f := strings.Fields(r)
		if f[0] != table || seen[f[1]] {
			t.Fatalf("table %s: row %q is there twice, or not of this table", table, r)
		}
		seen[f[1]] = true
		moments[f[2]] = true
	}
	if len(got) != want {
		t.Fatalf("table %s: %d rows, not %d", table, len(got), want)
	}
	if d.closed["m."+table] != int64(want) {
		t.Fatalf("table %s was closed with %d rows, not %d", table, d.closed["m."+table], want)
	}
	return moments
}

// TestFaultsLoseNothing: whatever fails, and however often the run is stopped, the
// tables hold every row once in the end.
func TestFaultsLoseNothing(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		n, workers := 1+r.IntN(12), 1+r.IntN(5)
		source, target := newDatabase(rand.New(rand.NewPCG(seed, 2))), newDatabase(rand.New(rand.NewPCG(seed, 3)))
		for turn := 0; ; turn++ {
			if turn > 500 {
				t.Fatalf("seed %d: no end", seed)
			}
			source.faults, target.faults = 0.05, 0.05
			if turn > 20 {
				source.faults, target.faults = 0, 0
			}
			soft, stop := context.WithCancel(t.Context())
			reads, stopAt := 0, r.IntN(200)
			source.rowsRead = func() {
				if reads++; reads == stopAt {
					stop()
				}
			}
			errs := run(backfill.Options{Source: source, Target: target, Workers: workers, Soft: soft, Hard: t.Context()}, jobs(n, "g", 0))
			stop()
			if source.open != 0 || source.readers != 0 {
				t.Fatalf("seed %d: %d snapshots and %d readers are left open", seed, source.open, source.readers)
			}
			if source.most > workers {
				t.Fatalf("seed %d: %d readers at a time, for %d workers", seed, source.most, workers)
			}
			left := 0
			for _, err := range errs {
				if err != nil {
					left++
				}
				if err != nil && !errors.Is(err, errFault) && !errors.Is(err, backfill.ErrStopped) {
					t.Fatalf("seed %d: %v", seed, err)
				}
			}
			if left == 0 {
				break
			}
		}
		for i := range n {
			check(t, target, i)
		}
	}
}

// TestRetriesGoOnByThemselves: with tries to spare one run is enough.
func TestRetriesGoOnByThemselves(t *testing.T) {
	source, target := newDatabase(rand.New(rand.NewPCG(1, 2))), newDatabase(rand.New(rand.NewPCG(3, 4)))
	source.faults, target.faults = 0.01, 0.01
	list := jobs(8, "g", 5)
	for i, err := range run(backfill.Options{Source: source, Target: target, Workers: 3, Soft: t.Context(), Hard: t.Context()}, list) {
		if err != nil {
			t.Fatal(err)
		}
		check(t, target, i)
	}
	if source.moment < 2 {
		t.Error("no snapshot was lost: the test shows nothing")
	}
}

// TestOneMomentIsKept: all rows of all tables are of the same moment, or the run says
// that it can't go on, and a new generation begins.
func TestOneMomentIsKept(t *testing.T) {
	again, whole := 0, 0
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		n, workers := 2+r.IntN(8), 1+r.IntN(4)
		source, target := newDatabase(rand.New(rand.NewPCG(seed, 2))), newDatabase(rand.New(rand.NewPCG(seed, 3)))
		for turn := 0; ; turn++ {
			source.faults, target.faults = 0.01, 0.01
			if turn > 20 {
				source.faults, target.faults = 0, 0
			}
			soft, stop := context.WithCancel(t.Context())
			reads, stopAt := 0, r.IntN(150)
			source.rowsRead = func() {
				if reads++; reads == stopAt && turn < 20 {
					stop()
				}
			}
			generation := fmt.Sprintf("g%d", again)
			errs := run(backfill.Options{Source: source, Target: target, Workers: workers, OneMoment: true, Name: "sync.s", Soft: soft, Hard: t.Context()}, jobs(n, generation, 0))
			stop()
			err := errors.Join(errs...)
			if err == nil {
				break
			}
			if strings.Contains(err.Error(), "plan and apply again") {
				again++
				clear(target.tables)
			} else if !errors.Is(err, errFault) && !errors.Is(err, backfill.ErrStopped) {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
		moments := map[string]bool{}
		for i := range n {
			for m := range check(t, target, i) {
				moments[m] = true
			}
		}
		if len(moments) != 1 {
			t.Fatalf("seed %d: the rows are of %d moments", seed, len(moments))
		}
		whole++
	}
	if again == 0 {
		t.Error("no copy began anew: the test shows nothing")
	}
	t.Logf("%d copies, %d begun anew", whole, again)
}

// TestIdleWorkersHelpWithALargeTable: one table may have several workers when nothing
// else is to be done.
func TestIdleWorkersHelpWithALargeTable(t *testing.T) {
	source, target := newDatabase(rand.New(rand.NewPCG(1, 2))), newDatabase(rand.New(rand.NewPCG(3, 4)))
	list := jobs(7, "g", 0)
	var arrived atomic.Int32
	both := make(chan struct{})
	target.writing = func() {
		if arrived.Add(1) == 2 {
			close(both)
		}
		select {
		case <-both:
		case <-time.After(time.Minute):
			t.Error("one table of seven chunks had one worker only")
		}
	}
	if err := errors.Join(run(backfill.Options{Source: source, Target: target, Workers: 3, Soft: t.Context(), Hard: t.Context()}, list[6:])...); err != nil {
		t.Fatal(err)
	}
	check(t, target, 6)
}

func TestALoadThatCanNotBeBegunIsRefused(t *testing.T) {
	source, target := newDatabase(rand.New(rand.NewPCG(1, 2))), newDatabase(rand.New(rand.NewPCG(3, 4)))
	o := backfill.Options{Source: source, Target: target, Workers: 1, Soft: t.Context(), Hard: t.Context()}
	if err := errors.Join(run(o, jobs(3, "g", 0))...); err != nil {
		t.Fatal(err)
	}
	list := jobs(3, "g", 0)
	for _, j := range list {
		j.Fresh = true
	}
	told := 0
	for _, err := range run(o, list) {
		if !errors.Is(err, backfill.ErrStopped) && (err == nil || !strings.Contains(err.Error(), "_sync_chunk")) {
			t.Error(err)
		}
		if !errors.Is(err, backfill.ErrStopped) {
			told++
		}
	}
	if told != 1 {
		t.Errorf("the same error %d times", told)
	}
}
