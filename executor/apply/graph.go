// Package apply runs a plan's actions in an order that satisfies what each depends
// on, and keeps the state's record of it.
package apply

import (
	"fmt"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers/schema"
)

// Graph is the actions of a plan that run, each with those that it waits for.
type Graph struct {
	Actions []*plan.Action // in the plan's order
	waits   [][]int        // of each action: indexes of earlier actions
}

// NewGraph takes the plan's actions but those that are held or only notes. Besides
// what the plan says, an action waits for the one before it that touches the same
// table of the same endpoint; and the loads of one snapshot group begin together, when
// what any of them needs is there, so that one look at the source serves all.
func NewGraph(p *plan.Plan) (*Graph, error) {
	g := &Graph{}
	known := map[string]bool{}
	index := map[string]int{}
	last := map[place]int{}
	for i := range p.Actions {
		a := &p.Actions[i]
		if known[a.ID] {
			return nil, fmt.Errorf("bug in syncform: the plan has two actions %s", a.ID)
		}
		for _, id := range a.DependsOn {
			if !known[id] {
				return nil, fmt.Errorf("bug in syncform: action %s depends on %s, which does not stand before it in the plan", a.ID, id)
			}
		}
		known[a.ID] = true
		if a.Held != "" || a.Kind == plan.NoteKind {
			continue
		}
		n := len(g.Actions)
		waits := map[int]bool{}
		for _, id := range a.DependsOn {
			if d, runs := index[id]; runs {
				waits[d] = true
			}
		}
		for _, at := range touches(a) {
			if d, ok := last[at]; ok && d != n {
				waits[d] = true
			}
			last[at] = n
		}
		index[a.ID] = n
		g.Actions = append(g.Actions, a)
		g.waits = append(g.waits, keys(waits))
	}
	g.group()
	return g, nil
}

// place is a table of an endpoint; the zero name stands for what belongs to no table.
type place struct {
	endpoint string
	table    schema.Name
}

// touches lists the tables that an action reads or changes at its endpoint.
func touches(a *plan.Action) []place {
	names := []schema.Name{a.Table}
	if a.Change != nil {
		names[0] = a.Change.Table()
	}
	switch c := a.Change.(type) {
	case schema.AddForeignKey:
		names = append(names, c.Key.RefTable)
	case schema.DropForeignKey:
		names = append(names, c.Key.RefTable)
	case schema.RenameTable:
		names = append(names, c.To)
	case schema.AddAside:
		names = append(names, c.Aside)
	case schema.ReplaceRows:
		names = append(names, c.Aside)
	}
	if a.Backfill != nil {
		names = append(names, a.Backfill.Into)
	}
	at := make([]place, len(names))
	for i, n := range names {
		at[i] = place{a.Endpoint, n}
	}
	return at
}

// group makes every load of a snapshot group wait for what any load of it waits for,
// but for what waits for a load of the group itself.
func (g *Graph) group() {
	groups := map[string][]int{}
	var names []string
	for i, a := range g.Actions {
		if a.Backfill == nil || a.Backfill.Snapshot == "" {
			continue
		}
		if groups[a.Backfill.Snapshot] == nil {
			names = append(names, a.Backfill.Snapshot)
		}
		groups[a.Backfill.Snapshot] = append(groups[a.Backfill.Snapshot], i)
	}
	for _, name := range names {
		members := groups[name]
		after := g.after(members)
		all := map[int]bool{}
		for _, m := range members {
			for _, d := range g.waits[m] {
				if !after[d] {
					all[d] = true
				}
			}
		}
		for _, m := range members {
			waits := map[int]bool{}
			for _, d := range g.waits[m] {
				waits[d] = true
			}
			for d := range all {
				waits[d] = true
			}
			g.waits[m] = keys(waits)
		}
	}
}

// after marks the actions that are, or wait for, one of these, also over others.
func (g *Graph) after(these []int) []bool {
	next := make([][]int, len(g.Actions))
	for i, waits := range g.waits {
		for _, d := range waits {
			next[d] = append(next[d], i)
		}
	}
	after := make([]bool, len(g.Actions))
	for len(these) > 0 {
		i := these[0]
		these = these[1:]
		if !after[i] {
			after[i] = true
			these = append(these[:len(these):len(these)], next[i]...)
		}
	}
	return after
}

func keys(m map[int]bool) []int {
	s := make([]int, 0, len(m))
	for k := range m {
		s = append(s, k)
	}
	return s
}
