package stream

import (
	"context"
	"errors"
	"time"

	"github.com/syncform/syncform/providers"
)

// A source's column may come to take NULL under the stream. No log tells of that, only
// the first row that the target refuses.

// tightError is a row that the target refuses, and may take once its columns are as those
// of the source are now.
type tightError struct {
	table *table
	err   error
}

func (e *tightError) Error() string { return e.err.Error() }

func (e *tightError) Unwrap() error { return e.err }

// maybeTight reports whether the source is to be asked for why a row is refused.
func (r *run) maybeTight(t *table, err error) bool {
	return r.o.RelaxColumns != nil && errors.As(err, new(*providers.BadRowError)) && t.easedAt != r.position && (t.eased.IsZero() || time.Since(t.eased) > lookEvery)
}

// ease lets the target's columns take what the source's do. The batch comes again from the
// checkpoint, and is refused for good where that has not helped.
func (w *writer) ease(ctx context.Context, e *tightError) error {
	w.abandon() // its locks would be in the way
	columns, err := w.o.RelaxColumns(ctx, e.table.mapping)
	if err != nil && (providers.IsRetryable(err) || ctx.Err() != nil) {
		return err
	}
	if err != nil {
		w.o.Log.Warn("columns of the target could not be made to take NULL, as those of the source do", "sync", w.spec.Sync, "table", e.table.apply.Name.String(), "error", err.Error())
	}
	e.table.eased, e.table.easedAt = time.Now(), w.position
	if len(columns) > 0 {
		e.table.eased, e.table.easedAt = time.Time{}, ""
		w.o.Log.Info("columns take NULL now, as in the source", "sync", w.spec.Sync, "table", e.table.apply.Name.String(), "columns", columns)
	}
	return errAgain
}
