package providertest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// RunStreams tests what the contract promises of a target that streams are applied to
// (providers.Applier, providers.StreamKeeper) and of a source whose changes are followed
// (providers.Capturer), as subtests, on real databases. methods are the capture methods
// to test, none of them polling; none at all leaves capture out.
func RunStreams(t *testing.T, s Suite, methods ...string) {
	for _, part := range []struct {
		name string
		test func(*testing.T, Suite)
	}{
		{"records", testStreamRecords},
		{"fence", testFence},
		{"key sets", testKeySets},
		{"apply", testApply},
		{"apply values", testApplyValues},
		{"apply in bulk", testApplyBulk},
		{"apply conflicts", testApplyConflicts},
		{"apply bad rows", testApplyBadRows},
		{"apply hostile names", testApplyHostileNames},
	} {
		t.Run(part.name, func(t *testing.T) { part.test(t, s) })
	}
	for _, m := range methods {
		t.Run(m, func(t *testing.T) {
			for seed := range uint64(3) {
				t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) { testCapture(t, s, m, seed) })
			}
		})
	}
}

// unchanged stands for a field that is not in the event.
var unchanged = text("unchanged")

// batchOf makes a batch of rows; an empty one needs no width.
func batchOf(rows [][]field) *row.Batch {
	width := 0
	if len(rows) > 0 {
		width = len(rows[0])
	}
	b := row.NewBatch(width)
	for _, r := range rows {
		for _, f := range r {
			switch f {
			case nil:
				b.AppendNull()
			case unchanged:
				b.EndField(row.Unchanged)
			default:
				b.Append([]byte(*f))
			}
		}
		b.EndRow()
	}
	return b
}

func rowsOfBatch(b *row.Batch) [][]field {
	var rows [][]field
	for i := range b.Rows {
		rows = append(rows, rowOf(b, i))
	}
	return rows
}

// applyTable is a table as a stream writes it; sources are as in loadOf.
func applyTable(table schema.Table, sources []schema.Type) *providers.ApplyTable {
	l := loadOf(table, sources)
	a := &providers.ApplyTable{Mapping: l.Mapping, Name: table.Name, Columns: l.Columns}
	for _, name := range l.Key {
		a.Key = append(a.Key, slices.IndexFunc(l.Columns, func(c providers.WriteColumn) bool { return c.Name == name }))
	}
	return a
}

// keysOf takes the key's fields of rows.
func keysOf(a *providers.ApplyTable, rows [][]field) [][]field {
	out := make([][]field, len(rows))
	for i, r := range rows {
		for _, at := range a.Key {
			out[i] = append(out[i], r[at])
		}
	}
	return out
}

// keyText tells rows of a table apart.
func keyText(a *providers.ApplyTable, r []field) string { return textOf(keysOf(a, [][]field{r})[0]) }

func textOf(fields []field) string {
	parts := make([]string, len(fields))
	for i, f := range fields {
		parts[i] = show(f)
	}
	return strings.Join(parts, ", ")
}

// streams opens the records of streams.
func (e *endpoint) streams(t testing.TB) providers.StreamStore {
	t.Helper()
	s, err := capability[providers.StreamKeeper](t, e).OpenStreams(limited(t))
	if err != nil {
		t.Fatalf("open the streams' records: %v", err)
	}
	return s
}

// session opens a session of an applier.
func (e *endpoint) session(t testing.TB) providers.ApplySession {
	t.Helper()
	s, err := capability[providers.Applier](t, e).OpenApply(limited(t))
	if err != nil {
		t.Fatalf("open a session to apply: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close the session: %v", err)
		}
	})
	return s
}

// begin begins a transaction that ends with the test, if not before.
func begin(t testing.TB, s providers.ApplySession) providers.ApplyTx {
	t.Helper()
	tx, err := s.Begin(limited(t))
	if err != nil {
		t.Fatalf("begin: %v", err)
	}
	t.Cleanup(func() {
		_ = tx.Rollback(context.Background()) // has ended already where all went well
	})
	return tx
}

// applied runs f in one transaction of its own.
func (e *endpoint) applied(t testing.TB, s providers.ApplySession, f func(providers.ApplyTx) error) {
	t.Helper()
	tx := begin(t, s)
	if err := errors.Join(f(tx)); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(limited(t)); err != nil {
		t.Fatalf("commit: %v", err)
	}
}

// stored asks the server itself for a table's rows, of types whose text is the same
// everywhere.
func (e *endpoint) stored(t testing.TB, a *providers.ApplyTable) [][]field {
	t.Helper()
	names := make([]string, len(a.Columns))
	for i, c := range a.Columns {
		names[i] = e.quote(c.Name)
	}
	return fieldsOf(Query(t, e.url, "SELECT "+strings.Join(names, ", ")+" FROM "+e.quote(a.Name.Name)))
}

func fieldsOf(rows [][]string) [][]field {
	out := make([][]field, len(rows))
	for i, r := range rows {
		out[i] = fields(r...)
		for j, v := range r {
			if v == Null {
				out[i][j] = nil
			}
		}
	}
	return out
}

// byKey compares rows of a table whatever their order.
func byKey(rows [][]field, key func([]field) string) map[string]string {
	out := map[string]string{}
	for _, r := range rows {
		k := key(r)
		if _, twice := out[k]; twice {
			k += " again"
		}
		out[k] = textOf(r)
	}
	return out
}
