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
// source do, and wider values (WidenColumns), it loses what was unique in it because it was
// so at the source, and it gets the partitions that the source has and it lacks. It returns
// the mapping as it is then, and what it has done. The target is looked at and changed under
// lock.
func Ease(ctx context.Context, source, target providers.Conn, m *plan.Mapping, lock func(context.Context) (state.Unlock, error)) (_ *plan.Mapping, eased Eased, err error) {
	unlock, err := lock(ctx)
	if err != nil {
		return nil, eased, err
	}
	defer func() { err = errors.Join(err, unlock(context.WithoutCancel(ctx))) }()
	e := &easing{source: source, target: target, m: m}
	if err := e.inspect(ctx); err != nil {
		return nil, eased, err
	}
	n, wider, err := e.widenAny(ctx)
	if err != nil {
		return nil, eased, err
	}
	for _, name := range wider {
		eased.Words = append(eased.Words, fmt.Sprintf("column %q takes wider values", name))
	}
	for _, f := range []func(context.Context) ([]string, error){e.relax, e.free, e.addPartitions} {
		done, err := f(ctx)
		eased.Words, eased.Changes = append(eased.Words, done...), e.done
		if err != nil {
			return n, eased, err
		}
	}
	return n, eased, nil
}

// Eased is what Ease has done.
type Eased struct {
	Words   []string
	Changes []schema.Change // of the target's table, but for wider columns
}

// easing is a mapping with its tables as they are now.
type easing struct {
	source, target providers.Conn
	m              *plan.Mapping
	from, to       *schema.Database
	was, live      *schema.Table
	done           []schema.Change
}

func (e *easing) inspect(ctx context.Context) (err error) {
	if e.from, err = e.source.Inspect(ctx, providers.InspectOptions{Tables: []schema.Name{e.m.SourceTable}, NoEstimates: true}); err != nil {
		return err
	}
	if e.to, err = e.target.Inspect(ctx, providers.InspectOptions{Tables: []schema.Name{e.m.TargetTable}, NoEstimates: true}); err != nil {
		return err
	}
	e.was, e.live = e.from.Table(e.m.SourceTable), e.to.Table(e.m.TargetTable)
	if e.was == nil || e.live == nil {
		return fmt.Errorf("table %s or %s is gone", e.m.SourceTable, e.m.TargetTable)
	}
	return nil
}

// relax lets columns take NULL.
func (e *easing) relax(ctx context.Context) (relaxed []string, err error) {
	m, was, live := e.m, e.was, e.live
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
		if err := runChange(ctx, e.target, e.to, change); err != nil {
			return relaxed, err
		}
		e.done = append(e.done, change)
		relaxed = append(relaxed, fmt.Sprintf("column %q takes NULL", c.Target))
	}
	return relaxed, nil
}

// takesNull reports whether a mapping's column carries one of the source that takes NULL.
func takesNull(source *schema.Table, c *plan.Column) bool {
	s := source.Column(c.Source)
	return c.Expr == "" && s != nil && s.Nullable
}

// free drops unique constraints and indexes that syncform made and the source has no more.
func (e *easing) free(ctx context.Context) (freed []string, err error) {
	drop := func(trait string, parts []schema.KeyPart, what string, change schema.Change) error {
		var cols []string
		for _, p := range parts {
			i := slices.IndexFunc(e.m.Columns, func(c plan.Column) bool { return c.Target == p.Column && c.Expr == "" })
			if i < 0 || p.Prefix != 0 {
				return nil
			}
			cols = append(cols, e.m.Columns[i].Source)
		}
		if !e.m.Made(trait) || e.was.Enforces(cols) || e.m.Policy.Decide(change).Verdict != plan.Apply {
			return nil
		}
		if err := runChange(ctx, e.target, e.to, change); err != nil {
			return err
		}
		e.done, freed = append(e.done, change), append(freed, what+" was dropped")
		return nil
	}
	for _, k := range e.live.Uniques {
		if err := drop(plan.UniqueTrait(k.Name), k.Parts, fmt.Sprintf("unique constraint %q", k.Name), schema.DropUnique{In: e.m.TargetTable, Key: k}); err != nil {
			return freed, err
		}
	}
	for _, x := range e.live.Indexes {
		if !x.Unique || x.Where != "" {
			continue
		}
		if err := drop(plan.IndexTrait(x.Name), x.Parts, fmt.Sprintf("unique index %q", x.Name), schema.DropIndex{In: e.m.TargetTable, Index: x}); err != nil {
			return freed, err
		}
	}
	return freed, nil
}

// addPartitions makes the partitions that the source's table has and the target's, which is
// cut in the same way, lacks.
func (e *easing) addPartitions(ctx context.Context) (made []string, err error) {
	m, was, live := e.m, e.was, *e.live
	if e.from.System != e.to.System || was.Partition == nil || live.Partition == nil || !was.Partition.SameCut(*live.Partition) {
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
	if err := runChange(ctx, e.target, e.to, change); err != nil {
		return nil, err
	}
	e.done = append(e.done, change)
	for _, n := range added {
		made = append(made, fmt.Sprintf("partition %s was made", n))
	}
	return made, nil
}
