package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestColumnsThatAreOthers: a column that was dropped and made again under its name, and
// columns that have taken each other's, look in a stream as they did. Rows that nobody
// changes after that hold what the source holds all the same, also where changes from
// before come late, and a table is held where a policy does not let that be done.
func TestColumnsThatAreOthers(t *testing.T) {
	t.Parallel()
	all := systemsByName()
	for _, c := range []struct{ from, to, method string }{
		{"postgres", "postgres", "logical_replication"}, {"postgres", "mariadb", "trigger"}, {"mysql", "postgres", "binlog"}, {"mariadb", "sqlite", "binlog"},
	} {
		t.Run(c.from+"-"+c.to+"-"+c.method, func(t *testing.T) {
			t.Parallel()
			table := func(name string) []string {
				return []string{
					"CREATE TABLE " + name + " (id integer PRIMARY KEY, a integer, b integer, c varchar(10), d varchar(10))",
					"INSERT INTO " + name + " VALUES (1, 10, 100, 'one', 'eins'), (2, 20, 200, 'two', 'zwei'), (3, 30, 300, 'three', 'drei'), (4, 40, 400, 'four', 'vier')",
				}
			}
			dir, source, target := following(t, all[c.from], all[c.to], "others_"+c.from+"_"+c.to, `
  cdc {
    method = "`+c.method+`"
  }
  schema_policy = schema_policy.some
  mapping "again" {}
  mapping "named" {
    columns = { id = "id", a = "x", c = "y", d = "z" }
    column "xx" {
      expr = "b + 1"
    }
  }
  mapping "held" {
    column "e" {
      expr = "COALESCE(a, 0) * 2"
    }
  }
}
schema_policy "some" {
  add_column {
    action = "apply"
  }
}
sync "others2_`+c.from+"_"+c.to+`" {
  source = source.`+all[c.from].provider+`.from
  target = target.`+all[c.to].provider+`.to
  mode   = "incremental"
  cdc {
    method = "`+c.method+`"
  }
  schema_policy = schema_policy.none
  mapping "reviewed" {}
}
schema_policy "none" {
  add_column {
    action = "review"
  }
`, append(append(append(table("again"), table("named")...), table("held")...), table("reviewed")...)...)
			swap := func(table, a, b string) string {
				return "ALTER TABLE " + table + " RENAME COLUMN " + a + " TO tmp; ALTER TABLE " + table + " RENAME COLUMN " + b + " TO " + a + "; ALTER TABLE " + table + " RENAME COLUMN tmp TO " + b
			}
			providertest.Exec(t, source, strings.Split(strings.Join([]string{
				"UPDATE again SET a = 21, b = 201 WHERE id = 2", // before, and comes late
				"ALTER TABLE again DROP COLUMN a; ALTER TABLE again ADD COLUMN a integer DEFAULT 5",
				"ALTER TABLE again DROP COLUMN b; ALTER TABLE again ADD COLUMN b integer",
				swap("again", "c", "d"),
				"UPDATE again SET a = 31 WHERE id = 3; INSERT INTO again (id, b) VALUES (5, 500)",
				"UPDATE named SET c = 'deux' WHERE id = 2",
				swap("named", "c", "d"),
				"ALTER TABLE named DROP COLUMN a; ALTER TABLE named ADD COLUMN a integer DEFAULT 7",
				"UPDATE held SET a = 1 WHERE id = 1", swap("held", "a", "b"),
				"ALTER TABLE reviewed DROP COLUMN a; ALTER TABLE reviewed ADD COLUMN a integer",
			}, ";"), ";")...)
			same := func(tables ...string) {
				t.Helper()
				for _, table := range tables {
					columns, theirs := "id, a, b, c, d", "id, a, b, c, d"
					if table == "named" {
						columns, theirs = "id, a, c, d, b + 1", "id, x, y, z, xx"
					}
					if table == "held" {
						columns, theirs = "id, a, b, a * 2", "id, a, b, e"
					}
					want, got := providertest.Query(t, source, "SELECT "+columns+" FROM "+table+" ORDER BY 1"), providertest.Query(t, target, "SELECT "+theirs+" FROM "+table+" ORDER BY 1")
					if fmt.Sprint(want) != fmt.Sprint(got) {
						t.Errorf("table %s: %v, want %v", table, got, want)
					}
				}
			}
			run(t, dir, 0, "sync", "-once")
			same("again", "named")
			for table, why := range map[string]string{"held": "it is read by", "reviewed": "review"} {
				if out, _ := command(t, dir, "status").CombinedOutput(); !strings.Contains(string(out), why) {
					t.Errorf("table %s is not held (%s):\n%s", table, why, out)
				}
			}
			run(t, dir, 0, "apply", "-auto-approve")
			providertest.Exec(t, source, "UPDATE again SET c = 'x' WHERE id = 1", "UPDATE held SET a = 7 WHERE id = 2", "UPDATE reviewed SET a = 7 WHERE id = 2")
			run(t, dir, 0, "sync", "-once")
			same("again", "named", "held", "reviewed")
			run(t, dir, 0, "verify")
			run(t, dir, 0, "plan", "-detailed-exitcode")
			// And while it runs, with nothing said of the table afterwards.
			providertest.Exec(t, source, "ALTER TABLE again DROP COLUMN b", "ALTER TABLE again ADD COLUMN b integer DEFAULT 3", "INSERT INTO named (id) VALUES (9)")
			run(t, dir, 0, "sync", "-once")
			same("again", "named")
		})
	}
}
