package main

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestFaultCommitNotSeenYet: a commit that waits for a synchronous standby stands in the
// log, and is brought by the slot, before a read sees it. A row that is read again because
// of it, and one that a repair writes, is not the older one.
func TestFaultCommitNotSeenYet(t *testing.T) {
	t.Parallel()
	pg := named(t, "postgres")
	own := providertest.Own(t, "postgres")
	source, target, dir := own.Database(), pg.fresh(t), t.TempDir()
	providertest.Exec(t, source, "CREATE TABLE wide (id integer PRIMARY KEY, n integer, big text)", "ALTER TABLE wide ALTER big SET STORAGE EXTERNAL",
		"INSERT INTO wide SELECT g, 1, repeat('x', 9000) FROM generate_series(1, 3) g")
	write(t, filepath.Join(dir, "main.sf.hcl"), pg.endpoint("source", "from", source)+pg.endpoint("target", "to", target)+`
sync "unseen" {
  source = source.postgresql.from
  target = target.postgresql.to
  mode   = "incremental"
  mapping "wide" {}
}
`)
	run(t, dir, 0, "apply", "-auto-approve")
	s := launch(t, dir, "sync")
	s.follows()
	standby := func(name string) {
		t.Helper()
		providertest.Exec(t, source, "ALTER SYSTEM SET synchronous_standby_names = '"+name+"'", "SELECT pg_reload_conf()")
		until(t, "the setting is taken up", func() bool {
			return providertest.Query(t, source, "SHOW synchronous_standby_names")[0][0] == name
		})
	}
	t.Cleanup(func() { standby("") }) // nothing ends before that
	var since string
	asked := map[string]bool{}
	now := func() {
		since = providertest.Query(t, source, "SELECT clock_timestamp()")[0][0]
		clear(asked)
	}
	// unseen commits a change that nobody sees, and gives what makes it seen.
	unseen := func(change string) (seen func()) {
		t.Helper()
		standby("nobody")
		now()
		committed := make(chan error, 1)
		go func() { committed <- providertest.Try(source, change) }()
		until(t, "the commit waits for a standby", func() bool {
			return len(providertest.Query(t, source, "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'SyncRep'")) > 0
		})
		return func() {
			t.Helper()
			standby("")
			if err := <-committed; err != nil {
				t.Fatal(err)
			}
		}
	}
	row := func(id int) string {
		return fmt.Sprint(providertest.Query(t, target, fmt.Sprintf("SELECT n FROM wide WHERE id = %d", id)))
	}
	// waits: sessions have asked more often than ones would that find nothing to wait for.
	waits := func() bool {
		for _, q := range providertest.Query(t, source, "SELECT query_start FROM pg_stat_activity WHERE application_name = 'syncform' AND (query LIKE '%pg_current_snapshot%' OR query LIKE '%pg_locks%') AND query_start > '"+since+"'") {
			asked[q[0]] = true
		}
		return len(asked) > 4
	}

	// The target lacks the row, and the event has not all of it.
	providertest.Exec(t, target, "DELETE FROM wide WHERE id = 1")
	seen := unseen("UPDATE wide SET n = 2 WHERE id = 1")
	until(t, "the stream waits before it reads the row", func() bool { s.goesOn(); return row(1) != "[]" || waits() })
	if got := row(1); got != "[]" {
		t.Errorf("the row was read before it could be seen: %s", got)
	}
	seen()
	until(t, "the row comes", func() bool { s.goesOn(); return row(1) == "[[2]]" })

	// The target has the change already, and a repair reads the row.
	seen = unseen("UPDATE wide SET n = 2 WHERE id = 2")
	until(t, "the stream brings the change", func() bool { s.goesOn(); return row(2) == "[[2]]" })
	now()
	repair := launch(t, dir, "verify", "-repair")
	ended := func() bool {
		select {
		case <-repair.ended:
			return true
		default:
			return false
		}
	}
	until(t, "the repair waits, or is over", func() bool { return ended() || waits() })
	if got := row(2); got != "[[2]]" {
		t.Errorf("the repair has brought an older row: %s", got)
	}
	seen()
	repair.exit()
	s.stop()
	run(t, dir, 0, "sync", "-once")
	run(t, dir, 0, "verify")
	run(t, dir, 0, "destroy", "-auto-approve")
}
