package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestAddedColumnsHoldWhatOldRowsHold: a column that a source gains under a stream may
// have values in rows that nobody changes after that (a default that was taken back, as
// frameworks do it, or none while a default came later), and the target's column of that
// name may hold what it did in another life.
func TestAddedColumnsHoldWhatOldRowsHold(t *testing.T) {
	t.Parallel()
	all := systemsByName()
	for _, pair := range [][2]string{{"postgres", "postgres"}, {"mysql", "postgres"}, {"mariadb", "mysql"}, {"postgres", "sqlite"}} {
		t.Run(pair[0]+"-"+pair[1], func(t *testing.T) {
			from, to := all[pair[0]], all[pair[1]]
			dir, source, target := following(t, from, to, "added_"+pair[0]+"_"+pair[1], `mapping "t" {}`,
				"CREATE TABLE t (id integer PRIMARY KEY, lost integer)", "INSERT INTO t VALUES (1, 10), (2, 20), (3, 30)")
			for _, changes := range []string{
				"ALTER TABLE t DROP COLUMN lost; UPDATE t SET id = 11 WHERE id = 1",
				"ALTER TABLE t ADD COLUMN a integer DEFAULT 5; ALTER TABLE t ALTER COLUMN a DROP DEFAULT; ALTER TABLE t ADD COLUMN b integer; ALTER TABLE t ALTER COLUMN b SET DEFAULT 7;" +
					"ALTER TABLE t ADD COLUMN c varchar(10) DEFAULT 'x'; ALTER TABLE t ADD COLUMN lost integer; ALTER TABLE t ADD COLUMN e boolean DEFAULT true; UPDATE t SET a = 6, c = NULL WHERE id = 2; INSERT INTO t (id, a) VALUES (4, NULL)",
			} {
				providertest.Exec(t, source, strings.Split(changes, ";")...)
				run(t, dir, 0, "sync", "-once")
			}
			want := `[[2 6 \N \N \N] [3 5 \N x \N] [4 \N 7 x \N] [11 5 \N x \N]]`
			text := "SELECT id, a, b, c, lost FROM t ORDER BY id"
			if got := fmt.Sprint(providertest.Query(t, source, text)); got != want {
				t.Errorf("the source: %s, want %s", got, want)
			}
			if got := fmt.Sprint(providertest.Query(t, target, text)); got != want {
				t.Errorf("the target: %s, want %s", got, want)
			}
			run(t, dir, 0, "verify")
		})
	}
}
