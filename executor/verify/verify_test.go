package verify_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/syncform/syncform/executor/verify"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
)

func compare(t testing.TB, m *plan.Mapping, source, target *table, o verify.Options) verify.Report {
	t.Helper()
	r, err := verify.Mapping(t.Context(), m, source, target, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestEqualRowsInAnotherOrderAndSpelling(t *testing.T) {
	source := rows([]string{"1", "a", "1.50"}, []string{"2", null, "2"}, []string{"3", "", null})
	target := rows([]string{"3", "", null}, []string{"2", null, "2.000"}, []string{"1", "a", "1.5"})
	for _, key := range [][]string{{"id"}, nil, {"id", "name"}} {
		if r := compare(t, mapping(key...), source, target, verify.Options{}); !r.Equal() || r.SourceRows != 3 || r.TargetRows != 3 || r.Method != verify.ByRows {
			t.Errorf("key %v: %+v", key, r)
		}
	}
}

func text(s string) *string { return &s }

func TestEveryKindOfDifference(t *testing.T) {
	source := rows([]string{"1", "a", "1"}, []string{"2", "b", "2"}, []string{"3", "c", "3"}, []string{"4", null, "4"})
	target := rows([]string{"1", "a", "1"}, []string{"2", "B", "2"}, []string{"4", "", "4"}, []string{"5", "e", "5"})
	r := compare(t, mapping("id"), source, target, verify.Options{})
	want := verify.Report{
		Addr: `sync.s.mapping["t"]`, SourceRows: 4, TargetRows: 4, Method: "rows", Missing: 1, Extra: 1, Different: 2,
		Differences: []verify.Difference{
			{Kind: "different", Key: "id=2", Columns: []verify.ColumnDifference{{Column: "name", Source: text("b"), Target: text("B")}}},
			{Kind: "missing", Key: "id=3"},
			{Kind: "different", Key: "id=4", Columns: []verify.ColumnDifference{{Column: "name", Target: text("")}}},
			{Kind: "extra", Key: "id=5"},
		},
	}
	// What a report keeps for a repair is not shown.
	if got, want := shown(t, r), shown(t, want); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func shown(t *testing.T, r verify.Report) string {
	t.Helper()
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestDuplicatesCount(t *testing.T) {
	a, b := []string{"1", "a", "1"}, []string{"2", "b", "2"}
	// Whole rows of a table without a key.
	r := compare(t, mapping(), rows(a, a, a, b), rows(b, a, b), verify.Options{})
	if r.Missing != 2 || r.Extra != 1 || r.Different != 0 || len(r.Differences) != 3 {
		t.Errorf("%+v", r)
	}
	if key := r.Differences[0].Key; !strings.HasPrefix(key, "id=1, name=a, n=1") && !strings.HasPrefix(key, "id=2") {
		t.Errorf("a row without a key is shown as %q", key)
	}
	// A key that is there twice at the target.
	r = compare(t, mapping("id"), rows(a, b), rows(a, b, []string{"2", "x", "2"}), verify.Options{})
	if r.Missing != 0 || r.Extra != 1 || r.Different != 0 {
		t.Errorf("%+v", r)
	}
	r = compare(t, mapping("id"), rows(a, b), rows(a, a, b), verify.Options{})
	if r.Extra != 1 || r.Missing+r.Different != 0 {
		t.Errorf("%+v", r)
	}
}

func TestOneFlippedBitOfALargeTable(t *testing.T) {
	n := 300_000
	if raced {
		n = 100_000
	}
	source := numbered(n, nil)
	for range 3 {
		i := rand.IntN(n)
		target := numbered(n, func(j int, r []string) {
			if j == i {
				b := []byte(r[1])
				b[i%len(b)] ^= 1
				r[1] = string(b)
			}
		})
		r := compare(t, mapping("id"), source, target, verify.Options{})
		if r.Different != 1 || r.Missing+r.Extra != 0 || len(r.Differences) != 1 || r.Differences[0].Key != fmt.Sprintf("id=%d", i) || r.Truncated {
			t.Errorf("row %d: %+v", i, r)
		}
	}
}

func TestCountingGoesOnPastTheLimit(t *testing.T) {
	const n = 200_000
	target := numbered(n, func(i int, r []string) {
		switch i % 10 {
		case 0:
			r[2] = "7"
		case 1:
			r[0] = "-" + r[0]
		}
	})
	r := compare(t, mapping("id"), numbered(n, nil), target, verify.Options{Limit: 5, Readers: 3})
	if r.Different != n/10 || r.Missing != n/10 || r.Extra != n/10 || len(r.Differences) != 5 || !r.Truncated || r.AtLeast {
		t.Errorf("%d different, %d missing, %d extra, %d told, truncated %v", r.Different, r.Missing, r.Extra, len(r.Differences), r.Truncated)
	}
}

// TestMemoryIsBounded compares tables that would not fit, all of whose rows differ, and
// ones whose rows are all the same.
func TestMemoryIsBounded(t *testing.T) {
	n := 2_000_000
	if testing.Short() || raced {
		n = 200_000
	}
	var mu sync.Mutex
	var peak uint64
	watch := func(string, int64, int64) {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		mu.Lock()
		defer mu.Unlock()
		peak = max(peak, m.HeapAlloc)
	}
	same := &table{rows: n, width: 3, at: func(int) []string { return []string{"1", "same", "1"} }}
	one := &table{rows: n - 1, width: 3, at: same.at}
	if r := compare(t, mapping(), same, one, verify.Options{Progress: watch}); r.Missing != 1 || r.Extra+r.Different != 0 {
		t.Errorf("%+v", r)
	}
	other := numbered(n/4, func(_ int, r []string) { r[1] += "!" })
	r := compare(t, mapping("id"), numbered(n/4, nil), other, verify.Options{Progress: watch})
	if r.Different != int64(n/4) {
		t.Errorf("%d different", r.Different)
	}
	t.Logf("heap at its peak: %d MB", peak>>20)
	if peak > 150<<20 {
		t.Errorf("heap at its peak: %d MB", peak>>20)
	}
}

func TestLongAndBinaryValuesAreCut(t *testing.T) {
	long := strings.Repeat("x", 5000)
	r := compare(t, mapping("id"), rows([]string{"1", long + "a", "1"}), rows([]string{"1", long + "b", "1"}), verify.Options{})
	c := r.Differences[0].Columns[0]
	if len(*c.Source) > 600 || !strings.Contains(*c.Source, "(5001 bytes, #") || *c.Source == *c.Target {
		t.Errorf("%q %q", *c.Source, *c.Target)
	}
	r = compare(t, mapping("id"), rows([]string{"1", "\xff\x00", "1"}), rows([]string{"1", "é", "1"}), verify.Options{})
	if c = r.Differences[0].Columns[0]; *c.Source != `\xff00` || *c.Target != "é" {
		t.Errorf("%q %q", *c.Source, *c.Target)
	}
}

// TestAgainstTheObviousComparison: any two small tables, against counting by maps.
func TestAgainstTheObviousComparison(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gen := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) []string {
			return []string{
				rapid.SampledFrom([]string{"1", "2", "3", "4", null}).Draw(t, "id"),
				rapid.SampledFrom([]string{"a", "b", "", null}).Draw(t, "name"),
				rapid.SampledFrom([]string{"1", "1.0", "2"}).Draw(t, "n"),
			}
		}), 0, 12)
		a, b := gen.Draw(t, "source"), gen.Draw(t, "target")
		keyed := rapid.Bool().Draw(t, "keyed")
		m := mapping()
		if keyed {
			m = mapping("id")
		}
		r, err := verify.Mapping(t.Context(), m, rows(a...), rows(b...), verify.Options{Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		missing, extra, different := obvious(a, b, keyed)
		if r.Missing != missing || r.Extra != extra || r.Different != different || r.SourceRows != int64(len(a)) || r.TargetRows != int64(len(b)) {
			t.Fatalf("got %+v, want %d missing, %d extra, %d different", r, missing, extra, different)
		}
		kinds := map[string]int64{}
		for _, d := range r.Differences {
			kinds[d.Kind]++
		}
		if kinds["missing"] != missing || kinds["extra"] != extra || kinds["different"] != different {
			t.Fatalf("told %v of %+v", kinds, r)
		}
	})
}

func obvious(a, b [][]string, keyed bool) (missing, extra, different int64) {
	type counts struct{ source, target int64 }
	left := map[string]map[string]int64{} // key, row: count at the source less the target's
	add := func(rows [][]string, n int64) {
		for _, r := range rows {
			whole := strings.TrimSuffix(strings.Join(r, "|"), ".0")
			key := whole
			if keyed {
				key = r[0]
			}
			if left[key] == nil {
				left[key] = map[string]int64{}
			}
			left[key][whole] += n
		}
	}
	add(a, 1)
	add(b, -1)
	for _, rows := range left {
		var c counts
		for _, n := range rows {
			if n > 0 {
				c.source += n
			} else {
				c.target -= n
			}
		}
		both := min(c.source, c.target)
		missing, extra, different = missing+c.source-both, extra+c.target-both, different+both
	}
	return missing, extra, different
}

func TestAllTellsWhatItCouldNotCompare(t *testing.T) {
	good, bad := mapping("id"), mapping("id")
	good.Source, good.Target, bad.Source, bad.Target, bad.Addr = "s", "t", "s", "u", "bad"
	conns := map[string]providers.Conn{"s": numbered(10, nil), "t": numbered(10, nil)}
	reports, err := verify.All(t.Context(), []*plan.Mapping{bad, good}, conns, verify.Options{})
	if err == nil || !strings.Contains(err.Error(), "bad: ") {
		t.Fatal(err)
	}
	if reports[0].Equal() || reports[0].Error == "" || reports[0].Addr != "bad" || !reports[1].Equal() || reports[1].SourceRows != 10 {
		t.Errorf("%+v", reports)
	}
}
