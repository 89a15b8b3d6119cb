package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/syncform/syncform/executor/stream"
	"github.com/syncform/syncform/executor/verify"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// lookAgain is how many differing rows of a table that is followed are looked at again.
const lookAgain = 10_000

// repairBatch is how many rows a repair writes in a transaction.
const repairBatch = 500

// takesUp is how long an instance may need to take its stream up again after a repair has
// had it rest.
const takesUp = 5 * time.Second

// settleLive looks at the differences of tables that are followed again, once their
// streams have passed the moment of the comparison.
func (w *work) settleLive(ctx context.Context, mappings []*plan.Mapping, reports []verify.Report) error {
	var errs []error
	for i, m := range mappings {
		st, r := w.streamFor(m), &reports[i]
		if st == nil || r.Error != "" || r.Equal() {
			continue
		}
		if err := w.settleOne(ctx, st, m, r); err != nil {
			r.Error = err.Error()
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (w *work) settleOne(ctx context.Context, st *plan.Stream, m *plan.Mapping, r *verify.Report) error {
	store, err := w.store(ctx, st)
	if err != nil {
		return err
	}
	capturer, err := providers.As[providers.Capturer](w.conns[st.Source])
	if err != nil {
		return err
	}
	rec, err := store.Stream(ctx, st.Sync)
	if err != nil {
		return err
	}
	if rec == nil {
		r.Note = "the target has no checkpoint of the sync: its rows are as old as they are"
		return nil
	}
	for _, t := range rec.Tables {
		switch {
		case t.Mapping != m.Addr:
		case t.State == providers.TableHeld:
			r.Note = "the table is held (" + t.Reason + "): what the source changed since is not here; syncform apply -replace='" + m.Addr + "' loads it anew"
			return nil
		case t.State == providers.TableLoading:
			r.Note = "the table is being loaded"
			return nil
		}
	}
	errStill := errors.New("the stream stands still")
	pass := func(ctx context.Context) error {
		goal, err := capturer.Current(ctx, st.Capture)
		if err != nil {
			return err
		}
		last := time.Now()
		for rec := rec; ; {
			now, err := store.Stream(ctx, st.Sync)
			if err != nil {
				return err
			}
			switch {
			case now == nil, now.Holder == "" && time.Since(last) > takesUp:
				return errStill
			case now.Beat != rec.Beat:
				rec, last = now, time.Now()
			}
			if ok, err := capturer.Reached(now.Position, goal); ok || err != nil {
				return err
			}
			if time.Since(last) > providers.LeaseExpires {
				return errStill
			}
			select {
			case <-time.After(50 * time.Millisecond):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	err = verify.Again(ctx, m, w.conns[m.Source], w.conns[m.Target], r, pass)
	if errors.Is(err, errStill) {
		r.Note = "no instance runs the sync, so rows that the source changed since its last transaction differ; run syncform sync -once first"
		return nil
	}
	return err
}

// repair brings the rows that differ to what the source holds. It returns how many were
// written or deleted, by mapping.
func (w *work) repair(ctx context.Context, mappings []*plan.Mapping, reports []verify.Report) (map[string]int64, error) {
	done := map[string]int64{}
	var errs []error
	for i, m := range mappings {
		r := &reports[i]
		keys := r.Keys(repairBatch)
		if r.Error != "" || len(keys) == 0 {
			continue
		}
		n, err := w.repairOne(ctx, m, keys)
		done[m.Addr] += n.Written + n.Deleted
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", m.Addr, err))
		}
	}
	return done, failed("Not all could be repaired", errors.Join(errs...))
}

func (w *work) repairOne(ctx context.Context, m *plan.Mapping, keys []*row.Batch) (sum stream.Rewritten, err error) {
	rewrite := func(ctx context.Context, b *row.Batch) (stream.Rewritten, error) {
		return stream.RewriteRows(ctx, m, w.conns[m.Source], w.conns[m.Target], b)
	}
	if st := w.streamFor(m); st != nil {
		hold, err := stream.OpenHold(ctx, w.streamOf(st), stream.Options{Soft: ctx, Redact: w.s.secrets.Text})
		if err != nil {
			return sum, err
		}
		defer func() { err = errors.Join(err, hold.Close(ctx)) }()
		rewrite = func(ctx context.Context, b *row.Batch) (stream.Rewritten, error) { return hold.Rewrite(ctx, m.Addr, b) }
	}
	for _, b := range keys {
		n, err := rewrite(ctx, b)
		if err != nil {
			return sum, err
		}
		sum.Written, sum.Deleted = sum.Written+n.Written, sum.Deleted+n.Deleted
	}
	return sum, nil
}
