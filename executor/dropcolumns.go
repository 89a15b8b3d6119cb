package executor

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// DropColumns returns the mapping without source columns that are gone. Those of the
// target keep their values. It is an error where rows can't be written without them: a
// column of the key, one that an expression or filter reads, or a target column that
// takes no NULL and has no default.
func DropColumns(ctx context.Context, target providers.Conn, m *plan.Mapping, gone []string) (*plan.Mapping, error) {
	to, err := target.Inspect(ctx, providers.InspectOptions{Tables: []schema.Name{m.TargetTable}, NoEstimates: true})
	if err != nil {
		return nil, err
	}
	live := to.Table(m.TargetTable)
	if live == nil {
		return nil, fmt.Errorf("table %s is gone", m.TargetTable)
	}
	n := *m
	is := func(name string) bool { return slices.Contains(gone, name) }
	for _, name := range gone {
		if slices.Contains(m.SourceKey, name) {
			return nil, fmt.Errorf("column %q is of the key", name)
		}
		if text := m.Reader(name); text != "" {
			return nil, fmt.Errorf("column %q is read by %s", name, text)
		}
	}
	n.Kept = slices.Clone(m.Kept)
	n.Columns = nil
	for _, c := range m.Columns {
		if c.Expr != "" || !is(c.Source) {
			n.Columns = append(n.Columns, c)
			continue
		}
		t := live.Column(c.Target)
		if t != nil && !t.Nullable && t.Default == nil && t.Generated == nil && t.Identity == nil {
			return nil, fmt.Errorf("column %q of the target takes no NULL and has no default, so rows can't be written without it", c.Target)
		}
		if t != nil && !slices.Contains(n.Kept, c.Target) {
			n.Kept = append(n.Kept, c.Target)
		}
	}
	n.Reads = slices.DeleteFunc(slices.Clone(m.Reads), func(c plan.SourceColumn) bool { return is(c.Name) })
	n.SourceColumns = slices.DeleteFunc(slices.Clone(m.SourceColumns), is)
	n.Refill = slices.DeleteFunc(slices.Clone(m.Refill), is)
	n.ColumnIDs = maps.Clone(m.ColumnIDs)
	maps.DeleteFunc(n.ColumnIDs, func(name, _ string) bool { return is(name) })
	return &n, nil
}
