package planner

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/syncform/syncform/providers/schema"
)

// genTable draws a table of a few columns out of a small set of names, so that two of
// them have much in common.
func genTable(sys schema.System) *rapid.Generator[schema.Table] {
	return rapid.Custom(func(t *rapid.T) schema.Table {
		out := schema.Table{Name: schema.Name{Name: "t"}, Comment: rapid.SampledFrom([]string{"", "x", "y"}).Draw(t, "comment")}
		names := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}), 1, 5, rapid.ID[string]).Draw(t, "columns")
		for _, n := range names {
			out.Columns = append(out.Columns, genColumn(t, sys, n))
		}
		part := func(label string) []schema.KeyPart {
			cols := rapid.SliceOfNDistinct(rapid.SampledFrom(names), 1, 2, rapid.ID[string]).Draw(t, label)
			parts := make([]schema.KeyPart, len(cols))
			for i, c := range cols {
				parts[i] = schema.KeyPart{Column: c, Desc: rapid.Bool().Draw(t, "desc")}
			}
			return parts
		}
		if rapid.Bool().Draw(t, "has key") {
			out.PrimaryKey = &schema.Key{Name: "t_pkey", Parts: part("key")}
		}
		for _, n := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"i", "j", "k"}), 0, 3, rapid.ID[string]).Draw(t, "indexes") {
			out.Indexes = append(out.Indexes, schema.Index{Name: n, Unique: rapid.Bool().Draw(t, "unique"), Parts: part("index"), Where: rapid.SampledFrom([]string{"", "a > 0"}).Draw(t, "where")})
		}
		for _, n := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"u", "v"}), 0, 2, rapid.ID[string]).Draw(t, "uniques") {
			out.Uniques = append(out.Uniques, schema.Key{Name: n, Parts: part("unique"), Deferrable: rapid.Bool().Draw(t, "deferrable")})
		}
		for _, n := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"p", "q"}), 0, 2, rapid.ID[string]).Draw(t, "checks") {
			out.Checks = append(out.Checks, schema.Check{Name: n, Expr: rapid.SampledFrom([]string{"a > 0", "a > 1", "b < 9"}).Draw(t, "expr")})
		}
		for _, n := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"f", "g"}), 0, 2, rapid.ID[string]).Draw(t, "foreign") {
			out.ForeignKeys = append(out.ForeignKeys, schema.ForeignKey{
				Name: n, Columns: []string{names[0]}, RefTable: schema.Name{Name: rapid.SampledFrom([]string{"r", "s"}).Draw(t, "ref")}, RefColumns: []string{"id"},
				OnDelete: rapid.SampledFrom([]string{"", "CASCADE", "NO ACTION"}).Draw(t, "on delete"),
			})
		}
		if rapid.Bool().Draw(t, "has options") {
			out.Options = map[string]string{"fillfactor": rapid.SampledFrom([]string{"50", "70"}).Draw(t, "fillfactor")}
		}
		return out
	})
}

func genColumn(t *rapid.T, sys schema.System, name string) schema.Column {
	types := []schema.Type{
		{Kind: schema.Int, Bits: 32, Native: "int32"}, {Kind: schema.Int, Bits: 64, Native: "int64"},
		{Kind: schema.Varchar, Length: 10, Native: "varchar(10)"}, {Kind: schema.Varchar, Length: 20, Native: "varchar(20)"}, {Kind: schema.Text, Native: "text"},
		{Kind: schema.EnumKind, Values: []string{"1", "2"}, Native: "enum(1,2)"}, {Kind: schema.EnumKind, Values: []string{"1", "2", "3"}, Native: "enum(1,2,3)"},
	}
	c := schema.Column{Name: name, Type: rapid.SampledFrom(types).Draw(t, "type"), Nullable: rapid.Bool().Draw(t, "nullable")}
	c.Type.System = sys
	c.Comment = rapid.SampledFrom([]string{"", "note"}).Draw(t, "comment")
	switch rapid.IntRange(0, 5).Draw(t, "filled by") {
	case 0:
		c.Default = &schema.Default{Literal: true, Text: rapid.SampledFrom([]string{"1", "2"}).Draw(t, "default")}
	case 1:
		c.Default = &schema.Default{Text: "f()"}
	case 2:
		if c.Type.Kind == schema.Int {
			c.Identity = &schema.Identity{Always: rapid.Bool().Draw(t, "always"), Increment: rapid.SampledFrom([]string{"", "1", "2"}).Draw(t, "increment")}
		}
	case 3:
		c.Generated = &schema.Generated{Expr: rapid.SampledFrom([]string{"(1)", "(2)"}).Draw(t, "generated"), Stored: true}
	}
	return c
}

func diffOf(sys schema.System, have, want schema.Table) []difference {
	return diffTable(differ{sys: sys, have: &have, want: &want, compare: (&recorded{}).CompareTypes})
}

// TestDiffOfEqualTables: a table has no difference from itself.
func TestDiffOfEqualTables(t *testing.T) {
	for _, sys := range []schema.System{schema.PostgreSQL, schema.MySQL, schema.SQLite} {
		rapid.Check(t, func(t *rapid.T) {
			a := genTable(sys).Draw(t, "table")
			if d := diffOf(sys, a, a); len(d) != 0 {
				t.Fatalf("%s: %+v", sys, d)
			}
		})
	}
}

// TestDiffLeadsToWanted: the changes, made one after the other, lead from any table to
// any other, but for what nobody asked for.
func TestDiffLeadsToWanted(t *testing.T) {
	for _, sys := range []schema.System{schema.PostgreSQL, schema.MySQL, schema.SQLite} {
		rapid.Check(t, func(t *rapid.T) {
			have, want := genTable(sys).Draw(t, "have"), genTable(sys).Draw(t, "want")
			got := have
			for _, d := range diffOf(sys, have, want) {
				got = after(got, d.change)
			}
			if d := diffOf(sys, got, want); len(d) != 0 {
				t.Fatalf("%s: still different: %+v\nhave %+v\nwant %+v", sys, d, have, want)
			}
			if err := reached(sys, have, got, want); err != nil {
				t.Fatalf("%s: %v\nhave %+v\nwant %+v\ngot  %+v", sys, err, have, want, got)
			}
		})
	}
}

// reached checks, without the differ's own comparisons, that got is want, with what
// only have had besides.
func reached(sys schema.System, have, got, want schema.Table) error {
	for _, w := range want.Columns {
		g, h := got.Column(w.Name), have.Column(w.Name)
		if g == nil {
			return fmt.Errorf("column %s is missing", w.Name)
		}
		if h != nil {
			if w.Comment == "" {
				w.Comment = h.Comment
			}
			if h.Generated == nil && w.Generated != nil {
				w.Generated = nil // a plain column stays one
			}
			if h.Identity != nil && w.Identity != nil && w.Identity.Increment == "" {
				id := *w.Identity
				id.Increment = h.Identity.Increment
				w.Identity = &id
			}
		}
		if !reflect.DeepEqual(*g, w) {
			return fmt.Errorf("column %s: got %+v, want %+v", w.Name, *g, w)
		}
	}
	for _, h := range have.Columns {
		if want.Column(h.Name) == nil && !reflect.DeepEqual(got.Column(h.Name), &h) {
			return fmt.Errorf("column %s, which nobody asked for, was changed", h.Name)
		}
	}
	if want.PrimaryKey != nil && !reflect.DeepEqual(got.PrimaryKey, want.PrimaryKey) || want.PrimaryKey == nil && !reflect.DeepEqual(got.PrimaryKey, have.PrimaryKey) {
		return fmt.Errorf("primary key: %+v", got.PrimaryKey)
	}
	for _, w := range want.Indexes {
		w.Name = ""
		if !slices.ContainsFunc(got.Indexes, func(g schema.Index) bool { g.Name = ""; return reflect.DeepEqual(g, w) }) {
			return fmt.Errorf("an index is missing: %+v", w)
		}
	}
	names := map[string]bool{}
	for _, g := range got.Indexes {
		if names[g.Name] {
			return fmt.Errorf("two indexes %s", g.Name)
		}
		names[g.Name] = true
	}
	for _, w := range want.Checks {
		if !slices.ContainsFunc(got.Checks, func(g schema.Check) bool { return g.Expr == w.Expr }) {
			return fmt.Errorf("check %s is missing", w.Expr)
		}
	}
	if len(got.ForeignKeys) < len(want.ForeignKeys) || len(got.Uniques) < len(want.Uniques) {
		return fmt.Errorf("keys are missing")
	}
	if want.Comment != "" && got.Comment != want.Comment || want.Comment == "" && got.Comment != have.Comment {
		return fmt.Errorf("comment %q", got.Comment)
	}
	for k, v := range want.Options {
		if got.Options[k] != v {
			return fmt.Errorf("option %s", k)
		}
	}
	return nil
}

// TestRiskyChangesAreMarked: whatever may take values away carries a hazard and is
// held; nothing else is.
func TestRiskyChangesAreMarked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		have, want := genTable(schema.PostgreSQL).Draw(t, "have"), genTable(schema.PostgreSQL).Draw(t, "want")
		for _, d := range diffOf(schema.PostgreSQL, have, want) {
			switch c := d.change.(type) {
			case schema.DropTable, schema.DropColumn:
				t.Fatalf("a diff never drops %+v", c)
			case schema.ModifyColumn:
				risky := c.Type == schema.Narrows || c.Type == schema.Retypes || !reflect.DeepEqual(c.From.Generated, c.To.Generated) ||
					c.From.Nullable && !c.To.Nullable && have.Column(c.To.Name) != nil
				if risky != d.risky || d.risky && len(d.hazards) == 0 {
					t.Fatalf("risky %v, hazards %v: %+v", d.risky, d.hazards, c)
				}
			}
		}
	})
}

func TestRewritesAreHazardsOnlyWithRows(t *testing.T) {
	col := func(bits int) schema.Table {
		return schema.Table{Columns: []schema.Column{{Name: "a", Type: schema.Type{Kind: schema.Int, Bits: bits, Native: fmt.Sprint(bits), System: schema.PostgreSQL}}}}
	}
	have, want := col(32), col(64)
	for rows, hazards := range map[int64]int{0: 0, 1000: 1, -1: 1} {
		have.Rows = rows
		d := diffOf(schema.PostgreSQL, have, want)
		if len(d) != 1 || d[0].risky || len(d[0].hazards) != hazards {
			t.Errorf("%d rows: %+v", rows, d)
		}
	}
}
