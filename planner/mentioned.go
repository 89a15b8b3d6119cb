package planner

import (
	"cmp"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/syncform/syncform/lang"
)

// mentioned are the places where a mapping names columns, each with whether a table had
// the column: of a wildcard's tables one must.
type mentioned map[hcl.Range]*mention

type mention struct {
	name string
	had  bool
}

// had notes that a table has the column that is named at a place.
func (m mentioned) had(at hcl.Range, name string) { m[at] = &mention{name: name, had: true} }

// lacked notes that a table has no such column.
func (m mentioned) lacked(at hcl.Range, name string) {
	if m[at] == nil {
		m[at] = &mention{name: name}
	}
}

// seen gives what is known of the names in a mapping.
func (b *builder) seen(m *lang.Mapping) mentioned {
	if b.names[m] == nil {
		b.names[m] = mentioned{}
	}
	return b.names[m]
}

// unseen reports the names of wildcard mappings that no table of theirs has; all holds
// the tables of the sync.
func (b *builder) unseen(m *lang.Mapping, all []*want) {
	var at []hcl.Range
	for rng, x := range b.names[m] {
		if !x.had {
			at = append(at, rng)
		}
	}
	slices.SortFunc(at, func(x, y hcl.Range) int { return cmp.Compare(x.Start.Byte, y.Start.Byte) })
	for _, rng := range at {
		name := b.names[m][rng].name
		var names []string
		for _, w := range all {
			if w.cfg == m {
				names = append(names, columnNames(w.from)...)
			}
		}
		b.errorAt(rng, sumNoColumn, "No table that %q stands for has a column %q.%s", m.Label, name, didYouMean(name, names))
	}
}
