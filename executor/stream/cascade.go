package stream

import (
	"bytes"
	"context"
	"slices"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// cascading reports whether a batch holds a change whose consequences the source does
// not send (providers.Cascade): it is written change by change, with them.
func (r *run) cascading(b *row.Changes) bool {
	if len(r.spec.Capture.Cascades) == 0 {
		return false
	}
	for i := range b.List {
		c := &b.List[i]
		if c.Old == row.None {
			continue
		}
		for _, x := range r.spec.Capture.Cascades {
			if x.Parent == c.Relation.Name {
				return true
			}
		}
	}
	return false
}

// cascade does in the target what the source's foreign keys did there without a trace,
// at the place of the change and before it.
func (r *run) cascade(ctx context.Context, tx providers.ApplyTx, b *row.Changes, c *row.Change, bind *binding) error {
	if c.Old == row.None || len(r.spec.Capture.Cascades) == 0 {
		return nil
	}
	t := bind.table
	was := func(name string) (value, bool) { return bind.value(b, c.Old, row.None, t.field(name)) }
	var is func(string) (value, bool)
	if c.Op != row.Delete {
		is = func(name string) (value, bool) { return bind.value(b, c.New, c.Old, t.field(name)) }
	}
	return r.referring(ctx, tx, t, was, is)
}

// value is one field.
type value struct {
	bytes []byte
	state row.State
}

func (v value) equal(o value) bool { return v.state == o.state && bytes.Equal(v.bytes, o.bytes) }

// value gives a field of the row at first, or where that does not carry it, at otherwise.
func (b *binding) value(ch *row.Changes, first, otherwise, field int) (value, bool) {
	if field < 0 {
		return value{}, false
	}
	v, s := b.field(ch, first, field)
	if s == row.Unchanged && otherwise != row.None {
		v, s = b.field(ch, otherwise, field)
	}
	return value{v, s}, s != row.Unchanged
}

// referring changes the rows that refer to one which is deleted (is is nil) or changed.
// was and is give its fields by the source's column.
func (r *run) referring(ctx context.Context, tx providers.ApplyTx, t *table, was, is func(string) (value, bool)) error {
	for _, x := range r.spec.Capture.Cascades {
		if x.Parent != t.mapping.SourceTable {
			continue
		}
		action, moved := x.OnDelete, is == nil
		keys := row.NewBatch(len(x.ParentColumns))
		now := make([]value, len(x.ParentColumns))
		known := true
		for i, name := range x.ParentColumns {
			old, ok := was(name)
			known = known && ok && old.state == row.Value
			keys.Data = append(keys.Data, old.bytes...)
			keys.EndField(old.state)
			if is != nil {
				action = x.OnUpdate
				if now[i], ok = is(name); ok {
					moved = moved || !now[i].equal(old)
				}
			}
		}
		keys.EndRow()
		if action == "" || !moved || !known {
			continue // a reference that is NULL refers to nothing
		}
		for _, child := range r.bySource[x.Child.String()] {
			if child.next.State == providers.TableHeld {
				continue
			}
			if err := r.refer(ctx, tx, child, x, keys, now, action, is == nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// refer changes the rows of child that refer to the row of keys.
func (r *run) refer(ctx context.Context, tx providers.ApplyTx, child *table, x providers.Cascade, keys *row.Batch, now []value, action string, deleted bool) error {
	by := child.apply
	by.Key = nil
	for _, name := range x.Columns {
		i := slices.IndexFunc(child.mapping.Columns, func(c plan.Column) bool { return c.Source == name })
		if i < 0 {
			return nil // its reference is not mapped: what refers to the row can't be told, nor differs
		}
		by.Key = append(by.Key, i)
	}
	rows, err := tx.ReadRows(ctx, &by, keys)
	if err != nil {
		return err
	}
	defer rows.Release()
	for i := range rows.Rows {
		field := func(at int) value {
			v, s := rows.Field(i, at)
			return value{v, s}
		}
		after := func(at int) value {
			k := slices.Index(by.Key, at)
			switch {
			case k < 0:
				return field(at)
			case action == "SET NULL":
				return value{state: row.Null}
			}
			return now[k]
		}
		column := func(get func(int) value) func(string) (value, bool) {
			return func(name string) (value, bool) {
				at := slices.IndexFunc(child.mapping.Columns, func(c plan.Column) bool { return c.Source == name })
				if at < 0 {
					return value{}, false
				}
				return get(at), true
			}
		}
		goes := deleted && action == "CASCADE"
		is := column(after)
		if goes {
			is = nil
		}
		if err := r.referring(ctx, tx, child, column(field), is); err != nil {
			return err
		}
		key := row.NewBatch(len(child.apply.Key))
		for _, at := range child.apply.Key {
			appendValue(key, field(at))
		}
		key.EndRow()
		if goes {
			if _, err := tx.Delete(ctx, &child.apply, key); err != nil {
				return err
			}
			continue
		}
		changed := row.NewBatch(len(child.apply.Columns))
		for at := range child.apply.Columns {
			appendValue(changed, after(at))
		}
		changed.EndRow()
		if _, err := tx.Rekey(ctx, &child.apply, key, changed); err != nil {
			return err
		}
	}
	return nil
}

func appendValue(b *row.Batch, v value) {
	b.Data = append(b.Data, v.bytes...)
	b.EndField(v.state)
}
