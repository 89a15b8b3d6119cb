package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// polled begins to poll a table.
func polled(t testing.TB, path, table, incremental string, lookback time.Duration) *followed {
	t.Helper()
	f := &followed{t: t, c: opened(t, "source.sqlite.test", path), path: path}
	f.capture = providers.Capture{Sync: "sync.test", Method: providers.Polling, Deletes: true, Tables: []providers.CaptureTable{{Table: readTable(t, f.c, table), IncrementalKey: incremental, Lookback: lookback}}}
	p, err := f.c.PlanCapture(ctx, f.capture, nil)
	if err != nil || len(p.Steps) > 0 {
		t.Fatalf("%+v, %v", p, err)
	}
	if len(p.Findings) == 0 || !strings.Contains(p.Findings[0].Text, "deletes") {
		t.Errorf("the plan does not say how deletes are found: %+v", p.Findings)
	}
	start, err := f.c.StartCapture(ctx, f.capture)
	if err != nil {
		t.Fatal(err)
	}
	f.at = start.Position
	f.begin()
	return f
}

// TestPolling: equal stamps come once each, whenever they were written; a stream that was
// cut off goes on from its mark.
func TestPolling(t *testing.T) {
	path := fileWith(t, "CREATE TABLE t (id TEXT PRIMARY KEY, v TEXT, at INTEGER)", "CREATE INDEX by_at ON t (at)", "INSERT INTO t VALUES ('a', 'x', 5), ('old', 'x', 1)")
	f := polled(t, path, "t", "at", 0)
	f.wants("update a x 5;") // it has the mark
	f.exec("INSERT INTO t VALUES ('b', 'x', 5)")
	f.wants("update b x 5;")
	f.exec("INSERT INTO t VALUES (NULL, 'x', 6), ('c', 'x', 6)", "UPDATE t SET v = 'y', at = 7 WHERE id = 'old'")
	got := f.took()
	slices.Sort(got)
	if want := []string{"update NULL x 6;", "update c x 6;", "update old y 7;"}; !slices.Equal(got, want) {
		t.Errorf("changes %q, want %q", got, want)
	}
	if err := f.stop(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	f.exec("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25000) INSERT INTO t SELECT 'n' || i, 'x', 8 FROM n")
	f.begin()
	all := map[string]bool{}
	for _, c := range f.took() {
		all[c] = true
	}
	if len(all) != 25001 { // and the one with the mark
		t.Errorf("%d changes, want 25,001", len(all))
	}
	f.exec("INSERT INTO t VALUES ('late', 'x', 8)")
	f.wants("update late x 8;")
	f.exec("ALTER TABLE t ADD COLUMN w TEXT", "INSERT INTO t VALUES ('more', 'x', 9, 'w')")
	if got := f.took(); !slices.Contains(got, "update more x 9 -;") {
		t.Errorf("after ALTER TABLE came %d changes", len(got))
	}
}

// TestPollingLookback: rows whose stamp is older than the mark are seen within lookback.
func TestPollingLookback(t *testing.T) {
	for _, form := range []string{"2024-03-01 12:00:%02d", "2024-03-01T12:00:%02d", "%d"} {
		stamp := func(second int) string { return fmt.Sprintf(form, second) }
		path := fileWith(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, at)")
		f := polled(t, path, "t", "at", 10*time.Second)
		put := func(id, second int) {
			t.Helper()
			value := "'" + stamp(second) + "'"
			if form == "%d" {
				value = stamp(second)
			}
			f.exec(fmt.Sprintf("INSERT INTO t VALUES (%d, %s)", id, value))
		}
		put(1, 50)
		f.wants("update 1 " + stamp(50) + ";")
		put(2, 41)
		put(3, 30) // too late
		put(4, 51)
		got := f.took()
		slices.Sort(got)
		if want := []string{"update 2 " + stamp(41) + ";", "update 4 " + stamp(51) + ";"}; !slices.Equal(got, want) {
			t.Errorf("changes %q, want %q", got, want)
		}
	}
}

// TestPollingFuture: a row whose moment has not come yet hides none that is written before
// it comes.
func TestPollingFuture(t *testing.T) {
	path := fileWith(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, at TEXT)", "INSERT INTO t VALUES (1, '2999-01-01 00:00:00'), (2, '2024-01-01 00:00:00')")
	f := polled(t, path, "t", "at", 0)
	f.took()
	f.exec("INSERT INTO t VALUES (3, '2024-01-02 00:00:00'), (4, '2998-01-01T00:00:00Z')")
	if got := f.took(); len(got) != 2 {
		t.Errorf("changes %q, want those of two rows", got)
	}
	f.exec("INSERT INTO t VALUES (5, '2024-01-03 00:00:00')")
	f.wants("update 5 2024-01-03 00:00:00;")
}

// TestPollingNeeds: what is missing is said.
func TestPollingNeeds(t *testing.T) {
	c := source(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, at INTEGER)")
	for _, key := range []string{"", "nothing"} {
		p, err := c.PlanCapture(ctx, providers.Capture{Sync: "s", Method: providers.Polling, Tables: []providers.CaptureTable{{Table: readTable(t, c, "t"), IncrementalKey: key}}}, nil)
		if err != nil || len(p.Findings) != 1 || !p.Findings[0].Fatal {
			t.Errorf("incremental_key %q: %+v, %v", key, p.Findings, err)
		}
	}
	if _, err := c.PlanCapture(ctx, providers.Capture{Method: providers.Binlog}, nil); err == nil {
		t.Error("SQLite has no binlog")
	}
	if err := c.Follow(ctx, providers.Capture{}, "nonsense", row.NewCollector); err == nil {
		t.Error("a position that is none was followed")
	}
}
