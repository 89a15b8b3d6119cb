package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestMigrations runs scripts with the quirks of each system: bodies of functions and
// triggers, other delimiters, what can't be in a transaction, and a statement that fails.
func TestMigrations(t *testing.T) {
	scripts := map[string]struct {
		first, broken string
		at            string // where broken stands
		after         int    // rows of t once broken has failed
	}{
		"postgres": {
			first:  "CREATE TABLE t (n integer, v text);\nCREATE FUNCTION f() RETURNS integer LANGUAGE plpgsql AS $$\nBEGIN\n  RETURN 1; -- ;\nEND; $$;\nINSERT INTO t VALUES (f(), 'a;b');",
			broken: "INSERT INTO t VALUES (2, 'x');\nCREATE INDEX CONCURRENTLY by_n ON t (n);\nINSERT INTO nowhere VALUES (3);", at: "statement 3 of 3 (line 3)", after: 2,
		},
		"mysql": {
			first:  "CREATE TABLE t (n integer, v text);\nDELIMITER //\nCREATE PROCEDURE p()\nBEGIN\n  INSERT INTO t VALUES (1, 'a;b');\nEND//\nDELIMITER ;\nCALL p();",
			broken: "INSERT INTO t VALUES (2, 'x');\nCREATE INDEX by_n ON t (n);\nINSERT INTO nowhere VALUES (3);", at: "statement 3 of 3 (line 3)", after: 2,
		},
		"sqlite": {
			first:  "CREATE TABLE t (n integer, v text);\nCREATE TRIGGER g AFTER INSERT ON t WHEN NEW.n = 9 BEGIN\n  DELETE FROM t WHERE n = 9; SELECT 1;\nEND;\nINSERT INTO t VALUES (1, 'a;b');",
			broken: "INSERT INTO t VALUES (2, 'x');\nCREATE INDEX by_n ON t (n);\nINSERT INTO nowhere VALUES (3);", at: "statement 3 of 3 (line 3)", after: 1,
		},
	}
	scripts["mariadb"] = scripts["mysql"]
	for _, sys := range systems() {
		t.Run(sys.name, func(t *testing.T) {
			t.Parallel()
			url, dir, s := sys.fresh(t), t.TempDir(), scripts[sys.name]
			file := func(name, text string) {
				t.Helper()
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			file("main.sf.hcl", sys.endpoint("target", "t", url)+fmt.Sprintf("migration \"first\" {\n  target = target.%[1]s.t\n  up     = file(\"first.sql\")\n}\nmigration \"second\" {\n  target = target.%[1]s.t\n  up     = file(\"second.sql\")\n}\n", sys.provider))
			file("first.sql", s.first)
			file("second.sql", s.broken)
			c := command(t, dir, "apply", "-auto-approve")
			out, err := c.CombinedOutput()
			if err == nil || !strings.Contains(strings.ReplaceAll(string(out), "\n│ ", " "), s.at) {
				t.Fatalf("a script that fails: %v\n%s", err, out)
			}
			if rows := providertest.Query(t, url, "SELECT n FROM t"); len(rows) != s.after {
				t.Fatalf("%d rows, wanted %d", len(rows), s.after)
			}
			file("second.sql", strings.Replace(s.broken, "nowhere VALUES (3)", "t VALUES (3, 'y')", 1))
			run(t, dir, 0, "apply", "-auto-approve")
			if rows := providertest.Query(t, url, "SELECT n, v FROM t ORDER BY n"); fmt.Sprint(rows) != "[[1 a;b] [2 x] [3 y]]" {
				t.Fatalf("rows: %v", rows)
			}
			run(t, dir, 0, "plan", "-detailed-exitcode")
			file("first.sql", s.first+"\n-- a comment\n")
			run(t, dir, 0, "plan", "-detailed-exitcode")
			file("first.sql", strings.Replace(s.first, "a;b", "other", 1))
			run(t, dir, 1, "plan")
		})
	}
}
