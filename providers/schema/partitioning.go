package schema

import (
	"slices"
	"strings"
)

// Partitioning says how a table is cut. Partitions are part of the table, not
// tables of their own: a reader reads the parent.
type Partitioning struct {
	Strategy   string      `json:"strategy"`   // range, list, hash, key
	Definition string      `json:"definition"` // what follows PARTITION BY, in the server's normal form
	Partitions []Partition `json:"partitions,omitempty"`
}

// Partition is one part of a partitioned table. Definition is what the server
// says of its bounds (PostgreSQL: "FOR VALUES ..." or "DEFAULT").
type Partition struct {
	Name         Name          `json:"name"`
	Definition   string        `json:"definition"`
	Partitioning *Partitioning `json:"partitioning,omitempty"` // when cut again
	// Local is what this part has beside what its table gives it (PostgreSQL): keys,
	// indexes, checks and options of its own, and those columns whose default, comment or
	// NOT NULL is another; nil for nothing.
	Local *Table `json:"local,omitempty"`
	// Given are the keys, indexes and checks that it has from its table, under the names
	// that they would keep if it were a table of its own.
	Given *Table `json:"-"`
}

// With is p with the parts that only other has, at every level, and their names. MySQL
// takes new parts behind those that are there alone.
func (p Partitioning) With(other Partitioning) (merged Partitioning, added []Name) {
	if p.listed() {
		n := len(p.Partitions)
		if !p.SameCut(other) || p.Strategy == "hash" || p.Strategy == "key" || n >= len(other.Partitions) || !slices.EqualFunc(p.Partitions, other.Partitions[:n], func(a, b Partition) bool { return a.Name == b.Name && a.Definition == b.Definition }) {
			return p, nil
		}
		for _, o := range other.Partitions[n:] {
			added = append(added, o.Name)
		}
		return other, added
	}
	p.Partitions = slices.Clone(p.Partitions)
	for _, o := range other.Partitions {
		i := slices.IndexFunc(p.Partitions, func(x Partition) bool { return x.Name.Name == o.Name.Name })
		if i < 0 {
			p.Partitions, added = append(p.Partitions, o), append(added, o.Name)
			continue
		}
		if x := p.Partitions[i].Partitioning; x != nil && o.Partitioning != nil {
			sub, names := x.With(*o.Partitioning)
			p.Partitions[i].Partitioning, added = &sub, append(added, names...)
		}
	}
	return p, added
}

// SameCut reports whether both are cut in the same way, whatever their parts.
func (p Partitioning) SameCut(other Partitioning) bool {
	return p.Strategy == other.Strategy && p.cut() == other.cut()
}

// beforeList stands in MySQL's definition before the list of parts, which it has in it.
const beforeList = "(PARTITION `"

func (p Partitioning) listed() bool { return strings.Contains(p.Definition, beforeList) }

func (p Partitioning) cut() string {
	cut, _, _ := strings.Cut(p.Definition, beforeList)
	return strings.TrimSpace(cut)
}

// Under is p for a table of another name: parts that are named beside tables (those with
// a schema) are named after it.
func (p *Partitioning) Under(from, to Name) *Partitioning {
	if from == to {
		return p
	}
	out := *p
	out.Partitions = slices.Clone(p.Partitions)
	for i := range out.Partitions {
		x := &out.Partitions[i]
		if x.Name.Schema != "" {
			if x.Name.Schema == from.Schema {
				x.Name.Schema = to.Schema
			}
			if to.Name != from.Name {
				x.Name.Name = to.Name + "_" + strings.TrimPrefix(strings.TrimPrefix(x.Name.Name, from.Name), "_")
			}
		}
		if x.Partitioning != nil {
			x.Partitioning = x.Partitioning.Under(from, to)
		}
	}
	return &out
}
