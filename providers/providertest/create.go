package providertest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// creation lists the changes that make all of want's objects in have's database, in an
// order in which each finds what it refers to.
func creation(p providers.StepPlanner, have, want *schema.Database) []schema.Change {
	var cs []schema.Change
	for _, s := range want.Schemas {
		if !slices.Contains(have.Schemas, s) {
			cs = append(cs, schema.AddSchema{Schema: s})
		}
	}
	for _, e := range want.Enums {
		cs = append(cs, schema.AddEnum{Enum: e})
	}
	for _, d := range want.Domains {
		cs = append(cs, schema.AddDomain{Domain: d})
	}
	for _, s := range want.Sequences {
		cs = append(cs, schema.AddSequence{Sequence: s})
	}
	for _, t := range parentsFirst(want.Tables) {
		cs = append(cs, schema.AddTable{To: t})
	}
	for _, s := range want.Sequences {
		if s.OwnerColumn != "" {
			cs = append(cs, schema.OwnSequence{Sequence: s})
		}
	}
	return append(cs, completion(p, want.Tables)...)
}

// completion lists the changes that make what AddTable left out.
func completion(p providers.StepPlanner, tables []schema.Table) []schema.Change {
	var cs, foreign []schema.Change
	for _, t := range tables {
		if t.PrimaryKey != nil && !p.KeyWithTable() {
			cs = append(cs, schema.AddPrimaryKey{In: t.Name, Key: *t.PrimaryKey})
		}
		for _, k := range t.Uniques {
			cs = append(cs, schema.AddUnique{In: t.Name, Key: k})
		}
		for _, i := range t.Indexes {
			cs = append(cs, schema.AddIndex{In: t.Name, Index: i})
		}
		for _, x := range t.Exclusions {
			cs = append(cs, schema.AddExclusion{In: t.Name, Exclusion: x})
		}
		if !p.ForeignKeysWithTable() {
			for _, k := range t.ForeignKeys {
				foreign = append(foreign, schema.AddForeignKey{In: t.Name, Key: k})
			}
		}
	}
	return append(cs, foreign...)
}

// parentsFirst orders tables so that inheritance parents precede their children.
func parentsFirst(tables []schema.Table) []schema.Table {
	var ordered []schema.Table
	placed := map[schema.Name]bool{}
	for len(ordered) < len(tables) {
		before := len(ordered)
		for _, t := range tables {
			ready := !slices.ContainsFunc(t.Inherits, func(n schema.Name) bool { return !placed[n] })
			if !placed[t.Name] && ready {
				ordered, placed[t.Name] = append(ordered, t), true
			}
		}
		if len(ordered) == before {
			return tables // a parent is not among them
		}
	}
	return ordered
}

// planned is one change's steps.
type planned struct {
	change schema.Change
	action string
	steps  []providers.Step
}

// plan turns changes into steps, each planned against what the ones before will have made.
func (e *endpoint) plan(t testing.TB, changes []schema.Change) []planned {
	t.Helper()
	p := capability[providers.StepPlanner](t, e)
	working := e.inspect(t).Working()
	var out []planned
	for i, c := range changes {
		steps, err := p.PlanSteps(working, c)
		if err != nil {
			t.Fatalf("steps of %T %s: %v", c, c.Table(), err)
		}
		for _, s := range steps {
			switch {
			case s.Transactional && s.Done != "":
				t.Errorf("%T: a step notes itself and has a Done query too: %s", c, s.Text)
			case !s.Transactional && s.Done == "":
				t.Errorf("%T: after a kill nobody can tell whether this step took effect: %s", c, s.Text)
			}
		}
		out = append(out, planned{c, fmt.Sprintf("a%03d", i+1), steps})
		working.Apply(c)
	}
	return out
}

// run runs the steps of a plan in order; every one must have something to do.
func (e *endpoint) run(t testing.TB, id string, actions []planned) {
	t.Helper()
	r := capability[providers.StepRunner](t, e)
	for _, a := range actions {
		for i, s := range a.steps {
			ran, err := r.RunStep(limited(t), providers.StepKey{Plan: id, Action: a.action, Step: i}, s)
			if err != nil {
				t.Fatalf("%T %s: %s: %v", a.change, a.change.Table(), s.Text, err)
			}
			if !ran {
				t.Fatalf("%T %s: not run, and the plan is new: %s", a.change, a.change.Table(), s.Text)
			}
		}
	}
}

// apply plans and runs changes.
func (e *endpoint) apply(t testing.TB, id string, changes ...schema.Change) {
	t.Helper()
	e.run(t, id, e.plan(t, changes))
}

// create makes tables with all that belongs to them.
func (e *endpoint) create(t testing.TB, id string, tables ...schema.Table) {
	t.Helper()
	var changes []schema.Change
	for _, table := range tables {
		changes = append(changes, schema.AddTable{To: table})
	}
	e.apply(t, id, append(changes, completion(capability[providers.StepPlanner](t, e), tables)...)...)
}

// normalize asks the server for its own spelling of tables.
func (e *endpoint) normalize(t testing.TB, tables []schema.Table) []schema.Table {
	t.Helper()
	out, err := capability[providers.Normalizer](t, e).Normalize(limited(t), tables)
	if err != nil {
		t.Fatalf("normalize: %v", err)
	}
	return out
}

// emptyWith is a database that holds one plain table.
func (e *endpoint) emptyWith(t testing.TB, table string) *schema.Database {
	t.Helper()
	db := *e.db
	db.Tables = e.normalize(t, []schema.Table{e.plainTable(t, table)})
	return &db
}
