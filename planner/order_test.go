package planner

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers/schema"
)

// database makes n tables of some columns with the foreign keys that refs gives.
func database(sys schema.System, n int, refs func(i int) []int) *schema.Database {
	db := &schema.Database{System: sys, Version: "1", Identity: "a", Name: "a"}
	if sys == schema.PostgreSQL {
		db.DefaultSchema, db.Schemas = "public", []string{"public"}
	}
	name := func(i int) schema.Name { return schema.Name{Schema: db.DefaultSchema, Name: fmt.Sprintf("t%04d", i)} }
	id := schema.Type{Kind: schema.Int, Bits: 64, Native: "bigint", System: sys}
	for i := range n {
		t := schema.Table{
			Name: name(i), Rows: int64(1000 * i), Bytes: int64(100_000 * i),
			Columns:    []schema.Column{{Name: "id", Type: id}},
			PrimaryKey: &schema.Key{Name: fmt.Sprintf("t%04d_pkey", i), Parts: []schema.KeyPart{{Column: "id"}}},
		}
		for j := range 14 {
			t.Columns = append(t.Columns, schema.Column{Name: fmt.Sprintf("c%d", j), Type: id, Nullable: true, Default: &schema.Default{Literal: true, Text: "1"}})
		}
		t.Indexes = []schema.Index{{Name: fmt.Sprintf("t%04d_c0", i), Parts: []schema.KeyPart{{Column: "c0"}}}}
		for k, r := range refs(i) {
			t.ForeignKeys = append(t.ForeignKeys, schema.ForeignKey{Name: fmt.Sprintf("t%04d_f%d", i, k), Columns: []string{fmt.Sprintf("c%d", k)}, RefTable: name(r), RefColumns: []string{"id"}})
		}
		db.Tables = append(db.Tables, t)
	}
	return db
}

func none(int) []int { return nil }

// pair of endpoints: the source holds db, the target nothing.
func newPair(t testing.TB, db *schema.Database) *bench {
	e := &bench{t: t, source: &recorded{db: db, rows: map[schema.Name]bool{}}, target: &recorded{rows: map[schema.Name]bool{}}}
	e.target.db = &schema.Database{System: db.System, Version: "1", Identity: "b", Name: "b", DefaultSchema: db.DefaultSchema, Schemas: db.Schemas}
	e.addrs = [2]string{fmt.Sprintf("source.%s.a", db.System), fmt.Sprintf("target.%s.b", db.System)}
	e.config()
	return e
}

// TestOrder plans databases with any foreign keys, circles too, and follows the
// actions: whatever one needs is there when it comes, by what it depends on alone.
func TestOrder(t *testing.T) {
	for _, sys := range []schema.System{schema.PostgreSQL, schema.MySQL, schema.SQLite} {
		e := newPair(t, database(sys, 0, none))
		rapid.Check(t, func(t *rapid.T) {
			n := rapid.IntRange(1, 8).Draw(t, "tables")
			refs := make([][]int, n)
			for i := range refs {
				refs[i] = rapid.SliceOfN(rapid.IntRange(0, n-1), 0, 3).Draw(t, "references")
			}
			e.source.db = database(sys, n, func(i int) []int { return refs[i] })
			p, diags := e.plan(Options{})
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			follow(t, e.target, p)
		})
	}
}

// follow checks each action against all that must have been done before it.
func follow(t *rapid.T, target *recorded, p *plan.Plan) {
	before := map[string]map[string]bool{} // all that an action depends on, at any distance
	done := map[string]string{}            // what was done -> ID
	loads := 0
	for i := range p.Actions {
		a := &p.Actions[i]
		all := map[string]bool{}
		for _, d := range a.DependsOn {
			all[d] = true
			for x := range before[d] {
				all[x] = true
			}
		}
		before[a.ID] = all
		needs := func(what string) {
			if id := done[what]; id == "" || !all[id] {
				t.Fatalf("action %s comes without %q (%q) before it:\n%s", a.ID, what, done[what], render(p, nil))
			}
		}
		table := a.Table.String()
		switch c := a.Change.(type) {
		case nil:
			needs("table " + table)
			done["rows "+table] = a.ID
			loads++
		case schema.AddTable:
			done["table "+table] = a.ID
			if target.KeyWithTable() {
				done["key "+table] = a.ID
			}
		case schema.AddPrimaryKey:
			needs("rows " + table)
			done["key "+table] = a.ID
		case schema.AddIndex:
			needs("rows " + table)
		case schema.AddForeignKey:
			for _, x := range []string{table, c.Key.RefTable.String()} {
				needs("rows " + x)
				needs("key " + x)
			}
			if target.ForeignKeysWithTable() {
				t.Fatalf("a foreign key that comes with the table")
			}
		}
		// No two actions without an order between them touch one table.
		for j := range i {
			if o := &p.Actions[j]; shares(o, a) && !all[o.ID] {
				t.Fatalf("%s and %s may run at once:\n%s", o.ID, a.ID, render(p, nil))
			}
		}
	}
	if loads != len(p.Mappings) {
		t.Fatalf("%d loads of %d tables", loads, len(p.Mappings))
	}
}

func shares(a, b *plan.Action) bool {
	tables := func(x *plan.Action) []schema.Name {
		if c, ok := x.Change.(schema.AddForeignKey); ok {
			return []schema.Name{x.Table, c.Key.RefTable}
		}
		return []schema.Name{x.Table}
	}
	return slices.ContainsFunc(tables(a), func(n schema.Name) bool { return slices.Contains(tables(b), n) })
}

// TestLongestLoadsBeginFirst: the last table to be loaded should be a short one.
func TestLongestLoadsBeginFirst(t *testing.T) {
	e := newPair(t, database(schema.PostgreSQL, 5, none))
	p, diags := e.plan(Options{})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	last := int64(1 << 62)
	for _, a := range p.Actions {
		if a.Backfill != nil {
			if a.Backfill.Bytes > last {
				t.Errorf("%s is bigger than the one before it", a.Table)
			}
			last = a.Backfill.Bytes
		}
	}
}

// TestNoOpAsksNothing: a plan of many tables with nothing to do is one inspection of
// each endpoint.
func TestNoOpAsksNothing(t *testing.T) {
	e := noOp(t)
	e.source.inspected, e.target.inspected = 0, 0
	p, diags := e.plan(Options{})
	if diags.HasErrors() || !p.Empty() || len(p.Actions) > 0 {
		t.Fatalf("%s %d actions", diags, len(p.Actions))
	}
	if e.source.inspected != 1 || e.target.inspected != 1 || e.target.normalized != 0 {
		t.Errorf("inspected %d and %d times, asked for the spelling of %d tables", e.source.inspected, e.target.inspected, e.target.normalized)
	}
}

func noOp(t testing.TB) *bench {
	e := newPair(t, database(schema.PostgreSQL, 1000, func(i int) []int { return []int{(i + 1) % 1000} }))
	p, diags := e.plan(Options{})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	e.apply(p)
	return e
}

// TestSpelling: tables that only look different are asked for once, all in one call,
// and are then the same.
func TestSpelling(t *testing.T) {
	for _, readOnly := range []bool{false, true} {
		e := newPair(t, database(schema.PostgreSQL, 3, none))
		p, diags := e.plan(Options{})
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		e.apply(p)
		for i := range e.target.db.Tables[:2] {
			cols := slices.Clone(e.target.db.Tables[i].Columns)
			cols[1].Default = &schema.Default{Text: "server's own"}
			e.target.db.Tables[i].Columns = cols
		}
		e.target.readOnly = readOnly
		e.target.spell = func(t *schema.Table) { t.Columns[1].Default = &schema.Default{Text: "server's own"} }
		p, diags = e.plan(Options{})
		if diags.HasErrors() || e.target.normalized != 2 {
			t.Fatalf("%s, %d tables asked for", diags, e.target.normalized)
		}
		if p.Empty() == readOnly || readOnly && len(p.Notes) != 1 {
			t.Errorf("read only %v:\n%s", readOnly, render(p, nil))
		}
	}
}

func BenchmarkNoOp(b *testing.B) {
	e := noOp(b)
	b.ReportAllocs()
	for b.Loop() {
		if p, diags := e.plan(Options{}); diags.HasErrors() || !p.Empty() {
			b.Fatal(diags)
		}
	}
}
