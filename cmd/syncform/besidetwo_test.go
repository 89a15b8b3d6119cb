package main

import (
	"fmt"
	"os"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestStreamBesideTwoLoads disturbs two loads at a time, and the stream beside them: keys
// change between chunks, the target ends all sessions in the load, one table is emptied in
// the middle of reading rows again, where the apply is killed too.
func TestStreamBesideTwoLoads(t *testing.T) {
	t.Parallel()
	names := []string{"postgres"}
	if os.Getenv("SF_TEST_FAULTS") != "" {
		names = append(names, "mysql", "mariadb")
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			besideTwoLoads(t, named(t, name), named(t, "postgres"))
		})
	}
}

func besideTwoLoads(t *testing.T, from, to system) {
	l := &loading{&operated{t.TempDir(), from.fresh(t), to.fresh(t)}, from, 1}
	providertest.Exec(t, l.source, "CREATE TABLE there (id integer PRIMARY KEY, v varchar(40))", "INSERT INTO there VALUES (1, 'one')",
		"CREATE TABLE late (id integer PRIMARY KEY, v varchar(40), u integer UNIQUE)", "CREATE TABLE later (id integer PRIMARY KEY, v varchar(40), u integer UNIQUE)", l.more(600), "INSERT INTO later SELECT * FROM late")
	config := l.follow(t, to, "besidetwo", 2)
	config("mapping \"there\" {}\n  mapping \"late\" {}\n  mapping \"later\" {}")
	release := holdLoads(t, l.target)
	a := launch(t, l.dir, "apply", "-auto-approve")
	for _, mapping := range []string{"late", "later"} {
		within(t, timeToLoad, "both loads are on their way", func() bool {
			a.goesOn()
			return l.count(t, l.target, "SELECT count(*) FROM _sync_chunk WHERE mapping LIKE '%\""+mapping+"\"%' AND done_at IS NOT NULL") >= 2
		})
	}
	change := func(table string, n int) {
		t.Helper()
		providertest.Exec(t, l.source,
			fmt.Sprintf("UPDATE %s SET id = id + %d WHERE id %% 5 = %d", table, 10000*n, n), fmt.Sprintf("UPDATE %s SET v = 'round %d' WHERE id %% 3 = 0", table, n),
			fmt.Sprintf("DELETE FROM %s WHERE id %% 11 = %d", table, n), fmt.Sprintf("INSERT INTO %s VALUES (%d, 'new', %d)", table, 900000+n, 900000+n),
			fmt.Sprintf("INSERT INTO there VALUES (%d, '%s')", 10*n+len(table), table))
		until(t, "a change of the live table arrives during the load", func() bool {
			return l.has(t, l.target, fmt.Sprintf("SELECT 1 FROM there WHERE id = %d", 10*n+len(table)))
		})
	}
	change("late", 1)
	change("later", 1)
	providertest.Query(t, l.target, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'syncform'")
	change("late", 2)
	change("later", 2)

	keys := providertest.HoldPostgres(t, l.target, "LOCK TABLE _sync_touched IN SHARE MODE")
	release()
	within(t, timeToLoad, "touched rows are read again", func() bool {
		a.goesOn()
		return l.has(t, l.target, "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'DELETE FROM %_sync_touched%'")
	})
	providertest.Exec(t, l.source, "TRUNCATE TABLE late", "INSERT INTO late VALUES (7, 'after', 1), (8, 'after', 2)", "UPDATE later SET u = -u WHERE id % 2 = 0", "UPDATE later SET id = id + 500000 WHERE id < 50")
	a.kill()
	keys()
	applied(t, l.dir)
	providertest.Exec(t, l.source, "UPDATE late SET v = 'last' WHERE id = 8", "INSERT INTO there VALUES (1000, 'last')")
	until(t, "the last change arrives", func() bool { return l.has(t, l.target, "SELECT 1 FROM there WHERE id = 1000") })
	for _, q := range []string{"SELECT id, v, u FROM late ORDER BY id", "SELECT id, v, u FROM later ORDER BY id", "SELECT id, v FROM there ORDER BY id"} {
		want, got := providertest.Query(t, l.source, q), providertest.Query(t, l.target, q)
		if fmt.Sprint(want) != fmt.Sprint(got) {
			t.Errorf("%s: %d rows at the target, %d at the source, and they differ", q, len(got), len(want))
		}
	}
	if n := l.count(t, l.target, "SELECT count(*) FROM _sync_touched"); n != 0 {
		t.Errorf("%d touched keys are left", n)
	}
}
