package planner

import (
	"slices"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// fold is a row of changes of one table that are made with the last of them, where each
// would make the table anew by itself.
type fold struct {
	before  *schema.Database // the table, and what hangs on it, ahead of the first
	phase   plan.Phase
	changes []schema.Change
	ids     []string // their actions
}

// fold takes an action's change to those of its table before it, where one of them made the
// table anew: their steps go, and the action's make all of it. before is the table as it
// is ahead of the change.
func (s *script) fold(a *plan.Action, before *schema.Table) {
	folder, err := providers.As[providers.StepFolder](s.target.conn)
	if err != nil || before == nil || a.Held != "" {
		return
	}
	table := before.Name
	f := s.folds[table]
	if f == nil || f.phase != a.Phase {
		f = nil
		if len(a.Steps) == 1 && folder.Folds(a.Steps[0]) {
			f = &fold{before: &schema.Database{System: s.db.System, Tables: []schema.Table{*before}, Others: s.db.Others}, phase: a.Phase}
		}
	} else if steps, ok := folder.FoldSteps(f.before, append(slices.Clip(f.changes), a.Change)); ok {
		a.Steps = putHazards(steps, hazardsOf(a.Steps))
	} else {
		f = nil
	}
	if s.folds == nil {
		s.folds = map[schema.Name]*fold{}
	}
	if f == nil {
		delete(s.folds, table)
		return
	}
	f.changes = append(f.changes, a.Change)
	s.folds[table] = f
}

// foldedAs notes the ID of an action that fold has looked at, and sends those before it there.
func (s *script) foldedAs(table schema.Name, id string) {
	f := s.folds[table]
	if f == nil || len(f.ids) == len(f.changes) {
		return
	}
	if s.b.folded == nil {
		s.b.folded = map[string]string{}
	}
	for _, before := range f.ids {
		s.b.folded[before] = id
		for i := range s.actions {
			if a := &s.actions[i]; a.ID == before {
				text := "-- made with the other changes of the table, by " + id
				a.Steps = putHazards([]providers.Step{{Text: text, Transactional: true}}, hazardsOf(a.Steps))
			}
		}
	}
	f.ids = append(f.ids, id)
}

func hazardsOf(steps []providers.Step) []providers.Hazard {
	var out []providers.Hazard
	for _, st := range steps {
		out = append(out, st.Hazards...)
	}
	return out
}

// destroyer is the action whose steps destroy what another says that it does.
func (b *builder) destroyer(a *plan.Action) *plan.Action {
	id, ok := b.folded[a.ID]
	if !ok {
		return a
	}
	for i := range b.plan.Actions {
		if b.plan.Actions[i].ID == id {
			return &b.plan.Actions[i]
		}
	}
	return a
}
