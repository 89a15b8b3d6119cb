package state

import (
	"crypto/rand"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers/schema"
)

// maxApplied is how many finished plans a state remembers.
const maxApplied = 50

// New makes an empty state of a new lineage, never written yet: its serial is 0.
func New(version string) *State {
	return &State{FormatVersion: FormatVersion, Version: version, Lineage: newLineage()}
}

func newLineage() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// Begin notes that an apply of p begins: addresses that moved, every mapping that the
// plan knows, and what its loads are going to write, so that whatever a kill leaves
// is known as ours. It must be written before the plan's first step runs. For a plan
// that is running already it changes nothing.
func (s *State) Begin(p *plan.Plan) {
	if s.Running == p.ID {
		return
	}
	s.Running = p.ID
	for _, mv := range p.Moved {
		if m := s.Mapping(mv.From); m != nil && s.Mapping(mv.To) == nil {
			m.Addr = mv.To
		}
	}
	made := map[string]bool{}
	loads := map[string]*plan.BackfillSpec{}
	for i := range p.Actions {
		a := &p.Actions[i]
		if a.Held != "" {
			continue
		}
		if _, ok := a.Change.(schema.AddTable); ok {
			made[a.Addr] = true
		}
		if a.Backfill != nil {
			loads[a.Backfill.Mapping] = a.Backfill
		}
	}
	for _, m := range p.Mappings {
		e := s.Mapping(m.Addr)
		if e == nil {
			s.Mappings = append(s.Mappings, Mapping{Mapping: m, Status: Creating})
			e = &s.Mappings[len(s.Mappings)-1]
		}
		e.begin(m, made[m.Addr], loads[m.Addr])
	}
	for _, st := range p.Streams {
		if old := s.Stream(st.Sync); old != nil {
			*old = st
		} else {
			s.Streams = append(s.Streams, st)
		}
	}
	s.sort()
}

// begin sets the mapping to what a plan makes of it.
func (e *Mapping) begin(m plan.Mapping, made bool, load *plan.BackfillSpec) {
	old := e.Mapping
	e.Mapping = m
	// Another database is only left behind where the plan loads the table there anew:
	// a SQLite file whose folder moved has another identity and is the same.
	elsewhere := m.TargetIdentity != old.TargetIdentity && load != nil && load.Into == m.TargetTable && !load.Resumed
	if made || m.TargetTable != old.TargetTable || elsewhere {
		e.Created, e.Status, e.Rows, e.LoadedAt = made, Creating, 0, time.Time{}
	}
	if load == nil {
		return
	}
	if load.Generation == e.Generation && e.Status == Loading {
		return // goes on
	}
	if load.Into != m.TargetTable {
		e.Status = Loading
		e.Asides = append(e.Asides, load.Into)
	} else if e.Status != Creating && (e.Into == old.TargetTable || e.Into == schema.Name{}) {
		e.Status = Emptying
	}
	e.Generation, e.Into = load.Generation, load.Into
}

// LoadBegun notes that the mapping's load begins to write rows. It must be written
// before the first of them.
func (s *State) LoadBegun(addr string) {
	if m := s.Mapping(addr); m != nil {
		m.Status = Loading
	}
}

// LoadDone notes that the mapping's target table holds all rows: after the backfill,
// and where that wrote beside the table, after ReplaceRows too.
func (s *State) LoadDone(addr string, rows int64, at time.Time) {
	if m := s.Mapping(addr); m != nil {
		m.Status, m.Rows, m.LoadedAt = Loaded, rows, at.UTC()
		m.Asides = slices.DeleteFunc(m.Asides, func(n schema.Name) bool { return n == m.Into })
		m.Into = schema.Name{}
	}
}

// Seen notes how a mapping's target table stands.
func (s *State) Seen(addr string, t schema.Table) {
	m := s.Mapping(addr)
	if m == nil {
		return
	}
	t.Rows, t.Bytes = -1, -1
	m.Table = &t
	m.Columns = slices.Clone(m.Columns)
	for i := range m.Columns {
		if c := t.Column(m.Columns[i].Target); c != nil {
			m.Columns[i].TargetType = &c.Type
		}
	}
}

// Finish notes that every action of p is done: what it forgets is gone from the
// state, and a second apply of it is refused.
func (s *State) Finish(p *plan.Plan, by string, at time.Time) {
	for _, addr := range p.Forget {
		s.Mappings = slices.DeleteFunc(s.Mappings, func(m Mapping) bool { return m.Addr == addr })
	}
	for _, m := range p.Mappings {
		if e := s.Mapping(m.Addr); e != nil {
			e.Asides = nil // the plan dropped those that were left
		}
	}
	s.Streams = slices.DeleteFunc(s.Streams, func(st plan.Stream) bool { return slices.Contains(p.ForgetStreams, st.Sync) })
	s.Running = ""
	s.Applied = append(s.Applied, Applied{Plan: p.ID, At: at.UTC(), By: by})
	if n := len(s.Applied); n > maxApplied {
		s.Applied = slices.Delete(s.Applied, 0, n-maxApplied)
	}
}

// WasApplied returns the note of a finished plan, or nil.
func (s *State) WasApplied(id string) *Applied {
	for i := range s.Applied {
		if s.Applied[i].Plan == id {
			return &s.Applied[i]
		}
	}
	return nil
}

// sort puts the mappings in the order of their addresses, so that a state file
// reads and diffs well.
func (s *State) sort() {
	slices.SortStableFunc(s.Mappings, func(a, b Mapping) int {
		switch {
		case a.Addr < b.Addr:
			return -1
		case a.Addr > b.Addr:
			return 1
		}
		return 0
	})
	slices.SortStableFunc(s.Streams, func(a, b plan.Stream) int { return strings.Compare(a.Sync, b.Sync) })
}
