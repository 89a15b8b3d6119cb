package ledger

import "github.com/syncform/syncform/providers/schema"

// Unfinished takes out of a table what a change of a column's type has made beside it; nil
// for nothing.
func Unfinished(t *schema.Table) *schema.Table {
	var u schema.Table
	t.Columns, u.Columns = apart(t.Columns, func(c *schema.Column) string { return c.Name })
	t.Indexes, u.Indexes = apart(t.Indexes, func(x *schema.Index) string { return x.Name })
	t.Checks, u.Checks = apart(t.Checks, func(k *schema.Check) string { return k.Name })
	t.ForeignKeys, u.ForeignKeys = apart(t.ForeignKeys, func(k *schema.ForeignKey) string { return k.Name })
	if u.Columns == nil && u.Indexes == nil && u.Checks == nil && u.ForeignKeys == nil {
		return nil
	}
	return &u
}

// apart splits a list into what is not a change's own, and what is.
func apart[T any](list []T, name func(*T) string) (others, own []T) {
	for i := range list {
		if IsRetyped(name(&list[i])) {
			own = append(own, list[i])
		}
	}
	if own == nil {
		return list, nil
	}
	for i := range list {
		if !IsRetyped(name(&list[i])) {
			others = append(others, list[i])
		}
	}
	return others, own
}
