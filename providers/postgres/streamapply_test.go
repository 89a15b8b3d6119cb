package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// pending is what a batch makes of one key.
type pending struct {
	key  []*string
	row  []value // nil: deleted
	base bool    // the row stands in the target under this key
}

type value struct {
	text  *string
	known bool
}

func (st *streamed) apply(ctx context.Context, s providers.ApplySession, b *row.Changes) error {
	st.applied += len(b.List)
	err := st.applyOnce(ctx, s, b, false)
	var conflict *providers.ConflictError
	if errors.As(err, &conflict) {
		st.replaced++
		err = st.applyOnce(ctx, s, b, true)
	}
	return err
}

func (st *streamed) applyOnce(ctx context.Context, s providers.ApplySession, b *row.Changes, replace bool) (err error) {
	tx, err := s.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			if rollback := tx.Rollback(ctx); rollback != nil {
				err = errors.Join(err, rollback)
			}
		}
	}()
	if b.Open {
		return fmt.Errorf("this runner takes whole transactions")
	}
	if err := tx.Checkpoint(ctx, providers.Checkpoint{Sync: testSync, Epoch: st.epoch, Position: b.Position}); err != nil {
		return err
	}
	rows := map[schema.Name]map[string]*pending{}
	for _, ch := range b.List {
		a := st.tables[ch.Relation.Name]
		if a == nil {
			return fmt.Errorf("a change of table %s, which is not followed", ch.Relation.Name)
		}
		if ch.Op == row.Truncate {
			if err := tx.Truncate(ctx, []*providers.ApplyTable{a}); err != nil {
				return err
			}
			rows[a.Name] = map[string]*pending{}
			continue
		}
		if rows[a.Name] == nil {
			rows[a.Name] = map[string]*pending{}
		}
		if err := st.note(ctx, tx, a, rows[a.Name], b, ch); err != nil {
			return err
		}
	}
	for n, keys := range rows {
		if err := st.flush(ctx, tx, st.tables[n], keys, replace); err != nil {
			return err
		}
	}
	if len(b.List) > 0 {
		var records []providers.TableRecord
		for n, a := range st.tables {
			records = append(records, providers.TableRecord{Mapping: a.Mapping, Table: n, State: providers.TableLive, Updates: int64(st.applied)})
		}
		if err := tx.Tables(ctx, testSync, records); err != nil {
			return err
		}
	}
	return tx.Commit(ctx)
}

func (st *streamed) fields(a *providers.ApplyTable, b *row.Changes, rel *row.Relation, first int) []value {
	out := make([]value, len(a.Columns))
	for i, c := range a.Columns {
		at := slices.IndexFunc(rel.Columns, func(r row.RelationColumn) bool { return r.Name == c.Name })
		if at < 0 {
			continue
		}
		v, state := b.Field(first, at)
		switch state {
		case row.Value:
			text := string(v)
			out[i] = value{&text, true}
		case row.Null:
			out[i] = value{nil, true}
		}
	}
	return out
}

func keyText2(a *providers.ApplyTable, r []value) string {
	var b strings.Builder
	for _, k := range a.Key {
		if r[k].text == nil {
			b.WriteString("\x00N")
		} else {
			fmt.Fprintf(&b, "\x00%d:%s", len(*r[k].text), *r[k].text)
		}
	}
	return b.String()
}

func (st *streamed) note(ctx context.Context, tx providers.ApplyTx, a *providers.ApplyTable, keys map[string]*pending, b *row.Changes, ch row.Change) error {
	keyOf := func(r []value) []*string {
		var k []*string
		for _, i := range a.Key {
			k = append(k, r[i].text)
		}
		return k
	}
	var old *pending
	if ch.Old != row.None {
		o := st.fields(a, b, ch.Relation, ch.Old)
		text := keyText2(a, o)
		if old = keys[text]; old == nil {
			old = &pending{key: keyOf(o), base: true, row: make([]value, len(a.Columns))}
		}
		keys[text] = &pending{key: keyOf(o)}
		if ch.Op == row.Delete {
			return nil
		}
	}
	r := st.fields(a, b, ch.Relation, ch.New)
	text := keyText2(a, r)
	base := keys[text]
	if old != nil {
		base = old
	}
	if ch.Op == row.Insert {
		base = nil
	}
	whole := true
	for i := range r {
		if !r[i].known && base != nil && base.row != nil {
			r[i] = base.row[i]
		}
		whole = whole && r[i].known
	}
	if !whole {
		key := keyOf(r)
		if old != nil {
			key = old.key
		}
		got, err := tx.ReadRows(ctx, a, batchOf([][]*string{key}))
		if err != nil {
			return err
		}
		if got.Rows == 1 && (old != nil || keys[text] == nil) && a.Name.Name != "no_patch" && old == nil {
			// Left to Patch.
			keys[text] = &pending{key: keyOf(r), row: r, base: true}
			return nil
		}
		if got.Rows == 0 {
			return fmt.Errorf("table %s: unchanged fields of a row that is not there: %q", a.Name, text)
		}
		for i := range r {
			if v, state := got.Field(0, i); !r[i].known && state == row.Value {
				s := string(v)
				r[i] = value{&s, true}
			} else if !r[i].known {
				r[i].known = true
			}
		}
	}
	keys[text] = &pending{key: keyOf(r), row: r}
	return nil
}

func batchOf(rows [][]*string) *row.Batch {
	width := 1
	if len(rows) > 0 {
		width = len(rows[0])
	}
	b := row.NewBatch(width)
	for _, r := range rows {
		for _, f := range r {
			if f == nil {
				b.AppendNull()
			} else {
				b.Append([]byte(*f))
			}
		}
		b.EndRow()
	}
	return b
}

func (st *streamed) flush(ctx context.Context, tx providers.ApplyTx, a *providers.ApplyTable, keys map[string]*pending, replace bool) error {
	var gone, whole [][]*string
	patches := row.NewBatch(len(a.Columns))
	for _, p := range keys {
		if p.row == nil || replace {
			gone = append(gone, p.key)
		}
		if p.row == nil {
			continue
		}
		known := true
		for _, v := range p.row {
			known = known && v.known
		}
		if !known && replace {
			got, err := tx.ReadRows(ctx, a, batchOf([][]*string{p.key}))
			if err != nil {
				return err
			}
			for i := range p.row {
				if v, state := got.Field(0, i); !p.row[i].known {
					p.row[i].known = true
					if state == row.Value {
						s := string(v)
						p.row[i].text = &s
					}
				}
			}
			known = true
		}
		if known {
			var r []*string
			for _, v := range p.row {
				r = append(r, v.text)
			}
			whole = append(whole, r)
			continue
		}
		for _, v := range p.row {
			switch {
			case !v.known:
				patches.EndField(row.Unchanged)
			case v.text == nil:
				patches.AppendNull()
			default:
				patches.Append([]byte(*v.text))
			}
		}
		patches.EndRow()
	}
	if len(gone) > 0 {
		if _, err := tx.Delete(ctx, a, batchOf(gone)); err != nil {
			return err
		}
	}
	if patches.Rows > 0 {
		missing, err := tx.Patch(ctx, a, patches)
		if err != nil {
			return err
		}
		if len(missing) > 0 {
			return fmt.Errorf("table %s: %d rows to patch are not there", a.Name, len(missing))
		}
	}
	if len(whole) > 0 {
		return tx.Upsert(ctx, a, batchOf(whole))
	}
	return nil
}
