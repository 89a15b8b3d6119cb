package executor

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// RelaxColumns lets those columns of a mapping's target take NULL whose source columns do
// by now, as far as the policy and the mapping itself leave it to the source, and names
// them. The target is looked at and changed under lock.
func RelaxColumns(ctx context.Context, source, target providers.Conn, m *plan.Mapping, lock func(context.Context) (state.Unlock, error)) (relaxed []string, err error) {
	from, err := source.Inspect(ctx, providers.InspectOptions{Tables: []schema.Name{m.SourceTable}, NoEstimates: true})
	if err != nil {
		return nil, err
	}
	was := from.Table(m.SourceTable)
	if was == nil || !slices.ContainsFunc(m.Columns, func(c plan.Column) bool { return takesNull(was, &c) }) {
		return nil, nil
	}
	unlock, err := lock(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, unlock(context.WithoutCancel(ctx))) }()
	to, err := target.Inspect(ctx, providers.InspectOptions{Tables: []schema.Name{m.TargetTable}, NoEstimates: true})
	if err != nil {
		return nil, err
	}
	live := to.Table(m.TargetTable)
	if live == nil {
		return nil, fmt.Errorf("table %s is gone", m.TargetTable)
	}
	for i := range m.Columns {
		c := &m.Columns[i]
		t := live.Column(c.Target)
		if t == nil || t.Nullable || !takesNull(was, c) || slices.Contains(m.TargetKey, c.Target) || m.Says(c.Target) {
			continue
		}
		n := *t
		n.Nullable = true
		change := schema.ModifyColumn{In: m.TargetTable, From: *t, To: n}
		if m.Policy.Decide(change).Verdict != plan.Apply {
			continue
		}
		if err := runChange(ctx, target, to, change); err != nil {
			return relaxed, err
		}
		relaxed = append(relaxed, c.Target)
	}
	return relaxed, nil
}

// takesNull reports whether a mapping's column carries one of the source that takes NULL.
func takesNull(source *schema.Table, c *plan.Column) bool {
	s := source.Column(c.Source)
	return c.Expr == "" && s != nil && s.Nullable
}
