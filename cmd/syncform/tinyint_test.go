package main

import (
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestTinyintGoesAsItIs: a tinyint(1) between MySQL and MariaDB is a number, whatever its
// value, in the load, the stream and verify.
func TestTinyintGoesAsItIs(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{{"mysql", "mariadb"}, {"mariadb", "mysql"}} {
		for _, method := range []string{"binlog", "trigger"} {
			t.Run(pair[0]+"/"+method, func(t *testing.T) {
				t.Parallel()
				from, to := systemsByName()[pair[0]], systemsByName()[pair[1]]
				dir, source, target := following(t, from, to, "tiny_"+pair[0]+"_"+method, "cdc { method = \""+method+"\" }\n  mapping \"u\" {}",
					"CREATE TABLE u (id int PRIMARY KEY, b tinyint(1), k tinyint(1) NOT NULL, UNIQUE (k))", "INSERT INTO u VALUES (1, 1, 0), (2, 0, 1), (3, 2, 2), (4, -128, 3), (5, 127, 4), (6, NULL, -5)")
				run(t, dir, 0, "verify")
				providertest.Exec(t, source, "UPDATE u SET b = 77 WHERE id = 2", "UPDATE u SET id = 40, b = 3 WHERE id = 4", "INSERT INTO u VALUES (7, -1, 100), (8, 1, 101), (9, 0, 102)", "DELETE FROM u WHERE id = 5")
				run(t, dir, 0, "sync", "-once")
				run(t, dir, 0, "verify")
				q := "SELECT id, b + 0, k + 0 FROM u ORDER BY id"
				got, want := lines(providertest.Query(t, target, q)), lines(providertest.Query(t, source, q))
				if strings.Join(got, "\n") != strings.Join(want, "\n") || len(want) != 8 {
					t.Errorf("the target has\n%s\nand not\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
			})
		}
	}
}
