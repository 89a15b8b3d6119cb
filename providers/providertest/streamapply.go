package providertest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/syncform/syncform/providers"
)

// streamTable makes a table of a composite key (b, a), a unique number u and two more
// columns, and a key of names that must be quoted.
func (e *endpoint) streamTable(t testing.TB, name string) *providers.ApplyTable {
	t.Helper()
	word := func(w string) string { return words[w][e.db.System] }
	q := e.quote
	e.exec(t, fmt.Sprintf("CREATE TABLE %s (%s %s NOT NULL, b %s NOT NULL, u %s NULL, %s %s NULL, n %s NULL, PRIMARY KEY (b, %s), UNIQUE (u))",
		q(name), q(`a"`), word("int"), word("text"), word("int"), q("the `t"), word("text"), word("int"), q(`a"`)))
	return applyTable(e.table(t, name), nil)
}

// The columns of a streamTable.
const colA, colB, colU, colT, colN = 0, 1, 2, 3, 4

// model is what a streamTable should hold, by key.
type model map[string][]field

func (m model) rows() [][]field {
	var out [][]field
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, m[k])
	}
	return out
}

// holders are the keys of rows that hold a unique value of a row of another key.
func (m model) holders(a *providers.ApplyTable, r []field) (out []string) {
	if r[colU] == nil || r[colU] == unchanged {
		return nil
	}
	for k, other := range m {
		if k != keyText(a, r) && other[colU] != nil && *other[colU] == *r[colU] {
			out = append(out, k)
		}
	}
	return out
}

var (
	keysA = rapid.Map(rapid.IntRange(0, 4), func(n int) field { return text(fmt.Sprint(n)) })
	keysB = rapid.Map(rapid.SampledFrom([]string{"x", "y", `q'\`, "zé"}), text)
	some  = func(g *rapid.Generator[string]) *rapid.Generator[field] {
		return rapid.Custom(func(r *rapid.T) field {
			if rapid.IntRange(0, 3).Draw(r, "null") == 0 {
				return nil
			}
			return text(g.Draw(r, "value"))
		})
	}
	smallNumbers = some(rapid.Map(rapid.IntRange(0, 9), func(n int) string { return fmt.Sprint(n) }))
	someTexts    = some(rapid.SampledFrom([]string{"", "a", `\\n`, "'", `"ü"`, "{}", "tab\tline\n", strings.Repeat("long ", 15)}))
)

// streamRow draws a row of a streamTable.
func streamRow(r *rapid.T) generated {
	return generated{keysA.Draw(r, "a"), keysB.Draw(r, "b"), smallNumbers.Draw(r, "u"), someTexts.Draw(r, "t"), smallNumbers.Draw(r, "n")}
}

// patched sets the fields of a row that are not unchanged.
func patched(row, by []field) []field {
	out := slices.Clone(row)
	for i, f := range by {
		if f != unchanged {
			out[i] = f
		}
	}
	return out
}

// testApply: random transactions of all operations do to a table what they do to a
// model of it.
func testApply(t *testing.T, s Suite) {
	e := s.open(t)
	a := e.streamTable(t, "app`lied")
	session := e.session(t)
	rapid.Check(t, func(r *rapid.T) {
		Exec(t, e.url, "DELETE FROM "+e.quote(a.Name.Name))
		m := model{}
		for range rapid.IntRange(1, 3).Draw(r, "transactions") {
			m = transactRandomly(t, r, session, a, m)
			key := func(row []field) string { return keyText(a, row) }
			want, got := byKey(m.rows(), key), byKey(e.stored(t, a), key)
			if !maps.Equal(want, got) {
				r.Fatalf("the table holds %v, want %v", got, want)
			}
		}
	})
}

// transactRandomly does one transaction, and gives the model as it leaves it.
func transactRandomly(t testing.TB, r *rapid.T, session providers.ApplySession, a *providers.ApplyTable, m model) model {
	tx, err := session.Begin(limited(t))
	if err != nil {
		r.Fatalf("begin: %v", err)
	}
	defer func() {
		if err := tx.Rollback(context.Background()); err != nil {
			t.Errorf("rollback: %v", err)
		}
	}()
	now, err := applyRandomly(t, r, tx, a, maps.Clone(m))
	if err != nil {
		r.Fatal(err)
	}
	if rapid.IntRange(0, 3).Draw(r, "roll back") == 0 {
		return m
	}
	if err := tx.Commit(limited(t)); err != nil {
		r.Fatalf("commit: %v", err)
	}
	return now
}

// applyRandomly does random operations, and gives the model as they leave it.
func applyRandomly(t testing.TB, r *rapid.T, tx providers.ApplyTx, a *providers.ApplyTable, m model) (model, error) {
	ctx := limited(t)
	var saved model
	for range rapid.IntRange(0, 6).Draw(r, "operations") {
		// Rows of different keys, and different unique values.
		rows := rapid.SliceOfNDistinct(rapid.Custom(streamRow), 1, 5, func(row generated) string { return keyText(a, row) }).Draw(r, "rows")
		batch := make([][]field, 0, len(rows))
		for _, row := range rows {
			if !slices.ContainsFunc(batch, func(o []field) bool { return o[colU] != nil && row[colU] != nil && *o[colU] == *row[colU] }) {
				batch = append(batch, row)
			}
		}
		switch op := rapid.SampledFrom([]string{"upsert", "upsert", "delete", "patch", "rekey", "read", "truncate", "savepoint", "roll back to"}).Draw(r, "operation"); op {
		case "upsert":
			evicted := map[string]bool{}
			for _, row := range batch {
				for _, k := range m.holders(a, row) {
					evicted[k] = true
				}
			}
			got, err := tx.Evict(ctx, a, batchOf(batch))
			if err != nil {
				return nil, fmt.Errorf("evict: %w", err)
			}
			var keys []string
			for _, k := range rowsOfBatch(got) {
				keys = append(keys, textOf(k))
			}
			slices.Sort(keys)
			if want := slices.Sorted(maps.Keys(evicted)); !slices.Equal(want, keys) {
				return nil, fmt.Errorf("evicted for %v: %q, want %q", batch, keys, want)
			}
			maps.DeleteFunc(m, func(k string, _ []field) bool { return evicted[k] })
			if err := tx.Upsert(ctx, a, batchOf(batch)); err != nil {
				return nil, fmt.Errorf("upsert: %w", err)
			}
			for _, row := range batch {
				m[keyText(a, row)] = row
			}
		case "delete":
			want := 0
			for _, row := range batch {
				if _, ok := m[keyText(a, row)]; ok {
					delete(m, keyText(a, row))
					want++
				}
			}
			if n, err := tx.Delete(ctx, a, batchOf(keysOf(a, batch))); err != nil || int(n) != want {
				return nil, fmt.Errorf("delete: %d rows, want %d: %w", n, want, err)
			}
		case "patch":
			if err := patchRandomly(t, r, tx, a, m, batch); err != nil {
				return nil, err
			}
		case "rekey":
			if err := rekeyRandomly(t, r, tx, a, m, batch); err != nil {
				return nil, err
			}
		case "read":
			got, err := tx.ReadRows(ctx, a, batchOf(keysOf(a, batch)))
			if err != nil {
				return nil, fmt.Errorf("read: %w", err)
			}
			var want [][]field
			for _, row := range batch {
				if there, ok := m[keyText(a, row)]; ok {
					want = append(want, there)
				}
			}
			key := func(row []field) string { return keyText(a, row) }
			if w, g := byKey(want, key), byKey(rowsOfBatch(got), key); !maps.Equal(w, g) {
				return nil, fmt.Errorf("read %v, want %v", g, w)
			}
		case "truncate":
			if err := tx.Truncate(ctx, []*providers.ApplyTable{a}); err != nil {
				return nil, fmt.Errorf("truncate: %w", err)
			}
			clear(m)
		case "savepoint":
			if err := tx.Savepoint(ctx); err != nil {
				return nil, fmt.Errorf("savepoint: %w", err)
			}
			saved = maps.Clone(m)
		case "roll back to":
			if saved == nil {
				continue
			}
			if err := tx.RollbackTo(ctx); err != nil {
				return nil, fmt.Errorf("roll back to the savepoint: %w", err)
			}
			m = maps.Clone(saved)
		}
	}
	return m, nil
}

// withoutSome makes some fields of a row unchanged, but not those of its key.
func withoutSome(r *rapid.T, row []field) []field {
	out := slices.Clone(row)
	for _, i := range []int{colU, colT, colN} {
		if rapid.Bool().Draw(r, "unchanged") {
			out[i] = unchanged
		}
	}
	return out
}

func patchRandomly(t testing.TB, r *rapid.T, tx providers.ApplyTx, a *providers.ApplyTable, m model, batch [][]field) error {
	var rows [][]field
	var want []int
	for _, row := range batch {
		if row = withoutSome(r, row); len(m.holders(a, row)) > 0 {
			row[colU] = unchanged
		}
		old, ok := m[keyText(a, row)]
		if ok {
			m[keyText(a, row)] = patched(old, row)
		} else {
			want = append(want, len(rows))
		}
		rows = append(rows, row)
	}
	missing, err := tx.Patch(limited(t), a, batchOf(rows))
	if slices.Sort(missing); err != nil || !slices.Equal(missing, want) {
		return fmt.Errorf("patch %v: missing %v, want %v: %w", rows, missing, want, err)
	}
	return nil
}

// rekeyRandomly gives rows other keys, in an order in which each finds its new key free.
func rekeyRandomly(t testing.TB, r *rapid.T, tx providers.ApplyTx, a *providers.ApplyTable, m model, batch [][]field) error {
	var old, rows [][]field
	var want []int
	for _, row := range batch {
		from := []field{keysB.Draw(r, "old b"), keysA.Draw(r, "old a")}
		to := keyText(a, row)
		if slices.ContainsFunc(old, func(o []field) bool { return textOf(o) == textOf(from) }) {
			continue
		}
		if _, taken := m[to]; taken && to != textOf(from) {
			continue
		}
		row = withoutSome(r, row)
		before, ok := m[textOf(from)]
		delete(m, textOf(from))
		if len(m.holders(a, row)) > 0 {
			row[colU] = unchanged
		}
		if ok {
			m[to] = patched(before, row)
		} else {
			want = append(want, len(rows))
		}
		old, rows = append(old, from), append(rows, row)
	}
	if len(rows) == 0 {
		return nil
	}
	missing, err := tx.Rekey(limited(t), a, batchOf(old), batchOf(rows))
	if slices.Sort(missing); err != nil || !slices.Equal(missing, want) {
		return fmt.Errorf("rekey %v: missing %v, want %v: %w", rows, missing, want, err)
	}
	return nil
}
