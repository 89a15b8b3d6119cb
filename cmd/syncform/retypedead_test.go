package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestReplaceNeedsNoOldValues: a source turns its texts into numbers and then makes the
// column one of numbers, while the stream is behind. The target's texts have no number, so
// its column can't change; -replace loads the rows anew with the new type, and the old ones need
// not take it. So it is with a key that gets another name and type.
func TestReplaceNeedsNoOldValues(t *testing.T) {
	systems := systemsByName()
	for _, c := range []struct {
		system         string
		retype, rename []string
	}{
		{"postgres", []string{"UPDATE t SET v = id", "ALTER TABLE t ALTER v TYPE int USING v::int"},
			[]string{"ALTER TABLE c DROP CONSTRAINT c_t_fkey, ALTER t TYPE uuid USING lpad(t::text, 32, '0')::uuid", "ALTER TABLE t ALTER id TYPE uuid USING lpad(id::text, 32, '0')::uuid", "ALTER TABLE t RENAME id TO uid", "ALTER TABLE c ADD FOREIGN KEY (t) REFERENCES t"}},
		{"mysql", []string{"UPDATE t SET v = id", "ALTER TABLE t MODIFY v int"},
			[]string{"ALTER TABLE c DROP FOREIGN KEY c_ibfk_1, MODIFY t char(4)", "ALTER TABLE t CHANGE id uid char(4)", "UPDATE t SET uid = concat('k', uid)", "UPDATE c SET t = concat('k', t)", "ALTER TABLE c ADD FOREIGN KEY (t) REFERENCES t (uid)"}},
	} {
		t.Run(c.system, func(t *testing.T) {
			t.Parallel()
			s, name := systems[c.system], fmt.Sprintf("d%x", rand.Uint64())
			dir, source, target := following(t, s, s, name, `mapping "*" {}`,
				"CREATE TABLE t (id int PRIMARY KEY, v varchar(20))", "INSERT INTO t VALUES (1, 'abc'), (2, 'def')",
				"CREATE TABLE c (id int PRIMARY KEY, t int, FOREIGN KEY (t) REFERENCES t (id))", "INSERT INTO c VALUES (1, 1)")
			providertest.Exec(t, source, c.retype...)
			refused, err := command(t, dir, "apply", "-auto-approve", "-no-color", "-approve=sync."+name).CombinedOutput()
			if text := strings.Join(strings.Fields(strings.ReplaceAll(string(refused), "│", " ")), " "); err == nil || !strings.Contains(text, "loads the rows anew with the new type") {
				t.Errorf("the way out is not named: %v\n%s", err, refused)
			}
			out := run(t, dir, 0, "apply", "-auto-approve", fmt.Sprintf("-replace=sync.%s.mapping[\"t\"]", name))
			if !strings.Contains(out, "need not take") {
				t.Errorf("the plan does not say why rows go:\n%s", out)
			}
			if got := fmt.Sprint(providertest.Query(t, target, "SELECT id, v FROM t ORDER BY v + 0")); got != "[[1 1] [2 2]]" {
				t.Errorf("the target holds %s", got)
			}
			providertest.Exec(t, source, "INSERT INTO t VALUES (3, 3)")
			run(t, dir, 0, "sync", "-once")
			run(t, dir, 0, "verify")

			providertest.Exec(t, source, c.rename...)
			path := filepath.Join(dir, "main.sf.hcl")
			config, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			write(t, path, strings.Replace(string(config), `mapping "*" {}`, `mapping "*" {}
  mapping "t" {
    column "uid" {
      from         = "uid"
      renamed_from = "id"
    }
  }`, 1))
			run(t, dir, 0, "apply", "-auto-approve", "-replace=sync."+name)
			run(t, dir, 0, "plan", "-detailed-exitcode")
			run(t, dir, 0, "verify")
		})
	}
}

// TestReplaceIsKilledWhileTheTableIsEmpty: an apply is killed when a table that gets another
// type is empty already and its new rows are beside it yet. The next apply ends it.
func TestReplaceIsKilledWhileTheTableIsEmpty(t *testing.T) {
	t.Parallel()
	s, name := systemsByName()["postgres"], fmt.Sprintf("d%x", rand.Uint64())
	dir, source, target := following(t, s, s, name, `mapping "*" {}`, "CREATE TABLE t (id int PRIMARY KEY, v varchar(20))", "INSERT INTO t VALUES (1, 'abc'), (2, 'def')")
	providertest.Exec(t, source, "UPDATE t SET v = id", "ALTER TABLE t ALTER v TYPE int USING v::int", "INSERT INTO t VALUES (3, 3)")
	providertest.Exec(t, target, "CREATE FUNCTION halt() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN IF NOT EXISTS (SELECT FROM public.t) THEN PERFORM pg_advisory_xact_lock(77); END IF; END'",
		"CREATE EVENT TRIGGER halt ON ddl_command_start WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION halt()")
	release := providertest.HoldPostgres(t, target, "SELECT pg_advisory_xact_lock(77)")
	a := launch(t, dir, "apply", "-auto-approve", fmt.Sprintf("-replace=sync.%s.mapping[\"t\"]", name))
	until(t, "the table is empty", func() bool {
		a.goesOn()
		return fmt.Sprint(providertest.Query(t, target, "SELECT count(*) FROM t")) == "[[0]]"
	})
	a.kill()
	release()
	providertest.Exec(t, target, "DROP EVENT TRIGGER halt", "DROP FUNCTION halt")
	run(t, dir, 0, "apply", "-auto-approve")
	if got := fmt.Sprint(providertest.Query(t, target, "SELECT id, v + 0 FROM t ORDER BY id")); got != "[[1 1] [2 2] [3 3]]" {
		t.Errorf("the target holds %s", got)
	}
	run(t, dir, 0, "plan", "-detailed-exitcode")
	run(t, dir, 0, "verify")
}
