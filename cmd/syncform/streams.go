package main

import (
	"context"

	"github.com/syncform/syncform/executor"
	"github.com/syncform/syncform/executor/stream"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
)

// beginStreams is begin with the streams of these names, or all, and their endpoints
// open.
func (s *session) beginStreams(ctx context.Context, operation string, o configOptions, names []string) (*work, []*plan.Stream, error) {
	return s.beginLocked(ctx, operation, o, lockOptions{}, names)
}

func (s *session) beginLocked(ctx context.Context, operation string, o configOptions, l lockOptions, names []string) (*work, []*plan.Stream, error) {
	w, err := s.begin(ctx, operation, o, l)
	if err != nil {
		return nil, nil, err
	}
	streams, err := w.streams(names)
	if err == nil {
		err = w.openStreams(ctx, streams)
	}
	if err != nil {
		return nil, nil, joined(err, w.close())
	}
	return w, streams, nil
}

// joined is the first error, and the second where there is no first.
func joined(err, second error) error {
	if err != nil {
		return err
	}
	return second
}

// store opens what a target knows of its streams.
func (w *work) store(ctx context.Context, st *plan.Stream) (providers.StreamStore, error) {
	keeper, err := providers.As[providers.StreamKeeper](w.conns[st.Target])
	if err != nil {
		return nil, failed("Can't read the stream's record", err)
	}
	store, err := keeper.FindStreams(ctx)
	if err != nil {
		return nil, failed("Can't read the stream's record", err)
	}
	if store == nil {
		return nil, noRecord(st)
	}
	return store, nil
}

func noRecord(st *plan.Stream) error {
	return refused("No checkpoint of the sync", "%s has no checkpoint of %s (table _sync_checkpoint): it was dropped, or the target is another database. \"syncform apply -replace=%s\" loads its tables anew.", st.Target, st.Sync, st.Sync)
}

// streamOf is a stream with what it takes to run it.
func (w *work) streamOf(st *plan.Stream) stream.Stream {
	return stream.Stream{Spec: *st, Mappings: executor.StreamMappings(w.state, st.Sync), Source: w.conns[st.Source], Target: w.conns[st.Target]}
}

// streamFor finds the stream that a mapping is followed by; nil: none.
func (w *work) streamFor(m *plan.Mapping) *plan.Stream {
	if m.Mode != "incremental" {
		return nil
	}
	return w.state.Stream(m.Sync)
}
