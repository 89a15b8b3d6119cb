package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// drainKeys is how many keys one transaction of a drain takes.
const drainKeys = 500

// drainPasses bounds how often rows may take each other's unique values while they are
// read: what lasts longer is no change of places.
const drainPasses = 20

// Drain brings the rows whose keys were noted beside a load (Options.Beside) to what the
// source holds now, once the load is done. Then every row of a loading table is as the
// source had it at the stream's position, or newer, and the table may catch up. A drain
// that was cut short goes on where it was.
func Drain(ctx context.Context, s Stream, o Options) (err error) {
	o.Beside = true
	r, err := newRun(s, o)
	if err != nil {
		return err
	}
	if err := r.open(ctx); err != nil {
		return err
	}
	defer func() {
		rctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWord)
		defer cancel()
		err = errors.Join(err, r.lease.release(rctx, false, ""))
	}()
	sess, err := r.applier.OpenApply(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sess.Close()) }()
	d := &drain{run: r, sess: sess}
	for _, t := range r.tables {
		if !t.loading() {
			continue
		}
		if err := d.table(ctx, t); err != nil {
			return fmt.Errorf("read the rows of table %s again that changed while it was loaded: %w", t.apply.Name, err)
		}
	}
	return nil
}

type drain struct {
	*run
	sess    providers.ApplySession
	visible bool // reads see all that the stream has noted
}

func (d *drain) table(ctx context.Context, t *table) error {
	if err := d.empty(ctx, t); err != nil {
		return err
	}
	var rows int64
	for pass := 1; ; pass++ {
		n, err := d.pass(ctx, t, pass == drainPasses)
		if rows += n; err != nil {
			return err
		}
		if n == 0 {
			break
		}
	}
	if rows > 0 {
		d.o.Log.Info("rows that changed while their table was loaded were read again", "sync", d.spec.Sync, "table", t.apply.Name.String(), "rows", rows)
	}
	return nil
}

// empty takes away what was copied of a table that was emptied meanwhile.
func (d *drain) empty(ctx context.Context, t *table) error {
	set := t.keySet(d.spec.Sync)
	notes, err := d.store.NotedKeys(ctx, set, "", 1)
	if err != nil || len(notes) == 0 || notes[0] != providers.AllKeys {
		return err
	}
	err = d.atPosition(ctx, d.sess, func(tx providers.ApplyTx) error {
		if err := tx.ForgetKeys(ctx, set, notes[:1]); err != nil {
			return err
		}
		return tx.Truncate(ctx, []*providers.ApplyTable{&t.apply})
	})
	if err == nil {
		d.o.Log.Info("the source's table was emptied while it was loaded, and so is its copy", "sync", d.spec.Sync, "table", t.apply.Name.String())
	}
	return err
}

// pass goes through the set once. Rows that had to make way for others are in it again
// afterwards; last has them be refused instead.
func (d *drain) pass(ctx context.Context, t *table, last bool) (rows int64, err error) {
	set := t.keySet(d.spec.Sync)
	for after := ""; ; {
		if err := errors.Join(d.lease.check(), d.o.Soft.Err()); err != nil {
			return rows, err
		}
		notes, err := d.store.NotedKeys(ctx, set, after, drainKeys)
		if err != nil || len(notes) == 0 {
			return rows, err
		}
		if !d.visible {
			if err := d.capturer.AwaitVisible(ctx, d.spec.Capture, d.position); err != nil {
				return rows, err
			}
			d.visible = true
		}
		after = notes[len(notes)-1]
		if err := d.batch(ctx, t, set, notes, last); err != nil {
			return rows, err
		}
		rows += int64(len(notes))
	}
}

// batch settles some keys: together, else together after whatever is in their way was
// taken away, else one by one.
func (d *drain) batch(ctx context.Context, t *table, set providers.KeySet, notes []string, last bool) error {
	err := d.write(ctx, t, set, notes, last, false)
	if inTheWay(err) && !last {
		err = d.write(ctx, t, set, notes, last, true)
	}
	if !rowsFault(err) {
		return err
	}
	for i := range notes {
		if err := d.write(ctx, t, set, notes[i:i+1], last, !last); err != nil {
			return err
		}
	}
	return nil
}

// write settles keys in one transaction. evicting takes the rows away that hold unique
// values of those which are written, and puts their keys into the set.
func (d *drain) write(ctx context.Context, t *table, set providers.KeySet, notes []string, last, evicting bool) (err error) {
	keys := row.NewBatch(len(t.key))
	for _, n := range notes {
		key, err := notedKey(n)
		if err != nil {
			return err
		}
		appendKeyRow(keys, key)
	}
	tx, err := d.sess.Begin(ctx)
	if err != nil {
		return err
	}
	committed := false
	defer func() {
		if !committed {
			rctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWord)
			defer cancel()
			if rerr := tx.Rollback(rctx); rerr != nil {
				d.o.Log.Debug("roll back", "sync", d.spec.Sync, "error", rerr.Error())
			}
		}
	}()
	if err := tx.Checkpoint(ctx, providers.Checkpoint{Sync: d.spec.Sync, Epoch: d.lease.epoch}); err != nil {
		return err
	}
	if err := tx.ForgetKeys(ctx, set, notes); err != nil {
		return err
	}
	letters := d.spec.OnBadRow == "dead_letter" && len(notes) == 1
	if letters {
		if err := tx.Savepoint(ctx); err != nil {
			return err
		}
	}
	err = d.rows(ctx, tx, t, set, keys, evicting)
	if letters && rowsFault(err) && (last || !inTheWay(err)) {
		if rerr := tx.RollbackTo(ctx); rerr != nil {
			return rerr
		}
		t.next = t.record
		err = d.letter(ctx, tx, t, keys, err)
	}
	if err == nil {
		err = tx.Tables(ctx, d.spec.Sync, []providers.TableRecord{t.next})
	}
	if err != nil {
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		return err
	}
	committed, t.record = true, t.next
	return nil
}

func (d *drain) rows(ctx context.Context, tx providers.ApplyTx, t *table, set providers.KeySet, keys *row.Batch, evicting bool) error {
	b := &d.batches
	b.reset(t)
	t.next = t.record
	if err := d.readNow(ctx, t, keys, evicting); err != nil {
		return err
	}
	written := int64(b.upserts.Rows)
	if b.deletes.Rows > 0 {
		n, err := tx.Delete(ctx, &t.apply, &b.deletes)
		if err != nil {
			return err
		}
		if evicting {
			n = max(0, n-written) // the others come back
		}
		t.next.Deletes += n
	}
	t.next.Updates += written
	t.next.LastAt = time.Now().UTC().Format(time.RFC3339Nano)
	if b.upserts.Rows == 0 {
		return nil
	}
	if evicting {
		gone, err := tx.Evict(ctx, &t.apply, &b.upserts)
		if err != nil {
			return err
		}
		defer gone.Release()
		var notes []string
		var k []byte
		for i := range gone.Rows {
			k = k[:0]
			for col := range gone.Width {
				v, s := gone.Field(i, col)
				k = appendKey(k, v, s)
			}
			notes = append(notes, keyNote(k))
		}
		if err := tx.NoteKeys(ctx, set, notes); err != nil {
			return err
		}
	}
	return tx.Upsert(ctx, &t.apply, &b.upserts)
}

// letter puts a row that the target can't hold among the dead letters, as it was read.
func (d *drain) letter(ctx context.Context, tx providers.ApplyTx, t *table, keys *row.Batch, cause error) error {
	var key []byte
	fields := map[string]any{}
	for i, at := range t.key {
		v, s := keys.Field(0, i)
		key = appendKey(key, v, s)
		fields[t.name(at)] = fieldText(v, s, t.read.Columns[at].Type)
	}
	text, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	l := providers.DeadLetter{Mapping: t.mapping.Addr, Table: t.apply.Name, Key: t.keyText(key), Op: "update", Row: string(text), Error: d.said(cause), Position: d.position}
	var bad *providers.BadRowError
	if errors.As(cause, &bad) {
		l.Column = bad.Column
	}
	d.o.Log.Warn("a change went to the dead letters", "table", t.apply.Name.String(), "key", l.Key, "column", l.Column, "error", l.Error)
	return tx.DeadLetter(ctx, d.spec.Sync, []providers.DeadLetter{l})
}
