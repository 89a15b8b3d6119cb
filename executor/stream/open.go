package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/syncform/syncform/providers"
)

// opened is open, tried again as often as a session is.
func (r *run) opened(ctx context.Context) error {
	for failures := 1; ; failures++ {
		err := r.open(ctx)
		if err == nil || ctx.Err() != nil || r.o.Soft.Err() != nil || !r.again(err, failures) {
			return err
		}
		select {
		case <-time.After(r.interrupted(err, failures)):
		case <-r.o.Soft.Done():
			return r.o.Soft.Err()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// open reads the target's record and takes the lease, which it gives back where it fails.
func (r *run) open(ctx context.Context) (err error) {
	if r.store, err = r.keeper.OpenStreams(ctx); err != nil {
		return err
	}
	rec, err := r.store.Stream(ctx, r.spec.Sync)
	if err != nil {
		return err
	}
	if rec == nil {
		return r.noRecord()
	}
	if r.lease, err = takeLease(ctx, r.store, rec, r.o); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			rctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWord)
			defer cancel()
			err = errors.Join(err, r.lease.release(rctx, false, r.said(err)))
		}
	}()
	// What was read before the lease may have moved on meanwhile.
	if rec, err = r.reread(ctx); err != nil {
		return err
	}
	if rec.Origin != r.spec.SourceIdentity {
		return r.wayOut(&providers.GapError{Reason: fmt.Sprintf("%s: the checkpoint in %s belongs to the source %s, and %s is %s now", r.spec.Sync, r.spec.Target, rec.Origin, r.spec.Source, r.spec.SourceIdentity)})
	}
	r.saved = time.Now()
	if t, err := time.Parse(time.RFC3339Nano, rec.SourceAt); err == nil {
		r.status.SourceAt = t
	}
	return r.openTables(ctx, rec)
}

// reread reads the record again: whether a commit that broke off took place, only the
// target knows.
func (r *run) reread(ctx context.Context) (*providers.StreamRecord, error) {
	rec, err := r.store.Stream(ctx, r.spec.Sync)
	if err != nil {
		return nil, err
	}
	if rec == nil {
		return nil, r.noRecord()
	}
	if rec.Epoch != r.lease.epoch {
		return nil, providers.ErrFenced
	}
	r.position = rec.Position
	for _, t := range r.tables {
		for _, tr := range rec.Tables {
			if tr.Mapping == t.mapping.Addr {
				t.record = tr
			}
		}
	}
	return rec, nil
}

// openTables makes the tables of the spec with their records.
func (r *run) openTables(ctx context.Context, rec *providers.StreamRecord) error {
	records := map[string]providers.TableRecord{}
	for _, t := range rec.Tables {
		records[t.Mapping] = t
	}
	r.tables, r.bySource = nil, map[string][]*table{}
	for i := range r.mappings {
		m := &r.mappings[i]
		tr, ok := records[m.Addr]
		if !ok || tr.State == providers.TableLoading && !r.o.Beside {
			return fmt.Errorf("%s: %w: run syncform apply", m.Addr, ErrNotLoaded)
		}
		t, err := newTable(m, tr)
		if err != nil {
			return err
		}
		r.tables = append(r.tables, t)
		r.bySource[m.SourceTable.String()] = append(r.bySource[m.SourceTable.String()], t)
	}
	if r.spec.OnBadRow == "dead_letter" {
		return r.openLetters(ctx)
	}
	return nil
}
