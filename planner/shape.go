package planner

import (
	"fmt"
	"slices"

	"github.com/syncform/syncform/providers/schema"
)

// shaper cuts a source table down to the columns that a mapping takes, under the
// target's names, still in the source's words.
type shaper struct {
	w    *want
	same bool              // source and target speak the same words
	to   map[string]string // source column -> target column, the first
	lost map[string]bool   // source columns that are left out or have another name
	over map[string]string // source column -> target column that an expression makes of it
}

// shape returns the table as the mapping asks for it. Foreign keys and parents are
// worked in later, when all tables are known.
func shape(w *want) schema.Table {
	s := &shaper{w: w, same: schema.SameFamily(w.source.db.System, w.target.db.System), to: make(map[string]string, len(w.columns)), lost: map[string]bool{}, over: map[string]string{}}
	for _, c := range w.columns {
		if c.expr != nil && c.expr.over != nil {
			s.over[c.expr.over.Name] = c.name
		}
		if c.source != nil {
			if _, twice := s.to[c.source.Name]; !twice {
				s.to[c.source.Name] = c.name
			}
		}
	}
	for _, c := range w.from.Columns {
		if s.to[c.Name] != c.Name {
			s.lost[c.Name] = true
		}
	}
	t := schema.Table{
		Name: w.name, Comment: w.from.Comment, Options: w.from.Options,
		Rows: w.from.Rows, Bytes: w.from.Bytes,
		Columns:    s.columns(),
		PrimaryKey: s.primaryKey(),
		Partition:  s.partitioning(),
		Marks:      w.from.Marks,
	}
	if !w.schemaOnly() {
		t.Marks.ReplicaIdentity = ""
	}
	for _, k := range w.from.Uniques {
		if parts, include, ok := s.parts(k.Parts, k.Include, "unique constraint", k.Name); ok {
			k.Parts, k.Include = parts, include
			t.Uniques = append(t.Uniques, k)
		}
	}
	for _, x := range w.from.Indexes {
		if s.searches(&x) {
			t.Indexes = append(t.Indexes, x)
			continue
		}
		if parts, include, ok := s.parts(x.Parts, x.Include, "index", x.Name); ok && s.keeps(x.Where, "index", x.Name) {
			x.Parts, x.Include = parts, include
			t.Indexes = append(t.Indexes, x)
		}
	}
	for _, c := range w.from.Checks {
		if s.keeps(c.Expr, "check", c.Name) {
			t.Checks = append(t.Checks, c)
		}
	}
	for _, x := range w.from.Exclusions {
		if s.keeps(x.Definition, "exclusion constraint", x.Name) {
			t.Exclusions = append(t.Exclusions, x)
		}
	}
	return t
}

// note says what the target table goes without.
func (s *shaper) note(kind, name, why string) {
	what := kind
	if name != "" {
		what = fmt.Sprintf("%s %q", kind, name)
	}
	s.w.notes = append(s.w.notes, fmt.Sprintf("%s is left out: %s", what, why))
}

// keeps reports whether a piece of SQL can stand as it is; it notes why not.
func (s *shaper) keeps(sql, kind, name string) bool {
	col, lost := mentions(s.w.source.db.System, sql, s.lost)
	if lost {
		s.note(kind, name, "its text names the column "+s.why(col))
	}
	return !lost
}

// why says what became of a source column that can't be named any more.
func (s *shaper) why(col string) string {
	if to, ok := s.to[col]; ok {
		return fmt.Sprintf("%q, which is %q in the target", col, to)
	}
	if _, ok := s.over[col]; ok {
		return fmt.Sprintf("%q, in whose place an expression stands", col)
	}
	return fmt.Sprintf("%q, which is not mapped", col)
}

func (s *shaper) columns() []schema.Column {
	out := make([]schema.Column, 0, len(s.w.columns))
	for _, c := range s.w.columns {
		if c.source == nil {
			continue
		}
		x := *c.source
		x.Name = c.name
		if g := x.Generated; g != nil {
			col, lost := mentions(s.w.source.db.System, g.Expr, s.lost)
			switch {
			case !s.same:
				s.w.notes = append(s.w.notes, fmt.Sprintf("column %q is computed by the source and a plain column in the target: its values are copied", x.Name))
				x.Generated = nil
			case lost:
				s.w.notes = append(s.w.notes, fmt.Sprintf("column %q is a plain column in the target, its values are copied: what computes it names the column %s", x.Name, s.why(col)))
				x.Generated = nil
			}
		}
		out = append(out, x)
	}
	if schema.IdenticalColumns(out, s.w.from.Columns) {
		return s.w.from.Columns // held once: what is translated is a copy
	}
	return out
}

func (s *shaper) primaryKey() *schema.Key {
	if s.w.from.PrimaryKey == nil {
		return nil
	}
	k := *s.w.from.PrimaryKey
	var ok bool
	if k.Parts, k.Include, ok = s.parts(k.Parts, k.Include, "primary key", ""); !ok {
		return nil
	}
	return &k
}

// parts renames the parts of a key or index; false, with a note, where one of them is
// not mapped. Included columns that are not mapped are only left out.
func (s *shaper) parts(parts []schema.KeyPart, include []string, kind, name string) ([]schema.KeyPart, []string, bool) {
	if len(s.lost) == 0 {
		return parts, include, true
	}
	out := slices.Clone(parts)
	for i, p := range out {
		if p.Column == "" {
			if !s.keeps(p.Expr, kind, name) {
				return nil, nil, false
			}
			continue
		}
		to, ok := s.to[p.Column]
		if !ok {
			why := "is not mapped"
			if _, over := s.over[p.Column]; over {
				why = "has an expression in its place"
			}
			s.note(kind, name, fmt.Sprintf("its column %q %s", p.Column, why))
			return nil, nil, false
		}
		out[i].Column = to
	}
	var inc []string
	for _, c := range include {
		if to, ok := s.to[c]; ok {
			inc = append(inc, to)
		}
	}
	return out, inc, true
}

// partitioning keeps the partitions under names that go with the table's.
func (s *shaper) partitioning() *schema.Partitioning {
	p := s.w.from.Partition
	if p == nil || !s.keeps(p.Definition, "partitioning", "") {
		return nil
	}
	return p.Under(s.w.from.Name, s.w.name)
}
