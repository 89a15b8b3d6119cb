package planner

import (
	"fmt"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// repartition compares how a MySQL table is cut, once its columns and keys are known:
// each cut needs the columns that it names, and every unique key must hold them. So
// the new cut comes last, and an old one that would be in the way goes first.
func (d *differ) repartition() {
	have, want := d.have.Partition, d.want.Partition
	if have == nil && want == nil || want == nil && !d.exact || have != nil && want != nil && have.Definition == want.Definition && have.Strategy == want.Strategy {
		return
	}
	change := func(from, to *schema.Partitioning) difference {
		a, b := d.now, d.now
		a.Partition, b.Partition = from, to
		return difference{
			change: schema.ModifyTable{From: a, To: b}, risky: true, reason: "the source is partitioned otherwise",
			hazards: []providers.Hazard{hazard(hazardPartition, "partitioned by %s; the source is partitioned by %s", definition(have), definition(want))},
		}
	}
	if have != nil && want != nil {
		if grown, added := have.With(*want); len(added) > 0 {
			a, b := d.now, d.now
			a.Partition, b.Partition = have, &grown
			d.addLast(difference{change: schema.ModifyTable{From: a, To: b}, reason: "the source has more partitions", info: fmt.Sprintf("%d more partitions", len(added))})
			return
		}
	}
	switch {
	case want == nil:
		d.out = append([]difference{change(have, nil)}, d.out...)
	case have != nil && d.cutInTheWay(have):
		d.out = append([]difference{change(have, nil)}, d.out...)
		d.addLast(change(nil, want))
	default:
		d.addLast(change(have, want))
	}
}

// cutInTheWay reports whether what else changes can't be made while the table is cut as
// it is.
func (d *differ) cutInTheWay(have *schema.Partitioning) bool {
	changed := map[string]bool{}
	for _, x := range append(d.out[:len(d.out):len(d.out)], d.last...) {
		switch c := x.change.(type) {
		case schema.DropColumn:
			changed[c.Column.Name] = true
		case schema.ModifyColumn:
			changed[c.From.Name] = true
		case schema.AddPrimaryKey, schema.AddUnique:
			return true
		case schema.AddIndex:
			if c.Index.Unique || c.Index.Method != "" {
				return true
			}
		}
	}
	_, uses := mentions(d.sys, have.Definition, changed)
	return uses
}
