package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestPoliciesHoldForDDLInTheStream changes a source's tables under a stream: what the
// policy lets through is made or left at its place, what it holds for review holds that
// table alone, and what it denies stops the stream.
func TestPoliciesHoldForDDLInTheStream(t *testing.T) {
	t.Parallel()
	pg := systems()[0]
	for _, c := range []struct {
		name, policy, ddl, insert string
		exit                      int
		says                      string // on stdout and stderr
		rows, other               string // of the target's tables afterwards
	}{
		{"gone", `remove_column { action = "warn" }`, "ALTER TABLE people DROP COLUMN note", "INSERT INTO people VALUES (2, 'b')", 0, "a column is gone at the source", "[[1 a x] [2 b \\N]]", "[[1] [2]]"},
		{"no policy", ``, "ALTER TABLE people DROP COLUMN note", "INSERT INTO people VALUES (2, 'b')", 0, "a column is gone at the source", "[[1 a x] [2 b \\N]]", "[[1] [2]]"},
		{"renamed", ``, "ALTER TABLE people RENAME COLUMN note TO remark", "INSERT INTO people VALUES (2, 'b', 'y')", -1, `renamed_from = \"note\"`, "[[1 a x]]", "[[1] [2]]"},
		{"renamed and left", `add_column { action = "warn" }`, "ALTER TABLE people RENAME COLUMN note TO remark", "INSERT INTO people VALUES (2, 'b', 'y')", 0, "left, as the policy says", "[[1 a x] [2 b \\N]]", "[[1] [2]]"},
		{"left", `add_column { action = "warn" }`, "ALTER TABLE people ADD COLUMN more text", "INSERT INTO people VALUES (2, 'b', 'y', 'z')", 0, "left, as the policy says", "[[1 a x] [2 b y]]", "[[1] [2]]"},
		{"review", `add_column { action = "review" }`, "ALTER TABLE people ADD COLUMN more text", "INSERT INTO people VALUES (2, 'b', 'y', 'z')", -1, "-approve='sync.ddl.mapping[", "[[1 a x]]", "[[1] [2]]"},
		{"deny", `add_column { action = "deny" }`, "ALTER TABLE people ADD COLUMN more text", "INSERT INTO people VALUES (2, 'b', 'y', 'z')", 1, "schema_policy.p denies", "[[1 a x]]", "[[1]]"},
		{"deny removal", `remove_column { action = "deny" }`, "ALTER TABLE people DROP COLUMN note", "INSERT INTO people VALUES (2, 'b')", 1, "schema_policy.p denies", "[[1 a x]]", "[[1]]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, source, target := t.TempDir(), pg.fresh(t), pg.fresh(t)
			providertest.Exec(t, source, "CREATE TABLE people (id integer PRIMARY KEY, name text, note text)", "CREATE TABLE items (n integer PRIMARY KEY)",
				"INSERT INTO people VALUES (1, 'a', 'x')", "INSERT INTO items VALUES (1)")
			write(t, filepath.Join(dir, "main.sf.hcl"), pg.endpoint("source", "from", source)+pg.endpoint("target", "to", target)+fmt.Sprintf(`
sync "ddl" {
  source        = source.postgresql.from
  target        = target.postgresql.to
  mode          = "incremental"
  schema_policy = schema_policy.p
  mapping "people" {}
  mapping "items" {}
}
schema_policy "p" {
  %s
}
`, c.policy))
			run(t, dir, 0, "apply", "-auto-approve")
			t.Cleanup(func() { run(t, dir, 0, "destroy", "-auto-approve") })
			providertest.Exec(t, source, c.ddl, c.insert, "INSERT INTO items VALUES (2)")
			cmd := command(t, dir, "sync", "-once")
			out, err := cmd.CombinedOutput()
			if code := cmd.ProcessState.ExitCode(); c.exit >= 0 && code != c.exit {
				t.Errorf("exit %d, wanted %d (%v)", code, c.exit, err)
			}
			if !strings.Contains(strings.ReplaceAll(string(out), "\n│ ", " "), c.says) {
				t.Errorf("it does not say %q", c.says)
			}
			if rows := fmt.Sprint(providertest.Query(t, target, "SELECT id, name, note FROM people ORDER BY id")); rows != c.rows {
				t.Errorf("people: %s, wanted %s", rows, c.rows)
			}
			if rows := fmt.Sprint(providertest.Query(t, target, "SELECT n FROM items ORDER BY n")); rows != c.other {
				t.Errorf("items: %s, wanted %s", rows, c.other)
			}
			if t.Failed() {
				t.Log(string(out))
			}
		})
	}
}
