package ci

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
)

// denied gives what the policies say of one of the plans on which the views are tested.
func denied(t *testing.T, name string, data map[string]any, change func(plan map[string]any)) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("../cmd/internal/view/testdata/plans", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var plan map[string]any
	if err := json.Unmarshal(b, &plan); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(plan)
	}
	return judge(t, plan, data)
}

// judge gives what the policies say of a plan.
func judge(t *testing.T, plan, data map[string]any) []string {
	t.Helper()
	options := []func(*rego.Rego){rego.Query("data.syncform.deny"), rego.Store(inmem.NewFromObject(data)), rego.Input(plan), rego.StrictBuiltinErrors(true)}
	files, err := filepath.Glob("policies/*.rego")
	if err != nil || len(files) == 0 {
		t.Fatalf("no policies: %v", err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		options = append(options, rego.Module(f, string(text)))
	}
	r, err := rego.New(options...).Eval(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, v := range r[0].Expressions[0].Value.([]any) {
		out = append(out, v.(string))
	}
	return out
}

func TestPolicies(t *testing.T) {
	release := func(plan map[string]any) {
		for _, a := range plan["actions"].([]any) {
			delete(a.(map[string]any), "held")
		}
	}
	for _, c := range []struct {
		plan   string
		data   map[string]any
		change func(map[string]any)
		want   []string // a part of each denial, in order
	}{
		{"tables_new", map[string]any{}, nil, nil},
		{"tables_same", map[string]any{"targets": []any{"target.postgresql.other"}}, nil, nil},
		{"tables_new", map[string]any{"targets": []any{"target.postgresql.b"}}, nil, nil},
		{"tables_new", map[string]any{"targets": []any{"target.postgresql.other"}}, nil, []string{"not a target"}},
		{"destroy_tables", map[string]any{}, nil, []string{"destroys", "drop_table"}},
		{"columns_retyped", map[string]any{}, nil, nil}, // it is held
		{"columns_retyped", map[string]any{}, release, []string{"SF104"}},
		{"columns_retyped", map[string]any{"max_locked_rows": 2000000}, release, nil},
	} {
		got := denied(t, c.plan, c.data, c.change)
		all := strings.Join(got, "\n")
		if (len(got) == 0) != (len(c.want) == 0) {
			t.Errorf("%s with %v: %q", c.plan, c.data, got)
		}
		for _, w := range c.want {
			if !strings.Contains(all, w) {
				t.Errorf("%s with %v: no %q in %q", c.plan, c.data, w, got)
			}
		}
	}
}

// TestPolicyGate: what the binary plans is what the policies read: a plan that adds goes
// through, one that takes a column away is stopped, unless its address is named.
func TestPolicyGate(t *testing.T) {
	dir := t.TempDir()
	binary := filepath.Join(dir, "syncform")
	build := exec.Command("go", "build", "-C", "..", "-buildvcs=false", "-o", binary, "./cmd/syncform")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	put := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	syncform := func(args ...string) []byte {
		t.Helper()
		c := exec.Command(binary, args...)
		c.Dir = dir
		var errs strings.Builder
		c.Stderr = &errs
		out, err := c.Output()
		if err != nil {
			t.Fatalf("syncform %v: %v\n%s%s", args, err, out, errs.String())
		}
		return out
	}
	gate := func(data map[string]any) []string {
		t.Helper()
		syncform("plan", "-out", "tfplan")
		var plan map[string]any
		if err := json.Unmarshal(syncform("show", "-json", "tfplan"), &plan); err != nil {
			t.Fatal(err)
		}
		return judge(t, plan, data)
	}
	put("main.sf.hcl", `source "sql" "wanted" {
  files   = ["schema.sql"]
  scratch = target.sqlite.scratch
}

target "sqlite" "scratch" {
  path = "scratch.db"
}

target "sqlite" "app" {
  path = "app.db"
}

sync "schema" {
  source = source.sql.wanted
  target = target.sqlite.app
  mode   = "schema"
  mapping "*" {
    prune = true
  }
}
`)
	put("schema.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, old TEXT);")
	if got := gate(map[string]any{}); len(got) != 0 {
		t.Errorf("a plan that only adds: %q", got)
	}
	syncform("apply", "tfplan")
	put("schema.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);")
	got := gate(map[string]any{})
	if len(got) != 1 || !strings.Contains(got[0], "drop_column") {
		t.Fatalf("a plan that drops a column: %q", got)
	}
	addr, _, _ := strings.Cut(got[0], ": ")
	if got := gate(map[string]any{"allow_drops": []any{addr}}); len(got) != 0 {
		t.Errorf("a drop that is allowed: %q", got)
	}
}
