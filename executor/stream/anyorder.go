package stream

import (
	"context"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// unordered reports whether changes come as the rows are now, in no order of theirs, so
// that one which is in the way of another comes too.
func (r *run) unordered() bool {
	return r.spec.Capture.Method == providers.Trigger || r.spec.Capture.Method == providers.Polling
}

// anyOrder writes the net effect of a batch of such changes. A row that holds a unique value
// of one that is written goes: its own change comes. So no transaction, which may be as large
// as all that the source has done, is begun again for one row.
func (r *run) anyOrder(ctx context.Context, tx providers.ApplyTx, b *row.Changes) error {
	if err := tx.Savepoint(ctx); err != nil {
		return err
	}
	before := make([]providers.TableRecord, len(r.tables))
	for i, t := range r.tables {
		before[i] = t.next
	}
	back := func() error {
		for i, t := range r.tables {
			t.next = before[i]
		}
		return tx.RollbackTo(ctx)
	}
	if !r.crowded {
		err := r.bulk(ctx, tx, b, false)
		if !rowsFault(err) {
			return err
		}
		if err := back(); err != nil {
			return err
		}
		r.crowded = inTheWay(err)
	}
	if r.crowded {
		err := r.bulk(ctx, tx, b, true)
		if !rowsFault(err) {
			return err
		}
		if err := back(); err != nil {
			return err
		}
	}
	return r.careful(ctx, tx, b)
}

// makeRoom takes away what holds unique values of rows that are written, where its own
// change comes.
func (r *run) makeRoom(ctx context.Context, tx providers.ApplyTx, t *table, rows *row.Batch) error {
	if !r.crowded {
		return nil
	}
	if yields, err := r.makesWay(ctx, t, nil); err != nil || !yields {
		return err
	}
	gone, err := tx.Evict(ctx, &t.apply, rows)
	if err == nil {
		gone.Release()
	}
	return err
}
