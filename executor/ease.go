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

// Ease lets a mapping's target take rows that its source takes by now, as far as the policy
// and the mapping itself leave it to the source: its columns take NULL where those of the
// source do, and it gets the partitions that the source has and it lacks. It says what it
// has done. The target is looked at and changed under lock.
func Ease(ctx context.Context, source, target providers.Conn, m *plan.Mapping, lock func(context.Context) (state.Unlock, error)) (eased []string, err error) {
	from, err := source.Inspect(ctx, providers.InspectOptions{Tables: []schema.Name{m.SourceTable}, NoEstimates: true})
	if err != nil {
		return nil, err
	}
	was := from.Table(m.SourceTable)
	if was == nil || was.Partition == nil && !slices.ContainsFunc(m.Columns, func(c plan.Column) bool { return takesNull(was, &c) }) {
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
			return eased, err
		}
		eased = append(eased, fmt.Sprintf("column %q takes NULL", c.Target))
	}
	parts, err := addPartitions(ctx, target, m, from, to)
	return append(eased, parts...), err
}

// takesNull reports whether a mapping's column carries one of the source that takes NULL.
func takesNull(source *schema.Table, c *plan.Column) bool {
	s := source.Column(c.Source)
	return c.Expr == "" && s != nil && s.Nullable
}

// addPartitions makes the partitions that the source's table has and the target's, which is
// cut in the same way, lacks.
func addPartitions(ctx context.Context, target providers.Conn, m *plan.Mapping, from, to *schema.Database) (made []string, err error) {
	was, live := from.Table(m.SourceTable), *to.Table(m.TargetTable)
	if from.System != to.System || was.Partition == nil || live.Partition == nil || !was.Partition.SameCut(*live.Partition) {
		return nil, nil
	}
	merged, added := live.Partition.With(*was.Partition.Under(m.SourceTable, m.TargetTable))
	if len(added) == 0 {
		return nil, nil
	}
	more := live
	more.Partition = &merged
	change := schema.ModifyTable{From: live, To: more}
	if m.Policy.Decide(change).Verdict != plan.Apply {
		return nil, nil
	}
	if err := runChange(ctx, target, to, change); err != nil {
		return nil, err
	}
	for _, n := range added {
		made = append(made, fmt.Sprintf("partition %s was made", n))
	}
	return made, nil
}
