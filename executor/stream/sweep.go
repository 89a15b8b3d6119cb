package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// A capture that does not see deletes is completed by a sweep: a goroutine reads the keys
// of the target's tables and asks the source which of them it has no more; the writer
// asks again between two transactions and deletes what is still missing. A row that comes
// back after that is in a batch that is written later, as there is one writer.

// How often an open stream sweeps: a minute after the last sweep, and so that sweeping
// takes a tenth of the time at most.
const (
	sweepRest  = time.Minute
	sweepShare = 9
)

// sweepKeys is how many keys the source is asked for at a time, sweepChunk how many rows
// of the target are read in one snapshot.
const (
	sweepKeys  = 4096
	sweepChunk = 100_000
)

// sweeper says when to sweep. It outlives the sessions of a run.
type sweeper struct {
	on      bool
	due     time.Time
	last    bool // a whole sweep has begun since the stream came to its end
	running *sweep
}

// sweeps reports whether a run has to find deleted rows by their keys.
func (r *run) sweeps() bool {
	return r.spec.Capture.Method == providers.Polling && r.spec.Capture.Deletes
}

// sweep is one pass over the keys of all tables.
type sweep struct {
	last    bool
	began   time.Time
	found   chan missing
	stop    context.CancelFunc
	err     error // once found is closed
	deleted map[*table]int64
	refused error // why a row could not be deleted
}

// missing are keys of the target that the source does not have.
type missing struct {
	table *table
	keys  *row.Batch
}

// swept is a table as it was when its sweep began.
type swept struct {
	table          *table
	target, source providers.ReadTable
	key            []int // of target.Columns and of source.Columns: all of them
}

// sweep does what there is to do between two transactions. ended says that the stream
// has come to the run's end; done that no sweep keeps it from ending.
func (w *writer) sweep(ctx context.Context, ended bool) (done bool, err error) {
	s := &w.sweeper
	if !s.on {
		return true, nil
	}
	if s.running == nil {
		switch {
		case ended && s.last:
			return true, nil
		case ended || w.o.Until == Stopped && time.Now().After(s.due):
			if s.running, err = w.beginSweep(ctx, ended); err != nil {
				return false, err
			}
		default:
			return false, nil
		}
	}
	for {
		select {
		case m, ok := <-s.running.found:
			if !ok {
				return false, w.endSweep()
			}
			if err := w.remove(ctx, m); err != nil {
				return false, err
			}
			if err := w.lease.check(); err != nil || w.o.Soft.Err() != nil || w.pauses() {
				return false, err // the stream's loop knows what to do
			}
		default:
			return false, nil
		}
	}
}

func (w *writer) beginSweep(ctx context.Context, last bool) (*sweep, error) {
	reader, err := providers.As[providers.SnapshotReader](w.target)
	if err != nil {
		return nil, fmt.Errorf("read the keys of %s: %w", w.spec.Target, err)
	}
	var tables []swept
	for _, t := range w.tables {
		if t.record.State != providers.TableHeld {
			tables = append(tables, t.swept())
		}
	}
	ctx, stop := context.WithCancel(ctx)
	s := &sweep{last: last, began: time.Now(), found: make(chan missing), stop: stop, deleted: map[*table]int64{}}
	go func() {
		defer close(s.found)
		for _, t := range tables {
			if err := s.table(ctx, reader, w.capturer, t); err != nil {
				s.err = fmt.Errorf("compare the keys of table %s with the source's: %w", t.target.Name, err)
				return
			}
		}
	}()
	return s, nil
}

// endSweep settles when to sweep again.
func (w *writer) endSweep() error {
	s := w.sweeper.running
	w.sweeper.running = nil
	s.stop()
	if s.err != nil {
		return s.err
	}
	for t, n := range s.deleted {
		w.o.Log.Info("rows that the source has no more were deleted", "sync", w.spec.Sync, "table", t.apply.Name.String(), "rows", n)
	}
	took := time.Since(s.began)
	w.sweeper.due = time.Now().Add(max(sweepRest, sweepShare*took))
	switch {
	case s.refused == nil:
		w.sweeper.last = w.sweeper.last || s.last
	case len(s.deleted) > 0:
		w.sweeper.due = time.Now() // rows that were in the way may be gone
	case w.spec.OnBadRow == "dead_letter":
		w.o.Log.Warn("rows that the source has no more can't be deleted", "sync", w.spec.Sync, "error", s.refused.Error())
		w.sweeper.last = w.sweeper.last || s.last
	default:
		return fmt.Errorf("delete rows that the source has no more: %w", s.refused)
	}
	return nil
}

// dropSweep ends a sweep with its session; it begins anew in the next.
func (w *writer) dropSweep() {
	if s := w.sweeper.running; s != nil {
		s.stop()
		for range s.found { // until it has ended
		}
		w.sweeper.running = nil
	}
}

func (t *table) swept() swept {
	s := swept{
		table:  t,
		target: providers.ReadTable{Name: t.apply.Name},
		source: providers.ReadTable{Name: t.read.Name, Only: t.read.Only},
	}
	for i, col := range t.apply.Key {
		c, from := t.apply.Columns[col], t.read.Columns[t.key[i]]
		s.target.Columns = append(s.target.Columns, providers.ReadColumn{Name: c.Name, Type: c.Type, As: c.Source})
		s.target.Key = append(s.target.Key, c.Name)
		s.source.Columns = append(s.source.Columns, from)
		s.source.Key = append(s.source.Key, from.Name)
		s.key = append(s.key, i)
	}
	return s
}

// table sweeps one table, in a snapshot of its own for each piece, so that none is held
// for long.
func (s *sweep) table(ctx context.Context, reader providers.SnapshotReader, capturer providers.Capturer, t swept) error {
	var chunks []providers.Chunk
	err := withSnapshot(ctx, reader, func(snap providers.Snapshot) (err error) {
		chunks, err = snap.Chunks(ctx, t.target, sweepChunk)
		return err
	})
	if err != nil {
		return err
	}
	asked := row.NewBatch(len(t.key))
	for _, c := range chunks {
		err := withSnapshot(ctx, reader, func(snap providers.Snapshot) error {
			return s.chunk(ctx, snap, capturer, t, c, asked)
		})
		if err != nil {
			return err
		}
	}
	return s.ask(ctx, capturer, t, asked)
}

func withSnapshot(ctx context.Context, reader providers.SnapshotReader, use func(providers.Snapshot) error) (err error) {
	snap, err := reader.OpenSnapshot(ctx, providers.SnapshotOptions{Readers: 1})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, snap.Close()) }()
	return use(snap)
}

func (s *sweep) chunk(ctx context.Context, snap providers.Snapshot, capturer providers.Capturer, t swept, c providers.Chunk, asked *row.Batch) (err error) {
	r, err := snap.Read(ctx, t.target, c, []row.Form{row.FormFields})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for {
		b, err := r.Next(ctx)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		for i := range b.Rows {
			appendRowOf(asked, b, i)
		}
		b.Release()
		if asked.Rows >= sweepKeys {
			if err := s.ask(ctx, capturer, t, asked); err != nil {
				return err
			}
		}
	}
}

// appendRowOf copies a row of a batch of the same width.
func appendRowOf(to, from *row.Batch, i int) {
	for f := range from.Width {
		v, state := from.Field(i, f)
		to.Data = append(to.Data, v...)
		to.EndField(state)
	}
	to.EndRow()
}

// ask hands on the keys that the source does not have, and empties asked.
func (s *sweep) ask(ctx context.Context, capturer providers.Capturer, t swept, asked *row.Batch) error {
	if asked.Rows == 0 {
		return nil
	}
	defer asked.Reset()
	there, err := capturer.ReadKeys(ctx, t.source, asked)
	if err != nil {
		return err
	}
	defer there.Release()
	gone := missing{table: t.table, keys: row.NewBatch(len(t.key))}
	at := rowsByKey(there, t.key)
	var k []byte
	for i := range asked.Rows {
		if k = keyOf(k[:0], asked, i); !has(at, k) {
			appendKeyRow(gone.keys, k)
		}
	}
	if gone.keys.Rows == 0 {
		return nil
	}
	select {
	case s.found <- gone:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// keyOf encodes a row of a batch of keys.
func keyOf(dst []byte, keys *row.Batch, i int) []byte {
	for f := range keys.Width {
		v, state := keys.Field(i, f)
		dst = appendKey(dst, v, state)
	}
	return dst
}

func has(at map[string]int, key []byte) bool {
	_, ok := at[string(key)]
	return ok
}
