package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// needs are the things beside tables that the tables of one target need to be there:
// schemas, named types, sequences.
type needs struct {
	b              *builder
	source, target *schema.Database
	changes        []needed
	seen           map[string]bool
	owned          []needed // OwnSequence, once the tables are there
	// Where enums and domains are another's to make: who asks for what a composite type is
	// made of, and the composite types, which come behind those.
	of       func(*want, schema.Type)
	composed []needed
}

// needed is one such change, with the mapping that first asks for it.
type needed struct {
	difference
	w *want
}

// gatherNeeds looks through the tables that wants of one sync have.
func (b *builder) gatherNeeds(wants []*want) *needs {
	n := &needs{b: b, seen: map[string]bool{}}
	for _, w := range wants {
		if !w.target.hasSchemas() {
			continue
		}
		n.source, n.target = w.source.db, w.target.db
		for i := range w.table.Columns {
			c := &w.table.Columns[i]
			if findLive(w, c.Name) && !w.work.create {
				n.changedType(w, c.Type)
				n.sequence(w, c)
				continue
			}
			n.typ(w, c.Type)
			n.sequence(w, c)
		}
		if w.work.create {
			n.schema(w, w.name.Schema)
			n.extensions(w)
		}
		n.functions(w)
	}
	return n
}

func findLive(w *want, column string) bool {
	return w.live != nil && findColumn(w.target.db.System, w.live, column) != nil
}

func (n *needs) add(w *want, key string, c schema.Change, reason string) {
	if !n.seen[key] {
		n.seen[key] = true
		n.changes = append(n.changes, needed{difference{change: c, reason: reason}, w})
	}
}

func (n *needs) schema(w *want, name string) {
	if name != "" && !slices.Contains(n.target.Schemas, name) {
		n.add(w, "schema "+name, schema.AddSchema{Schema: name}, "a table, type or sequence stands in it")
	}
}

// typ asks for a named type and what it is made of.
func (n *needs) typ(w *want, t schema.Type) {
	if t.Elem != nil {
		n.typ(w, *t.Elem)
	}
	if t.Name.Name == "" {
		return
	}
	switch {
	case t.Domain:
		d := n.source.Domain(t.Name)
		if d == nil || n.target.Domain(t.Name) != nil {
			return
		}
		n.schema(w, t.Name.Schema)
		n.typ(w, d.Base)
		n.add(w, "domain "+t.Name.String(), schema.AddDomain{Domain: *d}, "a column has this type")
	case t.Kind == schema.EnumKind:
		e := n.enum(t)
		if have := n.target.Enum(t.Name); have == nil {
			n.schema(w, t.Name.Schema)
			n.add(w, "enum "+t.Name.String(), schema.AddEnum{Enum: e}, "a column has this type")
		} else {
			n.modifyEnum(w, *have, e)
		}
	case slices.Contains(n.target.Types, t.Name):
		n.sameComposed(w, t.Name)
	case n.madeType(w, t):
	case !n.seen["type "+t.Name.String()]:
		n.seen["type "+t.Name.String()] = true
		n.b.errorAt(w.cfg.DeclRange, sumType, "%s: %s of table %s is of type %s, which is not there in %s and which syncform does not make. Make it there first (CREATE TYPE, or CREATE EXTENSION for an extension's), declare the column otherwise (column block, type), or leave it out (exclude_columns).",
			w.addr, columnOfType(w, t.Name), w.from.Name, t.Name, w.target.addr)
	}
}

// columnOfType tells which column has a named type, or is made of it.
func columnOfType(w *want, name schema.Name) string {
	for i := range w.table.Columns {
		for t := &w.table.Columns[i].Type; t != nil; t = t.Elem {
			if t.Name == name {
				return fmt.Sprintf("column %q", w.table.Columns[i].Name)
			}
		}
	}
	return "a column" // by way of a domain
}

// changedType looks whether the named type of a column that is there needs other labels.
func (n *needs) changedType(w *want, t schema.Type) {
	if t.Elem != nil {
		n.changedType(w, *t.Elem)
	}
	if t.Name.Name == "" || t.Domain || t.Kind != schema.EnumKind {
		return
	}
	if have := n.target.Enum(t.Name); have != nil {
		n.modifyEnum(w, *have, n.enum(t))
	} else {
		n.typ(w, t) // the column is to have this type
	}
}

// enum gives the enum as the source has it, or as the type says it.
func (n *needs) enum(t schema.Type) schema.Enum {
	if schema.SameFamily(n.source.System, n.target.System) {
		if e := n.source.Enum(t.Name); e != nil {
			return *e
		}
	}
	return schema.Enum{Name: t.Name, Labels: t.Values}
}

// modifyEnum adds labels that are missing. What takes labels away or puts them in
// another order is held.
func (n *needs) modifyEnum(w *want, have, want schema.Enum) {
	key := "enum " + want.Name.String()
	if n.seen[key] || contains(have.Labels, want.Labels) {
		return // labels that only the target has do no harm
	}
	n.seen[key] = true
	to := want
	if to.Comment == "" {
		to.Comment = have.Comment
	}
	d := difference{change: schema.ModifyEnum{From: have, To: to}, reason: "the source has it so"}
	if !contains(want.Labels, have.Labels) {
		d.risky = true
		d.hazards = []providers.Hazard{hazard(hazardEnum, "(%s) -> (%s): rows may hold what goes", strings.Join(have.Labels, ", "), strings.Join(want.Labels, ", "))}
	}
	n.changes = append(n.changes, needed{d, w})
}

// contains reports whether all of part stands in whole, in the same order.
func contains(whole, part []string) bool {
	i := 0
	for _, label := range whole {
		if i < len(part) && part[i] == label {
			i++
		}
	}
	return i == len(part)
}

// sequence asks for the sequence that a column's default draws from.
func (n *needs) sequence(w *want, c *schema.Column) {
	if c.Default == nil || c.Default.Literal || !strings.HasPrefix(c.Default.Text, "nextval(") || !schema.SameFamily(n.source.System, n.target.System) {
		return
	}
	for i := range n.source.Sequences {
		s := n.source.Sequences[i]
		if !drawsFrom(c.Default.Text, s.Name, n.source.DefaultSchema) {
			continue
		}
		owned := s.OwnerTable == w.from.Name && s.OwnerColumn != "" && w.targetOf(s.OwnerColumn) == c.Name
		s.OwnerTable, s.OwnerColumn = schema.Name{}, ""
		have := n.liveSequence(s.Name)
		if have == nil {
			n.schema(w, s.Name.Schema)
			n.add(w, "sequence "+s.Name.String(), schema.AddSequence{Sequence: s}, fmt.Sprintf("column %q is numbered by it", c.Name))
		}
		mine := have == nil || have.OwnerTable == (schema.Name{}) || have.OwnerTable == w.name && have.OwnerColumn != c.Name
		if owned && mine {
			s.OwnerTable, s.OwnerColumn = w.name, c.Name
			n.owned = append(n.owned, needed{difference{change: schema.OwnSequence{Sequence: s}, reason: "the source has it so"}, w})
		}
		return
	}
}

func (n *needs) liveSequence(name schema.Name) *schema.Sequence {
	for i := range n.target.Sequences {
		if n.target.Sequences[i].Name == name {
			return &n.target.Sequences[i]
		}
	}
	return nil
}

// targetOf gives the target column of a source column, "" where there is none.
func (w *want) targetOf(source string) string {
	for _, c := range w.columns {
		if c.source != nil && c.source.Name == source {
			return c.name
		}
	}
	return ""
}

// drawsFrom reports whether nextval('...'::regclass) names the sequence, with its
// schema or, in the default one, without.
func drawsFrom(expr string, seq schema.Name, defaultSchema string) bool {
	text, _ := quoted(strings.TrimPrefix(expr, "nextval("), '\'', false)
	var parts []string
	for text != "" {
		var part string
		if text[0] == '"' {
			part, text = quoted(text, '"', false)
		} else {
			i := strings.IndexByte(text, '.')
			if i < 0 {
				i = len(text)
			}
			part, text = text[:i], text[i:]
		}
		parts = append(parts, part)
		text = strings.TrimPrefix(text, ".")
	}
	switch len(parts) {
	case 1:
		return parts[0] == seq.Name && seq.Schema == defaultSchema
	case 2:
		return parts[0] == seq.Schema && parts[1] == seq.Name
	}
	return false
}
