package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers/providertest"
)

// TestColumnsThatComeToTakeNull: a column of the source takes NULL from now on, which no
// log tells of. The first row that has one makes the target's column take it too, as far
// as the policy lets it.
func TestColumnsThatComeToTakeNull(t *testing.T) {
	t.Parallel()
	all := systemsByName()
	for _, c := range [][3]string{{"postgres", "mariadb", "stop"}, {"mysql", "postgres", "dead_letter"}, {"mariadb", "sqlite", "stop"}} {
		from, to := all[c[0]], all[c[1]]
		t.Run(from.name+"-"+to.name, func(t *testing.T) {
			t.Parallel()
			strict := "schema_policy \"strict\" {\n  mode = \"strict\"\n"
			dir, source, target := following(t, from, to, "eased_"+from.name, "on_bad_row = \""+c[2]+"\"\n  mapping \"t\" {}\n  mapping \"u\" {}\n}\n"+strict,
				"CREATE TABLE t (id int PRIMARY KEY, a varchar(10) NOT NULL, b int NOT NULL)", "CREATE TABLE u (id int PRIMARY KEY, a int NOT NULL)",
				"INSERT INTO t VALUES (1, 'x', 1), (2, 'y', 2)", "INSERT INTO u VALUES (1, 1)")
			change := func(table, column, typ string) string {
				if from.provider == "postgresql" {
					return "ALTER TABLE " + table + " ALTER COLUMN " + column + " DROP NOT NULL"
				}
				return "ALTER TABLE " + table + " MODIFY " + column + " " + typ + " NULL"
			}
			providertest.Exec(t, source, change("t", "a", "varchar(10)"), "INSERT INTO t VALUES (3, NULL, 3)", "UPDATE t SET a = NULL WHERE id = 1",
				change("t", "b", "int"), "UPDATE t SET b = NULL WHERE id = 2")
			run(t, dir, 0, "sync", "-once")
			if got := fmt.Sprint(providertest.Query(t, target, "SELECT id, a, b FROM t ORDER BY id")); got != `[[1 \N 1] [2 y \N] [3 \N 3]]` {
				t.Errorf("the target has %s", got)
			}
			if out := run(t, dir, 0, "plan", "-detailed-exitcode"); strings.Contains(out, "outside of syncform") {
				t.Errorf("the plan takes the change for somebody else's:\n%s", out)
			}
			run(t, dir, 0, "verify")

			file := filepath.Join(dir, "main.sf.hcl")
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			write(t, file, strings.Replace(string(text), `mapping "u" {}`, "mapping \"u\" {}\n  schema_policy = schema_policy.strict", 1))
			run(t, dir, 0, "apply", "-auto-approve")
			providertest.Exec(t, source, change("u", "a", "int"), "INSERT INTO u VALUES (2, NULL)")
			if c[2] == "stop" {
				if out, err := command(t, dir, "sync", "-once").CombinedOutput(); err == nil || !strings.Contains(string(out), `column "a"`) {
					t.Errorf("a policy that allows no change: %v\n%s", err, out)
				}
				return
			}
			run(t, dir, 0, "sync", "-once")
			if got := providertest.Query(t, target, "SELECT count(*) FROM u"); got[0][0] != "1" {
				t.Errorf("a policy that allows no change: %v", got)
			}
		})
	}
}

// TestAStreamChangesNoTargetUnderAnApply: a stream that comes to a new column while an
// apply has the state leaves the target as the apply's plan has found it.
func TestAStreamChangesNoTargetUnderAnApply(t *testing.T) {
	t.Parallel()
	all := systemsByName()
	dir, source, target := following(t, all["postgres"], all["postgres"], "undisturbed", `mapping "t" {}`,
		"CREATE TABLE t (id int PRIMARY KEY)", "INSERT INTO t VALUES (1)")
	unlock, err := state.NewLocal(filepath.Join(dir, "syncform.sfstate")).Lock(t.Context(), state.NewLockInfo("apply"), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	follow := launch(t, dir, "sync")
	providertest.Exec(t, source, "ALTER TABLE t ADD COLUMN a int DEFAULT 5", "INSERT INTO t VALUES (2, 7)")
	until(t, "the stream waits for the state", func() bool { follow.goesOn(); return strings.Contains(follow.said(), "the state is locked by") })
	if got := providertest.Query(t, target, "SELECT count(*) FROM information_schema.columns WHERE table_name = 't' AND column_name = 'a'"); got[0][0] != "0" {
		t.Error("the target has the column already")
	}
	if err := unlock(t.Context()); err != nil {
		t.Fatal(err)
	}
	until(t, "the column is there", func() bool {
		follow.goesOn()
		return strings.Contains(follow.said(), "a column was added, as in the source")
	})
	follow.stop()
	run(t, dir, 0, "sync", "-once")
	run(t, dir, 0, "verify")
	run(t, dir, 0, "plan", "-detailed-exitcode")
}

// TestAPlanThatItsStreamOvertakes: a table that its stream holds since the plan was made is
// one that the plan does not load. An apply says so before it does anything.
func TestAPlanThatItsStreamOvertakes(t *testing.T) {
	t.Parallel()
	all := systemsByName()
	dir, source, _ := following(t, all["postgres"], all["postgres"], "overtaken", `mapping "*" {}`,
		"CREATE TABLE t (id int PRIMARY KEY, x int)", "INSERT INTO t VALUES (1, 1)")
	providertest.Exec(t, source, "ALTER TABLE t RENAME COLUMN x TO y", "INSERT INTO t VALUES (2, 2)", "ALTER TABLE t RENAME COLUMN y TO x",
		"CREATE TABLE u (id int PRIMARY KEY REFERENCES t)", "INSERT INTO u VALUES (2)")
	run(t, dir, 0, "plan", "-out", "p")
	run(t, dir, 0, "sync", "-once")
	out, err := command(t, dir, "apply", "p").CombinedOutput()
	if said := strings.Join(strings.Fields(strings.ReplaceAll(string(out), "│", " ")), " "); err == nil || !strings.Contains(said, "Since it was made, the stream has come to a change of the table's source and holds the table") {
		t.Fatalf("%v\n%s", err, out)
	}
	run(t, dir, 0, "sync", "-once") // no apply is said to be unfinished
	run(t, dir, 0, "apply", "-auto-approve")
	run(t, dir, 0, "sync", "-once")
	run(t, dir, 0, "plan", "-detailed-exitcode")
	run(t, dir, 0, "verify")
}
