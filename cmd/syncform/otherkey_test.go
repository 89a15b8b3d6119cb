package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestOtherKey: a source's primary key gets another column, and rows come that the old key
// does not tell apart, before an apply knows of it. The table is loaded anew, so that none
// of them is missing; so is one whose key gets narrower, for what the stream has not brought
// yet tells of several rows by it.
func TestOtherKey(t *testing.T) {
	t.Parallel()
	all := systemsByName()
	for _, pair := range [][2]string{{"postgres", "postgres"}, {"mysql", "sqlite"}, {"mariadb", "postgres"}} {
		from, to := all[pair[0]], all[pair[1]]
		t.Run(from.name+"-"+to.name, func(t *testing.T) {
			t.Parallel()
			rekey := map[string]string{"mysql": "ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (%s)", "postgresql": "ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (%s)"}[from.provider]
			dir, source, target := following(t, from, to, fmt.Sprintf("k%x", rand.Uint64()), `mapping "t" {
    allow_hazards = ["SF108"]
  }`, "CREATE TABLE t (a int NOT NULL, b int NOT NULL, v int, PRIMARY KEY (a))", "INSERT INTO t VALUES (1, 1, 1), (2, 2, 2)")
			same := func() {
				t.Helper()
				const rows = "SELECT a, b, v FROM t ORDER BY a, b"
				if want, got := fmt.Sprint(providertest.Query(t, source, rows)), fmt.Sprint(providertest.Query(t, target, rows)); got != want {
					t.Errorf("rows %s, want %s", got, want)
				}
			}
			providertest.Exec(t, source, fmt.Sprintf(rekey, "a, b"), "INSERT INTO t VALUES (1, 2, 3), (2, 1, 4)", "UPDATE t SET v = v + 10 WHERE b = 2")
			if out, err := command(t, dir, "sync", "-once").CombinedOutput(); !strings.Contains(string(out), "told apart by a, b now") {
				t.Errorf("the stream goes on by the old key: %v\n%s", err, out)
			}
			if got := providertest.Query(t, target, "SELECT a, b, v FROM t ORDER BY a"); fmt.Sprint(got) != "[[1 1 1] [2 2 2]]" {
				t.Errorf("the target of a held table has %v", got)
			}
			if out := run(t, dir, 0, "apply", "-auto-approve", "-no-color"); !strings.Contains(out, "backfill") {
				t.Errorf("rows of the source may be one in the target, and no load is planned:\n%s", out)
			}
			run(t, dir, 0, "sync", "-once")
			same()
			run(t, dir, 0, "plan", "-detailed-exitcode")
			providertest.Exec(t, source, "DELETE FROM t WHERE b = 2", fmt.Sprintf(rekey, "a"), "INSERT INTO t VALUES (3, 3, 3)", "UPDATE t SET b = b + 1")
			run(t, dir, 0, "apply", "-auto-approve")
			run(t, dir, 0, "sync", "-once")
			same()
			run(t, dir, 0, "plan", "-detailed-exitcode")
		})
	}
}
