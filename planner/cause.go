package planner

import (
	"slices"
	"strings"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers/schema"
)

// cause says what has changed since the last apply, so that a change is needed: the
// source, the configuration, or the target behind syncform's back. It is "" where the
// state does not tell them apart, and for what was never applied.
func (w *want) cause(c schema.Change) plan.Cause {
	cause := w.causeOfChange(c)
	if cause == plan.CauseDrift && w.cutShort {
		return ""
	}
	return cause
}

func (w *want) causeOfChange(c schema.Change) plan.Cause {
	if w.prev == nil {
		return w.causeOfTable(c)
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
		return w.causeOfColumn(c)
	case schema.DropColumn:
		return w.causeOfGone(c.Column.Name)
	case schema.RenameColumn, schema.RenameTable:
		return plan.CauseConfiguration
	}
	target, source := traitsOf(c)
	if target == "" {
		return ""
	}
	if w.rebuilt(target) {
		return "" // it makes way for another change
	}
	return w.causeOf(target, source)
}

// rebuilt reports whether a change is one of two that drop an object and make the same
// again.
func (w *want) rebuilt(target string) bool {
	for _, d := range w.work.release {
		if t, _ := traitsOf(d.change); t == target {
			return true
		}
	}
	dropped, made := "", ""
	for _, d := range w.work.diffs {
		if t, _ := traitsOf(d.change); t != target {
			continue
		}
		switch what := schema.ChangeKind(d.change); {
		case strings.HasPrefix(what, "drop_"):
			dropped = digest(objectOf(d.change))
		case strings.HasPrefix(what, "add_"):
			made = digest(objectOf(d.change))
		}
	}
	return dropped != "" && dropped == made
}

// causeOfTable tells of a table that is new to a sync that was applied whether the source
// has it newly or the configuration names it newly.
func (w *want) causeOfTable(c schema.Change) plan.Cause {
	if _, made := c.(schema.AddTable); !made {
		return ""
	}
	switch {
	case w.sameBlock && isWildcard(w.cfg):
		return plan.CauseSource
	case w.sameSync:
		return plan.CauseConfiguration
	}
	return ""
}

// causeOf compares what was asked for with what is asked for now.
func (w *want) causeOf(target, source string) plan.Cause {
	if w.prev.Traits == nil || w.prev.Status == state.Creating {
		return ""
	}
	was, now := w.prev.Traits[w.before(target)], w.traits()[target]
	switch {
	case was == now:
		return plan.CauseDrift
	case w.prev.Traits[source] == w.traits()[source]:
		return plan.CauseConfiguration
	case strings.HasPrefix(was, plan.SaidHere) != strings.HasPrefix(now, plan.SaidHere):
		return plan.CauseConfiguration
	}
	return plan.CauseSource
}

// before gives the name that a trait had when it was applied: of a column that this plan
// renames, by its old name.
func (w *want) before(trait string) string {
	name, ok := strings.CutPrefix(trait, plan.ColumnTrait(""))
	if !ok {
		return trait
	}
	for old, new := range w.renamed {
		if new == name {
			return plan.ColumnTrait(old)
		}
	}
	return trait
}

// applied gives what the state holds of a target column, or nil.
func (w *want) applied(target string) *plan.Column {
	i := slices.IndexFunc(w.prev.Columns, func(p plan.Column) bool { return p.Target == target })
	if i < 0 {
		return nil
	}
	return &w.prev.Columns[i]
}

// sameColumns reports whether the source is known to have the columns that it had.
func (w *want) sameColumns() bool {
	was := w.prev.Traits[sourceColumns]
	return was != "" && was == w.traits()[sourceColumns]
}

func (w *want) causeOfNew(name string) plan.Cause {
	if w.applied(name) != nil {
		return plan.CauseDrift
	}
	if w.cfg == nil {
		return ""
	}
	if w.sameColumns() {
		return plan.CauseConfiguration
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

func (w *want) causeOfGone(name string) plan.Cause {
	p := w.applied(name)
	switch {
	case p == nil && w.prev.Traits != nil && !slices.Contains(w.prev.Kept, name) && w.prev.Traits[w.before(plan.ColumnTrait(name))] == "":
		return plan.CauseDrift
	case p != nil && w.from != nil && w.from.Column(p.Source) != nil:
		return plan.CauseConfiguration
	}
	return plan.CauseSource
}

func (w *want) causeOfColumn(c schema.ModifyColumn) plan.Cause {
	p := w.applied(c.To.Name)
	if w.column(c.To.Name) == nil {
		return w.causeOfGone(c.To.Name)
	}
	if sameType(c.From.Type, c.To.Type) {
		source := ""
		if x := w.column(c.To.Name); x != nil && x.source != nil {
			source = sourceColumn + x.source.Name
		}
		return w.causeOf(plan.ColumnTrait(c.To.Name), source)
	}
	if p == nil {
		return ""
	}
	if !sameType(c.From.Type, *p.TargetType) {
		return plan.CauseDrift
	}
	if from := w.from.Column(p.Source); from != nil && sameType(from.Type, *p.SourceType) {
		return plan.CauseConfiguration
	}
	return plan.CauseSource
}
