package planner

import (
	"cmp"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// marks compares replica identity and the index of CLUSTER, once the indexes that they
// name are there. One that names an index that is made anew has gone with it.
func (d *differ) marks() {
	from, to := d.have.Marks, d.want.Marks
	if !d.computes {
		to.ReplicaIdentity = from.ReplicaIdentity // that of a stream's target is its own matter
	}
	if from == to && from == (schema.Marks{}) {
		return
	}
	anew := map[string]bool{}
	for _, x := range d.out {
		switch c := x.change.(type) {
		case schema.DropIndex:
			anew[c.Index.Name] = true
		case schema.DropUnique:
			anew[c.Key.Name] = true
		case schema.DropPrimaryKey:
			anew[c.Key.Name] = true
		case schema.RenameIndex:
			from = renamedMarks(from, c.From, c.To)
		case schema.RenameConstraint:
			from = renamedMarks(from, c.From, c.To)
		}
	}
	lost := from
	if anew[from.ClusterOn] {
		lost.ClusterOn = ""
	}
	if index, ok := strings.CutPrefix(from.ReplicaIdentity, "index "); ok && anew[index] {
		lost.ReplicaIdentity = "nothing" // until another is set
		if !d.computes {
			to.ReplicaIdentity = lost.ReplicaIdentity
		}
	}
	if lost == to {
		return
	}
	x := difference{change: schema.SetMarks{In: d.have.Name, From: lost, To: to}, reason: whyOther}
	if from.ReplicaIdentity != to.ReplicaIdentity {
		x.risky = true
		x.hazards = []providers.Hazard{hazard(hazardIdentity, "replica identity %s -> %s", cmp.Or(from.ReplicaIdentity, "default"), cmp.Or(to.ReplicaIdentity, "default"))}
	}
	d.addLast(x)
}

func renamedMarks(m schema.Marks, from, to string) schema.Marks {
	if m.ClusterOn == from {
		m.ClusterOn = to
	}
	if m.ReplicaIdentity == "index "+from {
		m.ReplicaIdentity = "index " + to
	}
	return m
}

// markAgain has the marks follow the indexes that they name and that are made anew, because
// of a column that changes, with which they go.
func (w *want) markAgain() {
	marks := w.live.Marks
	x := difference{change: schema.SetMarks{In: w.name, From: marks, To: marks}, reason: "the index that it names is made anew", afterRows: true}
	i := slices.IndexFunc(w.work.diffs, isSetMarks)
	wanted := i >= 0
	if wanted {
		x = w.work.diffs[i]
		w.work.diffs = slices.Delete(w.work.diffs, i, i+1)
	}
	c := x.change.(schema.SetMarks)
	for _, d := range w.work.diffs {
		var name string
		switch drop := d.change.(type) {
		case schema.DropIndex:
			name = drop.Index.Name
		case schema.DropUnique:
			name = drop.Key.Name
		}
		if name == "" || d.held() {
			continue
		}
		gone := !wanted && !w.makes(name)
		if c.From.ClusterOn == name {
			if c.From.ClusterOn = ""; gone {
				c.To.ClusterOn = ""
			}
		}
		if c.From.ReplicaIdentity == "index "+name {
			if c.From.ReplicaIdentity = "nothing"; gone {
				c.To.ReplicaIdentity = "nothing"
			}
		}
	}
	if c.From != c.To {
		x.change = c
		w.work.diffs = append(w.work.diffs, x)
	}
}

// makes reports whether the plan makes an index of that name, its own or a key's.
func (w *want) makes(index string) bool {
	return slices.ContainsFunc(w.work.diffs, func(d difference) bool {
		switch c := d.change.(type) {
		case schema.AddIndex:
			return c.Index.Name == index && !d.held()
		case schema.AddUnique:
			return c.Key.Name == index && !d.held()
		}
		return false
	})
}

func isSetMarks(d difference) bool {
	_, ok := d.change.(schema.SetMarks)
	return ok
}
