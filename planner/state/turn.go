package state

import (
	"time"

	"github.com/syncform/syncform/planner/plan"
)

// PutStream adds a stream, or puts it in place of the one of its name.
func (s *State) PutStream(st plan.Stream) {
	if old := s.Stream(st.Sync); old != nil {
		*old = st
		return
	}
	s.Streams = append(s.Streams, st)
	s.sort()
}

// PutFollowed adds a mapping whose target's rows are what they are to be, or puts it in
// place of the one of its address.
func (s *State) PutFollowed(m plan.Mapping) {
	if old := s.Mapping(m.Addr); old != nil {
		old.Mapping = m
		return
	}
	s.Mappings = append(s.Mappings, Mapping{Mapping: m, Status: Loaded, LoadedAt: time.Now().UTC()})
	s.sort()
}

// Turned gives the stream that is followed the other way round of a sync, or nil where
// there is none.
func (s *State) Turned(sync string) *plan.Stream {
	if s == nil {
		return nil
	}
	for i := range s.Streams {
		if st := &s.Streams[i]; st.Reverses == sync && st.Turn == "" {
			return st
		}
	}
	return nil
}
