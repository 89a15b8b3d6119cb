package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// objects are the changes of what stands beside tables: schemas, named types,
// sequences; by when they are made.
type objects struct {
	schemas []needed // first of all
	before  []needed // frees sequences from tables that go
	make    []needed // before tables are made and changed
	change  []needed // once the columns have their types
	own     []needed
	drop    []needed // when nothing needs them any more

	retyped map[schema.Name]bool // named types that are made anew
}

// gatherObjects compares the named types and sequences of the source with the target's:
// those that the wants need and, with a wildcard, all of its schema.
func (b *builder) gatherObjects(s *script, wants []*want) *objects {
	o := &objects{retyped: map[schema.Name]bool{}}
	byPair := map[[2]*endpoint][]*want{}
	var order [][2]*endpoint
	for _, w := range wants {
		at := [2]*endpoint{w.source, w.target}
		if byPair[at] == nil {
			order = append(order, at)
		}
		byPair[at] = append(byPair[at], w)
	}
	covers := b.covers(s.target)
	for _, c := range covers {
		at := [2]*endpoint{b.endpoints[c.sync.Source], s.target}
		if c.sync.Mode == "schema" && byPair[at] == nil && !slices.Contains(order, at) {
			order = append(order, at)
		}
	}
	for _, at := range order {
		g := &gatherer{b: b, s: s, o: o, source: at[0].db, target: at[1].db, wants: byPair[at], owner: map[string]*want{}, scope: map[string]*want{}}
		g.run(covers)
	}
	return o
}

// gatherer compares for one source and one target.
type gatherer struct {
	b              *builder
	s              *script
	o              *objects
	source, target *schema.Database
	wants          []*want
	scope          map[string]*want // schemas that are taken whole, with whose they are
	pruned         map[string]*want // of them, those that are exact
	owner          map[string]*want // by "enum public.mood": the want that needs it
}

func (g *gatherer) run(covers []cover) {
	g.pruned = map[string]*want{}
	for _, sync := range selected(g.b.in.Config, g.b.in.Targets) {
		if sync.Mode != "schema" || g.b.endpoints[sync.Source] == nil || g.b.endpoints[sync.Source].db != g.source || g.b.endpoints[sync.Target].db != g.target {
			continue
		}
		for _, m := range sync.Mappings {
			if isWildcard(m) && m.TargetTable == "" && g.b.asked(m.Addr, m) {
				g.scope[g.b.endpoints[sync.Source].wildcard(m.Label)] = &want{addr: m.Addr, sync: sync, cfg: m, source: g.b.endpoints[sync.Source], target: g.s.target}
			}
		}
	}
	for _, c := range covers {
		if w := g.scope[c.schema]; w != nil && w.cfg == c.cfg {
			g.pruned[c.schema] = w
		}
	}
	n := &needs{b: g.b, seen: map[string]bool{}, source: g.source, target: g.target}
	n.of = func(w *want, t schema.Type) { g.need(n, w, t) }
	if g.s.target.hasSchemas() {
		for _, w := range g.wants {
			if w.work.create {
				n.schema(w, w.name.Schema)
				n.extensions(w)
			}
			n.functions(w)
			for i := range w.table.Columns {
				g.need(n, w, w.table.Columns[i].Type)
				g.needSequence(w, &w.table.Columns[i])
			}
		}
		for in, w := range g.scope {
			if slices.Contains(g.source.Schemas, in) {
				n.schema(w, in)
			}
		}
	}
	if !schema.SameFamily(g.source.System, g.target.System) {
		g.o.schemas = append(g.o.schemas, n.changes...)
		return
	}
	g.enums(n)
	g.domains(n)
	g.o.make = append(g.o.make, n.composed...)
	g.sequences(n)
	g.o.schemas = append(g.o.schemas, n.changes...)
	for in, w := range g.pruned {
		if in != g.target.DefaultSchema && !slices.Contains(g.source.Schemas, in) && slices.Contains(g.target.Schemas, in) {
			g.dropped(w, schema.DropSchema{Schema: in}, "schema "+in)
		}
	}
}

// need notes whose a named type is; one that nobody makes is an error.
func (g *gatherer) need(n *needs, w *want, t schema.Type) {
	if t.Elem != nil {
		g.need(n, w, *t.Elem)
	}
	if t.Name.Name == "" {
		return
	}
	key := t.Name.String()
	switch {
	case t.Domain && g.source.Domain(t.Name) != nil:
		g.claim("domain "+key, w)
		g.need(n, w, g.source.Domain(t.Name).Base)
	case t.Kind == schema.EnumKind && !t.Domain && g.source.Enum(t.Name) != nil:
		g.claim("enum "+key, w)
	default:
		n.typ(w, t)
	}
}

func (g *gatherer) claim(key string, w *want) {
	if g.owner[key] == nil {
		g.owner[key] = w
	}
}

func (g *gatherer) needSequence(w *want, c *schema.Column) {
	if numbers(c) == "" || c.Identity != nil {
		return
	}
	for i := range g.source.Sequences {
		if q := &g.source.Sequences[i]; drawsFrom(c.Default.Text, q.Name, g.source.DefaultSchema) {
			g.claim("sequence "+q.Name.String(), w)
		}
	}
}

// whose says who asks for an object: a table that needs it, else the wildcard that
// takes its schema whole; nil where nobody does.
func (g *gatherer) whose(kind string, n schema.Name) *want {
	if w := g.scope[n.Schema]; w != nil {
		return w
	}
	return g.owner[kind+" "+n.String()]
}

// exact reports whether the object is the mirror of the source's.
func (g *gatherer) exact(w *want) bool { return w.cfg.Prune }

func (g *gatherer) add(list *[]needed, w *want, d difference) {
	d.risky = d.risky && !allowed(w.cfg.AllowHazards, &d)
	*list = append(*list, needed{d, w})
}

func (g *gatherer) dropped(w *want, c schema.Change, what string) {
	g.add(&g.o.drop, w, difference{change: c, reason: whyGone, risky: true, hazards: []providers.Hazard{hazard(hazardDropObject, "%s goes", what)}})
}

func (g *gatherer) enums(n *needs) {
	for _, want := range g.source.Enums {
		w := g.whose("enum", want.Name)
		if w == nil {
			continue
		}
		have := g.target.Enum(want.Name)
		if have == nil {
			n.schema(w, want.Name.Schema)
			g.add(&g.o.make, w, difference{change: schema.AddEnum{Enum: want}, reason: whyThere})
			continue
		}
		to := want
		if !g.exact(w) {
			if to.Comment == "" {
				to.Comment = have.Comment
			}
			if contains(have.Labels, want.Labels) {
				to.Labels = have.Labels
			}
		}
		if slices.Equal(have.Labels, to.Labels) && have.Comment == to.Comment {
			continue
		}
		d := difference{change: schema.ModifyEnum{From: *have, To: to}, reason: whyOther}
		if !contains(to.Labels, have.Labels) {
			d.risky = true
			d.hazards = []providers.Hazard{hazard(hazardEnum, "(%s) -> (%s): rows may hold what goes", strings.Join(have.Labels, ", "), strings.Join(to.Labels, ", "))}
			g.o.retyped[want.Name] = true
		}
		g.add(&g.o.make, w, d)
	}
	for _, have := range g.target.Enums {
		if w := g.pruned[have.Name.Schema]; w != nil && g.source.Enum(have.Name) == nil {
			g.dropped(w, schema.DropEnum{Enum: have}, "enum "+have.Name.String())
		}
	}
}

func (g *gatherer) domains(n *needs) {
	var missing []needed
	for _, want := range g.source.Domains {
		w := g.whose("domain", want.Name)
		if w == nil {
			continue
		}
		have := g.target.Domain(want.Name)
		if have == nil {
			n.schema(w, want.Name.Schema)
			missing = append(missing, needed{difference{change: schema.AddDomain{Domain: want}, reason: whyThere}, w})
			continue
		}
		if have.Fingerprint() == want.Fingerprint() {
			continue
		}
		d := difference{change: schema.ModifyDomain{From: *have, To: want}, reason: whyOther}
		if !sameType(have.Base, want.Base) || have.Collation != want.Collation {
			d.risky = true
			d.hazards = []providers.Hazard{hazard(hazardRetype, "domain %s is %s -> %s: every value of it is rewritten, and some may not have a counterpart", want.Name, have.Base, want.Base)}
			g.o.retyped[want.Name] = true
		}
		g.add(&g.o.make, w, d)
	}
	// A domain over another domain comes after it.
	slices.SortStableFunc(missing, func(a, b needed) int {
		depth := func(n needed) int {
			depth := 0
			for t := n.change.(schema.AddDomain).Domain.Base; t.Domain && depth < 16; depth++ {
				d := g.source.Domain(t.Name)
				if d == nil {
					break
				}
				t = d.Base
			}
			return depth
		}
		return depth(a) - depth(b)
	})
	g.o.make = append(g.o.make, missing...)
	var gone []needed
	for _, have := range g.target.Domains {
		if w := g.pruned[have.Name.Schema]; w != nil && g.source.Domain(have.Name) == nil {
			d := difference{change: schema.DropDomain{Domain: have}, reason: whyGone, risky: true, hazards: []providers.Hazard{hazard(hazardDropObject, "domain %s goes", have.Name)}}
			d.risky = !allowed(w.cfg.AllowHazards, &d)
			gone = append(gone, needed{d, w})
		}
	}
	g.o.drop = append(gone, g.o.drop...) // before the types that they are made of
}

func (g *gatherer) sequences(n *needs) {
	for _, want := range g.source.Sequences {
		w := g.whose("sequence", want.Name)
		if w == nil {
			continue
		}
		have := n.liveSequence(want.Name)
		bare := want
		bare.OwnerTable, bare.OwnerColumn = schema.Name{}, ""
		switch {
		case have == nil:
			n.schema(w, want.Name.Schema)
			g.add(&g.o.make, w, difference{change: schema.AddSequence{Sequence: bare}, reason: whyThere})
		default:
			from := *have
			from.OwnerTable, from.OwnerColumn = schema.Name{}, ""
			to := bare
			if !g.exact(w) && to.Comment == "" {
				to.Comment = from.Comment
			}
			if from != to {
				g.add(&g.o.make, w, difference{change: schema.ModifySequence{From: from, To: to}, reason: whyOther})
			}
		}
		g.ownership(w, have, want)
	}
	for _, have := range g.target.Sequences {
		if w := g.pruned[have.Name.Schema]; w != nil && !slices.ContainsFunc(g.source.Sequences, func(q schema.Sequence) bool { return q.Name == have.Name }) {
			g.dropped(w, schema.DropSequence{Sequence: have}, "sequence "+have.Name.String())
		}
	}
}

// ownership ties a sequence to its column. One that belongs to another column is freed
// first, so that it does not go with that one.
func (g *gatherer) ownership(w *want, have *schema.Sequence, want schema.Sequence) {
	owns := func(q *schema.Sequence) string {
		if q == nil || q.OwnerColumn == "" {
			return ""
		}
		return fmt.Sprintf("%q.%q", q.OwnerTable, q.OwnerColumn)
	}
	if owns(have) == owns(&want) || want.OwnerColumn == "" && !g.exact(w) {
		return
	}
	if have != nil && have.OwnerColumn != "" {
		free := *have
		free.OwnerTable, free.OwnerColumn = schema.Name{}, ""
		g.add(&g.o.before, w, difference{change: schema.OwnSequence{Sequence: free}, reason: whyOther})
	}
	if want.OwnerColumn != "" {
		g.add(&g.o.own, w, difference{change: schema.OwnSequence{Sequence: want}, reason: whyOther})
	}
}
