package planner

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// usedColumns finds the changes of columns that something in the target reads which is not
// ours to take away: the server would refuse them in the middle of the apply.
func (b *builder) usedColumns(ctx context.Context) {
	for _, w := range b.wants {
		if w.live == nil || w.work.create {
			continue
		}
		finder, err := providers.As[providers.ColumnUsers](w.target.conn)
		if err != nil {
			continue
		}
		var columns []string
		for i := range w.work.diffs {
			if name := changedColumn(w.work.diffs[i].change); name != "" {
				columns = append(columns, name)
			}
		}
		if len(columns) == 0 {
			continue
		}
		users, err := finder.ColumnUsers(ctx, w.live.Name, columns)
		if err != nil {
			b.errorAt(w.cfg.DeclRange, sumOther, "%s: %s", w.addr, err)
			return
		}
		for i := range w.work.diffs {
			d := &w.work.diffs[i]
			if by := users[changedColumn(d.change)]; len(by) > 0 {
				d.waits = fmt.Sprintf("%s needs the column as it is, and syncform does not manage that. Keep the definition, drop it, apply, and make it again", strings.Join(firstThree(by), ", "))
			}
		}
	}
}

// changedColumn is the live column whose type a change makes another, or that it drops.
func changedColumn(c schema.Change) string {
	switch c := c.(type) {
	case schema.ModifyColumn:
		if !sameType(c.From.Type, c.To.Type) || c.From.Collation != c.To.Collation {
			return c.From.Name
		}
	case schema.DropColumn:
		return c.Column.Name
	}
	return ""
}

// firstThree gives the first three of a list, and how many more there are.
func firstThree(list []string) []string {
	if len(list) <= 3 {
		return list
	}
	return append(slices.Clone(list[:3]), fmt.Sprintf("%d more", len(list)-3))
}
