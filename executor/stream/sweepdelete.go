package stream

import (
	"context"
	"fmt"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// remove deletes the rows of keys that the source still does not have, in a transaction
// of its own.
func (w *writer) remove(ctx context.Context, m missing) (err error) {
	t := m.table
	if t.record.State == providers.TableHeld {
		return nil
	}
	if w.tx, err = w.sess.Begin(ctx); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			w.abandon()
		}
	}()
	for _, x := range w.tables {
		x.next, x.dirty = x.record, false
	}
	if err := w.tx.Checkpoint(ctx, providers.Checkpoint{Sync: w.spec.Sync, Epoch: w.lease.epoch}); err != nil {
		return err
	}
	b := &w.batches
	b.reset(t)
	if err := w.stillMissing(ctx, t, m.keys); err != nil {
		return err
	}
	n, err := w.deleteSwept(ctx, t)
	if err != nil {
		return err
	}
	if b.upserts.Rows > 0 {
		if err := w.tx.Upsert(ctx, &t.apply, &b.upserts); err != nil {
			return err
		}
	}
	if n > 0 {
		t.next.Deletes += n
		t.next.LastAt, t.dirty = time.Now().UTC().Format(time.RFC3339Nano), true
		w.sweeper.running.deleted[t] += n
	}
	if t.dirty {
		if err := w.tx.Tables(ctx, w.spec.Sync, []providers.TableRecord{t.next}); err != nil {
			return err
		}
	}
	if err := w.tx.Commit(ctx); err != nil {
		return err
	}
	w.tx, t.record = nil, t.next
	w.status.Changes += n
	return nil
}

// stillMissing asks the source again and fills the batches: keys to delete, and rows
// that the source finds by such a key but writes otherwise (a letter's case, where it
// takes both for the same), which are written as they are there.
func (w *writer) stillMissing(ctx context.Context, t *table, keys *row.Batch) error {
	b, read := &w.batches, t.read
	read.Key = nil
	for _, i := range t.key {
		read.Key = append(read.Key, t.name(i))
	}
	now, err := w.capturer.ReadKeys(ctx, read, keys)
	if err != nil {
		return fmt.Errorf("read rows of table %s again: %w", read.Name, err)
	}
	defer now.Release()
	at := rowsByKey(now, t.key)
	var k []byte
	for i := range keys.Rows {
		k = keyOf(k[:0], keys, i)
		if has(at, k) {
			delete(at, string(k))
			continue
		}
		appendKeyRow(&b.deletes, k)
	}
	if len(at) == 0 {
		return nil
	}
	goal, err := w.capturer.Current(ctx, w.spec.Capture)
	if err != nil {
		return fmt.Errorf("read the source's position: %w", err)
	}
	t.catchUp(goal)
	for key, i := range at {
		if t.stage != nil {
			if _, err := w.through(t, &b.upserts, now, i, []byte(key), false); err != nil {
				return err
			}
			continue
		}
		appendRowOf(&b.upserts, now, i)
	}
	return nil
}

// deleteSwept deletes all, or where a constraint refuses that, row by row what it lets.
func (w *writer) deleteSwept(ctx context.Context, t *table) (n int64, err error) {
	b := &w.batches
	if b.deletes.Rows == 0 {
		return 0, nil
	}
	if err := w.tx.Savepoint(ctx); err != nil {
		return 0, err
	}
	n, err = w.tx.Delete(ctx, &t.apply, &b.deletes)
	if !rowsFault(err) {
		return n, err
	}
	if err := w.tx.RollbackTo(ctx); err != nil {
		return 0, err
	}
	one := row.NewBatch(len(t.apply.Key))
	for i := range b.deletes.Rows {
		one.Reset()
		appendRowOf(one, &b.deletes, i)
		if err := w.tx.Savepoint(ctx); err != nil {
			return n, err
		}
		deleted, err := w.tx.Delete(ctx, &t.apply, one)
		if rowsFault(err) {
			w.sweeper.running.refused = err
			if err := w.tx.RollbackTo(ctx); err != nil {
				return n, err
			}
			continue
		}
		if err != nil {
			return n, err
		}
		n += deleted
	}
	return n, nil
}
