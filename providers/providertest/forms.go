package providertest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// testForms: rows that pass from reader to writer in the system's own form arrive as
// they would in FormFields, also where columns are left out or change places.
func testForms(t *testing.T, s Suite) {
	from := s.open(t)
	table := from.valueTable(t)
	l := loadOf(table, nil)
	from.mustWrite(t, l, exampleRows(table, 300))
	want := from.read(t, readOf(l))

	t.Run("all columns", func(t *testing.T) {
		to := s.open(t)
		to.valueTable(t)
		to.pass(t, from, readOf(l), l, want)
	})
	t.Run("some columns in another order", func(t *testing.T) {
		to := s.open(t)
		to.valueTable(t)
		some := l
		some.Columns = slices.Clone(l.Columns[:len(l.Columns)/2])
		slices.Reverse(some.Columns)
		at := func(r []field) []field {
			half := slices.Clone(r[:len(some.Columns)])
			slices.Reverse(half)
			return half
		}
		var rows [][]field
		for _, r := range want {
			rows = append(rows, at(r))
		}
		to.pass(t, from, readOf(some), some, rows)
	})
}

// pass copies a table in the first form that both ends understand.
func (e *endpoint) pass(t *testing.T, from *endpoint, r providers.ReadTable, l providers.Load, want [][]field) {
	t.Helper()
	ctx := limited(t)
	w := capability[providers.Writer](t, e)
	sn := from.snapshot(t, providers.SnapshotOptions{Readers: 1})
	defer closing(t, sn)
	chunks := chunksOf(t, sn, r, 100)
	state, err := w.OpenLoad(ctx, l, func() ([]providers.Chunk, error) { return chunks, nil })
	if err != nil {
		t.Fatal(err)
	}
	tw, err := w.OpenWriter(ctx, l)
	if err != nil {
		t.Fatal(err)
	}
	defer closing(t, tw)
	forms := tw.Forms()
	if len(forms) == 0 || forms[len(forms)-1] != row.FormFields {
		t.Errorf("a writer takes %q, of which %s is not the last", forms, row.FormFields)
	}
	used := map[row.Form]int{}
	var written int64
	for _, c := range state.Chunks {
		src, err := sn.Read(ctx, r, c, forms)
		if err != nil {
			t.Fatal(err)
		}
		used[src.Form()]++
		got, err := tw.WriteChunk(ctx, c, src)
		if err != nil {
			t.Fatalf("chunk %d: %v", c.ID, err)
		}
		closing(t, src)
		written += got.Rows
	}
	t.Logf("chunks by form: %v", used)
	if written != int64(len(want)) {
		t.Errorf("%d rows written, want %d", written, len(want))
	}
	read := readOf(l)
	id := slices.IndexFunc(read.Columns, func(c providers.ReadColumn) bool { return c.Name == "id" })
	sameRows(t, "passed", idFirst(read.Columns, id), rowsIDFirst(want, id), rowsIDFirst(e.read(t, read), id))
}

// idFirst moves column id to the front, where sameRows looks for what tells rows apart.
func idFirst[T any](columns []T, id int) []T {
	return append([]T{columns[id]}, append(slices.Clone(columns[:id]), columns[id+1:]...)...)
}

func rowsIDFirst(rows [][]field, id int) [][]field {
	out := make([][]field, len(rows))
	for i, r := range rows {
		out[i] = idFirst(r, id)
	}
	return out
}

// exampleRows are the same rows in every run, with every kind of value in them.
func exampleRows(table schema.Table, n int) [][]field {
	var rows [][]field
	for i := range n {
		r := fields(fmt.Sprint(i))
		for j, c := range table.Columns[1:] {
			g := valuesOf(c)
			if g == nil || (i+j)%11 == 0 {
				r = append(r, nil)
			} else {
				r = append(r, text(g.Example(i*1000+j)))
			}
		}
		rows = append(rows, r)
	}
	return rows
}
