package main

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/syncform/syncform/providers/providertest"
)

// TestPreflight: a plan works with a role that may only read, and says the exact GRANT;
// an apply begins nothing without it.
func TestPreflight(t *testing.T) {
	target := providertest.Postgres(t, "")
	role := "reader_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	providertest.Exec(t, target, fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD 'pw'", role), "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
	t.Cleanup(func() { providertest.Exec(t, target, "DROP OWNED BY "+role, "DROP ROLE "+role) })
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(role, "pw")
	dir := t.TempDir()
	write(t, filepath.Join(dir, "main.sf.hcl"), fmt.Sprintf(`
source "sqlite" "shop" {
  path = "shop.db"
}

target "postgresql" "warehouse" {
  connection = %q
}

sync "copy" {
  source = source.sqlite.shop
  target = target.postgresql.warehouse
  mode   = "full"
  mapping "*" {}
}
`, u))
	if err := runSQL(filepath.Join(dir, "shop.db"), []string{"CREATE TABLE users (id INTEGER PRIMARY KEY)", "INSERT INTO users VALUES (1)"}); err != nil {
		t.Fatal(err)
	}
	grant := "GRANT CREATE, USAGE ON SCHEMA public TO " + role
	if out := run(t, dir, 2, "plan", "-detailed-exitcode", "-out", "tfplan"); !strings.Contains(out, grant) {
		t.Errorf("the plan does not say %q:\n%s", grant, out)
	}
	if out := run(t, dir, 0, "plan", "-json"); !strings.Contains(out, `"fix": "`+grant) {
		t.Errorf("plan -json does not say %q", grant)
	}
	for _, args := range [][]string{{"apply", "-auto-approve"}, {"apply", "tfplan"}} {
		c := command(t, dir, args...)
		out, err := c.CombinedOutput()
		if err == nil || !strings.Contains(string(out), grant) || !strings.Contains(string(out), "Nothing was changed") {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
	}
	providertest.Exec(t, target, grant)
	run(t, dir, 0, "apply", "tfplan")
	run(t, dir, 0, "plan", "-detailed-exitcode")
}
