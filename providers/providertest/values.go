package providertest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// valueTable makes a table v with a column per type of the system's list.
func (e *endpoint) valueTable(t testing.TB) schema.Table {
	t.Helper()
	if e.db.System == schema.PostgreSQL {
		e.exec(t, "CREATE TYPE mood AS ENUM ('sad', 'it''s ok', 'happy', 'a,b', 'ünïcode')", "CREATE DOMAIN short AS varchar(10)")
	}
	ddl := "CREATE TABLE v (id " + words["bigint"][e.db.System] + " NOT NULL PRIMARY KEY"
	n := 0
	for _, block := range blocks(t, "types."+string(e.db.System)+".txt", e.db) {
		for ty := range strings.Lines(block) {
			ddl += fmt.Sprintf(", c%d %s", n, strings.TrimSpace(ty))
			n++
		}
	}
	e.exec(t, ddl+")")
	return e.table(t, "v")
}

// testValues: every value that a type can have goes in and comes out the same.
func testValues(t *testing.T, s Suite) {
	e := s.open(t)
	table := e.valueTable(t)
	var kept []schema.Column // those that something is known to put into
	var generators []*rapid.Generator[string]
	for i, c := range table.Columns {
		g := valuesOf(c)
		if i == 0 || g == nil {
			if i > 0 {
				t.Logf("no values are known for %s (%s)", c.Type, c.Type.Kind)
			}
			continue
		}
		kept, generators = append(kept, c), append(generators, g)
	}
	narrow := table
	narrow.Columns = append([]schema.Column{table.Columns[0]}, kept...)
	rapid.Check(t, func(r *rapid.T) {
		var rows [][]field
		for i, row := range rapid.SliceOfN(rowsOf(generators), 1, 10).Draw(r, "rows") {
			rows = append(rows, append(fields(fmt.Sprint(i)), row...))
		}
		Exec(t, e.url, "DELETE FROM v")
		l := loadOf(narrow, nil)
		if _, err := e.write(t, l, &given{rows: rows, batch: 4}); err != nil {
			r.Fatalf("write: %v", err)
		}
		got, err := e.tryRead(t, readOf(l))
		if err != nil {
			r.Fatalf("read: %v", err)
		}
		if wrong := differences(readOf(l).Columns, rows, got); len(wrong) > 0 {
			r.Fatalf("%s", strings.Join(wrong, "\n"))
		}
	})
}

// generated is a row whose printed form people can read.
type generated []field

func (g generated) GoString() string { return g.String() }

func (g generated) String() string {
	var parts []string
	for i, f := range g {
		if f != nil {
			parts = append(parts, fmt.Sprintf("c%d: %s", i, show(f)))
		}
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// rowsOf generates rows of those fields, some of them NULL; a row shrinks to NULLs.
func rowsOf(generators []*rapid.Generator[string]) *rapid.Generator[generated] {
	return rapid.Custom(func(r *rapid.T) generated {
		row := make(generated, len(generators))
		for i, g := range generators {
			if rapid.IntRange(0, 7).Draw(r, "null") > 0 {
				row[i] = text(g.Draw(r, "value"))
			}
		}
		return row
	})
}

// testForeignValues: a value of another system's type goes in and comes out the same,
// read as that type, or is refused by name; nothing is bent.
func testForeignValues(t *testing.T, s Suite) {
	own := s.open(t).db.System
	for _, from := range foreignDatabases() {
		if from.System != own {
			t.Run(string(from.System), func(t *testing.T) { testForeign(t, s.open(t), from) })
		}
	}
}

func testForeign(t *testing.T, e *endpoint, from *schema.Database) {
	source := from.Tables[0]
	translated, notes := capability[providers.Translator](t, e).Translate(from, source)
	for _, n := range notes {
		t.Logf("%s %s: refused %v: %s", n.Table, n.Object, n.Refused, n.Text)
	}
	translated.Name = e.name("v")
	translated = e.normalize(t, []schema.Table{translated})[0]
	e.create(t, "foreign", translated)
	table := e.table(t, "v")
	sameTables(t, "the translated table", []schema.Table{translated}, []schema.Table{table})

	var sources []schema.Type
	accepted, refused := map[string]int{}, map[string]int{}
	table.Columns = slices.DeleteFunc(table.Columns, func(c schema.Column) bool {
		return source.Column(c.Name) == nil || c.Name != "id" && values(source.Column(c.Name).Type) == nil
	})
	for _, c := range table.Columns {
		sources = append(sources, source.Column(c.Name).Type)
	}
	rapid.Check(t, func(r *rapid.T) {
		row := make([]field, len(table.Columns))
		row[0] = text("17")
		drawn := map[string]bool{}
		for range 3 {
			i := rapid.IntRange(1, len(row)-1).Draw(r, "column")
			row[i] = text(values(sources[i]).Draw(r, table.Columns[i].Name))
			drawn[table.Columns[i].Name] = true
		}
		Exec(t, e.url, "DELETE FROM v")
		l := loadOf(table, sources)
		_, err := e.write(t, l, &given{rows: [][]field{row}})
		if err != nil {
			var bad *providers.BadRowError
			if !errors.As(err, &bad) {
				r.Fatalf("write: %v", err)
			}
			if bad.Table != table.Name || !drawn[bad.Column] || !strings.Contains(bad.Key, "17") {
				r.Fatalf("refused without its name: table %s, key %q, column %q: %v", bad.Table, bad.Key, bad.Column, err)
			}
			refused[bad.Column]++
			return
		}
		got, err := e.tryRead(t, readOf(l))
		if err != nil {
			r.Fatalf("read: %v", err)
		}
		if wrong := differences(readOf(l).Columns, [][]field{row}, got); len(wrong) > 0 {
			r.Fatalf("%s", strings.Join(wrong, "\n"))
		}
		for name := range drawn {
			accepted[name]++
		}
	})
	for name, n := range refused {
		if n > 10 && accepted[name] == 0 {
			t.Errorf("%s: %s is translated to %s, which took none of %d values", name, source.Column(name).Type, table.Column(name).Type, n)
		}
	}
}

// testLargeValues: values of megabytes go through.
func testLargeValues(t *testing.T, s Suite) {
	e := s.open(t)
	table := e.createPlain(t, "large", "t", "clob", "b", "blob")
	l := loadOf(table, nil)
	rows := [][]field{
		fields("1", "small", "small"),
		fields("2", strings.Repeat("5 MB of tëxt\t\\\n", 5<<20/16), strings.Repeat("\x00\xff\\\n", 5<<20/4)),
		fields("3", "", ""),
		{text("4"), nil, nil},
	}
	e.mustWrite(t, l, rows)
	r := readOf(l)
	sameRows(t, "large values", r.Columns, rows, e.read(t, r))
}
