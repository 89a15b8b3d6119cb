// Package transform makes rows of the target of rows of the source: projection,
// expressions, metadata columns, filters. It is the one meaning of a mapping: backfill,
// stream, polling and verify all go through it.
//
// A Stage takes rows whose fields are those of plan.Mapping.ReadSource, in that order,
// and yields rows whose fields are plan.Mapping.Columns: Reader does it for all that a
// row.Reader yields, Row for one row of a stream. Where a mapping only projects
// (plan.Mapping.Computes is false) both are the same columns: Reader hands its reader
// through, in whatever form its batches are, and costs nothing.
package transform

import (
	"fmt"
	"strings"
	"time"

	"github.com/syncform/syncform/lang/expr"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// Options of a stage.
type Options struct {
	// Compared leaves out the columns of add_metadata: what is left is the same whenever
	// it is computed (plan.Mapping.Compared).
	Compared bool
}

// Stage is a mapping, compiled. It keeps memory from row to row: each goroutine makes
// its own.
type Stage struct {
	mapping *plan.Mapping
	parts   []part
	filters []filter
	width   int // of what it yields; 0 where the mapping only projects
	reads   int // of what it takes
	key     []keyField
	pool    row.Pool
	parted  *Stage // the same for batches of parts, once one is read
}

// keyField is a column of the source's key, and the field that holds it.
type keyField struct {
	column int
	field  int
}

// part makes one or more fields of the target.
type part struct {
	from, n int // n fields of the source from this one on, as they are; or
	program *expr.Program
	checked *expr.Checked
	uses    []int // fields that the program may need
	target  string
}

type filter struct {
	program *expr.Program
	checked *expr.Checked
	text    string
}

// New compiles a mapping. An error means that the plan was made by another version, or
// is not what the planner made.
func New(m *plan.Mapping, o Options) (*Stage, error) {
	s := &Stage{mapping: m}
	if !m.Computes() {
		return s, nil
	}
	columns := readColumns(m)
	at := make([]int, len(m.Reads))
	field := make(map[string]int, len(m.Reads))
	for i, c := range m.Reads {
		at[i], field[c.Name] = i, i
	}
	s.reads = len(m.Reads)
	for _, name := range m.SourceKey {
		if i, ok := field[name]; ok {
			s.key = append(s.key, keyField{i, i})
		}
	}
	for _, text := range m.Filters {
		e, err := expr.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("%s: filter %s: %w", m.Addr, text, err)
		}
		c, err := e.Condition(columns, expr.Options{})
		if err != nil {
			return nil, fmt.Errorf("%s: filter %s: %w", m.Addr, text, err)
		}
		s.filters = append(s.filters, filter{c.Compile(at), c, text})
	}
	for _, c := range m.Columns {
		if c.Metadata && o.Compared {
			continue
		}
		s.width++
		if c.Expr == "" {
			i, ok := field[c.Source]
			if !ok {
				return nil, fmt.Errorf("%s: bug in syncform: column %q is not read", m.Addr, c.Source)
			}
			if n := len(s.parts) - 1; n >= 0 && s.parts[n].program == nil && s.parts[n].from+s.parts[n].n == i {
				s.parts[n].n++
				continue
			}
			s.parts = append(s.parts, part{from: i, n: 1})
			continue
		}
		e, err := expr.Parse(c.Expr)
		if err != nil {
			return nil, fmt.Errorf("%s: column %q: %w", m.Addr, c.Target, err)
		}
		k, err := e.Check(columns, expr.Options{Metadata: c.Metadata})
		if err != nil {
			return nil, fmt.Errorf("%s: column %q: %w", m.Addr, c.Target, err)
		}
		s.parts = append(s.parts, part{program: k.Compile(at), checked: k, uses: k.Columns(), target: c.Target})
	}
	return s, nil
}

// Bounds is what of a mapping's filters a server may see to. It is empty where the mapping
// is not what the planner made: New says so.
func Bounds(m *plan.Mapping) []expr.Bound {
	columns := readColumns(m)
	conditions := make([]*expr.Checked, len(m.Filters))
	for i, text := range m.Filters {
		e, err := expr.Parse(text)
		if err != nil {
			return nil
		}
		if conditions[i], err = e.Condition(columns, expr.Options{}); err != nil {
			return nil
		}
	}
	return expr.Bounds(conditions, columns)
}

func readColumns(m *plan.Mapping) []expr.Column {
	columns := make([]expr.Column, len(m.Reads))
	for i, c := range m.Reads {
		columns[i] = expr.Column{Name: c.Name, Type: c.Type, Nullable: c.Nullable}
	}
	return columns
}

// Identity reports whether rows pass as they are, in any form.
func (s *Stage) Identity() bool { return s.width == 0 }

// Verdict is what became of a row.
type Verdict struct {
	Kept bool // it was appended
	// Needs is the field of the source's row that must be known and is row.Unchanged: the
	// row is to be read again by its key. -1 where the verdict stands. Nothing was appended.
	Needs int
}

// Row appends to dst what the mapping makes of row r of in. Dropped by a filter, it is
// neither Kept nor does it need anything: such a row is not to be at the target, and
// one that is there is to be deleted by its key. Where every field that an expression
// reads is unchanged, its result is unchanged too; a filter needs its fields whenever
// its answer depends on them. The error is a *providers.BadRowError, and nothing is
// appended then.
func (s *Stage) Row(dst, in *row.Batch, r int, now time.Time) (Verdict, error) {
	for i := range s.filters {
		f := &s.filters[i]
		holds, missing, err := f.program.Holds(in, r)
		switch {
		case err != nil:
			return Verdict{Needs: -1}, s.bad(in, r, "", "the filter "+f.text+" can't decide: "+err.Error())
		case missing >= 0:
			return Verdict{Needs: missing}, nil
		case !holds:
			return Verdict{Needs: -1}, nil
		}
	}
	undo := markOf(dst)
	if s.Identity() {
		copyFields(dst, in, r, 0, in.Width)
		dst.EndRow()
		return Verdict{Kept: true, Needs: -1}, nil
	}
	for i := range s.parts {
		p := &s.parts[i]
		if p.program == nil {
			copyFields(dst, in, r, p.from, p.n)
			continue
		}
		data, state, err := p.program.Append(dst.Data, in, r, now)
		if err != nil {
			undo.restore(dst)
			return Verdict{Needs: -1}, s.bad(in, r, p.target, err.Error())
		}
		if state == row.Unchanged && !unchanged(in, r, p.uses) {
			undo.restore(dst)
			return Verdict{Needs: p.program.Missing()}, nil
		}
		dst.Data = data
		dst.EndField(state)
	}
	dst.EndRow()
	return Verdict{Kept: true, Needs: -1}, nil
}

// unchanged reports whether all of these fields are.
func unchanged(in *row.Batch, r int, fields []int) bool {
	for _, i := range fields {
		if in.States[r*in.Width+i] != row.Unchanged {
			return false
		}
	}
	return true
}

// mark is where a batch ended before a row.
type mark struct{ data, fields int }

func markOf(b *row.Batch) mark { return mark{len(b.Data), len(b.Ends)} }

func (m mark) restore(b *row.Batch) {
	b.Data, b.Ends, b.States = b.Data[:m.data], b.Ends[:m.fields], b.States[:m.fields]
}

// copyFields appends n neighbouring fields in one piece.
func copyFields(dst, in *row.Batch, r, from, n int) {
	at := r*in.Width + from
	var start uint32
	if at > 0 {
		start = in.Ends[at-1]
	}
	shift := uint32(len(dst.Data)) - start
	dst.Data = append(dst.Data, in.Data[start:in.Ends[at+n-1]]...)
	ends := append(dst.Ends, in.Ends[at:at+n]...)
	dst.Ends = ends
	ends = ends[len(ends)-n:]
	for i := range ends {
		ends[i] += shift
	}
	dst.States = append(dst.States, in.States[at:at+n]...)
}

// bad names a row by its key, without showing what else it holds.
func (s *Stage) bad(in *row.Batch, r int, column, reason string) error {
	var key strings.Builder
	for n, k := range s.key {
		if n > 0 {
			key.WriteString(", ")
		}
		c := s.mapping.Reads[k.column]
		key.WriteString(c.Name + "=")
		v, state := in.Field(r, k.field)
		switch {
		case state != row.Value:
			key.WriteString("NULL")
		case c.Type.IsBinary():
			fmt.Fprintf(&key, `\x%x`, v)
		default:
			key.Write(v)
		}
	}
	return &providers.BadRowError{Table: s.mapping.SourceTable, Key: key.String(), Column: column, Reason: reason}
}
