package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestUniqueNoMore: a unique key that the source drops goes from the target with the first
// rows that have one value of it, and no row goes for another, whatever brings the changes.
// What others have made unique in the target stays, and the stream stops at it.
func TestUniqueNoMore(t *testing.T) {
	t.Parallel()
	all := systemsByName()
	for _, c := range [][3]string{{"postgres", "postgres", "logical_replication"}, {"postgres", "postgres", "trigger"}, {"postgres", "mysql", "trigger"}, {"mysql", "mysql", "binlog"}, {"mysql", "postgres", "trigger"}, {"mariadb", "sqlite", "binlog"}, {"sqlite", "sqlite", "trigger"}, {"sqlite", "postgres", "trigger"}} {
		from, to := all[c[0]], all[c[1]]
		t.Run(strings.Join(c[:], "-"), func(t *testing.T) {
			t.Parallel()
			dir, source, target := following(t, from, to, fmt.Sprintf("u%x", rand.Uint64()), fmt.Sprintf("mapping \"*\" {}\ncdc { method = %q }", c[2]),
				"CREATE TABLE t (id int NOT NULL PRIMARY KEY, code varchar(10), v int)", "CREATE UNIQUE INDEX once ON t (code)",
				"INSERT INTO t VALUES (1, 'a', 1), (2, 'b', 2), (3, 'c', 3)")
			same := func(step string) {
				t.Helper()
				const rows = "SELECT id, code, v FROM t ORDER BY id"
				if want, got := fmt.Sprint(providertest.Query(t, source, rows)), fmt.Sprint(providertest.Query(t, target, rows)); got != want {
					t.Errorf("%s: the target has %s, the source %s", step, got, want)
				}
			}
			// Values change places while they are unique.
			providertest.Exec(t, source, "BEGIN", "UPDATE t SET code = 'x' WHERE id = 1", "UPDATE t SET code = 'a' WHERE id = 2", "UPDATE t SET code = 'b' WHERE id = 1", "COMMIT")
			run(t, dir, 0, "sync", "-once")
			same("after a swap")
			dropOf := func(s system) string {
				if s.provider == "mysql" {
					return "DROP INDEX once ON t"
				}
				return "DROP INDEX once"
			}
			providertest.Exec(t, source, dropOf(from), "INSERT INTO t VALUES (4, 'c', 4), (5, 'c', 5)", "UPDATE t SET code = 'b' WHERE id = 2")
			run(t, dir, 0, "sync", "-once")
			same("without the index")
			if from.name == "sqlite" { // its triggers name the columns of unique indexes
				run(t, dir, 0, "apply", "-auto-approve")
			}
			if out := run(t, dir, 0, "plan", "-detailed-exitcode"); strings.Contains(out, "outside of syncform") {
				t.Errorf("the plan takes the drop for somebody else's:\n%s", out)
			}

			providertest.Exec(t, target, "DELETE FROM t WHERE id IN (2, 4, 5)", "CREATE UNIQUE INDEX mine ON t (code)")
			providertest.Exec(t, source, "DELETE FROM t WHERE id IN (2, 4, 5)", "INSERT INTO t VALUES (6, 'c', 6)")
			if out := refusedSync(t, dir); !strings.Contains(out, "t") {
				t.Errorf("the sync: %s", out)
			}
			if got := providertest.Query(t, target, "SELECT count(*) FROM t WHERE id = 3"); got[0][0] != "1" {
				t.Error("a row went for another that has the same value")
			}
			providertest.Exec(t, target, strings.Replace(dropOf(to), "once", "mine", 1))
			run(t, dir, 0, "sync", "-once")
			same("without the index of others")
		})
	}
}
