// Package examples holds configurations that are tested with every change.
package examples

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/providers/all"
	"github.com/syncform/syncform/providers/attr"
	"github.com/syncform/syncform/providers/providertest"
)

// folders gives the examples: every folder with a configuration.
func folders(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*/*" + lang.ExtHCL)
	if err != nil {
		t.Fatal(err)
	}
	deeper, err := filepath.Glob("*/*/*" + lang.ExtHCL)
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, deeper...)
	var out []string
	for _, f := range files {
		if dir := filepath.Dir(f); len(out) == 0 || out[len(out)-1] != dir {
			out = append(out, dir)
		}
	}
	if len(out) < 5 {
		t.Fatalf("only %d examples: %v", len(out), out)
	}
	return out
}

func TestValid(t *testing.T) {
	schemas := map[string]attr.Provider{}
	for name, p := range all.Providers() {
		schemas[name] = p.Schema()
	}
	for _, dir := range folders(t) {
		if _, diags := lang.Load(lang.Options{Dir: dir, Providers: schemas, AllowMissing: true}); len(diags) > 0 {
			t.Errorf("%s: %v", dir, diags)
		}
		files, err := filepath.Glob(filepath.Join(dir, "*"+lang.ExtHCL))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			src, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if out, _ := lang.Format(src, f); !bytes.Equal(src, out) {
				t.Errorf("%s is not in the standard style: syncform fmt", f)
			}
		}
	}
}

// run is an example that is run: what it copies from, and what it finds in its
// environment.
type run struct {
	dir     string
	sources map[string]string                                 // script -> SQLite file
	servers func(t *testing.T, load string) (from, to string) // nil: SQLite alone
	query   func(to string) (url, sql, want string)           // of the result
}

var runs = []run{
	{dir: "sqlite-to-sqlite", sources: map[string]string{"source.sql": "shop.db"},
		query: func(dir string) (string, string, string) {
			return filepath.Join(dir, "copy.db"), "SELECT count(*), sum(total) FROM orders", "3 119.49"
		}},
	{dir: "rename-columns", sources: map[string]string{"source.sql": "app.db"},
		query: func(dir string) (string, string, string) {
			return filepath.Join(dir, "report.db"), "SELECT id, email, phone, country FROM contacts WHERE id = 1", "1 ann@example.com +49 1 de"
		}},
	{dir: "for-each-tenants", sources: map[string]string{"acme.sql": "acme.db", "globex.sql": "globex.db"},
		query: func(dir string) (string, string, string) {
			return filepath.Join(dir, "warehouse.db"), "SELECT (SELECT sum(total) FROM acme_orders), (SELECT sum(total) FROM globex_orders)", "30 5"
		}},
	{dir: "postgres-to-mysql",
		servers: func(t *testing.T, load string) (string, string) {
			from, to := providertest.Postgres(t, ""), providertest.MariaDB(t)
			providertest.LoadSQL(t, from, load)
			return from, to
		},
		query: func(to string) (string, string, string) {
			return to, "SELECT o.id, u.email_address, o.status, c.name FROM fact_orders o JOIN dim_users u ON u.user_id = o.user_id, raw_countries c WHERE o.id = 10 AND c.code = 'fr'", "10 ann@example.com paid Côte d'Azur 🌞"
		}},
	{dir: "mysql-to-postgres",
		servers: func(t *testing.T, load string) (string, string) {
			from, to := providertest.MariaDB(t), providertest.Postgres(t, "")
			providertest.LoadSQL(t, from, load)
			return from, to
		},
		query: func(to string) (string, string, string) {
			return to, "SELECT c.id, c.name, c.tier, i.amount FROM shop.invoices i JOIN shop.customers c ON c.id = i.customer_id WHERE i.id = 2", "4294967295 Bö 🌞 bronze -3.00"
		}},
}

// TestRun runs each example as its reader would: plan, apply, verify, plan again.
func TestRun(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "syncform")
	if out, err := exec.Command("go", "build", "-o", bin, "../cmd/syncform").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, r := range runs {
		t.Run(r.dir, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(r.dir)); err != nil {
				t.Fatal(err)
			}
			for script, file := range r.sources {
				providertest.LoadSQL(t, filepath.Join(dir, file), filepath.Join(dir, script))
			}
			env := append(os.Environ(), "SF_IN_AUTOMATION=1")
			at := dir
			if r.servers != nil {
				from, to := r.servers(t, filepath.Join(dir, "source.sql"))
				env, at = append(env, "SOURCE_URL="+from, "TARGET_URL="+to), to
			}
			for _, step := range []struct {
				exit int
				args []string
			}{
				{0, []string{"init"}},
				{2, []string{"plan", "-detailed-exitcode", "-out", "tfplan"}},
				{0, []string{"apply", "tfplan"}},
				{0, []string{"verify"}},
				{0, []string{"plan", "-detailed-exitcode"}},
			} {
				c := exec.Command(bin, step.args...)
				c.Dir, c.Env = dir, env
				out, err := c.CombinedOutput()
				if err != nil && !errors.As(err, new(*exec.ExitError)) {
					t.Fatal(err)
				}
				if got := c.ProcessState.ExitCode(); got != step.exit {
					t.Fatalf("syncform %v: exit %d, wanted %d\n%s", step.args, got, step.exit, out)
				}
			}
			url, sql, want := r.query(at)
			got := ""
			for _, row := range providertest.Query(t, url, sql) {
				for i, f := range row {
					if i > 0 {
						got += " "
					}
					got += f
				}
			}
			if got != want {
				t.Errorf("%s: got %q, want %q", sql, got, want)
			}
		})
	}
}
