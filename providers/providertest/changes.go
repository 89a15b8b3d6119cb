package providertest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// altered is a table that changes one change at a time, against the model that
// schema.Database.Apply is.
type altered struct {
	*endpoint
	model *schema.Database
	n     int
}

// change runs one change and compares the table with the model, and its rows with
// how many there were.
func (a *altered) change(t *testing.T, table schema.Name, rows int, c schema.Change) {
	t.Helper()
	a.n++
	a.apply(t, fmt.Sprintf("change %d", a.n), c)
	a.model.Apply(c)
	want := a.model.Table(table)
	if want == nil {
		t.Fatalf("%T: the model has no %s", c, table)
	}
	got := a.table(t, table.Name)
	sameTables(t, fmt.Sprintf("after %T", c), []schema.Table{*want}, []schema.Table{got})
	if n := Query(t, a.url, "SELECT count(*) FROM "+a.quote(table.Name))[0][0]; n != fmt.Sprint(rows) {
		t.Fatalf("after %T: %s rows, want %d", c, n, rows)
	}
}

// testChanges: each change of a table with rows makes what it says, and no more.
func testChanges(t *testing.T, s Suite) {
	e := s.open(t)
	other := e.createPlain(t, "other", "v", "text")
	before := e.createPlain(t, "Chan`ged \"x", "a", "short", "n", "int", "ref", "bigint")
	e.mustWrite(t, loadOf(other, nil), [][]field{fields("1", "x")})
	e.mustWrite(t, loadOf(before, nil), [][]field{fields("1", "one", "11", "1"), fields("2", "two", "12", "1"), {text("3"), nil, nil, nil}})
	name := before.Name
	a := &altered{endpoint: e, model: e.inspect(t).Working()}

	// What is wanted in the end, so that the server says how it spells it.
	wanted := before
	wanted.Columns = append(slices.Clone(before.Columns),
		schema.Column{Name: "added", Type: e.typeOf(t, "short"), Nullable: true},
		schema.Column{Name: "De fault", Type: e.typeOf(t, "int"), Default: &schema.Default{Literal: true, Text: "7"}},
		schema.Column{Name: "said", Type: e.typeOf(t, "short"), Nullable: true, Default: &schema.Default{Literal: true, Text: `it's "a" \ b`}})
	wanted.Checks = []schema.Check{{Name: "n is small", Expr: e.quote("n") + " < 100"}}
	wanted = e.normalize(t, []schema.Table{wanted})[0]

	for _, col := range wanted.Columns[len(before.Columns):] {
		a.change(t, name, 3, schema.AddColumn{In: name, Column: col})
	}
	filled := Query(t, e.url, "SELECT count(*) FROM "+e.quote(name.Name)+" WHERE "+e.quote("De fault")+" = 7")[0][0]
	if filled != "3" {
		t.Errorf("%s of the 3 rows have the new column's default", filled)
	}
	a.change(t, name, 3, schema.AddIndex{In: name, Index: schema.Index{Name: "by a", Parts: []schema.KeyPart{{Column: "a"}, {Column: "n", Desc: true}}}})
	a.change(t, name, 3, schema.AddIndex{In: name, Index: schema.Index{Name: "one n", Unique: true, Parts: []schema.KeyPart{{Column: "n"}}}})
	a.change(t, name, 3, schema.AddCheck{In: name, Check: wanted.Checks[0]})
	a.change(t, name, 3, schema.RenameColumn{In: name, From: "a", To: "a re`na\"med"})
	a.modify(t, name, "a re`na\"med", func(c *schema.Column) { c.Type = e.typeOf(t, "longer") })
	a.modify(t, name, "said", func(c *schema.Column) { c.Default = nil })
	a.modify(t, name, "added", func(c *schema.Column) { c.Default = &schema.Default{Literal: true, Text: "new"} })
	a.modify(t, name, "De fault", func(c *schema.Column) { c.Nullable = true })
	a.modify(t, name, "De fault", func(c *schema.Column) { c.Nullable = false })
	a.change(t, name, 3, schema.DropCheck{In: name, Check: wanted.Checks[0]})
	a.change(t, name, 3, schema.DropIndex{In: name, Index: schema.Index{Name: "one n", Unique: true, Parts: []schema.KeyPart{{Column: "n"}}}})
	a.modify(t, name, "n", func(c *schema.Column) { c.Type = e.typeOf(t, "bigint") })
	a.foreignKey(t, name, other.Name)
	a.change(t, name, 3, schema.DropColumn{In: name, Column: *wanted.Column("said")})

	renamed := e.name("re`na\"med")
	a.change(t, renamed, 3, schema.RenameTable{From: name, To: renamed})
	a.change(t, renamed, 0, schema.EmptyTable{In: renamed})
	a.apply(t, "drop", schema.DropTable{From: *a.model.Table(renamed)})
	if e.inspect(t, renamed).Table(renamed) != nil {
		t.Error("the dropped table is there still")
	}
	a.identity(t)
}

// modify changes one column of the model's table, spelt as the server does.
func (a *altered) modify(t *testing.T, table schema.Name, column string, f func(*schema.Column)) {
	t.Helper()
	from := *a.model.Table(table).Column(column)
	to := from
	f(&to)
	wanted := *a.model.Table(table)
	wanted.Columns = slices.Clone(wanted.Columns)
	*wanted.Column(column) = to
	to = *a.normalize(t, []schema.Table{wanted})[0].Column(column)
	c := schema.ModifyColumn{In: table, From: from, To: to}
	if !from.Type.Equal(to.Type) {
		c.Type = capability[providers.Translator](t, a.endpoint).CompareTypes(from.Type, to.Type)
		if c.Type != schema.Widens {
			t.Errorf("%s to %s is called %q, not %q", from.Type, to.Type, c.Type, schema.Widens)
		}
	}
	a.change(t, table, 3, c)
}

// foreignKey adds one to a table with rows, and drops it. A server may bring an index
// along with it (MySQL), which the model can't know.
func (a *altered) foreignKey(t *testing.T, table, ref schema.Name) {
	t.Helper()
	before := *a.model.Table(table)
	c := schema.AddForeignKey{In: table, Key: schema.ForeignKey{Name: "f k", Columns: []string{"ref"}, RefTable: ref, RefColumns: []string{"id"}, OnDelete: "CASCADE"}}
	wanted := before
	wanted.ForeignKeys = append(slices.Clone(before.ForeignKeys), c.Key)
	wanted = a.normalize(t, []schema.Table{wanted})[0]
	c.Key = wanted.ForeignKeys[0]
	a.apply(t, "add foreign key", c)
	got := a.table(t, table.Name)
	same(t, "foreign keys", wanted.ForeignKeys, got.ForeignKeys)
	a.apply(t, "drop foreign key", schema.DropForeignKey{In: table, Key: c.Key})
	got = a.table(t, table.Name)
	if len(got.ForeignKeys) > 0 {
		t.Errorf("the dropped foreign key is there still: %v", got.ForeignKeys)
	}
	for _, ix := range got.Indexes {
		if !slices.ContainsFunc(before.Indexes, func(o schema.Index) bool { return o.Name == ix.Name }) {
			a.apply(t, "drop the key's index", schema.DropIndex{In: table, Index: ix})
		}
	}
	a.model = a.inspect(t).Working()
}

// identity: after AdvanceSequences the server numbers on past the rows that were loaded.
func (a *altered) identity(t *testing.T) {
	t.Helper()
	for _, always := range []bool{false, true} {
		name := fmt.Sprintf("num`bered \"%v", always)
		table := a.plainTable(t, name, "v", "text")
		if a.db.System == schema.SQLite {
			table.Columns[0].Type = a.typeOf(t, "int") // only INTEGER numbers itself
		}
		table.Columns[0].Identity = &schema.Identity{Always: always && a.db.System == schema.PostgreSQL}
		table = a.normalize(t, []schema.Table{table})[0]
		a.create(t, "create "+name, table)
		a.mustWrite(t, loadOf(table, nil), [][]field{fields("5", "x"), fields("41", "y")})
		a.apply(t, "advance "+name, schema.AdvanceSequences{To: table})
		a.exec(t, "INSERT INTO "+a.quote(name)+" (v) VALUES ('z')")
		if got := Query(t, a.url, "SELECT id FROM "+a.quote(name)+" WHERE v = 'z'")[0][0]; got != "42" {
			t.Errorf("%s: the next number is %s, want 42", name, got)
		}
		a.apply(t, "advance again "+name, schema.AdvanceSequences{To: table})
		a.exec(t, "INSERT INTO "+a.quote(name)+" (v) VALUES ('zz')")
		if got := Query(t, a.url, "SELECT id FROM "+a.quote(name)+" WHERE v = 'zz'")[0][0]; got != "43" {
			t.Errorf("%s: the number after is %s, want 43", name, got)
		}
	}
}

// testAside: a new load of a live table gathers beside it and takes its place at once.
func testAside(t *testing.T, s Suite) {
	for _, withKey := range []bool{true, false} {
		t.Run(fmt.Sprintf("key %v", withKey), func(t *testing.T) { testAsideOf(t, s.open(t), withKey) })
	}
}

func testAsideOf(t *testing.T, e *endpoint, withKey bool) {
	live := e.plainTable(t, "li`ve \"x", "v", "text")
	live.Indexes = []schema.Index{{Name: "by v", Parts: []schema.KeyPart{{Column: "v"}}}}
	if !withKey {
		live.PrimaryKey = nil
	}
	tables := e.normalize(t, []schema.Table{live})
	e.create(t, "live", tables...)
	live = e.table(t, "li`ve \"x")
	e.mustWrite(t, loadOf(live, nil), [][]field{fields("1", "one"), fields("2", "two"), fields("3", "three")})
	if withKey {
		child := e.plainTable(t, "child", "parent", "bigint")
		child.ForeignKeys = []schema.ForeignKey{{Name: "child of", Columns: []string{"parent"}, RefTable: live.Name, RefColumns: []string{"id"}}}
		child = e.normalize(t, []schema.Table{child})[0]
		e.create(t, "child", child)
		e.mustWrite(t, loadOf(e.table(t, "child"), nil), [][]field{fields("1", "2")})
	}

	aside := e.name("_sync_load_0123456789abcdef")
	e.apply(t, "aside", schema.AddAside{Live: live, Aside: aside})
	if found := e.inspect(t).Table(aside); found != nil {
		t.Error("an inspection of everything shows the table beside the live one")
	}
	table := e.table(t, aside.Name)
	l := loadOf(live, nil)
	l.Table, l.Live = aside, live.Name
	want := [][]field{fields("2", "TWO"), fields("3", "three"), {text("4"), nil}}
	e.mustWrite(t, l, want)

	var columns []string
	for _, c := range table.Columns {
		columns = append(columns, c.Name)
	}
	e.apply(t, "replace", schema.ReplaceRows{Live: live, Aside: aside, Columns: columns, Key: keyOf(live)})
	if e.inspect(t, aside).Table(aside) != nil {
		t.Error("the table beside the live one is there still")
	}
	sameTables(t, "the live table", []schema.Table{live}, []schema.Table{e.table(t, live.Name.Name)})
	r := readOf(loadOf(live, nil))
	sameRows(t, "the live rows", r.Columns, want, e.read(t, r))
	if withKey {
		if n := Query(t, e.url, "SELECT count(*) FROM child")[0][0]; n != "1" {
			t.Errorf("%s rows refer to the live table, want 1", n)
		}
	}
}
