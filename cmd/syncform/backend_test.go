package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestPostgresBackend keeps the state in PostgreSQL; its connection comes from the
// environment.
func TestPostgresBackend(t *testing.T) {
	t.Setenv("SF_BACKEND_CONNECTION", "")
	dir := t.TempDir()
	write(t, filepath.Join(dir, "main.sf.hcl"), `
syncform {
  backend "postgresql" {}
}

source "sqlite" "shop" {
  path = "shop.db"
}

target "sqlite" "copy" {
  path = "copy.db"
}

sync "copy" {
  source = source.sqlite.shop
  target = target.sqlite.copy
  mode   = "full"
  mapping "*" {}
}
`)
	if err := runSQL(filepath.Join(dir, "shop.db"), []string{"CREATE TABLE users (id INTEGER PRIMARY KEY)", "INSERT INTO users VALUES (1)"}); err != nil {
		t.Fatal(err)
	}
	run(t, dir, 1, "plan")
	t.Setenv("SF_BACKEND_CONNECTION", "postgres://u:c4n4ry-pa55word@127.0.0.1:1/d?connect_timeout=2")
	c := command(t, dir, "plan")
	out, err := c.CombinedOutput()
	if err == nil || strings.Contains(string(out), "c4n4ry") {
		t.Errorf("%v\n%s", err, out)
	}
	t.Setenv("SF_BACKEND_CONNECTION", providertest.Postgres(t, ""))
	run(t, dir, 0, "init")
	run(t, dir, 2, "plan", "-detailed-exitcode", "-out", "tfplan")
	run(t, dir, 0, "apply", "tfplan")
	run(t, dir, 1, "apply", "tfplan")
	run(t, dir, 0, "plan", "-detailed-exitcode")
	if out := run(t, dir, 0, "state", "list"); out != "sync.copy.mapping[\"users\"]\n" {
		t.Errorf("state list: %q", out)
	}
	pulled := run(t, dir, 0, "state", "pull")
	write(t, filepath.Join(dir, "pulled"), pulled)
	run(t, dir, 0, "state", "rm", "sync.copy")
	run(t, dir, 1, "state", "push", "pulled")
	run(t, dir, 0, "state", "push", "-force", "pulled")
	run(t, dir, 0, "plan", "-detailed-exitcode")
	run(t, dir, 1, "force-unlock", "-force", "nothing")
	if files, err := filepath.Glob(filepath.Join(dir, "*.sfstate*")); err != nil || len(files) > 0 {
		t.Errorf("a state beside the configuration: %v %v", files, err)
	}
}
