package state

import (
	"slices"

	"github.com/syncform/syncform/providers/schema"
)

// shared gives equal types one copy each: a state of many tables has few of them.
type shared map[sharedType]*schema.Type

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

func (s shared) columns(m *Mapping) {
	m.Columns = slices.Clone(m.Columns) // without the room that reading made for more
	for i := range m.Columns {
		c := &m.Columns[i]
		c.SourceType, c.TargetType = s.one(c.SourceType), s.one(c.TargetType)
		if c.Target == c.Source {
			c.Target = c.Source
		}
	}
}

func (s shared) one(t *schema.Type) *schema.Type {
	if t == nil {
		return &schema.Type{}
	}
	if t.Elem != nil || t.Values != nil {
		return t
	}
	k := sharedType{t.Kind, t.Bits, t.Unsigned, t.Length, t.Precision, t.Scale, t.Name, t.Domain, t.Native, t.System, t.Origin, t.OriginSystem}
	if s[k] == nil {
		s[k] = t
	}
	return s[k]
}
