package main

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestRowsWithoutAColumnThatTakesNoNull: the source drops a column that is NOT NULL and has
// no default. Rows behind that come while the target's still stands: where the policy
// leaves it, and where the plan's stream catches up, for another table is new, before it
// drops it.
func TestRowsWithoutAColumnThatTakesNoNull(t *testing.T) {
	t.Parallel()
	all := systemsByName()
	const fresh = "CREATE TABLE fresh (id int NOT NULL PRIMARY KEY)"
	for _, c := range []struct{ from, to, name, policy, table string }{
		{"postgres", "postgres", "goes", `remove_column { action = "apply" }`, fresh},
		{"postgres", "postgres", "left", "remove_column { action = \"warn\" }\n add_column { action = \"deny\" }", ""},
		{"mariadb", "postgres", "held", `remove_column { action = "review" }`, fresh},
		{"postgres", "mysql", "goes", `remove_column { action = "apply" }`, fresh},
		{"postgres", "sqlite", "left", `remove_column { action = "warn" }`, ""},
	} {
		from, to := all[c.from], all[c.to]
		t.Run(from.name+"-"+to.name+"/"+c.name, func(t *testing.T) {
			t.Parallel()
			dir, source, target := following(t, from, to, fmt.Sprintf("n%x", rand.Uint64()), "schema_policy = schema_policy.p\n mapping \"*\" {}\n}\nschema_policy \"p\" {\n"+c.policy,
				"CREATE TABLE jobs (id int NOT NULL PRIMARY KEY, status varchar(20) NOT NULL, name varchar(20))", "INSERT INTO jobs VALUES (1, 'open', 'a')")
			// The second row's event still has the column, which the plan does not know any more.
			ddl := []string{"INSERT INTO jobs VALUES (2, 'done', 'b')", "ALTER TABLE jobs DROP COLUMN status", "INSERT INTO jobs VALUES (3, 'c')"}
			if c.table != "" {
				ddl = append(ddl, c.table, "INSERT INTO fresh VALUES (1)")
			}
			providertest.Exec(t, source, ddl...)
			out := run(t, dir, 0, "apply", "-auto-approve")
			providertest.Exec(t, source, "INSERT INTO jobs VALUES (4, 'd')")
			out += run(t, dir, 0, "sync", "-once")
			if got := fmt.Sprint(providertest.Query(t, target, "SELECT id, name FROM jobs ORDER BY id")); got != "[[1 a] [2 b] [3 c] [4 d]]" {
				t.Errorf("the target's rows: %s\n%s", got, out)
			}
		})
	}
}

// TestAColumnWithAnotherNameBehindTheStream: a plan sees a column under its new name and
// loads the table anew for it, and the stream has yet to read changes from before.
func TestAColumnWithAnotherNameBehindTheStream(t *testing.T) {
	t.Parallel()
	all := systemsByName()
	dir, source, target := following(t, all["postgres"], all["postgres"], fmt.Sprintf("n%x", rand.Uint64()), "schema_policy = schema_policy.p\n mapping \"*\" {}\n}\nschema_policy \"p\" {\n remove_column { action = \"apply\" }",
		"CREATE TABLE jobs (id int PRIMARY KEY, status text NOT NULL, name text)", "INSERT INTO jobs VALUES (1, 'open', 'a'), (2, 'open', 'b'), (3, 'open', 'c')")
	providertest.Exec(t, source, "UPDATE jobs SET status = 'done' WHERE id = 2", "INSERT INTO jobs VALUES (4, 'open', 'd'), (5, 'open', 'e')", "ALTER TABLE jobs RENAME COLUMN status TO state", "UPDATE jobs SET state = 'gone' WHERE id IN (3, 4)", "DELETE FROM jobs WHERE id = 5")
	out := run(t, dir, 0, "apply", "-auto-approve")
	out += run(t, dir, 0, "sync", "-once")
	if got := fmt.Sprint(providertest.Query(t, target, "SELECT id, state, name FROM jobs ORDER BY id")); got != "[[1 open a] [2 done b] [3 gone c] [4 gone d]]" {
		t.Errorf("the target's rows: %s\n%s", got, out)
	}
	run(t, dir, 0, "plan", "-detailed-exitcode")
}
