package planner

import (
	"testing"

	"github.com/syncform/syncform/providers/schema"
)

// TestDescribeUnnamed: keys and checks without names are told apart by what they say.
func TestDescribeUnnamed(t *testing.T) {
	users := schema.Name{Name: "users"}
	table := schema.Table{
		Name:        schema.Name{Name: "links"},
		ForeignKeys: []schema.ForeignKey{{Columns: []string{"a"}, RefTable: users}, {Columns: []string{"b"}, RefTable: users}},
		Checks:      []schema.Check{{Expr: "a > 0"}, {Expr: "b > 0"}},
	}
	if got := describe(&table, &table, schema.SQLite); len(got) > 0 {
		t.Errorf("a table and itself: %q", got)
	}
	less := table
	less.ForeignKeys, less.Checks = table.ForeignKeys[:1], table.Checks[:1]
	got := describe(&table, &less, schema.SQLite)
	if len(got) != 2 || got[0] != `foreign key "(b) -> users": dropped` || got[1] != `check "b > 0": dropped` {
		t.Errorf("without one of each: %q", got)
	}
}
