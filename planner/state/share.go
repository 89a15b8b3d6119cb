package state

import (
	"slices"

	"github.com/syncform/syncform/providers/schema"
)

// shared gives equal types and words one copy each: a state of many tables has few of them.
type shared struct {
	types map[sharedType]*schema.Type
	words map[string]string
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

func (s shared) share(m *Mapping) {
	m.Columns = slices.Clone(m.Columns) // without the room that reading made for more
	for i := range m.Columns {
		c := &m.Columns[i]
		c.SourceType, c.TargetType = s.one(c.SourceType), s.one(c.TargetType)
		s.word(&c.Source, &c.Target)
	}
	s.word(&m.Sync, &m.Source, &m.Target, &m.SourceTable.Schema, &m.SourceTable.Name, &m.TargetTable.Schema, &m.TargetTable.Name, &m.SourceIdentity, &m.TargetIdentity, &m.Mode)
	for _, list := range [][]string{m.SourceKey, m.TargetKey, m.Kept, m.SourceColumns, m.Refill} {
		for i := range list {
			s.word(&list[i])
		}
	}
	m.Traits, m.ColumnIDs = s.pairs(m.Traits), s.pairs(m.ColumnIDs)
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

func (s shared) pairs(m map[string]string) map[string]string {
	if m == nil {
		return nil
	}
	out := make(map[string]string, len(m))
	for k, v := range m {
		s.word(&k, &v)
		out[k] = v
	}
	return out
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
