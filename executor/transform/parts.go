package transform

import (
	"slices"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// Forms narrows what a writer takes to what the stage can yield, for the reader to
// choose from.
func (s *Stage) Forms(forms []row.Form) []row.Form {
	if s.Identity() {
		return forms
	}
	var can []row.Form
	for _, f := range forms {
		if f.Parts() || f == row.FormFields {
			can = append(can, f)
		}
	}
	return can
}

// Parts lays out batches for a stage of which most columns pass as they are: what it would
// have a reader read (of plan.Mapping.Reads) and what a writer would get of it (of
// plan.Mapping.Columns). Columns that pass side by side are one part, in the system's own
// form; text are those that expressions and filters read, and the key, by which a bad row
// is named, and at the writer what expressions give. None where the mapping computes
// nothing or nothing passes, and where it is not what the planner made: New says so.
func Parts(m *plan.Mapping) (read, write []providers.Part) {
	s, err := New(m, Options{})
	if err != nil || s.Identity() {
		return nil, nil
	}
	for _, p := range s.parts {
		at := 0
		if n := len(write); n > 0 {
			at = write[n-1].From + max(write[n-1].N, 1)
		}
		write = append(write, providers.Part{From: at, N: p.n})
	}
	if read = s.layout(); read[0].N == 0 {
		return nil, nil
	}
	return read, write
}

// layout is what the stage reads of a batch in parts: the runs in the order of its own
// parts, then the columns that it needs as text.
func (s *Stage) layout() []providers.Part {
	var all []providers.Part
	var text []int
	for _, p := range s.parts {
		if p.program == nil {
			all = append(all, providers.Part{From: p.from, N: p.n})
		} else {
			text = append(text, p.uses...)
		}
	}
	for _, f := range s.filters {
		text = append(text, f.checked.Columns()...)
	}
	for _, k := range s.key {
		text = append(text, k.column)
	}
	slices.Sort(text)
	for _, column := range slices.Compact(text) {
		all = append(all, providers.Part{From: column})
	}
	return all
}

// forForm is the stage for batches of a form.
func (s *Stage) forForm(f row.Form) *Stage {
	if !f.Parts() {
		return s
	}
	if s.parted == nil {
		s.parted = s.part()
	}
	return s.parted
}

// part makes the stage that takes batches in parts and yields such.
func (s *Stage) part() *Stage {
	read := s.layout()
	p := &Stage{mapping: s.mapping, width: len(s.parts), reads: len(read)}
	at := make([]int, len(s.mapping.Reads)) // by column: the part that holds its text
	for i, r := range read {
		if r.N == 0 {
			at[r.From] = i
		}
	}
	fields := func(columns []int) []int {
		out := make([]int, len(columns))
		for i, c := range columns {
			out[i] = at[c]
		}
		return out
	}
	for _, k := range s.key {
		p.key = append(p.key, keyField{k.column, at[k.column]})
	}
	for _, f := range s.filters {
		p.filters = append(p.filters, filter{f.checked.Compile(at), f.checked, f.text})
	}
	run := 0
	for _, x := range s.parts {
		if x.program == nil {
			p.parts = append(p.parts, part{from: run, n: 1})
			run++
			continue
		}
		p.parts = append(p.parts, part{program: x.checked.Compile(at), checked: x.checked, uses: fields(x.uses), target: x.target})
	}
	return p
}
