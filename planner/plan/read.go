package plan

import (
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// Computes reports whether a row at the target is more than a projection of the row at
// the source: there is a filter, or a column whose value is an expression.
func (m *Mapping) Computes() bool { return len(m.Reads) > 0 }

// ReadSource says how the mapping's rows are read at its source: the columns that the
// target's are, or where the mapping computes, those that the computing needs.
func (m *Mapping) ReadSource() providers.ReadTable {
	t := providers.ReadTable{Name: m.SourceTable, Key: m.SourceKey, Only: m.Only}
	if m.Computes() {
		t.Columns = make([]providers.ReadColumn, len(m.Reads))
		for i, c := range m.Reads {
			t.Columns[i] = providers.ReadColumn{Name: c.Name, Type: c.Type}
		}
		return t
	}
	t.Columns = make([]providers.ReadColumn, len(m.Columns))
	for i, c := range m.Columns {
		t.Columns[i] = providers.ReadColumn{Name: c.Source, Type: *c.SourceType, As: m.asNumber(c)}
		if c.ReadAs != nil {
			t.Columns[i].As = *c.ReadAs
		}
	}
	return t
}

// asNumber is the type of a tinyint(1) of MySQL that goes into one, or into another whole
// number there: it is a number, and need not be 0 or 1. Expressions take it for a truth
// value. The zero Type is every other column's.
func (m *Mapping) asNumber(c Column) schema.Type {
	to := c.TargetType
	if m.Computes() || c.SourceType.Kind != schema.Bool || !mysqlLike(c.SourceType.System) || !mysqlLike(to.System) || to.Kind != schema.Bool && to.Kind != schema.Int {
		return schema.Type{}
	}
	return schema.Type{Kind: schema.Int, Bits: 8}
}

// ReadTarget says how the rows are read back at the target so that they compare with
// those that the mapping makes of the source's: the columns of Compared, in their
// order, as the source's types.
func (m *Mapping) ReadTarget() providers.ReadTable {
	cols := m.Compared()
	t := providers.ReadTable{Name: m.TargetTable, Key: m.TargetKey, Columns: make([]providers.ReadColumn, len(cols))}
	for i, c := range cols {
		t.Columns[i] = providers.ReadColumn{Name: c.Target, Type: *c.TargetType, As: c.Travels()}
		if as := m.asNumber(c); as.Kind != "" && c.ReadAs == nil {
			t.Columns[i].As = as
		}
	}
	return t
}

// Travels is the type in whose canonical text the column's values travel.
func (c *Column) Travels() schema.Type {
	if c.ReadAs != nil {
		return *c.ReadAs
	}
	return *c.SourceType
}

// Compared gives the columns whose values follow from the source's row: all but those
// of add_metadata.
func (m *Mapping) Compared() []Column {
	out := make([]Column, 0, len(m.Columns))
	for _, c := range m.Columns {
		if !c.Metadata {
			out = append(out, c)
		}
	}
	return out
}

func mysqlLike(s schema.System) bool { return s == schema.MySQL || s == schema.MariaDB }
