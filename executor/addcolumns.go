package executor

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/syncform/syncform/executor/stream"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// AddColumns gives the target of a mapping the columns that its source table has gained,
// lets fill bring their values in rows that are there, and returns the mapping with them.
// A column that has another value in each row (a computed default) is an error: the table
// must be loaded anew. One that is there already is taken, with the source's values.
// The target is looked at and changed under lock, so that no apply has planned it meanwhile.
func AddColumns(ctx context.Context, source, target providers.Conn, m *plan.Mapping, added []row.RelationColumn, lock func(context.Context) (state.Unlock, error), fill stream.FillColumns) (*plan.Mapping, error) {
	unlock, err := lock(ctx)
	if err != nil {
		return nil, err
	}
	n, filled, err := makeColumns(ctx, source, target, m, added)
	if err = errors.Join(err, unlock(context.WithoutCancel(ctx))); err != nil {
		return nil, err
	}
	return n, fill(ctx, n, filled)
}

// makeColumns is AddColumns without the values.
func makeColumns(ctx context.Context, source, target providers.Conn, m *plan.Mapping, added []row.RelationColumn) (*plan.Mapping, []stream.FilledColumn, error) {
	from, err := source.Inspect(ctx, providers.InspectOptions{Tables: []schema.Name{m.SourceTable}, NoEstimates: true})
	if err != nil {
		return nil, nil, err
	}
	to, err := target.Inspect(ctx, providers.InspectOptions{Tables: []schema.Name{m.TargetTable}, NoEstimates: true})
	if err != nil {
		return nil, nil, err
	}
	was, live := from.Table(m.SourceTable), to.Table(m.TargetTable)
	if was == nil || live == nil {
		return nil, nil, fmt.Errorf("table %s or %s is gone", m.SourceTable, m.TargetTable)
	}
	translator, err := providers.As[providers.Translator](target)
	if err != nil {
		return nil, nil, err
	}
	n := *m
	n.Columns, n.SourceColumns = slices.Clone(m.Columns), slices.Clone(m.SourceColumns)
	var filled []stream.FilledColumn
	for _, a := range added {
		c := was.Column(a.Name)
		switch {
		case c == nil:
			return nil, nil, fmt.Errorf("the source has no column %q any more", a.Name)
		case c.Generated != nil:
			return nil, nil, fmt.Errorf("column %q is computed: run syncform plan", a.Name)
		case c.Default != nil && !c.Default.Literal, c.Identity != nil:
			return nil, nil, fmt.Errorf("column %q got values of its own in each row, which only a new load brings: run syncform apply -replace", a.Name)
		}
		// The table's other parts would only be in the way of translating one column.
		alone := schema.Table{Name: m.TargetTable, Columns: []schema.Column{*c}}
		out, notes := translator.Translate(from, alone)
		for _, note := range notes {
			if note.Refused {
				return nil, nil, fmt.Errorf("column %q: %s", a.Name, note.Text)
			}
		}
		if len(out.Columns) != 1 {
			return nil, nil, fmt.Errorf("column %q has no counterpart in the target", a.Name)
		}
		there := live.Column(out.Columns[0].Name)
		known := there == nil && sameFill(c.Default, out.Columns[0].Default)
		if there == nil {
			if err := runChange(ctx, target, to, schema.AddColumn{In: m.TargetTable, Column: out.Columns[0]}); err != nil {
				return nil, nil, err
			}
			there = &out.Columns[0]
		}
		filled = append(filled, stream.FilledColumn{Source: c, Known: known})
		if slices.Contains(m.Kept, there.Name) {
			// Changes that come again from before it was dropped would bring its former values.
			n.Refill = append(slices.Clone(n.Refill), c.Name)
		}
		if n.Computes() {
			n.Reads = append(slices.Clone(n.Reads), plan.SourceColumn{Name: c.Name, Type: c.Type, Nullable: true})
		}
		n.Columns = append(n.Columns, plan.Column{Source: c.Name, Target: there.Name, SourceType: &c.Type, TargetType: &there.Type})
		n.SourceColumns = append(n.SourceColumns, c.Name)
	}
	return &n, filled, nil
}

// sameFill reports whether rows that were there get the same of a default in source and
// target, as far as its text tells.
func sameFill(source, target *schema.Default) bool {
	if source == nil || target == nil {
		return source == target
	}
	return source.Literal && target.Literal && source.Text == target.Text
}

// runChange makes a change of the target that the stream has come to.
func runChange(ctx context.Context, target providers.Conn, db *schema.Database, c schema.Change) error {
	stepper, err := providers.As[providers.StepPlanner](target)
	if err != nil {
		return err
	}
	runner, err := providers.As[providers.StepRunner](target)
	if err != nil {
		return err
	}
	steps, err := stepper.PlanSteps(db, c)
	if err != nil {
		return err
	}
	var id [16]byte
	rand.Read(id[:]) // never fails
	for i, s := range steps {
		if _, err := runner.RunStep(ctx, providers.StepKey{Plan: hex.EncodeToString(id[:]), Action: "stream", Step: i}, s); err != nil {
			return fmt.Errorf("%s: %w", firstWords(s.Text), err)
		}
	}
	return nil
}
