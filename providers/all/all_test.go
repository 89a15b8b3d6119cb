package all_test

import (
	"slices"
	"testing"

	"github.com/syncform/syncform/providers/all"
	"github.com/syncform/syncform/providers/attr"
)

func TestEveryProviderSaysWhatItsBlocksLookLike(t *testing.T) {
	schemas := all.Schemas()
	for name := range all.Providers() {
		if s := schemas[name]; !s.Available || !s.Source || !s.Target && name != "sql" {
			t.Errorf("%s: %+v", name, s)
		}
	}
	for _, name := range []string{"elasticsearch", "bigquery", "stream"} {
		if s, ok := schemas[name]; !ok || s.Available {
			t.Errorf("%s: %+v", name, s)
		}
	}
	for name, s := range schemas {
		if s.Name != name || s.Text == "" || !s.Source && !s.Target {
			t.Errorf("%s: %+v", name, s)
		}
		check(t, name, s.Attributes)
		for _, b := range s.Blocks {
			check(t, name+"."+b.Name, b.Attributes)
		}
	}
}

func check(t *testing.T, where string, attributes []attr.Attribute) {
	t.Helper()
	seen := map[string]bool{}
	for _, a := range attributes {
		if a.Name == "" || a.Type == "" || a.Text == "" || seen[a.Name] {
			t.Errorf("%s: %+v", where, a)
		}
		seen[a.Name] = true
		for _, other := range a.Conflicts {
			if !slices.ContainsFunc(attributes, func(o attr.Attribute) bool { return o.Name == other }) {
				t.Errorf("%s.%s conflicts with %s, which is not there", where, a.Name, other)
			}
		}
	}
}
