package stream

import (
	"context"
	"errors"
	"time"

	"github.com/syncform/syncform/providers"
)

// A source's column may come to take NULL under the stream, its table may get a partition or
// lose a unique key: no log tells of that, and not every capture tells of a type. The first
// row that the target refuses does.

// tightError is a row that the target refuses, and may take once its table is as the
// source's is now.
type tightError struct {
	table *table
	err   error
}

func (e *tightError) Error() string { return e.err.Error() }

func (e *tightError) Unwrap() error { return e.err }

// maybeTight reports whether the source is to be asked for why a row is refused.
func (r *run) maybeTight(t *table, err error) bool {
	return r.o.Ease != nil && (inTheWay(err) || errors.As(err, new(*providers.BadRowError))) && t.easedAt != r.position && (t.eased.IsZero() || time.Since(t.eased) > lookEvery)
}

// ease lets the target's table take what the source's does. The batch comes again from the
// checkpoint, and is refused for good where that has not helped.
func (w *writer) ease(ctx context.Context, e *tightError) error {
	w.abandon() // its locks would be in the way
	m, done, err := w.o.Ease(ctx, e.table.mapping)
	if err != nil && (providers.IsRetryable(err) || ctx.Err() != nil) {
		return err
	}
	if err != nil {
		w.o.Log.Warn("the target's table could not be made to take what the source's does", "sync", w.spec.Sync, "table", e.table.apply.Name.String(), "error", err.Error())
	}
	e.table.eased, e.table.easedAt = time.Now(), w.position
	if len(done) > 0 {
		e.table.eased, e.table.easedAt = time.Time{}, ""
		w.o.Log.Info("the target's table takes what the source's does", "sync", w.spec.Sync, "table", e.table.apply.Name.String(), "changes", done)
	}
	if m != nil && len(done) > 0 {
		return w.takeMapping(e.table, m)
	}
	return errAgain
}
