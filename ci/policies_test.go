package ci

import (
	"context"
	"encoding/json"
	"os"
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
