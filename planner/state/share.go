package state

import (
	"hash/maphash"
	"maps"
	"slices"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers/schema"
)

// shared gives equal types and words one copy each: a state of many tables has few of them.
type shared struct {
	seed    maphash.Seed
	types   map[sharedType]*schema.Type
	words   map[string]string
	columns map[uint64][][]plan.Column
	lists   map[uint64][][]string
	maps    map[uint64][]map[string]string
}

func newShared() shared {
	return shared{seed: maphash.MakeSeed(), types: map[sharedType]*schema.Type{}, words: map[string]string{}, columns: map[uint64][][]plan.Column{}, lists: map[uint64][][]string{}, maps: map[uint64][]map[string]string{}}
}

// sharedType is what types without parts of their own compare by.
type sharedType struct {
	kind                     schema.Kind
	bits                     int
	unsigned                 bool
	length, precision, scale int
	name                     schema.Name
	domain                   bool
	native                   string
	system                   schema.System
	origin                   string
	originSystem             schema.System
}

// share has a mapping use what others have too. So nobody writes to its lists and maps: they
// are cloned first.
func (s shared) share(m *Mapping) {
	for i := range m.Columns {
		c := &m.Columns[i]
		c.SourceType, c.TargetType = s.one(c.SourceType), s.one(c.TargetType)
		s.word(&c.Source, &c.Target)
	}
	if n := len(m.Columns); n > 0 {
		sum := s.sum(m.Columns[0].Target, m.Columns[n-1].Target)
		m.Columns = first(s.columns, sum, m.Columns, slices.Equal, func(c []plan.Column) []plan.Column { return slices.Clip(slices.Clone(c)) }) // without the room that reading made for more
	}
	s.word(&m.Sync, &m.Source, &m.Target, &m.SourceTable.Schema, &m.SourceTable.Name, &m.TargetTable.Schema, &m.TargetTable.Name, &m.SourceIdentity, &m.TargetIdentity, &m.Mode)
	for _, list := range []*[]string{&m.SourceKey, &m.TargetKey, &m.Kept, &m.SourceColumns, &m.Refill} {
		if len(*list) > 0 {
			*list = first(s.lists, s.sum(*list...), *list, slices.Equal, s.list)
		}
	}
	m.Traits, m.ColumnIDs = s.pairs(m.Traits), s.pairs(m.ColumnIDs)
}

// first gives an equal value that was there before, or keeps a copy of this one.
func first[T any](by map[uint64][]T, sum uint64, v T, equal func(a, b T) bool, keep func(T) T) T {
	for _, there := range by[sum] {
		if equal(there, v) {
			return there
		}
	}
	v = keep(v)
	by[sum] = append(by[sum], v)
	return v
}

func (s shared) word(words ...*string) {
	for _, w := range words {
		if one, ok := s.words[*w]; ok {
			*w = one
		} else {
			s.words[*w] = *w
		}
	}
}

func (s shared) list(list []string) []string {
	out := slices.Clip(slices.Clone(list))
	for i := range out {
		s.word(&out[i])
	}
	return out
}

func (s shared) pairs(m map[string]string) map[string]string {
	if m == nil {
		return nil
	}
	var all uint64
	for k, v := range m {
		all += s.sum(k, v) // in any order
	}
	return first(s.maps, all, m, maps.Equal, func(m map[string]string) map[string]string {
		out := make(map[string]string, len(m))
		for k, v := range m {
			s.word(&k, &v)
			out[k] = v
		}
		return out
	})
}

func (s shared) sum(texts ...string) uint64 {
	var h maphash.Hash
	h.SetSeed(s.seed)
	for _, t := range texts {
		h.WriteString(t)
		h.WriteByte(0)
	}
	return h.Sum64()
}

func (s shared) one(t *schema.Type) *schema.Type {
	if t == nil {
		return &schema.Type{}
	}
	if t.Elem != nil || t.Values != nil {
		return t
	}
	k := sharedType{t.Kind, t.Bits, t.Unsigned, t.Length, t.Precision, t.Scale, t.Name, t.Domain, t.Native, t.System, t.Origin, t.OriginSystem}
	if s.types[k] == nil {
		s.types[k] = t
	}
	return s.types[k]
}
