package schema

import (
	"cmp"
	"slices"
)

// Working returns a copy of d that Apply may change without changing d.
func (d *Database) Working() *Database {
	w := *d
	w.Schemas = slices.Clone(d.Schemas)
	w.Tables = slices.Clone(d.Tables)
	w.Extensions = slices.Clone(d.Extensions)
	w.Composed = slices.Clone(d.Composed)
	w.Enums = slices.Clone(d.Enums)
	w.Domains = slices.Clone(d.Domains)
	w.Sequences = slices.Clone(d.Sequences)
	w.Others = slices.Clone(d.Others)
	return &w
}

// Apply makes d (a Working copy) what it is once c has run, so that the steps of
// the next change can be planned against it. A change of a table that is not there
// changes nothing. The slices that a table shares with others are never written to.
func (d *Database) Apply(c Change) {
	switch c := c.(type) {
	case AddSchema:
		d.Schemas = put(d.Schemas, c.Schema, cmp.Compare)
	case AddExtension:
		d.Extensions = put(d.Extensions, Extension{Name: c.Name, Schema: c.Schema}, func(a, b Extension) int { return cmp.Compare(a.Name, b.Name) })
	case AddComposed:
		d.Composed = put(d.Composed, c.Type, func(a, b Composed) int { return a.Name.Compare(b.Name) })
	case AddEnum:
		d.Enums = put(d.Enums, c.Enum, func(a, b Enum) int { return a.Name.Compare(b.Name) })
	case ModifyEnum:
		d.Enums = put(d.Enums, c.To, func(a, b Enum) int { return a.Name.Compare(b.Name) })
	case AddDomain:
		d.Domains = put(d.Domains, c.Domain, func(a, b Domain) int { return a.Name.Compare(b.Name) })
	case AddSequence:
		d.Sequences = put(d.Sequences, c.Sequence, func(a, b Sequence) int { return a.Name.Compare(b.Name) })
	case OwnSequence:
		d.Sequences = put(d.Sequences, c.Sequence, func(a, b Sequence) int { return a.Name.Compare(b.Name) })
	case AddTable:
		t := c.To
		t.Rows, t.Bytes = 0, 0
		d.putTable(t)
	case DropTable:
		d.dropTable(c.From.Name)
	case RenameTable:
		d.renameTable(c.From, c.To)
	case AddAside:
		d.putTable(Table{Name: c.Aside, Columns: c.Live.Columns, PrimaryKey: c.Live.PrimaryKey, Options: c.Live.Options})
	case ReplaceRows:
		d.dropTable(c.Aside)
	case EmptyTable:
		if t := d.Table(c.In); t != nil {
			t.Rows, t.Bytes = 0, 0
		}
	case RestoreRows, AdvanceSequences:
	default:
		if t := d.Table(c.Table()); t != nil {
			t.Apply(c)
		}
	}
}

func (d *Database) putTable(t Table) {
	d.Tables = put(d.Tables, t, func(a, b Table) int { return a.Name.Compare(b.Name) })
}

func (d *Database) dropTable(n Name) {
	d.Tables = slices.DeleteFunc(d.Tables, func(t Table) bool { return t.Name == n })
}

// renameTable moves the references of other tables along, as all systems do.
func (d *Database) renameTable(from, to Name) {
	t := d.Table(from)
	if t == nil {
		return
	}
	moved := *t
	moved.Name = to
	d.dropTable(from)
	d.putTable(moved)
	for i := range d.Tables {
		t := &d.Tables[i]
		for j := range t.ForeignKeys {
			if t.ForeignKeys[j].RefTable == from {
				t.ForeignKeys = slices.Clone(t.ForeignKeys)
				t.ForeignKeys[j].RefTable = to
			}
		}
	}
}

// Apply makes a change of the table itself (not of its name, nor of its partitions). The
// slices that the table shares with others are not written to.
func (t *Table) Apply(c Change) {
	switch c := c.(type) {
	case ModifyTable:
		t.Comment, t.Options, t.Partition = c.To.Comment, c.To.Options, c.To.Partition
	case AddColumn:
		t.Columns = append(slices.Clip(t.Columns), c.Column)
	case DropColumn:
		t.Columns = without(t.Columns, func(o Column) bool { return o.Name == c.Column.Name })
	case ModifyColumn:
		t.Columns = slices.Clone(t.Columns)
		if col := t.Column(c.To.Name); col != nil {
			*col = c.To
		}
	case RenameColumn:
		t.renameColumn(c.From, c.To)
	case RenameIndex:
		t.Indexes = slices.Clone(t.Indexes)
		for i := range t.Indexes {
			if t.Indexes[i].Name == c.From {
				t.Indexes[i].Name = c.To
			}
		}
	case RenameConstraint:
		t.constraint(c.From, func(name, _ *string) { *name = c.To })
	case SetMarks:
		t.Marks = c.To
	case SetStorage:
		t.Indexes = slices.Clone(t.Indexes)
		for i := range t.Indexes {
			if t.Indexes[i].Name == c.Index {
				t.Indexes[i].Options = c.To
			}
		}
		t.key(c.Index, func(k *Key) { k.Options = c.To })
	case SetComment:
		if c.Kind == "key index" {
			t.key(c.Name, func(k *Key) { k.IndexComment = c.Text })
			return
		}
		if c.Kind == "index" {
			t.Indexes = slices.Clone(t.Indexes)
			for i := range t.Indexes {
				if t.Indexes[i].Name == c.Name {
					t.Indexes[i].Comment = c.Text
				}
			}
			return
		}
		t.constraint(c.Name, func(_, comment *string) { *comment = c.Text })
	case AddPrimaryKey:
		t.PrimaryKey = &c.Key
	case DropPrimaryKey:
		t.PrimaryKey = nil
	case AddUnique:
		t.Uniques = append(without(t.Uniques, func(o Key) bool { return compareKeys(o, c.Key) == 0 }), c.Key)
		slices.SortStableFunc(t.Uniques, compareKeys)
	case DropUnique:
		t.Uniques = without(t.Uniques, func(o Key) bool { return compareKeys(o, c.Key) == 0 })
	case AddIndex:
		t.Indexes = put(slices.Clone(t.Indexes), c.Index, func(a, b Index) int { return cmp.Compare(a.Name, b.Name) })
	case DropIndex:
		t.Indexes = without(t.Indexes, func(o Index) bool { return o.Name == c.Index.Name })
	case AddForeignKey:
		t.ForeignKeys = append(slices.Clip(t.ForeignKeys), c.Key)
		slices.SortStableFunc(t.ForeignKeys, compareForeignKeys)
	case DropForeignKey:
		t.ForeignKeys = without(t.ForeignKeys, func(o ForeignKey) bool { return compareForeignKeys(o, c.Key) == 0 })
	case AddCheck:
		t.Checks = append(slices.Clip(t.Checks), c.Check)
		slices.SortStableFunc(t.Checks, func(a, b Check) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Expr, b.Expr)) })
	case DropCheck:
		t.Checks = without(t.Checks, func(o Check) bool {
			return o.Name == c.Check.Name && (o.Name != "" || o.Expr == c.Check.Expr)
		})
	case AddExclusion:
		t.Exclusions = put(slices.Clone(t.Exclusions), c.Exclusion, func(a, b Exclusion) int { return cmp.Compare(a.Name, b.Name) })
	case DropExclusion:
		t.Exclusions = without(t.Exclusions, func(o Exclusion) bool { return o.Name == c.Exclusion.Name })
	}
}

// key calls f with the key of that name.
func (t *Table) key(name string, f func(*Key)) {
	if t.PrimaryKey != nil && t.PrimaryKey.Name == name {
		k := *t.PrimaryKey
		f(&k)
		t.PrimaryKey = &k
	}
	t.Uniques = slices.Clone(t.Uniques)
	for i := range t.Uniques {
		if t.Uniques[i].Name == name {
			f(&t.Uniques[i])
		}
	}
}

// constraint calls f with name and comment of the constraint of that name.
func (t *Table) constraint(name string, f func(name, comment *string)) {
	if t.PrimaryKey != nil && t.PrimaryKey.Name == name {
		k := *t.PrimaryKey
		f(&k.Name, &k.Comment)
		t.PrimaryKey = &k
	}
	t.Uniques, t.Checks = slices.Clone(t.Uniques), slices.Clone(t.Checks)
	t.ForeignKeys, t.Exclusions = slices.Clone(t.ForeignKeys), slices.Clone(t.Exclusions)
	for i := range t.Uniques {
		if x := &t.Uniques[i]; x.Name == name {
			f(&x.Name, &x.Comment)
		}
	}
	for i := range t.Checks {
		if x := &t.Checks[i]; x.Name == name {
			f(&x.Name, &x.Comment)
		}
	}
	for i := range t.ForeignKeys {
		if x := &t.ForeignKeys[i]; x.Name == name {
			f(&x.Name, &x.Comment)
		}
	}
	for i := range t.Exclusions {
		if x := &t.Exclusions[i]; x.Name == name {
			f(&x.Name, &x.Comment)
		}
	}
}

// compareForeignKeys orders by name, those without one by what they are.
func compareForeignKeys(a, b ForeignKey) int {
	if c := cmp.Compare(a.Name, b.Name); c != 0 || a.Name != "" {
		return c
	}
	return cmp.Or(slices.Compare(a.Columns, b.Columns), a.RefTable.Compare(b.RefTable), slices.Compare(a.RefColumns, b.RefColumns),
		cmp.Compare(a.OnDelete, b.OnDelete), cmp.Compare(a.OnUpdate, b.OnUpdate))
}

// compareKeys orders by name, those without one by their columns.
func compareKeys(a, b Key) int {
	if c := cmp.Compare(a.Name, b.Name); c != 0 || a.Name != "" {
		return c
	}
	return slices.Compare(a.Columns(), b.Columns())
}

// renameColumn renames the column in the table itself and in what names it; a
// server does the same in expressions, which are its own and stay as they were here.
func (t *Table) renameColumn(from, to string) {
	t.Columns = slices.Clone(t.Columns)
	if col := t.Column(from); col != nil {
		col.Name = to
	}
	if t.PrimaryKey != nil {
		k := *t.PrimaryKey
		k.Parts = renameParts(k.Parts, from, to)
		t.PrimaryKey = &k
	}
	t.Uniques = slices.Clone(t.Uniques)
	for i := range t.Uniques {
		t.Uniques[i].Parts = renameParts(t.Uniques[i].Parts, from, to)
	}
	t.Indexes = slices.Clone(t.Indexes)
	for i := range t.Indexes {
		t.Indexes[i].Parts = renameParts(t.Indexes[i].Parts, from, to)
	}
	t.ForeignKeys = slices.Clone(t.ForeignKeys)
	for i := range t.ForeignKeys {
		t.ForeignKeys[i].Columns = slices.Clone(t.ForeignKeys[i].Columns)
		for j, c := range t.ForeignKeys[i].Columns {
			if c == from {
				t.ForeignKeys[i].Columns[j] = to
			}
		}
	}
}

func renameParts(parts []KeyPart, from, to string) []KeyPart {
	parts = slices.Clone(parts)
	for i := range parts {
		if parts[i].Column == from {
			parts[i].Column = to
		}
	}
	return parts
}

// put inserts v into the sorted list, in the place of what compares equal. The list
// is the caller's own.
func put[T any](list []T, v T, compare func(a, b T) int) []T {
	i, found := slices.BinarySearchFunc(list, v, compare)
	if found {
		list[i] = v
		return list
	}
	return slices.Insert(list, i, v)
}

// without returns a new list that lacks what drop says.
func without[T any](list []T, drop func(T) bool) []T {
	var kept []T
	for _, v := range list {
		if !drop(v) {
			kept = append(kept, v)
		}
	}
	return kept
}
