package providertest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/syncform/syncform/providers"
)

// testWrite: a chunk's rows and its mark are committed together or not at all.
func testWrite(t *testing.T, s Suite) {
	ctx := limited(t)
	e := s.open(t)
	table := e.createPlain(t, "wri`tten \"x", "v", "text", "n", "int")
	w := capability[providers.Writer](t, e)
	l := loadOf(table, nil)
	r := readOf(l)
	asked := 0
	open := func() providers.LoadState {
		t.Helper()
		state, err := w.OpenLoad(ctx, l, func() ([]providers.Chunk, error) {
			asked++
			return []providers.Chunk{{ID: 0, Bounds: "first", Rows: 10}, {ID: 1, Bounds: `odd "bounds" \ ' ü`, Rows: 20}, {ID: 2, Bounds: "", Rows: 0}}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return state
	}
	rows := func(from, to int) [][]field {
		var out [][]field
		for i := from; i < to; i++ {
			out = append(out, []field{text(fmt.Sprint(i)), text(fmt.Sprintf("row\t%d\n\\N 'x' \"y\"", i)), nil})
		}
		return out
	}
	stored := func(what string, want int) {
		t.Helper()
		if n := len(e.read(t, r)); n != want {
			t.Errorf("%s: %d rows are there, want %d", what, n, want)
		}
	}

	state := open()
	if len(state.Chunks) != 3 || len(state.Done) != 0 || state.Rows != 0 {
		t.Errorf("a new load is %+v", state)
	}
	tw, err := w.OpenWriter(ctx, l)
	if err != nil {
		t.Fatal(err)
	}
	gone := errors.New("the source went away")
	_, err = tw.WriteChunk(ctx, state.Chunks[0], &given{rows: rows(0, 1000), batch: 100, end: gone})
	if !errors.Is(err, gone) {
		t.Errorf("the source's error comes out as %v", err)
	}
	stored("after the source failed", 0)
	if state := open(); len(state.Done) != 0 {
		t.Errorf("after the source failed chunks %v are done", state.Done)
	}

	// The same writer goes on after an error.
	for i, part := range [][][]field{rows(0, 1000), rows(1000, 1500), nil} {
		written, err := tw.WriteChunk(ctx, state.Chunks[i], &given{rows: part, batch: 7})
		if err != nil {
			t.Fatalf("chunk %d: %v", i, err)
		}
		if written.Rows != int64(len(part)) {
			t.Errorf("chunk %d: %d rows written, want %d", i, written.Rows, len(part))
		}
		if len(part) > 0 && written.Bytes == 0 {
			t.Errorf("chunk %d: no bytes counted", i)
		}
	}
	if _, err := tw.WriteChunk(ctx, state.Chunks[0], &given{rows: rows(5000, 5010)}); !errors.Is(err, providers.ErrChunkDone) {
		t.Errorf("a chunk that is done: %v, want ErrChunkDone", err)
	}
	closing(t, tw)
	stored("in the end", 1500)
	sameRows(t, "the rows", r.Columns, rows(0, 1500), e.read(t, r))
	again := open()
	if len(again.Done) != 3 || again.Rows != 1500 {
		t.Errorf("a load that is done is %+v", again)
	}
	same(t, "chunks of an opened load", state.Chunks, again.Chunks)
	if asked != 1 {
		t.Errorf("chunks were asked for %d times", asked)
	}
	for range 2 {
		if err := w.CloseLoad(ctx, l, again.Rows); err != nil {
			t.Fatal(err)
		}
	}
	noted := Query(t, e.url, "SELECT records_synced FROM _sync_metadata")
	if len(noted) != 1 || noted[0][0] != "1500" {
		t.Errorf("_sync_metadata holds %q, want a row of 1500 records", noted)
	}
	testCancelledWrite(t, e)
	testTwoWriters(t, e)
}

// testCancelledWrite: a chunk that is cancelled half way leaves nothing.
func testCancelledWrite(t *testing.T, e *endpoint) {
	table := e.createPlain(t, "cancelled", "v", "text")
	l := loadOf(table, nil)
	w := capability[providers.Writer](t, e)
	state, err := w.OpenLoad(limited(t), l, oneChunk)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(limited(t))
	defer cancel()
	tw, err := w.OpenWriter(ctx, l)
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]field
	for i := range 1000 {
		rows = append(rows, fields(fmt.Sprint(i), "x"))
	}
	if _, err := tw.WriteChunk(ctx, state.Chunks[0], &given{rows: rows, batch: 100, half: cancel}); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled chunk: %v, want context.Canceled", err)
	}
	if err := tw.Close(); err != nil {
		t.Logf("close a writer that was cancelled: %v", err) // its connection may be gone
	}
	if n := len(e.read(t, readOf(l))); n != 0 {
		t.Errorf("a cancelled chunk left %d rows", n)
	}
	e.mustWrite(t, l, rows)
}

// testTwoWriters: several writers load a table at once, and a chunk that two of them
// are given is written by one.
func testTwoWriters(t *testing.T, e *endpoint) {
	ctx := limited(t)
	table := e.createPlain(t, "two writers", "v", "text")
	l := loadOf(table, nil)
	w := capability[providers.Writer](t, e)
	const chunks = 8
	state, err := w.OpenLoad(ctx, l, func() ([]providers.Chunk, error) {
		var cs []providers.Chunk
		for i := range chunks {
			cs = append(cs, providers.Chunk{ID: i, Bounds: fmt.Sprint(i)})
		}
		return cs, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	written := make(chan int64)
	for range 2 {
		go func() {
			var n int64
			defer func() { written <- n }()
			tw, err := w.OpenWriter(ctx, l)
			if err != nil {
				t.Error(err)
				return
			}
			for i, c := range state.Chunks {
				var rows [][]field
				for j := range 100 {
					rows = append(rows, fields(fmt.Sprint(i*100+j), "x"))
				}
				for {
					got, err := tw.WriteChunk(ctx, c, &given{rows: rows, batch: 10})
					if providers.IsRetryable(err) {
						continue // a deadlock, or the one writer that SQLite has
					}
					if err != nil && !errors.Is(err, providers.ErrChunkDone) {
						t.Errorf("chunk %d: %v", i, err)
					}
					n += got.Rows
					break
				}
			}
			if err := tw.Close(); err != nil {
				t.Error(err)
			}
		}()
	}
	if n := <-written + <-written; n != 100*chunks {
		t.Errorf("two writers wrote %d rows between them, want %d", n, 100*chunks)
	}
	if n := len(e.read(t, readOf(l))); n != 100*chunks {
		t.Errorf("%d rows are there, want %d", n, 100*chunks)
	}
}
