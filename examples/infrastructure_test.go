package examples

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// example is a copy of a folder in which commands are run.
type example struct {
	t   *testing.T
	bin string
	dir string
	env []string
}

func newExample(t *testing.T, bin, folder string) *example {
	e := &example{t: t, bin: bin, dir: t.TempDir(), env: append(os.Environ(), "SF_IN_AUTOMATION=1", "NO_COLOR=1")}
	if err := os.CopyFS(e.dir, os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	return e
}

// run runs a command line, which must end with that exit code and print want.
func (e *example) run(exit int, want string, args ...string) {
	e.t.Helper()
	c := exec.Command(e.bin, args...)
	c.Dir, c.Env = e.dir, e.env
	out, err := c.CombinedOutput()
	if err != nil && !errors.As(err, new(*exec.ExitError)) {
		e.t.Fatal(err)
	}
	if got := c.ProcessState.ExitCode(); got != exit || !strings.Contains(string(out), want) {
		e.t.Fatalf("syncform %q: exit %d, wanted %d and %q\n%s", args, got, exit, want, out)
	}
}

func (e *example) load(file, script string) {
	e.t.Helper()
	providertest.LoadSQL(e.t, filepath.Join(e.dir, file), filepath.Join(e.dir, script))
}

func (e *example) query(file, sql, want string) {
	e.t.Helper()
	rows := providertest.Query(e.t, filepath.Join(e.dir, file), sql)
	if len(rows) != 1 || rows[0][0] != want {
		e.t.Errorf("%s: %s: got %v, want %s", file, sql, rows, want)
	}
}

// TestInfrastructure runs the examples of what stands in a repository of many.
func TestInfrastructure(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "syncform")
	if out, err := exec.Command("go", "build", "-o", bin, "../cmd/syncform").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Run("environments", func(t *testing.T) {
		for _, name := range []string{"staging", "production"} {
			e := newExample(t, bin, "environments")
			e.env = append(e.env, "SF_BACKEND_CONNECTION="+providertest.Postgres(t, ""))
			e.load(name+".db", "source.sql")
			e.run(1, "variable", "plan", "-input=false")
			e.run(1, "environment is staging or production", "plan", "-var", "environment=dev")
			vars := "-var-file=" + name + ".sfvars"
			e.run(0, "", "init")
			e.run(2, "1 table to create", "plan", "-detailed-exitcode", vars, "-out", "tfplan")
			e.run(0, "Apply complete!", "apply", "-lock-timeout=5m", "tfplan")
			e.run(0, name, "output", "environment")
			e.run(0, `"value": "`+name+`"`, "output", "-json")
			e.run(0, "Verified.", "verify", vars)
			e.run(0, "No changes.", "plan", "-detailed-exitcode", vars)
			if _, err := os.Stat(filepath.Join(e.dir, "syncform.sfstate")); err == nil {
				t.Error("there is a state in the folder")
			}
			e.query(name+"-warehouse.db", "SELECT sum(total) FROM "+map[string]string{"staging": "stg_"}[name]+"orders", "29.5")
		}
	})
	t.Run("several", func(t *testing.T) {
		e := newExample(t, bin, "several")
		e.load("shop.db", "source.sql")
		for _, name := range []string{"warehouse", "reports"} {
			e.run(0, "", "-chdir="+name, "apply", "-auto-approve")
			e.run(0, "No changes.", "-chdir="+name, "plan", "-detailed-exitcode")
			e.run(0, "sync."+name+`.mapping["orders"]`, "-chdir="+name, "state", "list")
		}
		e.query("reports.db", "SELECT count(*) FROM monthly_orders", "2")
	})
	t.Run("refactoring", func(t *testing.T) {
		e := newExample(t, bin, "refactoring")
		e.load("shop.db", "source.sql")
		use := func(folder string) {
			t.Helper()
			b, err := os.ReadFile(filepath.Join(e.dir, folder, "main.sf.hcl"))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(e.dir, "main.sf.hcl"), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		use("before")
		e.run(0, "", "apply", "-auto-approve")
		use("after")
		e.run(2, `sync.shop.mapping["orders"] -> sync.sales.mapping["orders"]`, "plan", "-detailed-exitcode")
		e.run(0, "", "apply", "-auto-approve")
		e.run(0, "No changes.", "plan", "-detailed-exitcode")
		e.run(0, `sync.sales.mapping["orders"]`, "state", "list")
		e.run(1, "holds no sync.old", "state", "list", "sync.old")
		e.query("copy.db", "SELECT count(*) FROM carts", "1")
		e.run(0, "->", "state", "mv", "sync.sales", "sync.other")
		e.run(0, "Removed", "state", "rm", "sync.other")
	})
	t.Run("import", func(t *testing.T) {
		e := newExample(t, bin, "import")
		e.load("shop.db", "source.sql")
		e.load("copy.db", "source.sql")
		e.run(0, "Imported", "import", `sync.shop.mapping["orders"]`)
		e.run(0, "Verified.", "verify")
		e.run(0, "No changes.", "plan", "-detailed-exitcode")
	})
}
