package stream

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// A row that holds a unique value of one that is written makes way for it only where the
// source tells its rows apart by that value too: then one of the two has another by now, and
// its own change comes. Where the source does not, both may be there to stay.

// unique is what is unique in the target.
type unique struct {
	name   string
	key    bool     // it is the key by which the stream goes
	source []string // the source's columns; nil where they, or the rows that count, can't be said by them
}

// uniquesOf lists what is unique in a target's table.
func uniquesOf(live *schema.Table, m *plan.Mapping) []unique {
	out := []unique{}
	if live == nil {
		return out
	}
	add := func(name string, parts []schema.KeyPart, where string) {
		u := unique{name: name}
		var cols []string
		for _, p := range parts {
			i := slices.IndexFunc(m.Columns, func(c plan.Column) bool { return c.Target == p.Column && c.Expr == "" })
			if i < 0 || p.Prefix != 0 || where != "" {
				out = append(out, u)
				return
			}
			u.source, cols = append(u.source, m.Columns[i].Source), append(cols, p.Column)
		}
		u.key = slices.Equal(slices.Sorted(slices.Values(cols)), slices.Sorted(slices.Values(m.TargetKey)))
		out = append(out, u)
	}
	if k := live.PrimaryKey; k != nil {
		add(cmp.Or(k.Name, "PRIMARY"), k.Parts, "") // as MySQL calls it
	}
	for _, k := range live.Uniques {
		add(k.Name, k.Parts, "")
	}
	for _, x := range live.Indexes {
		if x.Unique {
			add(x.Name, x.Parts, x.Where)
		}
	}
	return out
}

// enforced reports whether the source tells rows apart by it too.
func (u *unique) enforced(source *schema.Table) bool {
	return u.key || source != nil && (u.source != nil && source.Enforces(u.source) || u.source == nil && source.HasUnique(u.name))
}

// makesWay reports whether rows that are in the way of a table's may go for them. The source
// is asked once per batch, as it may have dropped a key before what the batch brings.
func (r *run) makesWay(ctx context.Context, t *table, err error) (bool, error) {
	if t.uniques == nil {
		return true, nil // nobody has looked: what is tried without a source's catalogue
	}
	var conflict *providers.ConflictError
	if errors.As(err, &conflict) && conflict.Constraint != "" && !t.cut && !slices.ContainsFunc(t.uniques, func(u unique) bool { return u.name == conflict.Constraint }) {
		return false, nil // somebody made it meanwhile
	}
	if t.askedAt != r.nth {
		now, err := r.today(ctx, t)
		if err != nil {
			return false, err
		}
		t.askedAt = r.nth
		t.yields = !slices.ContainsFunc(t.uniques, func(u unique) bool { return !u.enforced(now) })
	}
	return t.yields, nil
}
