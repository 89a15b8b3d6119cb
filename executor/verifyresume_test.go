package executor_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/syncform/syncform/executor/verify"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
)

// TestVerifyGoesOnWithinATable: a comparison that is stopped in the middle of a table goes
// on with the ranges that it had not found equal, and finds what differs in them and behind
// the last key.
func TestVerifyGoesOnWithinATable(t *testing.T) {
	t.Run("by checksum", func(t *testing.T) { goOnWithin(t, verify.ByChecksum) })
	t.Run("by rows", func(t *testing.T) { goOnWithin(t, verify.ByRows) })
}

func goOnWithin(t *testing.T, method string) {
	const n = 300_000
	source, target := systems["postgres"].fresh(t), systems["postgres"].fresh(t)
	for _, url := range []string{source, target} {
		providertest.Exec(t, url, fmt.Sprintf("CREATE TABLE many AS SELECT i AS id, i %% 977 AS qty FROM generate_series(1, %d) i", n),
			"ALTER TABLE many ADD PRIMARY KEY (id)", "ANALYZE many")
	}
	conns := openBoth(t, source, target)
	m := makePlan(t, "p1", conns, want{tables: []string{"many"}, bare: true}).Mappings[0]
	if method == verify.ByRows { // there is something to compute
		for _, c := range m.Columns {
			m.Reads = append(m.Reads, plan.SourceColumn{Name: c.Source, Type: *c.SourceType})
		}
		m.Filters = []string{"qty >= 0"}
	}
	var mu sync.Mutex
	part := &verify.Part{}
	stop := 3
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o := verify.Options{Readers: 1, Together: 1, Equal: func(addr string, all []providers.Chunk, ids []int, rows [2]int64) {
		mu.Lock()
		defer mu.Unlock()
		for _, id := range ids {
			if addr != m.Addr || slices.Contains(part.Equal, id) {
				t.Errorf("range %d of %s is told again", id, addr)
			}
		}
		part.Chunks, part.Equal = all, append(part.Equal, ids...)
		part.SourceRows += rows[0]
		part.TargetRows += rows[1]
		if len(part.Equal) == stop {
			cancel()
		}
	}}
	if _, err := verify.Mapping(ctx, &m, conns[sourceAddr], conns[targetAddr], o); err == nil || len(part.Equal) < stop || len(part.Equal) >= len(part.Chunks) {
		t.Fatalf("not stopped in the middle: %v, %d of %d", err, len(part.Equal), len(part.Chunks))
	}
	stop = -1
	done := *part
	done.Equal = slices.Clone(part.Equal)
	o.Begun = func(string) *verify.Part { return &done }
	var last [2]int64
	o.Progress = func(_ string, rows, of int64) { mu.Lock(); defer mu.Unlock(); last = [2]int64{rows, of} }
	r, err := verify.Mapping(t.Context(), &m, conns[sourceAddr], conns[targetAddr], o)
	if err != nil || !r.Equal() || r.SourceRows != n || r.TargetRows != n || r.Method != method || !strings.Contains(r.Note, fmt.Sprintf("%d of %d ranges", len(done.Equal), len(done.Chunks))) {
		t.Fatalf("%+v, %v", r, err)
	}
	if len(part.Equal) != len(part.Chunks) {
		t.Errorf("%d of %d ranges were told", len(part.Equal), len(part.Chunks))
	}
	// What is still to be read is what the progress counts: the rest, and not the table.
	if rest := 2*n - done.SourceRows - done.TargetRows; last[0] != rest || last[1] < rest*9/10 || last[1] > rest*11/10 {
		t.Errorf("progress ends at %d of %d, and %d rows were left", last[0], last[1], rest)
	}
	providertest.Exec(t, target, fmt.Sprintf("UPDATE many SET qty = -1 WHERE id = %d", n-5), fmt.Sprintf("INSERT INTO many VALUES (%d, 1)", n+1000))
	part.Equal = slices.Clone(done.Equal)
	if r, err = verify.Mapping(t.Context(), &m, conns[sourceAddr], conns[targetAddr], o); err != nil || r.Different != 1 || r.Extra != 1 || r.Missing != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	if r.SourceRows != n || r.TargetRows != n+1 {
		t.Errorf("%d and %d rows were compared", r.SourceRows, r.TargetRows)
	}
}
