package planner

import (
	"context"
	"fmt"
	"slices"

	"github.com/syncform/syncform/providers/schema"
)

const sumFill = "No value for the rows that are there"

// fillAdded refuses, in mode schema, a column that is to be NOT NULL and has no value for
// the rows that are there: no row is copied that would bring one, and the server would
// refuse it in the middle of the plan.
func (b *builder) fillAdded(ctx context.Context) {
	probers := map[*endpoint]*prober{}
	defer func() {
		for _, p := range probers {
			p.close()
		}
	}()
	for _, w := range b.wants {
		if !w.schemaOnly() || w.live == nil {
			continue
		}
		for _, name := range w.unfilled() {
			p := probers[w.target]
			if p == nil {
				p = &prober{conn: w.target.conn}
				probers[w.target] = p
			}
			if has, err := p.hasRows(ctx, w.live); err != nil || !has {
				continue // the server tells it, where it can't be asked now
			}
			also := ""
			for _, r := range w.likelyRenames() {
				if r.come == name {
					also = fmt.Sprintf(" If it is the column %q that goes, keep that one's values: write a mapping %q with column %q { renamed_from = %q }.", r.gone, w.source.label(w.from.Name), name, r.gone)
				}
			}
			b.errorAt(w.cfg.DeclRange, sumFill,
				"%s: column %q is to be NOT NULL, and has no value for the rows of table %s%s. Give it a default, fill it in a migration first, or let a schema_policy say add_column { default_value = ... }, which is for the rows that are there and is taken back after that.%s",
				columnAddr(w.addr, name), name, w.name, about(w.live.Rows), also)
		}
	}
}

// unfilled lists the columns that are added and end as NOT NULL without a value.
func (w *want) unfilled() []string {
	var out []string
	for _, d := range w.work.diffs {
		add, ok := d.change.(schema.AddColumn)
		c := add.Column
		if !ok || d.held() || d.said != "" || c.Default != nil || c.Generated != nil || c.Identity != nil || w.live.Column(c.Name) != nil {
			continue
		}
		ends := !c.Nullable || slices.ContainsFunc(w.work.diffs, func(x difference) bool {
			m, ok := x.change.(schema.ModifyColumn)
			return ok && m.To.Name == c.Name && !m.To.Nullable && m.To.Identity == nil && !x.held()
		})
		if ends {
			out = append(out, c.Name)
		}
	}
	return out
}
