package planner

import "github.com/syncform/syncform/providers/schema"

// after gives the table as it is once a change has been made.
func after(t schema.Table, c schema.Change) schema.Table {
	if made, ok := c.(schema.AddTable); ok {
		return made.To
	}
	t.Apply(c)
	return t
}
