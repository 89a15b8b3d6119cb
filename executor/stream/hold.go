package stream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// Hold is a stream at rest under this process's lease, so that single rows can be
// written beside it.
type Hold struct {
	run     *run
	sess    providers.ApplySession
	visible bool // reads see all that the stream has brought
}

// OpenHold asks the stream's instance to rest, waits for that as long as ctx does, and
// takes the lease. Close gives all of it back.
func OpenHold(ctx context.Context, s Stream, o Options) (_ *Hold, err error) {
	r, err := newRun(s, o)
	if err != nil {
		return nil, err
	}
	store, err := r.keeper.OpenStreams(ctx)
	if err != nil {
		return nil, err
	}
	if err := store.Pause(ctx, s.Spec.Sync, providers.PausedByOperation, true); err != nil {
		return nil, err
	}
	h := &Hold{run: r}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.Close(ctx))
		}
	}()
	r.store = store
	if _, err := WaitForRest(ctx, store, s.Spec.Sync); err != nil {
		return nil, err
	}
	if err := r.open(ctx); err != nil {
		return nil, err
	}
	h.sess, err = r.applier.OpenApply(ctx)
	return h, err
}

// Close lets the stream go on, also where ctx has ended.
func (h *Hold) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWord)
	defer cancel()
	var errs []error
	if h.sess != nil {
		errs = append(errs, h.sess.Close())
	}
	if h.run.lease != nil {
		errs = append(errs, h.run.lease.release(ctx, false, ""))
	}
	return errors.Join(append(errs, h.run.store.Pause(ctx, h.run.spec.Sync, providers.PausedByOperation, false))...)
}

// State is the state of a mapping's table; "" where the stream has no such table.
func (h *Hold) State(mapping string) providers.TableState {
	if t := h.run.table(mapping); t != nil {
		return t.record.State
	}
	return ""
}

func (r *run) table(mapping string) *table {
	for _, t := range r.tables {
		if t.mapping.Addr == mapping {
			return t
		}
	}
	return nil
}

// Rewritten counts what became of rows that were written again.
type Rewritten struct {
	Written int64 `json:"written"`
	Deleted int64 `json:"deleted"` // of the target, because the source has them no more
}

// Rewrite brings rows of the target to what the source holds under their keys now, in
// one transaction. keys are FormFields, in the order of the mapping's TargetKey. What is
// read is newer than the stream, so the table catches up until the stream has come there.
func (h *Hold) Rewrite(ctx context.Context, mapping string, keys *row.Batch) (Rewritten, error) {
	t := h.run.table(mapping)
	if t == nil {
		return Rewritten{}, fmt.Errorf("%s is not in the stream of %s", mapping, h.run.spec.Sync)
	}
	if t.record.State == providers.TableHeld {
		return Rewritten{}, fmt.Errorf("%s is held (%s): load it anew with apply -replace='%s'", mapping, t.record.Reason, mapping)
	}
	if h.run.lease != nil && !h.visible {
		if err := h.run.capturer.AwaitVisible(ctx, h.run.spec.Capture, h.run.position); err != nil {
			return Rewritten{}, fmt.Errorf("wait until the source shows what its log has brought: %w", err)
		}
		h.visible = true
	}
	n, err := h.rewrite(ctx, t, keys, false)
	if inTheWay(err) {
		// Rows that change places hold each other's unique values.
		n, err = h.rewrite(ctx, t, keys, true)
	}
	return n, err
}

func (h *Hold) rewrite(ctx context.Context, t *table, keys *row.Batch, anew bool) (n Rewritten, err error) {
	r := h.run
	if r.lease != nil {
		if err := r.lease.check(); err != nil {
			return n, err
		}
	}
	tx, err := h.sess.Begin(ctx)
	if err != nil {
		return n, err
	}
	committed := false
	defer func() {
		if !committed {
			err = errors.Join(err, tx.Rollback(context.WithoutCancel(ctx)))
		}
	}()
	if r.lease != nil {
		if err := tx.Checkpoint(ctx, providers.Checkpoint{Sync: r.spec.Sync, Epoch: r.lease.epoch}); err != nil {
			return n, err
		}
	}
	t.next = t.record
	b := &r.batches
	b.reset(t)
	if err := r.readAgain(ctx, t, keys, anew); err != nil {
		return n, err
	}
	if b.deletes.Rows > 0 {
		if n.Deleted, err = tx.Delete(ctx, &t.apply, &b.deletes); err != nil {
			return n, err
		}
	}
	if b.upserts.Rows > 0 {
		if err := tx.Upsert(ctx, &t.apply, &b.upserts); err != nil {
			return n, err
		}
	}
	n.Written = int64(b.upserts.Rows)
	if anew {
		n.Deleted = max(0, n.Deleted-n.Written)
	}
	if r.lease != nil {
		if err := tx.Tables(ctx, r.spec.Sync, []providers.TableRecord{t.next}); err != nil {
			return n, err
		}
	}
	if err := tx.Commit(ctx); err != nil {
		return n, err
	}
	committed, t.record = true, t.next
	return n, nil
}

// RewriteRows is Rewrite for a table that no stream follows.
func RewriteRows(ctx context.Context, m *plan.Mapping, source, target providers.Conn, keys *row.Batch) (n Rewritten, err error) {
	r := &run{o: Options{Log: silent}}
	if r.capturer, err = providers.As[providers.Capturer](source); err != nil {
		return n, err
	}
	if r.applier, err = providers.As[providers.Applier](target); err != nil {
		return n, err
	}
	t, err := newTable(m, providers.TableRecord{Mapping: m.Addr, Table: m.TargetTable, State: providers.TableLive})
	if err != nil {
		return n, err
	}
	r.tables = []*table{t}
	h := &Hold{run: r}
	if h.sess, err = r.applier.OpenApply(ctx); err != nil {
		return n, err
	}
	defer func() { err = errors.Join(err, h.sess.Close()) }()
	return h.Rewrite(ctx, m.Addr, keys)
}

// readAgain is readNow for a table that is live from where the stream has passed what
// was read.
func (r *run) readAgain(ctx context.Context, t *table, keys *row.Batch, anew bool) error {
	if err := r.readNow(ctx, t, keys, anew); err != nil {
		return err
	}
	if r.lease != nil {
		goal, err := r.capturer.Current(ctx, r.spec.Capture)
		if err != nil {
			return fmt.Errorf("read the source's position: %w", err)
		}
		t.catchUp(goal)
	}
	return nil
}

// readNow fills the batches with what the source holds of keys. Deletes come first: a row
// may come back under another text of a key that the source takes for the same. anew has
// every row deleted before it is written.
func (r *run) readNow(ctx context.Context, t *table, keys *row.Batch, anew bool) error {
	b, read := &r.batches, t.read
	read.Key = nil
	for _, i := range t.key {
		read.Key = append(read.Key, t.name(i))
	}
	now, err := r.capturer.ReadKeys(ctx, read, keys)
	if err != nil {
		return fmt.Errorf("read rows of table %s again: %w", read.Name, err)
	}
	defer now.Release()
	at := rowsByKey(now, t.key)
	var k []byte
	for j := range keys.Rows {
		k = k[:0]
		for i := range t.key {
			v, s := keys.Field(j, i)
			k = appendKey(k, v, s)
		}
		if _, there := at[string(k)]; !there || anew {
			appendKeyRow(&b.deletes, k)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(at)) {
		i := at[key]
		if t.stage != nil {
			if _, err := r.through(t, &b.upserts, now, i, []byte(key), anew); err != nil {
				return err
			}
			continue
		}
		for col := range t.apply.Columns {
			v, s := now.Field(i, col)
			b.upserts.Data = append(b.upserts.Data, v...)
			b.upserts.EndField(s)
		}
		b.upserts.EndRow()
	}
	return nil
}
