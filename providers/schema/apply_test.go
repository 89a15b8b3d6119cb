package schema

import (
	"reflect"
	"testing"
)

func TestApplyLeavesTheInspectedDatabaseAlone(t *testing.T) {
	a, b := Name{Name: "a"}, Name{Name: "b"}
	table := func() Table {
		return Table{
			Name:        a,
			Columns:     []Column{{Name: "id"}, {Name: "x"}},
			PrimaryKey:  &Key{Parts: []KeyPart{{Column: "id"}}},
			Uniques:     []Key{{Name: "u", Parts: []KeyPart{{Column: "x"}}}},
			ForeignKeys: []ForeignKey{{Columns: []string{"x"}, RefTable: a}},
			Checks:      []Check{{Name: "c", Expr: "x > 0"}},
			Indexes:     []Index{{Name: "i", Parts: []KeyPart{{Column: "x"}}}},
		}
	}
	d := &Database{Tables: []Table{table()}}
	w := d.Working()
	for _, c := range []Change{
		AddColumn{In: a, Column: Column{Name: "y"}},
		RenameColumn{In: a, From: "x", To: "z"},
		ModifyColumn{In: a, From: Column{Name: "id"}, To: Column{Name: "id", Nullable: true}},
		DropCheck{In: a, Check: Check{Name: "c"}},
		AddCheck{In: a, Check: Check{Name: "d"}},
		AddIndex{In: a, Index: Index{Name: "h"}},
		DropUnique{In: a, Key: Key{Name: "u"}},
		RenameTable{From: a, To: b},
		AddTable{To: Table{Name: a}},
		DropColumn{In: b, Column: Column{Name: "y"}},
	} {
		w.Apply(c)
	}
	if !reflect.DeepEqual(d, &Database{Tables: []Table{table()}}) {
		t.Errorf("the inspected database has changed: %+v", d.Tables)
	}
	want := Table{
		Name:        b,
		Columns:     []Column{{Name: "id", Nullable: true}, {Name: "z"}},
		PrimaryKey:  &Key{Parts: []KeyPart{{Column: "id"}}},
		ForeignKeys: []ForeignKey{{Columns: []string{"z"}, RefTable: b}},
		Checks:      []Check{{Name: "d"}},
		Indexes:     []Index{{Name: "h"}, {Name: "i", Parts: []KeyPart{{Column: "z"}}}},
	}
	if got := w.Table(b); got == nil || !reflect.DeepEqual(*got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if w.Table(a) == nil || len(w.Tables) != 2 {
		t.Errorf("tables: %+v", w.Tables)
	}
}
