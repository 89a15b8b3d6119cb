package backfill_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// database is an endpoint in memory that fails now and then, as a server does: before
// it has done what was asked, or after, with only the answer lost.
type database struct {
	mu       sync.Mutex
	random   *rand.Rand
	faults   float64 // chance of a failure per call
	tables   map[string][]string
	chunks   map[string][]providers.Chunk // by mapping and generation
	done     map[string]int64             // rows by mapping, generation and chunk
	closed   map[string]int64             // rows by mapping, as CloseLoad had them
	volatile []func()                     // undoes the chunks that a crash may still take away
	moment   int                          // grows with every snapshot; rows tell which one they were read from
	open     int                          // snapshots
	readers  int
	most     int    // readers at a time
	rowsRead func() // called with mu held
	writing  func() // called before a chunk is written
}

func newDatabase(r *rand.Rand) *database {
	return &database{random: r, tables: map[string][]string{}, chunks: map[string][]providers.Chunk{}, done: map[string]int64{}, closed: map[string]int64{}}
}

var errFault = errors.New("the connection was lost")

// fault returns an error now and then. mu is held.
func (d *database) fault() error {
	if d.random.Float64() < d.faults {
		return &providers.RetryableError{Err: errFault}
	}
	return nil
}

// The source's side: a table's rows are its name, a number and the moment.

func (d *database) OpenSnapshot(context.Context, providers.SnapshotOptions) (providers.Snapshot, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.fault(); err != nil {
		return nil, err
	}
	d.moment++
	d.open++
	return &snapshot{d, d.moment}, nil
}

type snapshot struct {
	*database
	moment int
}

func (s *snapshot) Position() row.Position { return "" }

func (s *snapshot) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	return nil
}

func (s *snapshot) Chunks(_ context.Context, t providers.ReadTable, _ int64) ([]providers.Chunk, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.fault(); err != nil {
		return nil, err
	}
	var n int
	if _, err := fmt.Sscanf(t.Name.Name, "t%d", &n); err != nil {
		return nil, err
	}
	chunks := make([]providers.Chunk, 1+n%7)
	for i := range chunks {
		chunks[i] = providers.Chunk{ID: i, Bounds: fmt.Sprint(i * 100), Rows: 100}
	}
	return chunks, nil
}

func (s *snapshot) Read(ctx context.Context, t providers.ReadTable, c providers.Chunk, _ []row.Form) (row.Reader, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.fault(); err != nil {
		return nil, err
	}
	s.readers++
	s.most = max(s.most, s.readers)
	r := &reader{snapshot: s, table: t.Name.Name}
	_, err := fmt.Sscan(c.Bounds, &r.next)
	r.end = r.next + 100
	return r, err
}

type reader struct {
	*snapshot
	table     string
	next, end int
	closed    bool
}

func (r *reader) Form() row.Form { return row.FormFields }

func (r *reader) Next(ctx context.Context) (*row.Batch, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.rowsRead != nil {
		r.rowsRead()
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := r.fault(); err != nil {
		return nil, err
	}
	if r.next == r.end {
		return nil, io.EOF
	}
	b := row.NewBatch(1)
	for range min(30, r.end-r.next) {
		b.Append(fmt.Appendf(nil, "%s %d %d", r.table, r.next, r.moment))
		b.EndRow()
		r.next++
	}
	return b, nil
}

func (r *reader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.closed = true
		r.readers--
	}
	return nil
}

// The target's side.

func loadKey(l providers.Load) string { return l.Mapping + "/" + l.Generation }

func (d *database) OpenLoad(_ context.Context, l providers.Load, chunks func() ([]providers.Chunk, error)) (providers.LoadState, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	st := providers.LoadState{Done: map[int]bool{}}
	if err := d.fault(); err != nil {
		return st, err
	}
	if d.chunks[loadKey(l)] == nil {
		d.mu.Unlock()
		list, err := chunks()
		d.mu.Lock()
		if err != nil {
			return st, err
		}
		d.chunks[loadKey(l)] = list
	}
	st.Chunks = d.chunks[loadKey(l)]
	for _, c := range st.Chunks {
		if rows, done := d.done[fmt.Sprintf("%s/%d", loadKey(l), c.ID)]; done {
			st.Done[c.ID] = true
			st.Rows += rows
		}
	}
	return st, d.fault()
}

func (d *database) OpenWriter(_ context.Context, l providers.Load) (providers.TableWriter, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return &writer{d, l}, d.fault()
}

func (d *database) CloseLoad(_ context.Context, l providers.Load, rows int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.fault(); err != nil {
		d.crash()
		return err
	}
	d.closed[l.Mapping], d.volatile = rows, nil
	return d.fault()
}

// crash is a server that dies, and with it what it had committed and not yet made
// durable. mu is held.
func (d *database) crash() {
	for len(d.volatile) > 0 && d.random.IntN(3) > 0 {
		last := len(d.volatile) - 1
		d.volatile[last]()
		d.volatile = d.volatile[:last]
	}
}

type writer struct {
	*database
	load providers.Load
}

func (w *writer) Forms() []row.Form { return []row.Form{row.FormFields} }

func (w *writer) Close() error { return nil }

func (w *writer) WriteChunk(ctx context.Context, c providers.Chunk, src row.Reader) (providers.Written, error) {
	var written providers.Written
	key := fmt.Sprintf("%s/%d", loadKey(w.load), c.ID)
	w.mu.Lock()
	_, done := w.done[key]
	w.mu.Unlock()
	if done {
		return written, providers.ErrChunkDone
	}
	if w.writing != nil {
		w.writing()
	}
	var rows []string
	for {
		b, err := src.Next(ctx)
		if err == io.EOF {
			break
		}
		if err != nil {
			return written, fmt.Errorf("write: %w", err)
		}
		for i := range b.Rows {
			v, _ := b.Field(i, 0)
			rows = append(rows, string(v))
		}
		b.Release()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.fault(); err != nil {
		w.crash()
		return written, err
	}
	table := w.load.Table.Name
	w.tables[table] = append(w.tables[table], rows...)
	w.done[key] = int64(len(rows))
	w.volatile = append(w.volatile, func() {
		delete(w.done, key)
		w.tables[table] = slices.DeleteFunc(w.tables[table], func(r string) bool { return slices.Contains(rows, r) })
	})
	return providers.Written{Rows: int64(len(rows))}, w.fault() // the answer may be lost
}

func name(s string) schema.Name { return schema.Name{Name: s} }
