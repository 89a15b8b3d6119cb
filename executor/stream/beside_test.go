package stream_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/syncform/syncform/executor/stream"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// A load with the stream beside it, in every order of things: chunks are read and written
// at any time while the stream notes keys, either is cut at any point, the noted rows are
// read again by drains that are cut too and may follow one another, with what the stream
// has brought not yet visible to reads. In the end the target equals the source.
func TestHandOffBeside(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		w.loadBeside()
		w.catchUp(t)
	})
}

func (w *world) loadBeside() {
	t := w.t
	s0 := rapid.IntRange(0, len(w.log)).Draw(t, "s0")
	w.now, w.rows, w.noted = s0, map[string]rec{}, map[string]bool{}
	w.record = providers.StreamRecord{Sync: "sync.s", Origin: "origin", Position: position(s0), Epoch: 1,
		Tables: []providers.TableRecord{{Mapping: mapping, State: providers.TableLoading, Generation: "g"}}}
	on := func() { w.now = rapid.IntRange(w.now, len(w.log)).Draw(t, "now") }
	for _, part := range []string{"0123", "4567", "89"} {
		w.beside()
		on()
		snap := w.snapshot(w.now, s0)
		w.beside()
		on()
		w.chunk(part, snap)
	}
	for range rapid.IntRange(1, 3).Draw(t, "drains") {
		w.beside()
		on()
		w.drain(s0)
	}
	// Only a drain that has come to its end lets the table catch up.
	for len(w.noted) > 0 {
		w.drain(s0)
	}
	if w.wrong != "" {
		t.Fatal(w.wrong)
	}
	w.record.Tables[0].State, w.record.Tables[0].ConsistentAt = providers.TableCatchingUp, position(w.now)
}

func (w *world) chunk(part string, snap map[string]rec) {
	for _, k := range keysOf(snap) {
		if !slices.Contains([]byte(part), k[0]) {
			continue
		}
		r := snap[k]
		if w.unique {
			// A unique value that two chunks bring can't be true at one time.
			maps.DeleteFunc(w.rows, func(_ string, o rec) bool { return o.u == r.u })
		}
		w.rows[k] = r
	}
}

// beside runs the stream beside the load up to some place, or until it breaks off.
func (w *world) beside() {
	goal := rapid.IntRange(place(w.record.Position), w.now).Draw(w.t, "beside")
	if goal == place(w.record.Position) {
		return
	}
	for tries := 0; ; tries++ {
		soft, stop := context.WithCancel(context.Background())
		_, err := stream.Run(context.Background(), w.stream(), stream.Options{
			Beside: true, Soft: soft, Attempts: 1, Backoff: func(int) time.Duration { return 0 },
			Tell: func(s stream.Status) {
				if place(s.Position) >= goal {
					stop()
				}
			},
		})
		stop()
		rests := errors.As(err, new(*stream.RestsError))
		if err != nil && !rests && !providers.IsRetryable(err) {
			w.t.Fatalf("the stream beside the load failed: %v", err)
		}
		if rests || place(w.record.Position) >= goal {
			return
		}
		if tries > 200 {
			w.t.Fatal("the stream beside the load does not come on")
		}
	}
}

// drain reads the noted rows again, in a try that may be cut.
func (w *world) drain(s0 int) {
	w.stale = w.snapshot(w.now, s0)
	visible := w.snapshot(w.now, place(w.record.Position))
	w.visible = func() { w.stale = visible }
	w.drains = true
	err := stream.Drain(context.Background(), w.stream(), stream.Options{})
	if err != nil && !providers.IsRetryable(err) {
		w.t.Fatalf("the drain failed: %v", err)
	}
	w.drains, w.stale, w.visible = false, nil, nil
}

// AwaitVisible makes what the stream has brought visible.
func (w *world) AwaitVisible(context.Context, providers.Capture, row.Position) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.visible != nil {
		w.visible()
	}
	return nil
}

// AwaitSent is AwaitVisible.
func (w *world) AwaitSent(ctx context.Context, c providers.Capture, at row.Position) error {
	return w.AwaitVisible(ctx, c, at)
}

func (t *transaction) NoteKeys(_ context.Context, _ providers.KeySet, keys []string) error {
	for _, k := range keys {
		t.noted[k] = true
	}
	return nil
}

func (t *transaction) ForgetKeys(_ context.Context, _ providers.KeySet, keys []string) error {
	for _, k := range keys {
		delete(t.noted, k)
	}
	return nil
}

func (s *store) NotedKeys(_ context.Context, _ providers.KeySet, after string, limit int) (out []string, _ error) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	for _, k := range slices.Sorted(maps.Keys(s.w.noted)) {
		if k > after && len(out) < min(3, limit) {
			out = append(out, k)
		}
	}
	return out, nil
}
