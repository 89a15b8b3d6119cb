package plan

import "github.com/syncform/syncform/providers"

// ReadSource says how the mapping's rows are read at its source.
func (m *Mapping) ReadSource() providers.ReadTable {
	t := providers.ReadTable{Name: m.SourceTable, Key: m.SourceKey, Only: m.Only, Columns: make([]providers.ReadColumn, len(m.Columns))}
	for i, c := range m.Columns {
		t.Columns[i] = providers.ReadColumn{Name: c.Source, Type: c.SourceType}
	}
	return t
}

// ReadTarget says how the rows are read back at the target so that they compare with
// what ReadSource gives: the same columns in the same order, as the source's types.
func (m *Mapping) ReadTarget() providers.ReadTable {
	t := providers.ReadTable{Name: m.TargetTable, Key: m.TargetKey, Columns: make([]providers.ReadColumn, len(m.Columns))}
	for i, c := range m.Columns {
		t.Columns[i] = providers.ReadColumn{Name: c.Target, Type: c.TargetType, As: c.SourceType}
	}
	return t
}
