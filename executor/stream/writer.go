package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// writer brings batches into target transactions.
type writer struct {
	*run
	sess     providers.ApplySession
	enforced bool // foreign keys and triggers fire: changes keep the source's order
	tx       providers.ApplyTx
	parts    int // batches in the open transaction
	counted  int64
}

// batch writes one batch; where it ends within a transaction, the target's stays open
// too. A row that the target's table refuses is tried again once it takes what the
// source's does by now.
func (w *writer) batch(ctx context.Context, b *row.Changes) error {
	err := w.write(ctx, b)
	var tight *tightError
	if !errors.As(err, &tight) {
		return err
	}
	return w.ease(ctx, tight)
}

// write is batch. A batch that is refused as a whole is written again, in a way that can't
// fail for order's sake.
func (w *writer) write(ctx context.Context, b *row.Changes) error {
	if b.Empty() && !b.Open && w.tx == nil {
		return w.idle(ctx, b)
	}
	if err := w.prepare(ctx, b, w.abandon); err != nil {
		return err
	}
	if err := w.rests(b); err != nil {
		return err
	}
	if w.enforced || w.careOf > 0 || w.cascading(b) {
		return w.try(ctx, b, w.careful)
	}
	if w.unordered() {
		return w.try(ctx, b, w.anyOrder)
	}
	bulk := func(ctx context.Context, tx providers.ApplyTx, b *row.Changes) error {
		return w.bulk(ctx, tx, b, false)
	}
	w.inserts = true
	err := w.try(ctx, b, bulk)
	w.inserts = false
	if !rowsFault(err) {
		return err
	}
	w.o.Log.Debug("a batch was refused as a whole", "sync", w.spec.Sync, "error", err.Error())
	whole := w.parts <= 1 && !b.Open
	if w.doubled(err) {
		if !whole {
			return errAgain
		}
		err = w.try(ctx, b, bulk)
	}
	if !rowsFault(err) {
		return err
	}
	if !whole {
		// Parts of the transaction are gone from memory.
		w.careOf++
		return errAgain
	}
	if inTheWay(err) {
		err = w.try(ctx, b, func(ctx context.Context, tx providers.ApplyTx, b *row.Changes) error {
			return w.bulk(ctx, tx, b, true)
		})
	}
	if rowsFault(err) {
		err = w.try(ctx, b, w.careful)
	}
	return err
}

// doubled notes of a table that a row which the source inserted stood there already:
// somebody else wrote it, or the target was restored. It reports whether that is news.
func (w *writer) doubled(err error) (noted bool) {
	var conflict *providers.ConflictError
	if !errors.As(err, &conflict) || !conflict.Key {
		return false
	}
	for _, t := range w.tables {
		if t.apply.Name == conflict.Table && !t.doubles {
			t.doubles, noted = true, true
		}
	}
	return noted
}

// try writes a batch in one way, and commits where the batch ends with a transaction.
func (w *writer) try(ctx context.Context, b *row.Changes, way func(context.Context, providers.ApplyTx, *row.Changes) error) error {
	err := w.part(ctx, b, way)
	if err == nil && !b.Open {
		err = w.commit(ctx, b)
	}
	if err != nil {
		w.abandon()
	}
	return err
}

func (w *writer) part(ctx context.Context, b *row.Changes, way func(context.Context, providers.ApplyTx, *row.Changes) error) (err error) {
	if w.tx == nil {
		if w.tx, err = w.sess.Begin(ctx); err != nil {
			return err
		}
		w.parts, w.counted = 0, 0
		for _, t := range w.tables {
			t.next, t.dirty = t.record, false
			t.work.reset()
		}
		if err := w.tx.Checkpoint(ctx, w.checkpoint(b)); err != nil {
			return err
		}
	} else if !b.Open {
		if err := w.tx.Checkpoint(ctx, w.checkpoint(b)); err != nil {
			return err
		}
	}
	w.parts++
	w.nth++
	w.coming = b.Position
	for _, t := range w.tables {
		if t.awaits != "" && t.next.State != providers.TableHeld {
			t.hold(t.awaits)
		}
	}
	if err := way(ctx, w.tx, b); err != nil {
		return err
	}
	w.count(b)
	return nil
}

func (w *writer) checkpoint(b *row.Changes) providers.Checkpoint {
	at := providers.Checkpoint{Sync: w.spec.Sync, Epoch: w.lease.epoch, Position: b.Position}
	if !b.CommittedAt.IsZero() && !b.Open {
		at.SourceAt = b.CommittedAt.UTC().Format(time.RFC3339Nano)
	}
	return at
}

// bulk writes the net effect of a batch.
func (r *run) bulk(ctx context.Context, tx providers.ApplyTx, b *row.Changes, anew bool) error {
	for _, t := range r.tables {
		t.work.reset()
	}
	if err := r.noteKeys(ctx, tx, b); err != nil {
		return err
	}
	for i := range b.List {
		c := &b.List[i]
		for _, bind := range r.bindings(c.Relation) {
			t := bind.table
			switch {
			case t.next.State == providers.TableHeld, t.loading():
			case len(t.lost) > 0 && t.isLost(b, c, bind):
				return &providers.BadRowError{Table: t.apply.Name, Reason: "an earlier change of the row is among the dead letters"}
			case !t.work.add(b, c, bind):
				t.hold(noKey)
			}
		}
	}
	return r.flush(ctx, tx, anew)
}

// count notes what the batch did to each table.
func (w *writer) count(b *row.Changes) {
	at := ""
	for i := range b.List {
		c := &b.List[i]
		for _, bind := range w.bindings(c.Relation) {
			t := bind.table
			if t.next.State == providers.TableHeld || t.loading() {
				continue
			}
			switch c.Op {
			case row.Insert:
				t.next.Inserts++
			case row.Update:
				t.next.Updates++
			case row.Delete:
				t.next.Deletes++
			}
			if at == "" {
				at = time.Now().UTC().Format(time.RFC3339Nano)
			}
			t.next.LastAt, t.dirty = at, true
		}
	}
	w.counted += int64(len(b.List))
	for _, t := range w.tables {
		if n := len(t.work.entries); n > 0 && t.next.State != providers.TableHeld {
			t.next.LastKey = t.keyText(t.work.keys.get(int32(n - 1)))
		}
	}
}

// commit ends the transaction of a batch: tables that the stream has brought past their
// loads are live from here.
func (w *writer) commit(ctx context.Context, b *row.Changes) error {
	if err := w.ripen(b.Position); err != nil {
		return err
	}
	var changed []providers.TableRecord
	for _, t := range w.tables {
		if t.dirty {
			changed = append(changed, t.next)
		}
	}
	if len(changed) > 0 {
		if err := w.tx.Tables(ctx, w.spec.Sync, changed); err != nil {
			return err
		}
	}
	if err := w.tx.Commit(ctx); err != nil {
		return err
	}
	w.tx = nil
	for _, t := range w.tables {
		if t.record.State != t.next.State {
			w.o.Log.Info("a table changed its state", "sync", w.spec.Sync, "table", t.apply.Name.String(), "state", string(t.next.State), "reason", t.next.Reason)
		}
		t.record, t.awaits = t.next, ""
	}
	w.position, w.saved, w.careOf, w.crowded = b.Position, time.Now(), 0, false
	w.status.Changes += w.counted
	w.status.Transactions += int64(b.Transactions)
	if !b.CommittedAt.IsZero() {
		w.status.SourceAt = b.CommittedAt
	}
	return nil
}

// ripen makes tables live that the stream has brought to one moment after their loads.
func (w *writer) ripen(at row.Position) error {
	for _, t := range w.tables {
		if t.next.State != providers.TableCatchingUp || t.next.ConsistentAt == "" || w.refills(t) {
			continue
		}
		ok, err := w.capturer.Reached(at, t.next.ConsistentAt)
		if err != nil {
			return fmt.Errorf("compare positions of %s: %w", t.mapping.Addr, err)
		}
		if ok {
			t.next.State, t.next.ConsistentAt, t.dirty = providers.TableLive, "", true
		}
	}
	return nil
}

// idle writes a checkpoint where nothing came for a while and the position has moved, or
// where a table has been brought past its load.
func (w *writer) idle(ctx context.Context, b *row.Changes) error {
	if b.Position == "" {
		return nil
	}
	due := w.o.Until != Stopped && b.Position != w.position
	for _, t := range w.tables {
		if t.record.State == providers.TableCatchingUp && t.record.ConsistentAt != "" && !due {
			var err error
			if due, err = w.capturer.Reached(b.Position, t.record.ConsistentAt); err != nil {
				return err
			}
		}
	}
	every := w.spec.CheckpointInterval
	if every == 0 {
		every = defaultCheckpoint
	}
	if !due && (b.Position == w.position || time.Since(w.saved) < every) {
		return nil
	}
	return w.try(ctx, b, func(context.Context, providers.ApplyTx, *row.Changes) error { return nil })
}

// abandon rolls the open transaction back. What it fails with is of no interest: the
// server rolls back what is never committed.
func (w *writer) abandon() {
	if w.tx == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), lastWord)
	defer cancel()
	if err := w.tx.Rollback(ctx); err != nil {
		w.o.Log.Debug("roll back", "sync", w.spec.Sync, "error", err.Error())
	}
	w.tx = nil
}
