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

// match finds the source tables of a sync's mappings. An exact label takes its table
// out of every wildcard's, a wildcard with more said in it out of one with less. The
// result is in the order of the mappings, each wildcard's tables in order of name.
func (b *builder) match(s *lang.Sync, source *endpoint) []found {
	taken := map[schema.Name]bool{}
	byCfg := map[*lang.Mapping][]found{}
	var wild []*lang.Mapping
	for _, m := range s.Mappings {
		if strings.Contains(m.Label, "*") {
			wild = append(wild, m)
			continue
		}
		t := source.lookup(m.Label)
		if t == nil {
			b.noTable(m, source)
			continue
		}
		taken[t.Name] = true
		byCfg[m] = []found{{m, m.Addr, t}}
	}
	slices.SortStableFunc(wild, func(x, y *lang.Mapping) int { return cmp.Compare(said(y.Label), said(x.Label)) })
	for _, m := range wild {
		schemaPattern, pattern := source.splitPattern(m.Label)
		for i := range source.db.Tables {
			t := &source.db.Tables[i]
			if taken[t.Name] || !glob(schemaPattern, t.Name.Schema) || !glob(pattern, t.Name.Name) {
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

// said counts what a pattern says besides its stars.
func said(pattern string) int { return len(pattern) - strings.Count(pattern, "*") }

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

// splitPattern splits a label with a wildcard into the patterns of schema and table.
func (e *endpoint) splitPattern(label string) (string, string) {
	s, t, ok := strings.Cut(label, ".")
	switch {
	case ok && e.hasSchemas():
		return s, t
	case ok && s == e.db.Name:
		return "", t
	}
	return e.db.DefaultSchema, label
}

// label gives what a mapping of that table alone would be called.
func (e *endpoint) label(n schema.Name) string {
	if n.Schema == e.db.DefaultSchema {
		return n.Name
	}
	return n.String()
}

// glob reports whether name fits a pattern in which * stands for any run of
// characters.
func glob(pattern, name string) bool {
	first, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == name
	}
	if !strings.HasPrefix(name, first) {
		return false
	}
	name = name[len(first):]
	for {
		part, more, star := strings.Cut(rest, "*")
		if !star {
			return strings.HasSuffix(name, part)
		}
		i := strings.Index(name, part)
		if i < 0 {
			return false
		}
		name, rest = name[i+len(part):], more
	}
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
