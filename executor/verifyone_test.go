package executor_test

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/syncform/syncform/executor/verify"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers/providertest"
)

// TestVerifyFindsOneRow: one flipped bit, one missing and one extra row among many are
// found and named, by checksums and row by row. SF_TEST_VERIFY_ROWS says among how many
// (30,000); 10,000,000 take minutes.
func TestVerifyFindsOneRow(t *testing.T) {
	n := 30_000
	if s := os.Getenv("SF_TEST_VERIFY_ROWS"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			t.Fatalf("SF_TEST_VERIFY_ROWS: %v", err)
		}
	}
	source, target := systems["postgres"].fresh(t), systems["postgres"].fresh(t)
	flipped, missing, extra := n/3, n/2, n+1
	for _, url := range []string{source, target} {
		if err := providertest.TryFor(time.Hour, url, fmt.Sprintf("CREATE TABLE many AS SELECT i AS id, i %% 977 AS qty, decode(md5(i::text), 'hex') AS raw FROM generate_series(1, %d) i", n),
			"ALTER TABLE many ADD PRIMARY KEY (id), ALTER qty SET NOT NULL, ALTER raw SET NOT NULL", "ANALYZE many"); err != nil {
			t.Fatal(err)
		}
	}
	providertest.Exec(t, target, fmt.Sprintf("UPDATE many SET raw = set_bit(raw, 77, 1 - get_bit(raw, 77)) WHERE id = %d", flipped), fmt.Sprintf("DELETE FROM many WHERE id = %d", missing), fmt.Sprintf("INSERT INTO many VALUES (%d, 1, '')", extra))
	conns := openBoth(t, source, target)
	p := makePlan(t, "p1", conns, want{tables: []string{"many"}, bare: true})
	plain, computed := p.Mappings[0], p.Mappings[0]
	computed.Filters = []string{"qty >= 0"}
	for _, c := range plain.Columns {
		computed.Reads = append(computed.Reads, plan.SourceColumn{Name: c.Source, Type: *c.SourceType})
	}
	for method, m := range map[string]plan.Mapping{verify.ByChecksum: plain, verify.ByRows: computed} {
		began := time.Now()
		r, err := verify.Mapping(t.Context(), &m, conns[sourceAddr], conns[targetAddr], verify.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d rows in %s", method, r.SourceRows, time.Since(began).Round(time.Millisecond))
		if r.Method != method || r.SourceRows != int64(n) || r.Missing != 1 || r.Extra != 1 || r.Different != 1 || len(r.Differences) != 3 {
			t.Errorf("%s: %+v", method, r)
			continue
		}
		for _, d := range r.Differences {
			id := map[string]int{verify.KindDifferent: flipped, verify.KindMissing: missing, verify.KindExtra: extra}[d.Kind]
			if d.Key != fmt.Sprintf("id=%d", id) {
				t.Errorf("%s: %+v", method, d)
			}
			if d.Kind == verify.KindDifferent && (len(d.Columns) != 1 || d.Columns[0].Column != "raw") {
				t.Errorf("%s: %+v", method, d)
			}
		}
	}
}
