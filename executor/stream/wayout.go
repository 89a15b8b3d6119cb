package stream

import (
	"context"
	"errors"
	"fmt"

	"github.com/syncform/syncform/providers"
)

// missing tells a failure whose cause is that the target's records were removed.
func (r *run) missing(ctx context.Context, err error) error {
	if store, ferr := r.keeper.FindStreams(ctx); ferr == nil && store == nil {
		return r.noRecord()
	}
	return err
}

// wayOut names the command that mends what is not to be had any more.
func (r *run) wayOut(err error) error {
	switch {
	case errors.As(err, new(*providers.GapError)):
		return fmt.Errorf("%w; load the tables anew with apply -replace=%s", err, r.spec.Sync)
	case rowsFault(err):
		return fmt.Errorf("%w; nothing is lost, and the next sync goes on with this row: if the source's table was altered, syncform apply alters the target's; else change the row, or the target's table, or set on_bad_row = \"dead_letter\"", err)
	}
	return err
}

func (r *run) noRecord() error {
	return fmt.Errorf("%s: %w (tables _sync_checkpoint and _sync_lease of %s): it was removed, or the target is another database; load its tables anew with apply -replace=%s", r.spec.Sync, ErrNoRecord, r.spec.Target, r.spec.Sync)
}

// fenced says which instance has the stream now.
func (r *run) fenced(ctx context.Context) error {
	e := &LeasedError{Sync: r.spec.Sync, Holder: "it took over while this one gave no sign of life"}
	rec, err := r.store.Stream(ctx, r.spec.Sync)
	switch {
	case err != nil:
	case rec == nil:
		return r.noRecord()
	case rec.Holder != "":
		e.Holder = rec.Holder
	}
	return e
}
