package view

import (
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers/schema"
)

// endpointGroup is what a plan does at one endpoint.
type endpointGroup struct {
	addr   string
	others []*plan.Action // schemas, types, sequences
	tables []*tableGroup
	loads  []*plan.Action
	// streams are what prepares, brings up and takes down streams of changes.
	streams []*plan.Action
}

// tableGroup is what a plan does to one table, in the plan's order.
type tableGroup struct {
	name    schema.Name
	made    *plan.Action // its AddTable
	dropped *plan.Action // its DropTable
	actions []*plan.Action
}

// group sorts a plan's actions by endpoint and table, each in the order in which
// it first appears.
func group(p *plan.Plan) []*endpointGroup {
	var out []*endpointGroup
	byAddr := map[string]*endpointGroup{}
	type key struct {
		addr string
		name schema.Name
	}
	byTable := map[key]*tableGroup{}
	for i := range p.Actions {
		a := &p.Actions[i]
		g := byAddr[a.Endpoint]
		if g == nil {
			g = &endpointGroup{addr: a.Endpoint}
			byAddr[a.Endpoint] = g
			out = append(out, g)
		}
		if a.Stream != nil {
			g.streams = append(g.streams, a)
			continue
		}
		if a.Kind == plan.Backfill {
			g.loads = append(g.loads, a)
			continue
		}
		name := tableOf(p, a)
		if name == (schema.Name{}) {
			g.others = append(g.others, a)
			continue
		}
		t := byTable[key{a.Endpoint, name}]
		if t == nil {
			t = &tableGroup{name: name}
			byTable[key{a.Endpoint, name}] = t
			g.tables = append(g.tables, t)
		}
		switch a.Change.(type) {
		case schema.AddTable:
			t.made = a
		case schema.DropTable:
			t.dropped = a
		}
		t.actions = append(t.actions, a)
	}
	return out
}

// tableOf gives the table that an action is shown under.
func tableOf(p *plan.Plan, a *plan.Action) schema.Name {
	if a.Change != nil {
		if n := a.Change.Table(); n != (schema.Name{}) {
			return n
		}
		if a.Kind != plan.NoteKind {
			return schema.Name{}
		}
	}
	if a.Table != (schema.Name{}) {
		return a.Table
	}
	if m := p.Mapping(a.Addr); m != nil && m.Target == a.Endpoint {
		return m.TargetTable
	}
	return schema.Name{}
}

// part reports whether a change only serves the load of rows, whose line tells of it.
func part(c schema.Change) bool {
	switch c.(type) {
	case schema.AddAside, schema.ReplaceRows:
		return true
	}
	return false
}

// onlyRows reports whether a change leaves the table's shape as it is.
func onlyRows(c schema.Change) bool {
	switch c.(type) {
	case schema.AddAside, schema.ReplaceRows, schema.RestoreRows, schema.EmptyTable, schema.AdvanceSequences:
		return true
	}
	return false
}
