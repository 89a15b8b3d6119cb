package stream

import (
	"context"
	"fmt"
	"slices"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// DDLError is a change of a source's table that its policy denies: the stream stops
// before it.
type DDLError struct {
	Mapping string
	Text    string
}

func (e *DDLError) Error() string { return e.Mapping + ": " + e.Text }

// takesUp says by the policy whether a column that was added is taken up. One that waits
// for a person holds the table; one that is left is not carried.
func (r *run) takesUp(t *table, rel *row.Relation, c row.RelationColumn) (bool, error) {
	p := t.mapping.Policy
	d := p.Decide(schema.AddColumn{In: t.apply.Name, Column: schema.Column{Name: c.Name}})
	what := fmt.Sprintf("column %q was added to the source's table %s", c.Name, rel.Name)
	addr := fmt.Sprintf("%s.column[%q]", t.mapping.Addr, c.Name)
	switch d.Verdict {
	case plan.Apply:
		return true, nil
	case plan.Deny:
		return false, &DDLError{t.mapping.Addr, fmt.Sprintf("%s, which %s denies. Undo it there, or let the policy say something else and run syncform apply", what, p.Addr)}
	case plan.Review:
		t.awaits = fmt.Sprintf("%s, and %s has add_column = review: release it with syncform apply -approve='%s'", what, p.Addr, addr)
	case plan.Manual:
		t.awaits = fmt.Sprintf("%s, and %s has add_column = manual: say in the mapping what becomes of it, as syncform plan shows, and run syncform apply", what, p.Addr)
	default:
		r.o.Log.Info("a column was added to the source and is left, as the policy says", "sync", r.spec.Sync, "table", t.apply.Name.String(), "column", c.Name)
	}
	return false, nil
}

// dropColumns goes on without columns that the source has no more, and returns errAgain:
// those of the target stay as they are until the next plan offers to drop them. Or the
// table is to be held, or the stream stops.
func (r *run) dropColumns(ctx context.Context, t *table, rel *row.Relation, gone []string) error {
	what := fmt.Sprintf("the source's table %s has no column %q any more", rel.Name, gone[0])
	d := t.mapping.Policy.Decide(schema.DropColumn{In: t.apply.Name, Column: schema.Column{Name: gone[0]}})
	if d.Verdict == plan.Deny {
		return &DDLError{t.mapping.Addr, fmt.Sprintf("%s, which %s denies. Bring it back, or let the policy say something else and run syncform apply", what, t.mapping.Policy.Addr)}
	}
	if r.o.DropColumns == nil {
		t.awaits = what + ": run syncform plan"
		return nil
	}
	m, err := r.o.DropColumns(ctx, t.mapping, gone)
	if err != nil {
		if providers.IsRetryable(err) || ctx.Err() != nil {
			return err
		}
		t.awaits = fmt.Sprintf("%s: %v: run syncform plan", what, err)
		return nil
	}
	r.o.Log.Info("a column is gone at the source; the target's stays as it is until a plan drops it", "sync", r.spec.Sync, "table", t.apply.Name.String(), "columns", gone)
	return r.takeMapping(t, m)
}

// widenColumns goes on with columns that have become wider, and returns errAgain; or the
// table is to be held.
func (r *run) widenColumns(ctx context.Context, t *table, rel *row.Relation, names []string) error {
	m, err := r.o.WidenColumns(ctx, t.mapping, names)
	if err != nil {
		if providers.IsRetryable(err) || ctx.Err() != nil {
			return err
		}
		i := slices.IndexFunc(rel.Columns, func(c row.RelationColumn) bool { return c.Name == names[0] })
		t.awaits = fmt.Sprintf("%s (%v)", retyped(rel, names[0], rel.Columns[i].Type, t.read.Columns[t.field(names[0])].Type), err)
		return nil
	}
	r.o.Log.Info("columns take wider values, as in the source", "sync", r.spec.Sync, "table", t.apply.Name.String(), "columns", names)
	return r.takeMapping(t, m)
}

func retyped(rel *row.Relation, name string, now, was schema.Type) string {
	return fmt.Sprintf("column %q of the source's table %s is %s now, and was %s: run syncform plan", name, rel.Name, now, was)
}

// takeMapping goes on with another mapping of a table, from the last checkpoint.
func (r *run) takeMapping(t *table, m *plan.Mapping) error {
	n, err := newTable(m, t.record)
	if err != nil {
		return err
	}
	t.mapping, t.apply, t.read, t.stage, t.key, t.again, t.refill = n.mapping, n.apply, n.read, n.stage, n.key, n.again, ""
	for i := range r.spec.Capture.Tables {
		if c := &r.spec.Capture.Tables[i]; c.Table.Name == m.SourceTable {
			c.Table = t.read
		}
	}
	return errAgain
}
