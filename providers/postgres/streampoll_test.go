package postgres

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/schema"
)

func TestStreamPoll(t *testing.T) {
	edgeServers(t, func(t *testing.T, version string) {
		from, to := twin(t, version, append(workloadDDL, "CREATE INDEX ON plain (updated_at)")...)
		// What polling can't see, and what no application that sets updated_at does.
		without := func(sql string) bool {
			return strings.Contains(sql, "DELETE FROM plain") || strings.Contains(sql, "TRUNCATE plain") || strings.Contains(sql, "SET id = id + 1000")
		}
		if err := work(t.Context(), from, 7, 60, without); err != nil {
			t.Fatal(err)
		}
		st := startStream(t, from, to, providers.Capture{Method: providers.Polling}, "plain")
		var all sync.WaitGroup
		for w := range 2 {
			all.Add(1)
			go func() {
				defer all.Done()
				if err := work(t.Context(), from, uint64(w), 200, without); err != nil {
					t.Error(err)
				}
			}()
		}
		for range 3 {
			st.catchUp()
		}
		all.Wait()
		st.catchUp()
		st.compare()
		t.Logf("%d changes", st.applied)
	})
}

// TestPollLateCommit: a row whose updated_at is older than rows that were read already is
// committed late, after passes in which the mark could have moved past it; and rows of one
// moment lie across the pages. Once nothing is open the mark moves.
func TestPollLateCommit(t *testing.T) {
	from, to := twin(t, "", "CREATE TABLE r (id integer PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT now())", "CREATE INDEX ON r (updated_at)")
	st := startStream(t, from, to, providers.Capture{Method: providers.Polling}, "r")
	s, err := st.from.acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	exec := func(sql string) {
		t.Helper()
		if err := s.exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	exec("BEGIN; SELECT now()")
	providertest.Exec(t, from, "INSERT INTO r SELECT g, now() FROM generate_series(1, 5000) g")
	stop := st.background()
	defer stop()
	st.waitFor("the first rows", "SELECT count(*) = 5000 FROM r")
	snapshots := map[string]bool{}
	for i := 0; len(snapshots) < 4; i++ { // passes
		providertest.Exec(t, from, "SELECT pg_current_xact_id()") // each pass sees another snapshot
		snapshots[st.kept(t).Snapshot] = true
	}
	exec("INSERT INTO r VALUES (-1); COMMIT")
	st.waitFor("the late row", "SELECT count(*) = 5001 FROM r")
	latest := providertest.Query(t, from, "SET timezone = 'UTC'; SELECT max(updated_at) FROM r")[0][0]
	for i := 0; st.kept(t).Marks[`"public"."r"`] != latest; i++ {
		providertest.Exec(t, from, "SELECT pg_current_xact_id()")
	}
	stop()
	st.compare()
}

// TestPollFuture: a row whose moment has not come yet hides none that is written before it
// comes, neither at the start nor later.
func TestPollFuture(t *testing.T) {
	for _, typ := range []string{"timestamptz", "timestamp", "timestamp(0)", "date"} {
		t.Run(typ, func(t *testing.T) {
			t.Parallel()
			from, to := twin(t, "", "CREATE TABLE r (id integer PRIMARY KEY, updated_at "+typ+" NOT NULL)", "CREATE INDEX ON r (updated_at)")
			providertest.Exec(t, from, "INSERT INTO r VALUES (1, 'infinity'), (2, '2020-01-01')")
			st := startStream(t, from, to, providers.Capture{Method: providers.Polling}, "r")
			providertest.Exec(t, from, "INSERT INTO r VALUES (3, '2020-01-02'), (4, current_date + 3)")
			st.catchUp()
			st.compare()
			providertest.Exec(t, from, "INSERT INTO r VALUES (5, current_date - 1)")
			st.catchUp()
			st.compare()
			providertest.Exec(t, from, "INSERT INTO r VALUES (6, current_date)")
			st.catchUp()
			st.compare()
			for st.kept(t).Marks[`"public"."r"`] < "2026" { // once what is open elsewhere at the server has ended
				st.catchUp()
			}
		})
	}
}

// TestPollLookback: a lookback that can't be taken off the incremental key is refused.
func TestPollLookback(t *testing.T) {
	url := providertest.Postgres(t, "")
	providertest.Exec(t, url, "CREATE TABLE r (id integer PRIMARY KEY, v bigint NOT NULL)")
	conn := open(t, url)
	c := providers.CaptureTable{Table: readTable(*inspect(t, conn).Table(schema.Name{Schema: "public", Name: "r"})), IncrementalKey: "v", Lookback: time.Minute}
	plan, err := conn.PlanCapture(t.Context(), providers.Capture{Sync: testSync, Method: providers.Polling, Tables: []providers.CaptureTable{c}}, nil)
	if err != nil || !slices.ContainsFunc(plan.Findings, func(f providers.Finding) bool { return f.Fatal && strings.Contains(f.Text, "lookback") }) {
		t.Errorf("%+v, %v", plan.Findings, err)
	}
}
