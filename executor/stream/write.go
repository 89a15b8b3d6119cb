package stream

import (
	"context"
	"fmt"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// batches are the rows of one table on their way into one transaction, kept for reuse.
type batches struct {
	deletes, upserts, inserts, patches, bases, reread row.Batch
	one                                               row.Batch // a row on its way through the mapping
	patched, based, asked                             []int32   // entries, by row of patches, bases, reread
	now                                               time.Time // for metadata columns
}

func (b *batches) reset(t *table) {
	for _, x := range []*row.Batch{&b.deletes, &b.upserts, &b.inserts, &b.patches, &b.bases, &b.reread, &b.one} {
		x.Reset()
		x.Form = row.FormFields
	}
	keys, columns := len(t.apply.Key), len(t.apply.Columns)
	b.deletes.Width, b.bases.Width, b.reread.Width = keys, keys, len(t.read.Key)
	b.upserts.Width, b.inserts.Width, b.patches.Width, b.one.Width = columns, columns, columns, len(t.read.Columns)
	b.patched, b.based, b.asked = b.patched[:0], b.based[:0], b.asked[:0]
	b.now = time.Now()
}

// flush writes what is pending: what was emptied first, then each table's net effect.
// anew takes every row that is written away before, so that no unique value of one can
// be in the way of another's.
func (r *run) flush(ctx context.Context, tx providers.ApplyTx, anew bool) error {
	var emptied []*providers.ApplyTable
	for _, t := range r.tables {
		if t.work.emptied {
			emptied = append(emptied, &t.apply)
		}
	}
	if len(emptied) > 0 {
		if err := tx.Truncate(ctx, emptied); err != nil {
			return err
		}
	}
	for _, t := range r.tables {
		if len(t.work.entries) == 0 {
			continue
		}
		if err := r.flushTable(ctx, tx, t, anew); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) flushTable(ctx context.Context, tx providers.ApplyTx, t *table, anew bool) error {
	b, p := &r.batches, &t.work
	b.reset(t)
	inserter, _ := tx.(providers.Inserter)
	fresh := inserter != nil && r.inserts && t.live() && !t.doubles
	for i := range p.entries {
		n, e := int32(i), &p.entries[i]
		switch {
		case e.fate == gone:
			appendKeyRow(&b.deletes, p.keys.get(n))
		case !e.part:
			if anew {
				appendKeyRow(&b.deletes, p.keys.get(n))
			}
			to := &b.upserts
			if fresh && e.fresh {
				to = &b.inserts
			}
			if _, err := r.put(t, to, e, n, anew); err != nil {
				return err
			}
		case e.base == n && !anew:
			known, err := r.put(t, &b.patches, e, n, false)
			if err != nil {
				return err
			}
			if !known {
				b.asked = append(b.asked, n)
			} else if b.patches.Rows > len(b.patched) {
				b.patched = append(b.patched, n)
			}
		case t.stage == nil && e.base >= 0 && (t.live() || e.base == n):
			// While the table catches up, what stands under another key may be another row.
			appendKeyRow(&b.bases, p.keys.get(e.base))
			b.based = append(b.based, n)
			if anew {
				appendKeyRow(&b.deletes, p.keys.get(n))
			}
		default:
			b.asked = append(b.asked, n)
		}
	}
	if err := r.lendBases(ctx, tx, t); err != nil {
		return err
	}
	if b.deletes.Rows > 0 {
		if _, err := tx.Delete(ctx, &t.apply, &b.deletes); err != nil {
			return err
		}
	}
	if b.patches.Rows > 0 {
		missing, err := tx.Patch(ctx, &t.apply, &b.patches)
		if err != nil {
			return err
		}
		for _, i := range missing {
			b.asked = append(b.asked, b.patched[i])
		}
	}
	if err := r.askAgain(ctx, tx, t); err != nil {
		return err
	}
	if b.upserts.Rows > 0 {
		if anew {
			if err := r.makeRoom(ctx, tx, t, &b.upserts); err != nil {
				return err
			}
		}
		if err := tx.Upsert(ctx, &t.apply, &b.upserts); err != nil {
			return err
		}
	}
	if b.inserts.Rows > 0 {
		return inserter.Insert(ctx, &t.apply, &b.inserts)
	}
	return nil
}

// put adds the target's row of an entry to a batch. One that a filter drops is deleted
// instead, unless it is among the deletes already. known is false where an expression
// needs a field that the entry does not hold.
func (r *run) put(t *table, to *row.Batch, e *entry, n int32, deleted bool) (known bool, err error) {
	if t.stage == nil {
		e.appendRow(to, len(t.read.Columns))
		return true, nil
	}
	one := &r.batches.one
	one.Reset()
	e.appendRow(one, len(t.read.Columns))
	return r.through(t, to, one, 0, t.work.keys.get(n), deleted)
}

// through takes a row of the source through the mapping.
func (r *run) through(t *table, to, from *row.Batch, i int, key []byte, deleted bool) (known bool, err error) {
	v, err := t.stage.Row(to, from, i, r.batches.now)
	if err != nil || v.Needs >= 0 {
		return false, err
	}
	if !v.Kept && !deleted {
		appendKeyRow(&r.batches.deletes, key)
	}
	return true, nil
}

// lendBases completes rows by those that the target holds under other keys.
func (r *run) lendBases(ctx context.Context, tx providers.ApplyTx, t *table) error {
	b, p := &r.batches, &t.work
	if len(b.based) == 0 {
		return nil
	}
	have, err := tx.ReadRows(ctx, &t.apply, &b.bases)
	if err != nil {
		return err
	}
	defer have.Release()
	at := rowsByKey(have, t.apply.Key)
	for _, n := range b.based {
		e := &p.entries[n]
		i, ok := at[string(p.keys.get(e.base))]
		if !ok {
			b.asked = append(b.asked, n)
			continue
		}
		for col := range t.apply.Columns {
			v, s := e.bind.field(e.ch, e.first, col)
			if s == row.Unchanged {
				v, s = have.Field(i, col)
			}
			b.upserts.Data = append(b.upserts.Data, v...)
			b.upserts.EndField(s)
		}
		b.upserts.EndRow()
	}
	return nil
}

// rowsByKey finds the rows of a batch by their encoded key.
func rowsByKey(b *row.Batch, key []int) map[string]int {
	at := make(map[string]int, b.Rows)
	var k []byte
	for i := range b.Rows {
		k = k[:0]
		for _, col := range key {
			v, s := b.Field(i, col)
			k = appendKey(k, v, s)
		}
		at[string(k)] = i
	}
	return at
}

// askAgain reads rows from the source that neither the events nor the target hold whole.
// What it reads is newer than the stream, so the table is not live until the stream has
// come there.
func (r *run) askAgain(ctx context.Context, tx providers.ApplyTx, t *table) error {
	b, p := &r.batches, &t.work
	if len(b.asked) == 0 {
		return nil
	}
	for _, n := range b.asked {
		e := &p.entries[n]
		for _, i := range t.again {
			v, s := e.bind.field(e.ch, e.first, i)
			b.reread.Data = append(b.reread.Data, v...)
			b.reread.EndField(s)
		}
		b.reread.EndRow()
	}
	if err := r.capturer.AwaitSent(ctx, r.spec.Capture, r.coming); err != nil {
		return fmt.Errorf("wait until the source shows what its log has brought: %w", err)
	}
	now, err := r.capturer.ReadKeys(ctx, t.read, &b.reread)
	if err != nil {
		return r.unread(ctx, t, fmt.Errorf("read rows of table %s again: %w", t.read.Name, err))
	}
	defer now.Release()
	goal, err := r.capturer.Current(ctx, r.spec.Capture)
	if err != nil {
		return fmt.Errorf("read the source's position: %w", err)
	}
	t.catchUp(goal)
	at := rowsByKey(now, t.again)
	b.deletes.Reset()
	var k []byte
	for j, n := range b.asked {
		k = k[:0]
		for i := range t.again {
			v, s := b.reread.Field(j, i)
			k = appendKey(k, v, s)
		}
		i, ok := at[string(k)]
		switch {
		case !ok:
			appendKeyRow(&b.deletes, p.keys.get(n))
		case t.stage == nil:
			for col := range t.apply.Columns {
				v, s := now.Field(i, col)
				b.upserts.Data = append(b.upserts.Data, v...)
				b.upserts.EndField(s)
			}
			b.upserts.EndRow()
		default:
			if _, err := r.through(t, &b.upserts, now, i, p.keys.get(n), false); err != nil {
				return err
			}
		}
	}
	if b.deletes.Rows > 0 {
		_, err = tx.Delete(ctx, &t.apply, &b.deletes)
	}
	return err
}
