package main

import (
	"path/filepath"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestIgnoreChanges: a column that ignore_changes names may be otherwise in the target;
// its values are still copied, and other columns are still compared.
func TestIgnoreChanges(t *testing.T) {
	t.Parallel()
	s := systems()[0]
	source, target := s.fresh(t), s.fresh(t)
	providertest.Exec(t, source, "CREATE TABLE users (id int PRIMARY KEY, note varchar(20) DEFAULT 'x', age int)", "INSERT INTO users VALUES (1, 'a', 1)")
	config := func(lifecycle string) string {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "main.sf.hcl"), s.endpoint("source", "from", source)+s.endpoint("target", "to", target)+`
sync "all" {
  source = source.postgresql.from
  target = target.postgresql.to
  mode   = "full"
  mapping "users" {
    `+lifecycle+`
  }
}
`)
		return dir
	}
	dir := config(`lifecycle { ignore_changes = ["note"] }`)
	applied(t, dir)
	providertest.Exec(t, target, "ALTER TABLE users ALTER note TYPE text, ALTER note SET DEFAULT 'y', ALTER note SET NOT NULL")
	run(t, dir, 0, "plan", "-detailed-exitcode", "-no-color")
	providertest.Exec(t, source, "UPDATE users SET note = 'b'")
	run(t, dir, 0, "apply", "-auto-approve", "-no-color", `-replace=sync.all.mapping["users"]`)
	if got := providertest.Query(t, target, "SELECT note FROM users")[0][0]; got != "b" {
		t.Errorf("the row has %q", got)
	}
	providertest.Exec(t, target, "ALTER TABLE users ALTER age SET DEFAULT 5")
	run(t, dir, 2, "plan", "-detailed-exitcode", "-no-color")
}
