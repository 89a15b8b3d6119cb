package planner

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers/schema"
)

// TestCauses: after an apply, something changes at the source, in the configuration or at
// the target, and the plan says which it was.
func TestCauses(t *testing.T) {
	const applied = "sync \"s\" {\n  source = source.postgresql.a\n  target = target.postgresql.b\n  mode   = \"full\"\n  mapping \"o\" {\n    allow_hazards = [\"SF102\", \"SF104\", \"SF105\", \"SF106\", \"SF107\", \"SF108\"]\n    prune = true\n@    }\n}\n"
	table := func(db *schema.Database) *schema.Table {
		return db.Table(schema.Name{Schema: "public", Name: "o"})
	}
	literal := &schema.Default{Literal: true, Text: "7"}
	index := schema.Index{Name: "o_b", Parts: []schema.KeyPart{{Column: "b"}}}
	unique := schema.Key{Name: "o_u", Parts: []schema.KeyPart{{Column: "b"}}}
	check := schema.Check{Name: "o_c", Expr: "(b > 0)"}
	for name, c := range map[string]struct {
		before         string // in the mapping, when it was applied
		after          string // in the mapping
		source, target func(*schema.Table)
		cutShort       bool // the apply was not finished
		kind           string
		want           plan.Cause
	}{
		"default at the source":        {kind: "modify_column", want: plan.CauseSource, source: func(x *schema.Table) { x.Columns[2].Default = literal }},
		"default at the target":        {kind: "modify_column", want: plan.CauseDrift, target: func(x *schema.Table) { x.Columns[2].Default = literal }},
		"default in the configuration": {kind: "modify_column", want: plan.CauseConfiguration, after: "column \"b\" {\n default = 7\n}\n"},
		"no default any more in the configuration": {
			kind: "modify_column", want: plan.CauseConfiguration,
			before: "column \"b\" {\n default = 7\n}\n",
		},
		"null at the source":                  {kind: "modify_column", want: plan.CauseSource, source: func(x *schema.Table) { x.Columns[2].Nullable = false }},
		"null at the target":                  {kind: "modify_column", want: plan.CauseDrift, target: func(x *schema.Table) { x.Columns[2].Nullable = false }},
		"null in the configuration":           {kind: "modify_column", want: plan.CauseConfiguration, after: "column \"b\" {\n nullable = false\n}\n"},
		"index at the source":                 {kind: "add_index", want: plan.CauseSource, source: func(x *schema.Table) { x.Indexes = append(x.Indexes, index) }},
		"index gone at the source":            {kind: "drop_index", want: plan.CauseSource, source: func(x *schema.Table) { x.Indexes = nil }},
		"index gone at the target":            {kind: "add_index", want: plan.CauseDrift, target: func(x *schema.Table) { x.Indexes = nil }},
		"index that an apply did not come to": {kind: "add_index", want: "", cutShort: true, target: func(x *schema.Table) { x.Indexes = nil }},
		"index more at the target":            {kind: "drop_index", want: plan.CauseDrift, target: func(x *schema.Table) { x.Indexes = append(x.Indexes, index) }},
		"index changed at the target": {kind: "add_index", want: plan.CauseDrift, target: func(x *schema.Table) {
			x.Indexes = []schema.Index{{Name: "o_a", Parts: []schema.KeyPart{{Column: "b"}}}}
		}},
		"index in the configuration":         {kind: "add_index", want: plan.CauseConfiguration, after: "index \"mine\" {\n columns = [\"b\"]\n}\n"},
		"index gone from the configuration":  {kind: "drop_index", want: plan.CauseConfiguration, before: "index \"mine\" {\n columns = [\"b\"]\n}\n"},
		"unique at the source":               {kind: "add_unique", want: plan.CauseSource, source: func(x *schema.Table) { x.Uniques = []schema.Key{unique} }},
		"unique at the target":               {kind: "drop_unique", want: plan.CauseDrift, target: func(x *schema.Table) { x.Uniques = []schema.Key{unique} }},
		"check at the source":                {kind: "add_check", want: plan.CauseSource, source: func(x *schema.Table) { x.Checks = []schema.Check{check} }},
		"check at the target":                {kind: "drop_check", want: plan.CauseDrift, target: func(x *schema.Table) { x.Checks = []schema.Check{check} }},
		"comment at the source":              {kind: "modify_table", want: plan.CauseSource, source: func(x *schema.Table) { x.Comment = "orders" }},
		"column gone from the configuration": {kind: "drop_column", want: plan.CauseConfiguration, after: "exclude_columns = [\"b\"]\n"},
		"column more in the configuration":   {kind: "add_column", want: plan.CauseConfiguration, before: "exclude_columns = [\"b\"]\n"},
		"column more at the target": {kind: "drop_column", want: plan.CauseDrift, target: func(x *schema.Table) {
			x.Columns = append(x.Columns, schema.Column{Name: "z", Type: x.Columns[2].Type, Nullable: true})
		}},
		"column gone at the target": {kind: "add_column", want: plan.CauseDrift, target: func(x *schema.Table) { x.Columns = x.Columns[:2] }},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			e := newBench(t, goldenDir+"/keys/index_added")
			config := func(more string) {
				path := filepath.Join(dir, "main.sf.hcl")
				text := strings.Replace(applied, "@", more, 1)
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				e.config(path)
			}
			e.source.db = readDatabase(t, goldenDir+"/keys/index_added/new.json")
			config(c.before)
			p, diags := e.plan(Options{})
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			e.apply(p)
			if again, diags := e.plan(Options{}); diags.HasErrors() || !again.Empty() {
				t.Fatalf("the plan after the apply is not empty:\n%s", render(again, diags))
			}
			if c.source != nil {
				c.source(table(e.source.db))
			}
			if c.target != nil {
				e.target.db.Tables = slices.Clone(e.target.db.Tables)
				x := table(e.target.db)
				x.Columns = slices.Clone(x.Columns)
				c.target(x)
			}
			if c.cutShort {
				e.state.Running = "another"
			}
			config(c.after)
			p, diags = e.plan(Options{})
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			found := false
			for i := range p.Actions {
				a := &p.Actions[i]
				if a.Change == nil || schema.ChangeKind(a.Change) != c.kind {
					continue
				}
				found = true
				if a.Cause != c.want {
					t.Errorf("%s because of %q, wanted %q", c.kind, a.Cause, c.want)
				}
			}
			if !found {
				t.Errorf("no %s in\n%s", c.kind, render(p, nil))
			}
		})
	}
}
