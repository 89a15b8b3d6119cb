package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestSecretsInServersErrors: where a server's own error holds a password, no output, log,
// file or table of ours shows it, be the error one that is tried again or not.
func TestSecretsInServersErrors(t *testing.T) {
	t.Parallel()
	const canary = "c4n4ry-pa55/word"
	pg := systems()[0]
	source, target := pg.fresh(t), pg.fresh(t)
	role := "sf_canary_" + strings.NewReplacer("/", "", "-", "_").Replace(strings.ToLower(filepath.Base(target[:strings.IndexAny(target+"?", "?")])))
	providertest.Exec(t, source, fmt.Sprintf("CREATE ROLE %s SUPERUSER LOGIN PASSWORD '%s'", role, canary))
	t.Cleanup(func() {
		providertest.Exec(t, target, "REASSIGN OWNED BY "+role+" TO CURRENT_USER", "DROP OWNED BY "+role)
		providertest.Exec(t, source, "REASSIGN OWNED BY "+role+" TO CURRENT_USER", "DROP OWNED BY "+role, "DROP ROLE "+role)
	})
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	s, err := url.Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(role, canary)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "main.sf.hcl"), fmt.Sprintf(`
source "postgresql" "from" {
  host     = %q
  port     = %s
  database = %q
  ssl      = "disabled"
  credentials {
    type = "env"
    path = "FROM"
  }
}
target "postgresql" "to" {
  connection = env("TARGET_URL")
}
sync "s" {
  source     = source.postgresql.from
  target     = target.postgresql.to
  mode       = "incremental"
  on_bad_row = "dead_letter"
  mapping "people" {}
}
`, s.Hostname(), s.Port(), strings.TrimPrefix(s.Path, "/")))
	said := func(args ...string) (string, int) {
		t.Helper()
		c := command(t, dir, args...)
		c.Env = append(c.Env, "SF_LOG=debug", "FROM_USERNAME="+role, "FROM_PASSWORD="+canary, "TARGET_URL="+u.String())
		var out bytes.Buffer
		c.Stdout, c.Stderr = &out, &out
		_ = c.Run() // the exit code says what it must
		for _, form := range []string{canary, url.PathEscape(canary), url.QueryEscape(canary)} {
			if strings.Contains(out.String(), form) {
				t.Errorf("%v shows the password:\n%s", args, &out)
			}
		}
		return out.String(), c.ProcessState.ExitCode()
	}
	must := func(code int, part string, args ...string) {
		t.Helper()
		if out, got := said(args...); got != code || !strings.Contains(out, part) {
			t.Errorf("%v: exit code %d, wanted %d with %q\n%s", args, got, code, part, out)
		}
	}
	raise := func(state string, first int) {
		t.Helper()
		providertest.Exec(t, target, "DROP SEQUENCE IF EXISTS tries", "CREATE SEQUENCE tries",
			fmt.Sprintf(`CREATE OR REPLACE FUNCTION loud() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN
  IF nextval('tries') <= %d THEN RAISE EXCEPTION 'not with %s' USING ERRCODE = '40001'; END IF;
  IF '%s' <> '' THEN RAISE EXCEPTION 'never with %s' USING ERRCODE = '%s'; END IF;
  RETURN NEW; END $f$`, first, canary, state, canary, state))
	}
	const mark = "(sensitive value)"
	providertest.Exec(t, source, "CREATE TABLE people (id bigint PRIMARY KEY, name text)", "INSERT INTO people VALUES (1, 'a')")
	providertest.Exec(t, target, "CREATE TABLE people (id bigint PRIMARY KEY, name text)")
	raise("P0001", 1)
	providertest.Exec(t, target, "CREATE TRIGGER loud BEFORE INSERT OR UPDATE ON people FOR EACH ROW EXECUTE FUNCTION loud()", "ALTER TABLE people ENABLE ALWAYS TRIGGER loud")

	must(0, "Plan:", "plan", "-out", "tfplan")
	must(1, "never with "+mark, "apply", "tfplan")
	must(0, mark, "history", "-json")
	raise("P0001", 1)
	must(1, `"error":"`, "apply", "-auto-approve", "-json")
	raise("", 0)
	must(0, "Apply complete", "apply", "-auto-approve")

	raise("P0001", 1)
	providertest.Exec(t, source, "INSERT INTO people VALUES (2, 'b')")
	must(1, "not with "+mark, "sync", "-once")
	must(1, mark, "status", "-json")
	must(1, mark, "status")
	raise("P0001", 1)
	must(1, "never with "+mark, "sync", "-once", "-json")
	raise("23514", 0)
	must(0, "", "sync", "-once")
	must(0, "23514", "dead-letter", "list", "-json")
	must(1, "23514", "dead-letter", "retry", "-json")
	must(1, "23514", "dead-letter", "retry")
	must(1, "", "verify", "-json")
	must(1, "", "cutover", "s", "-quiet", "0s")
	raise("", 0)
	must(0, "", "dead-letter", "retry")
	must(0, "Verified", "verify")
	for _, line := range [][]string{{"show"}, {"show", "-json"}, {"plan", "-json"}, {"graph"}, {"state", "pull"}, {"output", "-json"}, {"show", "-json", "tfplan"}} {
		must(0, "", line...)
	}

	// Neither what the commands left in the folder, nor what they keep in the target.
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(canary)) {
			t.Errorf("%s holds the password", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	kept := 0
	for _, table := range lines(providertest.Query(t, target, `SELECT format('%I', relname) FROM pg_class WHERE relkind = 'r' AND relname LIKE '\_sync%'`)) {
		kept++
		if rows := providertest.Query(t, target, fmt.Sprintf("SELECT t::text FROM %s t WHERE t::text LIKE '%%%s%%'", table, canary)); len(rows) > 0 {
			t.Errorf("%s of the target holds the password: %v", table, rows)
		}
	}
	if kept < 4 {
		t.Errorf("only %d tables were looked at", kept)
	}
	must(0, "", "destroy", "-auto-approve")
}
