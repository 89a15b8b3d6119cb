package planner

import (
	"slices"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// mirrorPartitions compares the parts of a table, at every level. A part that is to be,
// or was, a table of its own keeps its rows.
func (d *differ) mirrorPartitions(in schema.Name, have, want *schema.Partitioning) {
	merged := *have
	merged.Partitions = slices.Clone(have.Partitions)
	added := false
	for _, w := range want.Partitions {
		i := slices.IndexFunc(have.Partitions, func(h schema.Partition) bool { return h.Name == w.Name })
		switch {
		case i >= 0:
			d.mirrorPartition(in, &have.Partitions[i], &w)
		case d.stands != nil && d.stands(true, w.Name):
			d.add(difference{change: schema.AttachPartition{In: in, Partition: w}, reason: whyThere})
		default:
			merged.Partitions = append(merged.Partitions, w)
			added = true
		}
	}
	for _, h := range have.Partitions {
		if slices.ContainsFunc(want.Partitions, func(w schema.Partition) bool { return h.Name == w.Name }) {
			continue
		}
		if d.stands != nil && d.stands(false, h.Name) {
			d.add(difference{change: schema.DetachPartition{In: in, Partition: h}, reason: "the source has it as a table of its own"})
			continue
		}
		d.add(difference{
			change: schema.DropPartition{In: in, Partition: h}, reason: whyGone, risky: true,
			hazards: []providers.Hazard{hazard(hazardDropTable, "partition %s goes with its rows", h.Name)},
		})
	}
	if added {
		from, to := *d.have, *d.have
		from.Name, to.Name = in, in
		from.Comment, to.Comment = "", ""
		from.Partition, to.Partition = have, &merged
		d.parts = append(d.parts, difference{change: schema.ModifyTable{From: from, To: to}, reason: whyParts})
	}
}

// whyParts is why a table gets parts.
const whyParts = "the source has more partitions"

// whyBounds is why a part is taken out of its table for a moment.
const whyBounds = "its bounds are others"

// mirrorPartition compares one part.
func (d *differ) mirrorPartition(in schema.Name, have, want *schema.Partition) {
	cut := func(p *schema.Partition) string {
		if p.Partitioning == nil {
			return ""
		}
		return p.Partitioning.Definition
	}
	if cut(have) != cut(want) {
		from, to := *d.have, *d.have
		from.Name, to.Name = have.Name, have.Name
		from.Partition, to.Partition = have.Partitioning, want.Partitioning
		d.add(difference{change: schema.ModifyTable{From: from, To: to}, reason: whyOther, risky: true,
			hazards: []providers.Hazard{hazard(hazardPartition, "partition %s is partitioned otherwise", have.Name)}})
		return
	}
	if have.Definition != want.Definition {
		d.add(
			difference{change: schema.DetachPartition{In: in, Partition: *have}, reason: whyBounds},
			difference{change: schema.AttachPartition{In: in, Partition: *want}, reason: whyBounds})
	}
	if have.Partitioning != nil {
		d.mirrorPartitions(have.Name, have.Partitioning, want.Partitioning)
	}
	a, b := d.localTable(have, want), d.localTable(want, have)
	sub := differ{sys: d.sys, have: &a, want: &b, compare: d.compare, same: d.same, version: d.version, exact: true, computes: d.computes}
	for _, x := range diffTable(sub) {
		if x.afterRows {
			d.addLast(x)
		} else {
			d.add(x)
		}
	}
}

// localTable is what a part has of its own, with those columns that either of the two
// has otherwise than the table.
func (d *differ) localTable(p, other *schema.Partition) schema.Table {
	t := schema.Table{Name: p.Name}
	if p.Local != nil {
		t = *p.Local
		t.Columns = slices.Clone(t.Columns)
	}
	if other.Local != nil {
		for _, c := range other.Local.Columns {
			if t.Column(c.Name) == nil {
				if own := d.want.Column(c.Name); own != nil {
					t.Columns = append(t.Columns, *own)
				}
			}
		}
	}
	t.Columns = slices.DeleteFunc(t.Columns, func(c schema.Column) bool { return d.have.Column(c.Name) == nil || d.want.Column(c.Name) == nil })
	t.Rows = d.have.Rows
	return t
}

// detached gives the table that a live partition of that name is once it stands by
// itself, or nil.
func detached(db *schema.Database, n schema.Name) *schema.Table {
	for i := range db.Tables {
		t := &db.Tables[i]
		var found *schema.Partition
		eachPartition(t.Partition, func(p *schema.Partition) {
			if p.Name == n && p.Given != nil {
				found = p
			}
		})
		if found == nil {
			continue
		}
		out := *found.Given
		out.Name, out.Rows = n, t.Rows
		out.Partition = found.Partitioning
		out.Columns = slices.Clone(t.Columns)
		// Those to the table that it leaves go with it.
		out.ForeignKeys = slices.DeleteFunc(slices.Clone(out.ForeignKeys), func(k schema.ForeignKey) bool { return k.RefTable == t.Name })
		if l := found.Local; l != nil {
			for _, c := range l.Columns {
				if x := out.Column(c.Name); x != nil {
					*x = c
				}
			}
			if l.PrimaryKey != nil {
				out.PrimaryKey = l.PrimaryKey
			}
			out.Comment, out.Options = l.Comment, l.Options
			out.Uniques = append(slices.Clip(out.Uniques), l.Uniques...)
			out.Indexes = append(slices.Clip(out.Indexes), l.Indexes...)
			out.Checks = append(slices.Clip(out.Checks), l.Checks...)
			out.ForeignKeys = append(slices.Clip(out.ForeignKeys), l.ForeignKeys...)
			out.Exclusions = append(slices.Clip(out.Exclusions), l.Exclusions...)
		}
		return &out
	}
	return nil
}
