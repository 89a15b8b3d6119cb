package main

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
)

// TestStreamBesideLoad adds a table to a sync that runs and holds its load in the middle:
// the table that was there goes on, and the source's log is acknowledged meanwhile. The
// apply is killed in the load and while it reads the touched rows again; in the end both
// sides are equal.
func TestStreamBesideLoad(t *testing.T) {
	t.Parallel()
	all := systemsByName()
	for _, name := range []string{"postgres", "mysql", "sqlite"} {
		from, to := all[name], all["postgres"]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			loadBeside(t, from, to)
		})
	}
}

type loading struct {
	*operated
	from system
	late int // the next id
}

func loadBeside(t *testing.T, from, to system) {
	l := &loading{&operated{t.TempDir(), from.fresh(t), to.fresh(t)}, from, 1}
	if from.name == "sqlite" {
		providertest.Exec(t, l.source, "PRAGMA journal_mode = WAL")
	}
	providertest.Exec(t, l.source, "CREATE TABLE there (id integer PRIMARY KEY, v varchar(40))", "INSERT INTO there VALUES (1, 'one')",
		"CREATE TABLE late (id integer PRIMARY KEY, v varchar(40), u integer UNIQUE)", l.more(3000))
	config := l.follow(t, to, "beside", 1)

	config("mapping \"there\" {}\n  mapping \"late\" {}")
	release := holdLoads(t, l.target)
	a := launch(t, l.dir, "apply", "-auto-approve")
	within(t, timeToLoad, "the load is on its way", func() bool {
		return l.count(t, l.target, "SELECT count(*) FROM _sync_chunk WHERE mapping LIKE '%late%' AND done_at IS NOT NULL") >= 2
	})
	l.besideTheLoad(t, 2)
	a.kill()
	release()
	if out := refusedSync(t, l.dir); !strings.Contains(out, "not finished") {
		t.Errorf("sync runs a sync whose load was cut:\n%s", out)
	}
	l.change(t, 3)

	// Another apply goes on; it is killed in the middle of reading rows again.
	release = holdLoads(t, l.target)
	a = launch(t, l.dir, "apply", "-auto-approve")
	l.besideTheLoad(t, 4)
	keys := providertest.HoldPostgres(t, l.target, "LOCK TABLE _sync_touched IN SHARE MODE")
	release()
	within(t, timeToLoad, "touched rows are read again", func() bool {
		return l.has(t, l.target, "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'DELETE FROM %_sync_touched%'")
	})
	a.kill()
	keys()
	l.change(t, 5)

	applied(t, l.dir)
	l.change(t, 6)
	providertest.Exec(t, l.source, "INSERT INTO there VALUES (1000, 'last')")
	until(t, "the last change arrives", func() bool { return l.has(t, l.target, "SELECT 1 FROM there WHERE id = 1000") })
	for _, q := range []string{"SELECT id, v, u FROM late ORDER BY id", "SELECT id, v FROM there ORDER BY id"} {
		want, got := providertest.Query(t, l.source, q), providertest.Query(t, l.target, q)
		if fmt.Sprint(want) != fmt.Sprint(got) {
			t.Errorf("%s: %d rows at the target, %d at the source, and they differ", q, len(got), len(want))
		}
	}
	if n := l.count(t, l.target, "SELECT count(*) FROM _sync_touched"); n != 0 {
		t.Errorf("%d touched keys are left", n)
	}
}

// holdLoads has each load into a PostgreSQL database that an apply has prepared wait in its
// third chunk until it is released.
func holdLoads(t *testing.T, target string) (release func()) {
	t.Helper()
	providertest.Exec(t, target,
		"CREATE OR REPLACE FUNCTION wait_in_load() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NEW; END'",
		"CREATE OR REPLACE TRIGGER wait_in_load BEFORE UPDATE ON _sync_chunk FOR EACH ROW WHEN (NEW.chunk >= 2) EXECUTE FUNCTION wait_in_load()",
		"ALTER TABLE _sync_chunk ENABLE ALWAYS TRIGGER wait_in_load")
	return providertest.HoldPostgres(t, target, "SELECT pg_advisory_xact_lock(1)")
}

// follow begins to follow the table that is there; config says what mappings come next.
func (l *loading) follow(t *testing.T, to system, name string, parallel int) (config func(mappings string)) {
	t.Helper()
	config = func(mappings string) {
		write(t, filepath.Join(l.dir, "main.sf.hcl"), l.from.endpoint("source", "from", l.source)+to.endpoint("target", "to", l.target)+fmt.Sprintf(`
sync %q {
  source          = source.%s.from
  target          = target.postgresql.to
  mode            = "incremental"
  batch_size      = 100
  parallel_tables = %d
  %s
}
`, name, l.from.provider, parallel, mappings))
	}
	config(`mapping "there" {}`)
	run(t, l.dir, 0, "apply", "-auto-approve")
	t.Cleanup(func() { run(t, l.dir, 0, "destroy", "-auto-approve") })
	l.start(t)
	return config
}

// timeToLoad is how long what an apply does here may take on a machine that is busy.
const timeToLoad = 5 * time.Minute

func (l *loading) count(t *testing.T, url, query string) int {
	t.Helper()
	n, err := strconv.Atoi(providertest.Query(t, url, query)[0][0])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// besideTheLoad changes both tables while the load is held, and waits until the one that
// is live has its change and the keys of the other's are noted.
func (l *loading) besideTheLoad(t *testing.T, round int) {
	t.Helper()
	l.change(t, round)
	providertest.Exec(t, l.source, fmt.Sprintf("INSERT INTO there VALUES (%d, 'beside')", round))
	until(t, "a change of the live table arrives during the load", func() bool {
		return l.has(t, l.target, fmt.Sprintf("SELECT 1 FROM there WHERE id = %d", round))
	})
	if n := l.count(t, l.target, "SELECT count(*) FROM _sync_touched"); n == 0 {
		t.Error("no touched keys are noted")
	}
	if l.from.name == "postgres" {
		now := providertest.Query(t, l.source, "SELECT pg_current_wal_lsn()")[0][0]
		until(t, "the source may drop its log", func() bool {
			return l.has(t, l.source, "SELECT 1 FROM pg_replication_slots WHERE database = current_database() AND confirmed_flush_lsn >= '"+now+"'")
		})
	}
	for _, x := range l.status(t).Tables {
		if strings.HasSuffix(x.Table, "late") && (x.State != string(providers.TableLoading) || x.TouchedKeys == nil || *x.TouchedKeys == 0) {
			t.Errorf("status of the table that is loaded: %+v", x)
		}
	}
}

// more inserts rows.
func (l *loading) more(n int) string {
	var b strings.Builder
	b.WriteString("INSERT INTO late VALUES ")
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "(%d, 'row', %d)", l.late+i, l.late+i)
	}
	l.late += n
	return b.String()
}

// change touches rows all over the table: updates, deletes, other keys, unique values that
// change places, rows that are new.
func (l *loading) change(t *testing.T, round int) {
	t.Helper()
	providertest.Exec(t, l.source,
		fmt.Sprintf("UPDATE late SET v = 'round %d' WHERE id %% 7 = %d", round, round),
		fmt.Sprintf("DELETE FROM late WHERE id %% 31 = %d", round),
		fmt.Sprintf("UPDATE late SET id = id + %d WHERE id < 10000 AND id %% 29 = %d", 100000*round, round),
		fmt.Sprintf("UPDATE late SET u = id + %d WHERE id < 10000 AND id %% 5 = %d", 10000000*round, round%5),
		"UPDATE late SET u = 99999999 WHERE id = (SELECT a FROM (SELECT min(id) AS a FROM late) x)",
		"UPDATE late SET u = (SELECT a FROM (SELECT min(u) - 1 AS a FROM late) y) WHERE id = (SELECT b FROM (SELECT max(id) AS b FROM late) x)",
		"UPDATE late SET u = (SELECT a FROM (SELECT min(u) - 1 AS a FROM late) y) WHERE u = 99999999",
		l.more(50))
}

// refusedSync is what sync says where it refuses to begin.
func refusedSync(t *testing.T, dir string) string {
	t.Helper()
	out, err := command(t, dir, "sync", "-once").CombinedOutput()
	if err == nil {
		t.Error("sync begins though an apply was not finished")
	}
	return string(out)
}
