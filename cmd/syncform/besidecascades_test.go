package main

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestBesideCascades deletes rows while they are loaded whose referring rows MariaDB
// deletes without a trace in its log: the stream beside the load can't note those, rests
// before the change, and does it after the load.
func TestBesideCascades(t *testing.T) {
	t.Parallel()
	from, to := named(t, "mariadb"), named(t, "postgres")
	l := &loading{&operated{t.TempDir(), from.fresh(t), to.fresh(t)}, from, 1}
	series := "(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 1000) SELECT n FROM s) s"
	providertest.Exec(t, l.source, "CREATE TABLE small (id integer PRIMARY KEY)", "CREATE TABLE parents (id integer PRIMARY KEY)", "INSERT INTO parents SELECT n FROM "+series+" WHERE n <= 100",
		"CREATE TABLE children (id integer PRIMARY KEY, parent integer NOT NULL, v varchar(100), FOREIGN KEY (parent) REFERENCES parents (id) ON DELETE CASCADE)",
		"INSERT INTO children SELECT n, 1 + n % 100, repeat('x', 100) FROM "+series)
	config := func(mappings string) {
		write(t, filepath.Join(l.dir, "main.sf.hcl"), from.endpoint("source", "from", l.source)+to.endpoint("target", "to", l.target)+`
sync "besidecascades" {
  source          = source.mysql.from
  target          = target.postgresql.to
  mode            = "incremental"
  batch_size      = 100
  parallel_tables = 1
  `+mappings+`
}
`)
	}
	config(`mapping "small" {}`)
	run(t, l.dir, 0, "apply", "-auto-approve")
	t.Cleanup(func() { run(t, l.dir, 0, "destroy", "-auto-approve") })
	before := l.count(t, l.target, "SELECT max(epoch) FROM _sync_lease")
	config("mapping \"small\" {}\n  mapping \"parents\" {}\n  mapping \"children\" {}")
	release := holdLoads(t, l.target)
	a := launch(t, l.dir, "apply", "-auto-approve")
	within(t, timeToLoad, "the load of the children is on its way", func() bool {
		return l.count(t, l.target, "SELECT count(*) FROM _sync_chunk WHERE mapping LIKE '%children%' AND done_at IS NOT NULL") >= 2
	})
	providertest.Exec(t, l.source, "INSERT INTO parents VALUES (1000)")
	until(t, "the row that changed before the cascade is noted", func() bool {
		return l.count(t, l.target, "SELECT count(*) FROM _sync_touched") == 1
	})
	providertest.Exec(t, l.source, "UPDATE parents SET id = id WHERE id = 1", "DELETE FROM parents WHERE id % 3 = 0", "UPDATE children SET v = 'new' WHERE id % 7 = 0")
	until(t, "the stream rests", func() bool {
		return l.has(t, l.target, fmt.Sprintf("SELECT 1 FROM _sync_lease WHERE holder = '' AND epoch > %d", before))
	})
	if n := l.count(t, l.target, "SELECT count(*) FROM _sync_touched"); n != 1 {
		t.Errorf("%d keys are noted, of the one row that changed before the cascade", n)
	}
	release()
	if code := a.exit(); code != 0 {
		t.Errorf("apply ends with %d", code)
	}
	for _, q := range []string{"SELECT id FROM parents ORDER BY id", "SELECT id, parent, v FROM children ORDER BY id"} {
		want, got := providertest.Query(t, l.source, q), providertest.Query(t, l.target, q)
		if fmt.Sprint(want) != fmt.Sprint(got) {
			t.Errorf("%s: %d rows at the target, %d at the source, and they differ", q, len(got), len(want))
		}
	}
}
