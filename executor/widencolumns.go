package executor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// WidenColumns takes columns of a mapping whose type has become wider at the source, which
// no value shows, gives those of the target the wider type, and returns the mapping with
// both. It is an error where that is not the policy's "apply", or not one step without a
// hazard: then a plan has to show it. The target is looked at and changed under lock.
func WidenColumns(ctx context.Context, source, target providers.Conn, m *plan.Mapping, names []string, lock func(context.Context) (state.Unlock, error)) (_ *plan.Mapping, err error) {
	unlock, err := lock(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, unlock(context.WithoutCancel(ctx))) }()
	e := &easing{source: source, target: target, m: m}
	if err := e.inspect(ctx); err != nil {
		return nil, err
	}
	n := *m
	n.Columns = slices.Clone(m.Columns)
	for i := range n.Columns {
		c := &n.Columns[i]
		if c.Expr == "" && slices.Contains(names, c.Source) {
			if err := e.widen(ctx, c); err != nil {
				return nil, fmt.Errorf("column %q: %w", c.Source, err)
			}
		}
	}
	return &n, nil
}

// widenAny is WidenColumns for those columns with which it goes.
func (e *easing) widenAny(ctx context.Context) (*plan.Mapping, []string, error) {
	n := *e.m
	n.Columns = slices.Clone(e.m.Columns)
	var wider []string
	for i := range n.Columns {
		c := &n.Columns[i]
		if c.Expr != "" || e.was.Column(c.Source) == nil || c.SourceType.Equal(e.was.Column(c.Source).Type) {
			continue
		}
		switch err := e.widen(ctx, c); {
		case err == nil:
			wider = append(wider, c.Target)
		case !errors.As(err, new(*notWiderError)):
			return nil, nil, err
		}
	}
	return &n, wider, nil
}

// notWiderError says why a column of the target is not made wider by a stream.
type notWiderError struct{ why string }

func (e *notWiderError) Error() string { return e.why }

func notWider(format string, args ...any) error {
	return &notWiderError{fmt.Sprintf(format, args...)}
}

// widen gives a column of the target, and of the mapping, the type that the source's has.
func (e *easing) widen(ctx context.Context, c *plan.Column) error {
	wide, there := e.was.Column(c.Source), e.live.Column(c.Target)
	switch {
	case wide == nil || there == nil:
		return notWider("it is gone")
	case e.m.Computes() || c.ReadAs != nil || e.m.Says(c.Target) || wide.Generated != nil || there.Generated != nil:
		return notWider("the mapping says what becomes of it")
	case c.SourceType.Equal(wide.Type):
		return notWider("the source has it as %s by now", wide.Type)
	}
	home, err := providers.As[providers.Translator](e.source)
	if err != nil {
		return err
	}
	translator, err := providers.As[providers.Translator](e.target)
	if err != nil {
		return err
	}
	out, notes := translator.Translate(e.from, schema.Table{Name: e.m.TargetTable, Columns: []schema.Column{*wide}})
	refused := slices.ContainsFunc(notes, func(n providers.Note) bool { return n.Refused })
	if refused || len(out.Columns) != 1 {
		return notWider("%s has no counterpart in the target", wide.Type)
	}
	t := out.Columns[0].Type
	enum := e.to.Enum(there.Type.Name)
	if there.Type.Kind == schema.EnumKind && t.Kind == schema.EnumKind && enum != nil {
		values := t.Values
		t = there.Type
		t.Values = values
	}
	switch {
	case home.CompareTypes(*c.SourceType, wide.Type) != schema.Widens:
		return notWider("not every value of the old type is one of the new")
	case t.Equal(there.Type):
		if wide.Type.Kind == schema.EnumKind && slices.ContainsFunc(e.live.Checks, func(k schema.Check) bool { return strings.Contains(k.Expr, c.Target) }) {
			return notWider("a check of the target has the labels")
		}
		if !readsAlike(*c.SourceType, wide.Type) {
			return notWider("values that are there are written otherwise now")
		}
	case translator.CompareTypes(there.Type, t) != schema.Widens:
		return notWider("the target's type is %s", there.Type)
	case enum != nil:
		if err := e.make(ctx, schema.ModifyEnum{From: *enum, To: schema.Enum{Name: enum.Name, Labels: t.Values, Comment: enum.Comment}}); err != nil {
			return err
		}
	default:
		to := *there
		to.Type = t
		if err := e.make(ctx, schema.ModifyColumn{In: e.m.TargetTable, From: *there, To: to, Type: schema.Widens}); err != nil {
			return err
		}
	}
	c.SourceType, c.TargetType = &wide.Type, &t
	return nil
}

// readsAlike reports whether a value has the same canonical text (package row) in the wider
// type.
func readsAlike(from, to schema.Type) bool {
	switch {
	case from.IsText() && to.IsText():
		return true
	case from.Kind != to.Kind:
		return false
	}
	switch from.Kind {
	case schema.Int, schema.EnumKind, schema.Varbinary, schema.Blob:
		return true
	case schema.Decimal:
		return from.Scale == to.Scale && from.Precision > 0 && to.Precision > 0
	}
	return false
}

// make changes the target where the policy applies that, and it is a moment's work that can
// be begun anew at any time.
func (e *easing) make(ctx context.Context, change schema.Change) error {
	if d := e.m.Policy.Decide(change); d.Verdict != plan.Apply {
		by := "its policy"
		if e.m.Policy != nil {
			by = e.m.Policy.Addr
		}
		return notWider("%s says %s", by, d.Verdict)
	}
	stepper, err := providers.As[providers.StepPlanner](e.target)
	if err != nil {
		return err
	}
	steps, err := stepper.PlanSteps(e.to, change)
	if err != nil {
		return notWider("%v", err)
	}
	_, labels := change.(schema.ModifyEnum)
	if len(steps) > 1 && !labels || slices.ContainsFunc(steps, func(s providers.Step) bool { return len(s.Hazards) > 0 }) {
		return notWider("that is more than a moment's work for the target")
	}
	return runChange(ctx, e.target, e.to, change)
}
