package postgres

import (
	"slices"

	"github.com/syncform/syncform/providers/schema"
)

// local gives what a partition has beside what its parent gives it; nil for nothing.
func (r *catalogue) local(parent, part *relation) *schema.Table {
	t := part.table
	t.Name = part.name
	t.Columns = nil
	for _, c := range part.table.Columns {
		p := parent.table.Column(c.Name)
		if p == nil || !sameDefault(p.Default, c.Default) || p.Nullable != c.Nullable || p.Comment != c.Comment {
			t.Columns = append(t.Columns, c)
		}
	}
	t.Comment = r.comments[commentKey{"pg_class", part.oid, "0"}]
	t.Options = storageOptions(part.options)
	if part.persistence == "u" && parent.persistence != "u" {
		if t.Options == nil {
			t.Options = map[string]string{}
		}
		t.Options["unlogged"] = "true"
	}
	if len(t.Columns) == 0 && t.PrimaryKey == nil && t.Comment == "" && len(t.Options)+len(t.Uniques)+len(t.ForeignKeys)+len(t.Checks)+len(t.Exclusions)+len(t.Indexes) == 0 {
		return nil
	}
	sortParts(&t)
	return &t
}

// given gives what a partition has from its parent.
func given(part *relation) *schema.Table {
	t := part.given
	t.Name = part.name
	sortParts(&t)
	return &t
}

// addLocal makes what a new partition has beside what its parent gives it.
func (p *stepPlan) addLocal(part schema.Partition) error {
	t := part.Local
	if t == nil {
		return nil
	}
	in := part.Name
	for _, c := range t.Columns {
		col := quote(c.Name)
		if c.Default != nil && c.Generated == nil {
			p.addf("ALTER TABLE %s ALTER COLUMN %s SET DEFAULT %s", quoteName(in), col, defaultSQL(c.Type, c.Default))
		} else if c.Generated == nil && c.Identity == nil {
			p.addf("ALTER TABLE %s ALTER COLUMN %s DROP DEFAULT", quoteName(in), col)
		}
		if !c.Nullable {
			p.addf("ALTER TABLE %s ALTER COLUMN %s SET NOT NULL", quoteName(in), col)
		}
		p.commentColumn(in, c.Name, "", c.Comment)
	}
	var changes []schema.Change
	if t.PrimaryKey != nil {
		changes = append(changes, schema.AddPrimaryKey{In: in, Key: *t.PrimaryKey})
	}
	for _, k := range t.Uniques {
		changes = append(changes, schema.AddUnique{In: in, Key: k})
	}
	for _, k := range t.Checks {
		changes = append(changes, schema.AddCheck{In: in, Check: k})
	}
	for _, k := range t.Exclusions {
		changes = append(changes, schema.AddExclusion{In: in, Exclusion: k})
	}
	for _, x := range t.Indexes {
		changes = append(changes, schema.AddIndex{In: in, Index: x})
	}
	for _, k := range t.ForeignKeys {
		changes = append(changes, schema.AddForeignKey{In: in, Key: k})
	}
	for _, c := range changes {
		if err := p.changeConstraint(c); err != nil {
			return err
		}
	}
	p.comment("TABLE "+quoteName(in), "", t.Comment)
	return nil
}

// changePartition plans parts that come, go, or become tables of their own; it reports
// false for all other changes.
func (p *stepPlan) changePartition(change schema.Change) bool {
	switch c := change.(type) {
	case schema.AttachPartition:
		p.alter(c.In, "ATTACH PARTITION %s %s", quoteName(c.Partition.Name), c.Partition.Definition)
	case schema.DetachPartition:
		p.alter(c.In, "DETACH PARTITION %s", quoteName(c.Partition.Name))
		// Some versions keep its foreign keys to the table that it leaves, some do not.
		if given := c.Partition.Given; given != nil {
			for _, k := range given.ForeignKeys {
				if k.RefTable == c.In || p.cuts(k.RefTable, c.In) {
					p.alter(c.Partition.Name, "DROP CONSTRAINT IF EXISTS %s", quote(k.Name))
				}
			}
		}
	case schema.DropPartition:
		p.addf("DROP TABLE %s", quoteName(c.Partition.Name))
		p.steps[len(p.steps)-1].LockTimeout = lockTimeout
	default:
		return false
	}
	return true
}

// cuts reports whether a table has a part of that name at any level.
func (p *stepPlan) cuts(table, part schema.Name) bool {
	var in func(*schema.Partitioning) bool
	in = func(g *schema.Partitioning) bool {
		return g != nil && slices.ContainsFunc(g.Partitions, func(x schema.Partition) bool { return x.Name == part || in(x.Partitioning) })
	}
	t := p.db.Table(table)
	return t != nil && in(t.Partition)
}

// storageOf is the WITH clause of a partition.
func storageOf(part schema.Partition) string {
	if part.Local == nil || part.Partitioning != nil {
		return ""
	}
	return withClause(part.Local.Options)
}

// sameParents reports whether two tables inherit from the same.
func sameParents(a, b schema.Table) bool { return slices.Equal(a.Inherits, b.Inherits) }
