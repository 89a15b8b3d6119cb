package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// killedScript is a script that is killed in its second statement.
type killedScript struct {
	text    string
	running string // a query whose first field is not 0 while that statement runs
	lock    string // a statement that takes the lock which the second one waits for
	says    string // what the plan says after that
	rows    string // what is there once it has gone on
	held    bool   // it is not run again until that is said
	without string // the script without the statement, which did take effect
}

// TestKilledMigrations: after a kill -9 in the middle of a statement the plan says where
// the script stands, the statements before it are not run again, and neither is one that
// may have taken effect, unless that is said.
func TestKilledMigrations(t *testing.T) {
	const first = "INSERT INTO t VALUES (1);\n"
	const mysqlRuns = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND STATE = 'User lock'"
	const pgRuns = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory' AND query LIKE '%pg_advisory_xact_lock(1)%'"
	const mysqlLock, pgLock = "DO GET_LOCK(CONCAT('held ', DATABASE()), 600)", "SELECT pg_advisory_lock(1)"
	const mysqlWaits = "1 + GET_LOCK(CONCAT('held ', DATABASE()), 600)" // is 2
	scripts := map[string]map[string]killedScript{
		"postgres": {
			"whole": {text: first + "INSERT INTO t SELECT 2 FROM pg_advisory_xact_lock(1);\nINSERT INTO t VALUES (3);", running: pgRuns, lock: pgLock, says: "3 statements, in one transaction", rows: "[[1] [2] [3]]"},
			"each":  {text: first + "INSERT INTO t SELECT 2 FROM pg_advisory_xact_lock(1);\nCREATE INDEX CONCURRENTLY by_n ON t (n);\nINSERT INTO t VALUES (3);", running: pgRuns, lock: pgLock, says: "goes on with statement 2 of 4", rows: "[[1] [2] [3]]"},
			"alone": {text: first + "DO $$ BEGIN INSERT INTO t VALUES (2); COMMIT; PERFORM pg_advisory_xact_lock(1); END $$;\nINSERT INTO t VALUES (3);", running: pgRuns, lock: pgLock, says: "was cut short in statement 2 (line 2)", rows: "[[1] [2] [3]]", held: true, without: first + "INSERT INTO t VALUES (3);"},
		},
		"mysql": {
			"whole": {text: first + "INSERT INTO t SELECT " + mysqlWaits + ";\nINSERT INTO t VALUES (3);", running: mysqlRuns, lock: mysqlLock, says: "3 statements, in one transaction", rows: "[[1] [2] [3]]"},
			"each":  {text: first + "INSERT INTO t SELECT " + mysqlWaits + ";\nCREATE INDEX by_n ON t (n);\nINSERT INTO t VALUES (3);", running: mysqlRuns, lock: mysqlLock, says: "goes on with statement 2 of 4", rows: "[[1] [2] [3]]"},
			"alone": {text: first + "CREATE TABLE u AS SELECT " + mysqlWaits + " AS n;\nINSERT INTO t SELECT n FROM u;\nINSERT INTO t VALUES (3);", running: mysqlRuns, lock: mysqlLock, says: "was cut short in statement 2 (line 2)", rows: "[[1] [2] [3]]", held: true, without: first + "CREATE TABLE IF NOT EXISTS u (n int);\nINSERT INTO t SELECT 2;\nINSERT INTO t VALUES (3);"},
		},
		"sqlite": {
			"each": {text: first + "INSERT INTO t WITH RECURSIVE r AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM r WHERE i < 6000000) SELECT 2 FROM r WHERE i = 6000000;\nPRAGMA user_version = 7;\nINSERT INTO t VALUES (3);", running: "SELECT count(*) FROM t", says: "goes on with statement 2 of 4", rows: "[[1] [2] [3]]"},
		},
	}
	scripts["mariadb"] = scripts["mysql"]
	for _, sys := range systems() {
		for name, s := range scripts[sys.name] {
			t.Run(sys.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				killedMigration(t, sys, s)
			})
		}
	}
}

func killedMigration(t *testing.T, sys system, s killedScript) {
	url, dir := sys.fresh(t), t.TempDir()
	providertest.Exec(t, url, "CREATE TABLE t (n integer)")
	file := filepath.Join(dir, "up.sql")
	write(t, file, s.text)
	write(t, filepath.Join(dir, "main.sf.hcl"), sys.endpoint("target", "t", url)+fmt.Sprintf("migration \"m\" {\n  target = target.%s.t\n  up     = file(\"up.sql\")\n}\n", sys.provider))
	free := func() {}
	if s.lock != "" {
		free = providertest.Hold(t, url, s.lock)
	}
	c := command(t, dir, "apply", "-auto-approve")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	until(t, "the statement runs", func() bool { return providertest.Query(t, url, s.running)[0][0] != "0" })
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err == nil {
		t.Fatal("it was not killed")
	}
	free()
	flat := func(out string) string { return strings.Join(strings.Fields(strings.ReplaceAll(out, "│", "")), " ") }
	if out := run(t, dir, 0, "plan", "-verbose"); !strings.Contains(flat(out), s.says) {
		t.Fatalf("the plan does not say %q:\n%s", s.says, out)
	}
	rows := func() string { return fmt.Sprint(providertest.Query(t, url, "SELECT n FROM t ORDER BY n")) }
	if s.held {
		before := rows()
		run(t, dir, 0, "apply", "-auto-approve")
		if is := rows(); is != before {
			t.Fatalf("it was run again without being told: %s, before %s", is, before)
		}
		write(t, file, s.without)
		run(t, dir, 0, "apply", "-auto-approve", "-approve=migration.m")
	} else {
		run(t, dir, 0, "apply", "-auto-approve")
	}
	if is := rows(); is != s.rows {
		t.Errorf("rows %s, wanted %s", is, s.rows)
	}
	run(t, dir, 0, "plan", "-detailed-exitcode")
}
