package planner

import (
	"sync"

	"github.com/syncform/syncform/providers/schema"
)

// sharedColumns keeps one copy of columns that tables of one name have in the very same way
// in several databases: in a mirror that is nearly all of what is read. Nobody writes to
// them (they are cloned first).
type sharedColumns struct {
	mu sync.Mutex
	by map[schema.Name][]schema.Column
}

// one gives the columns themselves, or those that are identical and were there first.
func (s *sharedColumns) one(table schema.Name, columns []schema.Column) []schema.Column {
	s.mu.Lock()
	defer s.mu.Unlock()
	there, ok := s.by[table]
	switch {
	case !ok:
		s.by[table] = columns
	case schema.IdenticalColumns(there, columns):
		return there
	}
	return columns
}

// shareColumns has the want use the live table's columns where its own are the same: of
// many tables one copy is held.
func (w *want) shareColumns(live *schema.Table) {
	if live != nil && schema.IdenticalColumns(w.table.Columns, live.Columns) {
		w.table.Columns = live.Columns
	}
}
