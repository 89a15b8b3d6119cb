package providertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// field is a value's canonical text, nil for NULL.
type field = *string

func text(s string) field { return &s }

func fields(values ...string) []field {
	r := make([]field, len(values))
	for i, v := range values {
		r[i] = text(v)
	}
	return r
}

// given is a row.Reader over rows in memory, in FormFields.
type given struct {
	rows  [][]field
	batch int    // rows per batch; 0: all
	end   error  // what comes after the rows; nil: io.EOF
	half  func() // called once half of the rows are out
	next  int
}

func (g *given) Form() row.Form { return row.FormFields }
func (g *given) Close() error   { return nil }

func (g *given) Next(ctx context.Context) (*row.Batch, error) {
	if g.half != nil && g.next >= len(g.rows)/2 {
		g.half()
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if g.next == len(g.rows) {
		if g.end != nil {
			return nil, g.end
		}
		return nil, io.EOF
	}
	to := len(g.rows)
	if g.batch > 0 {
		to = min(to, g.next+g.batch)
	}
	b := row.NewBatch(len(g.rows[g.next]))
	for _, r := range g.rows[g.next:to] {
		for _, f := range r {
			if f == nil {
				b.AppendNull()
			} else {
				b.Append([]byte(*f))
			}
		}
		b.EndRow()
	}
	g.next = to
	return b, nil
}

var generations atomic.Int64

// loadOf is a new load of a table's writable columns, whose rows come in the
// canonical text of sources, or of the columns' own types where that is nil.
func loadOf(table schema.Table, sources []schema.Type) providers.Load {
	l := providers.Load{
		Mapping:    fmt.Sprintf("sync.test.mapping[%q]", table.Name),
		Generation: fmt.Sprintf("g%d", generations.Add(1)),
		Table:      table.Name, Live: table.Name,
	}
	for _, c := range writable(table) {
		w := providers.WriteColumn{Name: c.Name, Type: c.Type, Source: c.Type, Identity: c.Identity != nil && c.Identity.Always}
		if sources != nil {
			w.Source = sources[len(l.Columns)]
		}
		l.Columns = append(l.Columns, w)
	}
	l.Key = keyOf(table)
	return l
}

func writable(table schema.Table) []schema.Column {
	return slices.DeleteFunc(slices.Clone(table.Columns), func(c schema.Column) bool { return c.Generated != nil })
}

func keyOf(table schema.Table) []string {
	if table.PrimaryKey == nil {
		return nil
	}
	return table.PrimaryKey.Columns()
}

// readOf reads the same columns back as the same types.
func readOf(l providers.Load) providers.ReadTable {
	r := providers.ReadTable{Name: l.Table, Key: l.Key}
	for _, c := range l.Columns {
		r.Columns = append(r.Columns, providers.ReadColumn{Name: c.Name, Type: c.Type, As: c.Source})
	}
	return r
}

// write loads rows as one chunk and returns WriteChunk's error.
func (e *endpoint) write(t testing.TB, l providers.Load, src row.Reader) (providers.Written, error) {
	t.Helper()
	ctx := limited(t)
	w := capability[providers.Writer](t, e)
	state, err := w.OpenLoad(ctx, l, oneChunk)
	if err != nil {
		t.Fatalf("open the load of %s: %v", l.Table, err)
	}
	tw, err := w.OpenWriter(ctx, l)
	if err != nil {
		t.Fatalf("open a writer of %s: %v", l.Table, err)
	}
	written, err := tw.WriteChunk(ctx, state.Chunks[0], src)
	if closeErr := tw.Close(); closeErr != nil {
		t.Errorf("close the writer of %s: %v", l.Table, closeErr)
	}
	if err != nil {
		return written, err
	}
	if err := w.CloseLoad(ctx, l, written.Rows); err != nil {
		t.Fatalf("close the load of %s: %v", l.Table, err)
	}
	return written, nil
}

func oneChunk() ([]providers.Chunk, error) { return []providers.Chunk{{ID: 0}}, nil }

// mustWrite loads rows that the table can hold.
func (e *endpoint) mustWrite(t testing.TB, l providers.Load, rows [][]field) {
	t.Helper()
	written, err := e.write(t, l, &given{rows: rows, batch: 100})
	if err != nil {
		t.Fatalf("write %s: %v", l.Table, err)
	}
	if written.Rows != int64(len(rows)) {
		t.Errorf("write %s: %d rows, want %d", l.Table, written.Rows, len(rows))
	}
}

// read reads a whole table in one chunk, in a snapshot of its own.
func (e *endpoint) read(t testing.TB, r providers.ReadTable) [][]field {
	t.Helper()
	rows, err := e.tryRead(t, r)
	if err != nil {
		t.Fatalf("read %s: %v", r.Name, err)
	}
	return rows
}

func (e *endpoint) tryRead(t testing.TB, r providers.ReadTable) ([][]field, error) {
	t.Helper()
	s := e.snapshot(t, providers.SnapshotOptions{Readers: 1})
	defer closing(t, s)
	chunks, err := s.Chunks(limited(t), r, 1<<40)
	if err != nil {
		return nil, err
	}
	var rows [][]field
	for _, c := range chunks {
		part, err := readChunk(limited(t), s, r, c)
		if err != nil {
			return nil, err
		}
		rows = append(rows, part...)
	}
	return rows, nil
}

func (e *endpoint) snapshot(t testing.TB, o providers.SnapshotOptions) providers.Snapshot {
	t.Helper()
	s, err := capability[providers.SnapshotReader](t, e).OpenSnapshot(limited(t), o)
	if err != nil {
		t.Fatalf("open a snapshot: %v", err)
	}
	return s
}

// readChunk reads a chunk in FormFields and checks that the batches are well made.
func readChunk(ctx context.Context, s providers.Snapshot, table providers.ReadTable, c providers.Chunk) (rows [][]field, err error) {
	r, err := s.Read(ctx, table, c, []row.Form{row.FormFields})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if r.Form() != row.FormFields {
		return nil, fmt.Errorf("asked for %s only, got %s", row.FormFields, r.Form())
	}
	for {
		b, err := r.Next(ctx)
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		if b.Width != len(table.Columns) || len(b.Ends) != b.Rows*b.Width || len(b.States) != len(b.Ends) || b.Rows == 0 {
			return nil, fmt.Errorf("a batch of %d rows is %d wide, with %d ends and %d states, for %d columns", b.Rows, b.Width, len(b.Ends), len(b.States), len(table.Columns))
		}
		for i := range b.Rows {
			rows = append(rows, rowOf(b, i))
		}
		b.Release()
	}
}

func rowOf(b *row.Batch, i int) []field {
	r := make([]field, b.Width)
	for j := range r {
		if v, state := b.Field(i, j); state == row.Value {
			r[j] = text(string(v))
		}
	}
	return r
}

// sameRows compares rows by the normal form of their values; the first column must
// tell them apart.
func sameRows(t testing.TB, what string, columns []providers.ReadColumn, want, got [][]field) {
	t.Helper()
	if wrong := differences(columns, want, got); len(wrong) > 0 {
		t.Errorf("%s:\n%s", what, strings.Join(wrong, "\n"))
	}
}

// differences says where rows differ, at most ten times.
func differences(columns []providers.ReadColumn, want, got [][]field) []string {
	byFirst := func(a, b []field) int { return bytes.Compare(normal(columns[0], a[0]), normal(columns[0], b[0])) }
	want, got = slices.Clone(want), slices.Clone(got)
	slices.SortFunc(want, byFirst)
	slices.SortFunc(got, byFirst)
	if len(want) != len(got) {
		return []string{fmt.Sprintf("%d rows, want %d", len(got), len(want))}
	}
	var wrong []string
	for i := range want {
		for j, c := range columns {
			if !bytes.Equal(normal(c, want[i][j]), normal(c, got[i][j])) {
				wrong = append(wrong, fmt.Sprintf("row %s, column %q (%s): got %s, want %s", show(want[i][0]), c.Name, c.Type, show(got[i][j]), show(want[i][j])))
			}
		}
	}
	if n := len(wrong); n > 10 {
		wrong = append(wrong[:10], fmt.Sprintf("and %d more values", n-10))
	}
	return wrong
}

// normal is a value's normal form; NULL is apart from every value.
func normal(c providers.ReadColumn, f field) []byte {
	if f == nil {
		return []byte("N")
	}
	as := c.As
	if as.Kind == "" {
		as = c.Type
	}
	return row.Normal([]byte("V"), as, []byte(*f))
}

func show(f field) string {
	if f == nil {
		return "NULL"
	}
	if len(*f) > 200 {
		return fmt.Sprintf("%.200q... (%d bytes)", *f, len(*f))
	}
	return fmt.Sprintf("%q", *f)
}

func closing(t testing.TB, c io.Closer) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}
