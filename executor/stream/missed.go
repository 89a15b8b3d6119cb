package stream

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/syncform/syncform/providers"
)

// What captures a table's changes can be broken by hand: its triggers dropped, the table
// taken out of the publication. The source does not say so, so it is looked at; the table
// is held, and a plan loads it anew, while the others go on.

// followed is what of the source is followed: a table that is held must not keep the others
// from it. A publication is one thing, with all its tables, and polling keeps a mark of each.
func (r *run) followed() providers.Capture {
	c := r.spec.Capture
	if c.Method == providers.Trigger {
		c.Tables = slices.DeleteFunc(slices.Clone(c.Tables), func(t providers.CaptureTable) bool {
			return !slices.ContainsFunc(r.bySource[t.Table.Name.String()], func(t *table) bool { return t.record.State != providers.TableHeld })
		})
	}
	return c
}

// holdMissed holds the tables whose capture is broken. It runs between transactions.
func (r *run) holdMissed(ctx context.Context, sess providers.ApplySession) error {
	if !r.proved.IsZero() && time.Since(r.proved) < lookEvery {
		return nil
	}
	list, err := r.capturer.Missed(ctx, r.followed())
	if err != nil {
		return fmt.Errorf("look whether the source's changes are captured: %w", err)
	}
	r.proved = time.Now()
	var held []*table
	for _, m := range list {
		for _, t := range r.bySource[m.Table.String()] {
			if t.record.State != providers.TableHeld {
				t.next = t.record
				t.hold(m.Why + ": run syncform apply, which loads the table anew")
				held = append(held, t)
			}
		}
	}
	if len(held) == 0 {
		return nil
	}
	err = r.atPosition(ctx, sess, func(tx providers.ApplyTx) error {
		records := make([]providers.TableRecord, len(held))
		for i, t := range held {
			records[i] = t.next
		}
		return tx.Tables(ctx, r.spec.Sync, records)
	})
	if err != nil {
		return err
	}
	for _, t := range held {
		r.o.Log.Warn("a table changed its state", "sync", r.spec.Sync, "table", t.apply.Name.String(), "state", string(t.next.State), "reason", t.next.Reason)
		t.record = t.next
	}
	r.tell()
	return nil
}
