package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestVersionedTables: a system-versioned table of MariaDB is followed by the rows that it
// has now; those of its history stand in the same log.
func TestVersionedTables(t *testing.T) {
	t.Parallel()
	for _, to := range []string{"postgres", "mariadb"} {
		t.Run(to, func(t *testing.T) {
			t.Parallel()
			dir, source, target := following(t, systemsByName()["mariadb"], systemsByName()[to], "versioned_"+to, `
  mapping "*" {}`,
				"CREATE TABLE a (id int PRIMARY KEY, v int, w varchar(20) UNIQUE) WITH SYSTEM VERSIONING",
				"CREATE TABLE b (id int PRIMARY KEY, v int, w varchar(20) UNIQUE, since timestamp(6) GENERATED ALWAYS AS ROW START, until timestamp(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (since, until)) WITH SYSTEM VERSIONING",
				"CREATE TABLE c (id int PRIMARY KEY, v int, w varchar(20), row_start timestamp(6) DEFAULT '2020-01-01', row_end timestamp(6) DEFAULT '2020-01-01')",
				"CREATE TABLE d (id int PRIMARY KEY, v int WITHOUT SYSTEM VERSIONING, w varchar(20)) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME (PARTITION h HISTORY, PARTITION now CURRENT)",
				"CREATE TABLE e (id int PRIMARY KEY, v int, w varchar(20))",
				"INSERT INTO a VALUES (1, 1, 'a'), (2, 2, 'b'), (3, 3, 'c')", "UPDATE a SET v = 5 WHERE id = 3")
			same := func(when string) {
				t.Helper()
				for _, table := range strings.Fields("a b c d e") {
					q := "SELECT id, v, w FROM " + table + " ORDER BY id"
					if from, is := providertest.Query(t, source, q), providertest.Query(t, target, q); fmt.Sprint(from) != fmt.Sprint(is) || len(from) == 0 {
						t.Errorf("%s: table %s: %v, want %v", when, table, is, from)
					}
				}
			}
			for _, table := range strings.Fields("a b c d e") {
				for _, s := range []string{
					"INSERT INTO %s (id, v, w) VALUES (11, 1, 'd'), (12, 2, 'e'), (13, 3, 'f')", "UPDATE %s SET v = v + 1", "UPDATE %s SET w = CONCAT(w, 'x') WHERE id < 13", "UPDATE %s SET id = 20 WHERE id = 11",
					"DELETE FROM %s WHERE id = 12", "REPLACE INTO %s (id, v, w) VALUES (20, 77, 'g')", "INSERT INTO %s (id, v, w) VALUES (20, 1, 'h') ON DUPLICATE KEY UPDATE v = 88", "UPDATE %s SET w = 'again' WHERE id = 13", "UPDATE %s SET w = 'and again' WHERE id = 13",
				} {
					providertest.Exec(t, source, fmt.Sprintf(s, table))
				}
			}
			run(t, dir, 0, "sync", "-once")
			same("changes")
			// A table may get its history later, and lose it.
			providertest.Exec(t, source, "DELETE HISTORY FROM a", "DELETE HISTORY FROM b", "ALTER TABLE e ADD SYSTEM VERSIONING", "UPDATE e SET v = v + 1", "DELETE FROM e WHERE id = 13", "UPDATE a SET v = v + 1", "ALTER TABLE a DROP SYSTEM VERSIONING", "UPDATE a SET v = v + 1")
			run(t, dir, 0, "sync", "-once")
			same("history")
			run(t, dir, 0, "verify")
		})
	}
}
