package cutover

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/syncform/syncform/executor/retry"
	"github.com/syncform/syncform/executor/stream"
	"github.com/syncform/syncform/executor/verify"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// Save makes a change of the state durable.
type Save func(ctx context.Context, change func(*state.State)) error

// startAttempts is how often the start of a capture is tried again where that may help.
const startAttempts = 5

// Turn sets the stream back up, once a cutover is done and before any writer has moved,
// and ends the forward one. The state says at each place how far it is, so that a run
// that was cut short is gone on with by the next, or taken down by an apply: up to the
// moment where the state follows the way back, the forward stream is as it was.
func Turn(ctx context.Context, forward *plan.Stream, rev *Reverse, source, target providers.Conn, save Save) error {
	err := save(ctx, func(s *state.State) { s.PutStream(rev.Spec) })
	if err != nil {
		return err
	}
	for i := range rev.Mappings {
		if err := refresh(ctx, &rev.Mappings[i], target, source); err != nil {
			return err
		}
	}
	capturer, err := providers.As[providers.Capturer](target)
	if err != nil {
		return err
	}
	for _, step := range rev.Capture.Steps {
		if _, err := capturer.RunCaptureStep(ctx, step); err != nil {
			return fmt.Errorf("prepare %s for the way back (%s): %w", rev.Spec.Source, step.Text, err)
		}
	}
	if err := identify(ctx, rev.Mappings, target); err != nil {
		return err
	}
	var start providers.CaptureStart
	err = retry.Do(ctx, ctx, retry.Policy{Attempts: startAttempts}, func(ctx context.Context) (err error) {
		start, err = capturer.StartCapture(ctx, rev.Spec.Capture)
		return err
	})
	if err != nil {
		return fmt.Errorf("begin to follow %s: %w", rev.Spec.Source, err)
	}
	keeper, err := providers.As[providers.StreamKeeper](source)
	if err != nil {
		return err
	}
	store, err := keeper.OpenStreams(ctx)
	if err != nil {
		return err
	}
	record := providers.StreamRecord{Sync: rev.Spec.Sync, Origin: rev.Spec.SourceIdentity, Start: start, Position: start.Position}
	for i := range rev.Mappings {
		m := &rev.Mappings[i]
		record.Tables = append(record.Tables, providers.TableRecord{Mapping: m.Addr, Table: m.TargetTable, State: providers.TableLive})
	}
	if err := store.Begin(ctx, record); err != nil {
		return fmt.Errorf("write where the way back begins: %w", err)
	}
	err = save(ctx, func(s *state.State) {
		back := rev.Spec
		back.Turn = ""
		s.PutStream(back)
		if f := s.Stream(forward.Sync); f != nil {
			f.Turn = plan.TurnGone
		}
		for i := range rev.Mappings {
			s.PutFollowed(rev.Mappings[i])
		}
	})
	if err != nil {
		return err
	}
	return End(ctx, forward, source, target, save)
}

// End removes what a stream has left that another goes the other way round of.
func End(ctx context.Context, gone *plan.Stream, source, target providers.Conn, save Save) error {
	capturer, err := providers.As[providers.Capturer](source)
	if err != nil {
		return err
	}
	steps, err := capturer.PlanTeardown(ctx, gone.Capture)
	if err != nil {
		return fmt.Errorf("look for what %s has left in %s: %w", gone.Sync, gone.Source, err)
	}
	for _, step := range steps {
		if _, err := capturer.RunCaptureStep(ctx, step); err != nil {
			return fmt.Errorf("take down what %s has left in %s (%s): %w", gone.Sync, gone.Source, step.Text, err)
		}
	}
	keeper, err := providers.As[providers.StreamKeeper](target)
	if err != nil {
		return err
	}
	store, err := keeper.FindStreams(ctx)
	if err == nil && store != nil {
		err = store.Forget(ctx, gone.Sync)
	}
	if err != nil {
		return fmt.Errorf("forget the checkpoint of %s: %w", gone.Sync, err)
	}
	return save(ctx, func(s *state.State) {
		s.Streams = slices.DeleteFunc(s.Streams, func(st plan.Stream) bool { return st.Sync == gone.Sync })
		if gone.Reverses != "" {
			s.Mappings = slices.DeleteFunc(s.Mappings, func(m state.Mapping) bool { return m.Sync == gone.Sync })
		}
	})
}

// How many rows that differ are found at a time, how many of them are written in a
// transaction, and how often at most it is looked for more.
const (
	refreshFind  = 10_000
	refreshWrite = 500
	refreshLooks = 1000
)

// refresh brings what a mapping computes to what its source holds by now: the way back
// did not carry that.
func refresh(ctx context.Context, m *plan.Mapping, source, target providers.Conn) error {
	if !m.Computes() {
		return nil
	}
	for range refreshLooks {
		r, err := verify.Mapping(ctx, m, source, target, verify.Options{Limit: refreshFind})
		if err != nil || r.Equal() {
			return err
		}
		for _, keys := range r.Keys(refreshWrite) {
			if _, err := stream.RewriteRows(ctx, m, source, target, keys); err != nil {
				return fmt.Errorf("bring what %s computes to what its source holds: %w", m.Addr, err)
			}
		}
	}
	return fmt.Errorf("%s still differs after its rows were written again: run syncform verify", m.Addr)
}

// identify notes the identities of the columns that are going to be followed.
func identify(ctx context.Context, mappings []plan.Mapping, source providers.Conn) error {
	identifier, err := providers.As[providers.ColumnIdentifier](source)
	if errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	var tables []schema.Name
	for i := range mappings {
		tables = append(tables, mappings[i].SourceTable)
	}
	ids, err := identifier.ColumnIDs(ctx, tables)
	if err != nil {
		return err
	}
	for i := range mappings {
		mappings[i].ColumnIDs, mappings[i].Refill = ids[mappings[i].SourceTable], nil
	}
	return nil
}
