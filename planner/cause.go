package planner

import (
	"slices"

	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers/schema"
)

// cause says what has changed since the last apply, so that a change is needed: the
// source, the configuration, or the target behind syncform's back. It is "" where the
// state does not tell them apart, and for what was never applied.
func (w *want) cause(c schema.Change) plan.Cause {
	if w.prev == nil {
		return ""
	}
	if w.live == nil {
		if w.prev.Status == state.Loaded {
			return plan.CauseDrift
		}
		return ""
	}
	switch c := c.(type) {
	case schema.AddColumn:
		return w.causeOfNew(c.Column.Name)
	case schema.ModifyColumn:
		return w.causeOfType(c)
	case schema.DropColumn:
		if p := w.applied(c.Column.Name); p != nil && w.from != nil && w.from.Column(p.Source) != nil {
			return plan.CauseConfiguration
		}
		return plan.CauseSource
	case schema.AddIndex:
		if slices.ContainsFunc(w.cfg.Indexes, func(x *lang.Index) bool { return x.Name == c.Index.Name }) {
			return w.causeOfPart(hasNamed(w.prev, c.Index.Name), plan.CauseConfiguration)
		}
		return w.causeOfPart(hasNamed(w.prev, c.Index.Name), plan.CauseSource)
	case schema.AddUnique:
		return w.causeOfPart(hasNamed(w.prev, c.Key.Name), plan.CauseSource)
	case schema.AddForeignKey:
		return w.causeOfPart(hasNamed(w.prev, c.Key.Name), plan.CauseSource)
	case schema.AddCheck:
		return w.causeOfPart(hasNamed(w.prev, c.Check.Name), plan.CauseSource)
	case schema.AddPrimaryKey:
		return w.causeOfPart(w.prev.Table != nil && w.prev.Table.PrimaryKey != nil, plan.CauseSource)
	case schema.DropIndex:
		return w.causeOfPart(!hasNamed(w.prev, c.Index.Name), plan.CauseSource)
	case schema.DropUnique:
		return w.causeOfPart(!hasNamed(w.prev, c.Key.Name), plan.CauseSource)
	case schema.DropForeignKey:
		return w.causeOfPart(!hasNamed(w.prev, c.Key.Name), plan.CauseSource)
	case schema.DropCheck:
		return w.causeOfPart(!hasNamed(w.prev, c.Check.Name), plan.CauseSource)
	}
	return ""
}

// causeOfPart is drift where the table is no longer as it was applied, else other; "" as
// long as nobody knows how it was applied.
func (w *want) causeOfPart(drift bool, other plan.Cause) plan.Cause {
	switch {
	case w.prev.Table == nil:
		return ""
	case drift:
		return plan.CauseDrift
	}
	return other
}

// hasNamed reports whether the table had an index or a constraint of that name when it
// was applied.
func hasNamed(m *state.Mapping, name string) bool {
	t := m.Table
	if t == nil {
		return false
	}
	return slices.ContainsFunc(t.Indexes, func(x schema.Index) bool { return x.Name == name }) ||
		slices.ContainsFunc(t.Uniques, func(x schema.Key) bool { return x.Name == name }) ||
		slices.ContainsFunc(t.ForeignKeys, func(x schema.ForeignKey) bool { return x.Name == name }) ||
		slices.ContainsFunc(t.Checks, func(x schema.Check) bool { return x.Name == name })
}

// applied gives what the state holds of a target column, or nil.
func (w *want) applied(target string) *plan.Column {
	i := slices.IndexFunc(w.prev.Columns, func(p plan.Column) bool { return p.Target == target })
	if i < 0 {
		return nil
	}
	return &w.prev.Columns[i]
}

func (w *want) causeOfNew(name string) plan.Cause {
	if w.applied(name) != nil {
		return plan.CauseDrift
	}
	if w.cfg == nil {
		return ""
	}
	for _, target := range w.cfg.Columns {
		if target == name {
			return plan.CauseConfiguration
		}
	}
	for _, c := range w.cfg.ColumnBlocks {
		if c.Name == name {
			return plan.CauseConfiguration
		}
	}
	return plan.CauseSource
}

func (w *want) causeOfType(c schema.ModifyColumn) plan.Cause {
	p := w.applied(c.To.Name)
	if p != nil && sameType(c.From.Type, c.To.Type) && w.prev.Table != nil {
		// What else is said of the column: nullable, default, comment.
		was := w.prev.Table.Column(c.To.Name)
		return w.causeOfPart(was == nil || !sameColumn(was, &c.From), plan.CauseSource)
	}
	if p == nil || sameType(c.From.Type, c.To.Type) {
		return ""
	}
	if !sameType(c.From.Type, p.TargetType) {
		return plan.CauseDrift
	}
	if from := w.from.Column(p.Source); from != nil && sameType(from.Type, p.SourceType) {
		return plan.CauseConfiguration
	}
	return plan.CauseSource
}
