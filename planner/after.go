package planner

import (
	"slices"

	"github.com/syncform/syncform/providers/schema"
)

// after gives the table as it is once a change has been made. A change of another
// table, or of none, leaves it as it is.
func after(t schema.Table, c schema.Change) schema.Table {
	switch c := c.(type) {
	case schema.AddTable:
		return c.To
	case schema.ModifyTable:
		t.Comment, t.Options, t.Partition = c.To.Comment, c.To.Options, c.To.Partition
	case schema.AddColumn:
		t.Columns = append(slices.Clone(t.Columns), c.Column)
	case schema.RenameColumn, schema.RenameIndex, schema.RenameConstraint, schema.SetComment:
		t.Rename(c)
	case schema.DropColumn:
		t.Columns = without(t.Columns, func(x *schema.Column) bool { return x.Name == c.Column.Name })
	case schema.ModifyColumn:
		t.Columns = slices.Clone(t.Columns)
		if x := t.Column(c.From.Name); x != nil {
			*x = c.To
		}
	case schema.AddPrimaryKey:
		k := c.Key
		t.PrimaryKey = &k
	case schema.DropPrimaryKey:
		t.PrimaryKey = nil
	case schema.AddUnique:
		t.Uniques = append(slices.Clone(t.Uniques), c.Key)
	case schema.DropUnique:
		t.Uniques = without(t.Uniques, func(x *schema.Key) bool { return x.Name == c.Key.Name })
	case schema.AddIndex:
		t.Indexes = append(slices.Clone(t.Indexes), c.Index)
	case schema.DropIndex:
		t.Indexes = without(t.Indexes, func(x *schema.Index) bool { return x.Name == c.Index.Name })
	case schema.AddForeignKey:
		t.ForeignKeys = append(slices.Clone(t.ForeignKeys), c.Key)
	case schema.DropForeignKey:
		t.ForeignKeys = without(t.ForeignKeys, func(x *schema.ForeignKey) bool { return x.Name == c.Key.Name })
	case schema.AddCheck:
		t.Checks = append(slices.Clone(t.Checks), c.Check)
	case schema.DropCheck:
		t.Checks = without(t.Checks, func(x *schema.Check) bool { return x.Name == c.Check.Name })
	case schema.AddExclusion:
		t.Exclusions = append(slices.Clone(t.Exclusions), c.Exclusion)
	case schema.DropExclusion:
		t.Exclusions = without(t.Exclusions, func(x *schema.Exclusion) bool { return x.Name == c.Exclusion.Name })
	}
	return t
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
