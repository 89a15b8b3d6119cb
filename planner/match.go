package planner

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/providers/schema"
)

// found is a source table that a mapping's label stands for.
type found struct {
	cfg   *lang.Mapping
	addr  string
	table *schema.Table
}

// isWildcard reports whether a mapping stands for all tables of a schema.
func isWildcard(m *lang.Mapping) bool { return m.Label == "*" || strings.HasSuffix(m.Label, ".*") }

// wildcard gives the schema whose tables "*" or "schema.*" stands for.
func (e *endpoint) wildcard(label string) string {
	in, named := strings.CutSuffix(label, ".*")
	if !named || !e.hasSchemas() && in == e.db.Name {
		return e.db.DefaultSchema
	}
	return in
}

// match finds the source tables of a sync's mappings. An exact label takes its table
// out of every wildcard's, and "public.*" out of "*". The result is in the order of
// the mappings, each wildcard's tables in order of name.
func (b *builder) match(s *lang.Sync, source *endpoint) []found {
	taken := map[schema.Name]bool{}
	byCfg := map[*lang.Mapping][]found{}
	var wild []*lang.Mapping
	for _, m := range s.Mappings {
		if isWildcard(m) {
			wild = append(wild, m)
			continue
		}
		t := source.lookup(m.Label)
		if t == nil {
			b.tellIfAsked(m.Addr, m, func() { b.noTable(m, source) })
			continue
		}
		taken[t.Name] = true
		byCfg[m] = []found{{m, m.Addr, t}}
	}
	slices.SortStableFunc(wild, func(x, y *lang.Mapping) int { return cmp.Compare(len(y.Label), len(x.Label)) })
	for _, m := range wild {
		for i := range source.db.Tables {
			t := &source.db.Tables[i]
			if taken[t.Name] || t.Name.Schema != source.wildcard(m.Label) {
				continue
			}
			taken[t.Name] = true
			byCfg[m] = append(byCfg[m], found{m, lang.MappingAddr(s.Addr, source.label(t.Name)), t})
		}
		if byCfg[m] == nil {
			b.note(m.Addr, fmt.Sprintf("%s has no table that %q stands for", source.addr, m.Label))
		}
	}
	var out []found
	for _, m := range s.Mappings {
		out = append(out, byCfg[m]...)
	}
	return out
}

// lookup finds the table of an exact label: a table of the default schema, else
// schema.table.
func (e *endpoint) lookup(label string) *schema.Table {
	if t := e.table(schema.Name{Schema: e.db.DefaultSchema, Name: label}); t != nil {
		return t
	}
	for i := range label {
		if label[i] != '.' {
			continue
		}
		n := schema.Name{Schema: label[:i], Name: label[i+1:]}
		if !e.hasSchemas() {
			if n.Schema != e.db.Name {
				continue
			}
			n.Schema = "" // MySQL: the database's own name
		}
		if t := e.table(n); t != nil {
			return t
		}
	}
	return nil
}

// label gives what a mapping of that table alone would be called.
func (e *endpoint) label(n schema.Name) string {
	if n.Schema == e.db.DefaultSchema {
		return n.Name
	}
	return n.String()
}

// noTable reports a label that stands for no table.
func (b *builder) noTable(m *lang.Mapping, source *endpoint) {
	for _, o := range source.db.Others {
		if o.Name.Name == m.Label || o.Name.String() == m.Label {
			b.errorAt(m.DeclRange, sumNoTable, "%s has no table %q: that is a %s. A sync copies tables.", source.addr, m.Label, o.Kind)
			return
		}
	}
	labels := make([]string, 0, len(source.db.Tables))
	for i := range source.db.Tables {
		t := &source.db.Tables[i]
		labels = append(labels, source.label(t.Name))
		if t.Partition != nil {
			for _, p := range t.Partition.Partitions {
				if p.Name.Name == m.Label || p.Name.String() == m.Label {
					b.errorAt(m.DeclRange, sumNoTable, "%q is a partition of %s and is copied with it. Map %q.", m.Label, t.Name, source.label(t.Name))
					return
				}
			}
		}
	}
	hint := didYouMean(m.Label, labels)
	if hint == "" {
		hint = fmt.Sprintf(" Its tables: %s.", some(labels))
	}
	b.errorAt(m.DeclRange, sumNoTable, "%s has no table %q.%s", source.addr, m.Label, hint)
}

// targetName gives the name of the table that a source table goes into.
func targetName(f found, source, target *endpoint) schema.Name {
	n := f.table.Name
	if p := f.cfg.TargetTable; p != "" {
		out := schema.Name{Schema: target.db.DefaultSchema, Name: p}
		if s, t, ok := strings.Cut(p, "."); ok && target.hasSchemas() {
			out = schema.Name{Schema: s, Name: t}
		}
		out.Name = strings.ReplaceAll(out.Name, "*", n.Name)
		return out
	}
	if !target.hasSchemas() {
		return schema.Name{Name: n.Name}
	}
	if n.Schema == source.db.DefaultSchema {
		n.Schema = target.db.DefaultSchema
	}
	return n
}
