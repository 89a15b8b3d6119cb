package planner

import (
	"hash/maphash"
	"slices"
	"sync"

	"github.com/syncform/syncform/providers/schema"
)

// sharedColumns keeps one copy of columns that tables have in the very same way: in a mirror,
// and in a schema per tenant, that is nearly all of what is read. Nobody writes to them
// (they are cloned first).
type sharedColumns struct {
	seed maphash.Seed
	mu   sync.Mutex
	by   map[uint64][][]schema.Column
}

// one gives the columns themselves, or those that are identical and were there first.
func (s *sharedColumns) one(columns []schema.Column) []schema.Column {
	var h maphash.Hash
	h.SetSeed(s.seed)
	for i := range columns {
		h.WriteString(columns[i].Name)
		h.WriteString(columns[i].Type.Native)
	}
	sum := h.Sum64()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, there := range s.by[sum] {
		if schema.IdenticalColumns(there, columns) {
			return there
		}
	}
	columns = slices.Clip(columns)
	s.by[sum] = append(s.by[sum], columns)
	return columns
}

// shareColumns has the want use the live table's columns where its own are the same: of
// many tables one copy is held.
func (w *want) shareColumns(live *schema.Table) {
	if live != nil && schema.IdenticalColumns(w.table.Columns, live.Columns) {
		w.table.Columns = live.Columns
	}
}
