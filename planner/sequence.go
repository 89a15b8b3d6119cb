package planner

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// script gathers the actions at one target, in order.
type script struct {
	b       *builder
	target  *endpoint
	db      *schema.Database       // as it is once the actions so far are done
	last    map[schema.Name]string // the last action on each table
	lastOf  string                 // the last action on what belongs to no table
	serial  bool                   // each action waits for the one before it
	prev    string                 // the last action that is not held
	actions []plan.Action
	folds   map[schema.Name]*fold
}

func (b *builder) newScript(e *endpoint) *script {
	db := *e.db
	db.Tables = slices.Clone(db.Tables)
	return &script{b: b, target: e, db: &db, last: map[schema.Name]string{}}
}

// kindOf says what a change does, by its name.
func kindOf(c schema.Change) plan.Kind {
	switch name := schema.ChangeKind(c); {
	case strings.HasPrefix(name, "add_"):
		return plan.Create
	case strings.HasPrefix(name, "drop_"):
		return plan.Delete
	}
	return plan.Update
}

// do adds the action of one difference; w is whose it is. It returns the action's ID,
// "" where there was nothing to run.
func (s *script) do(w *want, phase plan.Phase, d difference, depends ...string) string {
	table := d.change.Table()
	a := plan.Action{
		Kind: kindOf(d.change), Addr: w.addr, Endpoint: s.target.addr, Table: table, Phase: phase,
		Change: d.change, Reason: d.reason, Cause: w.cause(d.change), Info: d.info, Source: rangeOf(w.cfg),
	}
	if d.column != "" {
		a.Addr = columnAddr(w.addr, d.column)
	}
	if d.said == "" {
		s.mindObject(w, &d)
		d.risky = d.risky && !s.b.approved(a.Addr)
		a.Info = d.info
	}
	if d.said != "" {
		a.Kind, a.Phase, a.Info = plan.NoteKind, plan.Contract, d.said
		s.add(a, nil)
		return ""
	}
	if d.held() {
		a.Held, a.Manual = held(a.Addr, d), d.manual
	}
	steps, err := s.target.stepper.PlanSteps(s.db, d.change)
	switch {
	case err != nil && !d.held():
		s.b.errorAt(w.cfg.DeclRange, sumSteps, "%s: %s can't be changed: %s.", a.Addr, s.target.addr, err)
		return ""
	case err != nil:
		a.Info = strings.TrimPrefix(a.Info+"; "+err.Error(), "; ")
	case len(steps) == 0:
		if !d.held() {
			s.db = with(s.db, d.change, s.target.stepper)
		}
		return ""
	}
	switch d.change.(type) {
	case schema.RenameColumn, schema.RenameTable:
		d.hazards = append(d.hazards, hazard(hazardRename, "who reads by the old name fails from then on"))
	}
	a.Steps = putHazards(steps, d.hazards)
	fallBack(&a, a.Steps, slices.Contains(w.cfg.AllowHazards, providers.HazardLock))
	s.fold(&a, s.db.Table(table))
	a.Backup = s.backup(w, &d)
	if s.serial {
		depends = append(depends, s.prev)
	}
	if last := s.last[table]; last != "" && table != (schema.Name{}) {
		depends = append(depends, last)
	} else if s.lastOf != "" {
		depends = append(depends, s.lastOf)
	}
	id := s.add(a, depends)
	s.foldedAs(table, id)
	if a.Held != "" {
		return ""
	}
	s.db = with(s.db, d.change, s.target.stepper)
	s.prev = id
	if table == (schema.Name{}) {
		s.lastOf = id
	} else {
		s.last[table] = id
	}
	return id
}

// add appends an action with an ID of its own. IDs are numbered over all targets when
// the plan is put together.
func (s *script) add(a plan.Action, depends []string) string {
	if a.Change == nil {
		s.folds = nil // rows come, or a stream
	}
	s.b.count++
	a.ID = fmt.Sprintf("a%03d", s.b.count)
	depends = slices.DeleteFunc(depends, func(d string) bool { return d == "" })
	slices.Sort(depends)
	a.DependsOn = slices.Compact(depends)
	if len(a.DependsOn) == 0 {
		a.DependsOn = nil
	}
	s.actions = append(s.actions, a)
	return a.ID
}

// held says why a change is not applied by itself, and how to have it.
func held(addr string, d difference) string {
	switch {
	case d.policy != "":
		return d.policy
	case d.waits != "":
		return d.waits
	}
	codes := make([]string, len(d.hazards))
	for i, h := range d.hazards {
		codes[i] = strconv.Quote(h.Code)
	}
	slices.Sort(codes)
	return fmt.Sprintf("it may take away what is there. Release it with apply -approve='%s', or for good with allow_hazards = [%s] in the mapping", addr, strings.Join(slices.Compact(codes), ", "))
}

func columnAddr(addr, column string) string { return fmt.Sprintf("%s.column[%q]", addr, column) }

func rangeOf(m *lang.Mapping) plan.Range {
	r := m.DeclRange
	return plan.Range{File: r.Filename, Line: r.Start.Line, Column: r.Start.Column, EndLine: r.End.Line, EndColumn: r.End.Column}
}

// with gives the database as it is once a change has been made, as far as a provider
// may look at it to write later steps. It may change db itself, which is the script's
// own.
func with(db *schema.Database, c schema.Change, p providers.StepPlanner) *schema.Database {
	switch c := c.(type) {
	case schema.AddSchema:
		db.Schemas = append(slices.Clone(db.Schemas), c.Schema)
	case schema.AddExtension:
		db.Extensions = append(slices.Clone(db.Extensions), schema.Extension{Name: c.Name, Schema: c.Schema})
	case schema.AddComposed:
		db.Composed = append(slices.Clone(db.Composed), c.Type)
	case schema.AddEnum:
		db.Enums = append(slices.Clone(db.Enums), c.Enum)
	case schema.ModifyEnum:
		db.Enums = slices.Clone(db.Enums)
		if e := db.Enum(c.From.Name); e != nil {
			*e = c.To
		}
	case schema.AddDomain:
		db.Domains = append(slices.Clone(db.Domains), c.Domain)
	case schema.AddSequence:
		db.Sequences = append(slices.Clone(db.Sequences), c.Sequence)
	case schema.DropSchema:
		db.Schemas = without(db.Schemas, func(x *string) bool { return *x == c.Schema })
	case schema.DropEnum:
		db.Enums = without(db.Enums, func(x *schema.Enum) bool { return x.Name == c.Enum.Name })
	case schema.DropDomain:
		db.Domains = without(db.Domains, func(x *schema.Domain) bool { return x.Name == c.Domain.Name })
	case schema.ModifyDomain:
		db.Domains = slices.Clone(db.Domains)
		if x := db.Domain(c.From.Name); x != nil {
			*x = c.To
		}
	case schema.DropSequence:
		db.Sequences = without(db.Sequences, func(x *schema.Sequence) bool { return x.Name == c.Sequence.Name })
	case schema.ModifySequence:
		db.Sequences = slices.Clone(db.Sequences)
		for i := range db.Sequences {
			if x := &db.Sequences[i]; x.Name == c.From.Name {
				to := c.To
				to.OwnerTable, to.OwnerColumn = x.OwnerTable, x.OwnerColumn
				*x = to
			}
		}
	case schema.OwnSequence:
		db.Sequences = slices.Clone(db.Sequences)
		for i := range db.Sequences {
			if s := &db.Sequences[i]; s.Name == c.Sequence.Name {
				s.OwnerTable, s.OwnerColumn = c.Sequence.OwnerTable, c.Sequence.OwnerColumn
			}
		}
	case schema.AddTable:
		t := c.To
		t.Indexes, t.Exclusions, t.Rows = nil, nil, 0
		if !p.KeyWithTable() {
			t.PrimaryKey = nil
		}
		if !p.ForeignKeysWithTable() {
			t.Uniques, t.ForeignKeys = nil, nil
		}
		at, _ := slices.BinarySearchFunc(db.Tables, t.Name, func(t schema.Table, n schema.Name) int { return t.Name.Compare(n) })
		db.Tables = slices.Insert(db.Tables, at, t)
	case schema.AddAside:
		t := schema.Table{Name: c.Aside, Columns: slices.Clone(c.Live.Columns), PrimaryKey: c.Live.PrimaryKey, Options: c.Live.Options}
		at, _ := slices.BinarySearchFunc(db.Tables, t.Name, func(t schema.Table, n schema.Name) int { return t.Name.Compare(n) })
		db.Tables = slices.Insert(db.Tables, at, t)
	case schema.ReplaceRows:
		db.Tables = without(db.Tables, func(t *schema.Table) bool { return t.Name == c.Aside })
	case schema.EmptyTable:
		if t := db.Table(c.In); t != nil {
			t.Rows, t.Bytes = 0, 0
		}
	case schema.DropTable:
		db.Tables = without(db.Tables, func(t *schema.Table) bool { return t.Name == c.From.Name })
		db.Sequences = without(db.Sequences, func(x *schema.Sequence) bool { return x.OwnerTable == c.From.Name && x.OwnerColumn != "" })
	default:
		if t := db.Table(c.Table()); t != nil {
			*t = after(*t, c)
		}
		forgetOwned(db, c)
	}
	return db
}

// forgetOwned takes out the sequences that go with a change of their column.
func forgetOwned(db *schema.Database, c schema.Change) {
	column := ""
	switch c := c.(type) {
	case schema.DropColumn:
		column = c.Column.Name
	case schema.ModifyColumn:
		if c.From.Identity == nil && c.To.Identity != nil {
			column = c.To.Name
		}
	}
	if column != "" {
		in := c.Table()
		db.Sequences = without(db.Sequences, func(x *schema.Sequence) bool { return x.OwnerTable == in && x.OwnerColumn == column })
	}
}

// byDependency orders wants whose tables are made so that parents and referenced
// tables come first; where references go in a circle, by name.
func byDependency(wants []*want) []*want {
	byName := make(map[schema.Name]*want, len(wants))
	for _, w := range wants {
		byName[w.name] = w
	}
	sorted := slices.Clone(wants)
	slices.SortStableFunc(sorted, func(a, b *want) int { return a.name.Compare(b.name) })
	out := make([]*want, 0, len(wants))
	seen := make(map[*want]bool, len(wants))
	var visit func(*want)
	visit = func(w *want) {
		if seen[w] {
			return
		}
		seen[w] = true
		for _, p := range w.table.Inherits {
			if parent := byName[p]; parent != nil {
				visit(parent)
			}
		}
		for _, k := range w.table.ForeignKeys {
			if ref := byName[k.RefTable]; ref != nil {
				visit(ref)
			}
		}
		out = append(out, w)
	}
	for _, w := range sorted {
		visit(w)
	}
	return out
}

// bySize orders loads so that the longest begin first and none is left running alone.
func bySize(wants []*want) []*want {
	out := slices.Clone(wants)
	slices.SortStableFunc(out, func(a, b *want) int {
		return cmp.Or(cmp.Compare(b.from.Bytes, a.from.Bytes), a.name.Compare(b.name))
	})
	return out
}

func without[T any](list []T, gone func(*T) bool) []T {
	var out []T
	for i := range list {
		if !gone(&list[i]) {
			out = append(out, list[i])
		}
	}
	return out
}
