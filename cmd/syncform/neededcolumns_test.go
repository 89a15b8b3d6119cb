package main

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestNeededColumns: columns that no mapping needs are never read, by no way of following
// a source: the role that syncform works as has no right to read them.
func TestNeededColumns(t *testing.T) {
	pg, lite := systems()[0], systems()[3]
	source, target := pg.fresh(t), lite.fresh(t)
	u, err := url.Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	role := "reader_" + strings.TrimPrefix(u.Path, "/")
	providertest.Exec(t, source, "CREATE TABLE users (id int PRIMARY KEY, email text, kind text NOT NULL, secret text, updated_at timestamptz NOT NULL DEFAULT now())",
		"INSERT INTO users (id, email, kind, secret) SELECT i, 'U' || i || '@X', CASE i % 3 WHEN 0 THEN 'out' ELSE 'in' END, 'never' FROM generate_series(1, 20) i",
		"CREATE INDEX users_updated ON users (updated_at)",
		"CREATE ROLE "+role+" LOGIN PASSWORD 'p'", "GRANT CREATE, USAGE ON SCHEMA public TO "+role, "GRANT SELECT (id, email, kind, updated_at), TRIGGER ON users TO "+role)
	t.Cleanup(func() { providertest.Exec(t, source, "DROP OWNED BY "+role+" CASCADE", "DROP ROLE "+role) })
	u.User = url.UserPassword(role, "p")
	for _, method := range []string{"polling", "trigger"} {
		dir := t.TempDir()
		file := filepath.Join(dir, "main.sf.hcl")
		write(t, file, pg.endpoint("source", "from", u.String())+lite.endpoint("target", "to", target)+fmt.Sprintf(`
sync "s" {
  source = source.postgresql.from
  target = target.sqlite.to
  mode   = "incremental"
  cdc { method = %q }
  mapping "users" {
    target_table    = "users_%s"
    columns         = { id = "id", email = "email" }
    incremental_key = "updated_at"
    filters         = ["kind = 'in'"]
    transform "email" { expr = "LOWER(email)" }
  }
}
`, method, method))
		run(t, dir, 0, "apply", "-auto-approve")
		providertest.Exec(t, source, "UPDATE users SET kind = CASE kind WHEN 'in' THEN 'out' ELSE 'in' END, secret = 's', updated_at = now() WHERE id % 2 = 0", "INSERT INTO users (id, email, kind) SELECT max(id) + 1, 'New', 'in' FROM users")
		run(t, dir, 0, "sync", "-once")
		got, want := lines(providertest.Query(t, target, "SELECT id, email FROM users_"+method)), lines(providertest.Query(t, source, "SELECT id, lower(email) FROM users WHERE kind = 'in'"))
		if strings.Join(got, "\n") != strings.Join(want, "\n") || len(want) < 10 {
			t.Errorf("%s: the target has\n%s\nand not\n%s", method, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		run(t, dir, 0, "verify")
		run(t, dir, 0, "destroy", "-auto-approve")
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
}
