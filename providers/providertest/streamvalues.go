package providertest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// testApplyValues: values of every type are written by Upsert and Patch and read by
// ReadRows as a load would, in bulk and one by one.
func testApplyValues(t *testing.T, s Suite) {
	ctx := limited(t)
	e := s.open(t)
	table := e.valueTable(t)
	a, read := applyTable(table, nil), readOf(loadOf(table, nil))
	session := e.session(t)
	rows := exampleRows(table, 300)
	e.applied(t, session, func(tx providers.ApplyTx) error {
		return errors.Join(insert(ctx, tx, a, rows[:150]), tx.Upsert(ctx, a, batchOf(rows[150:])))
	})
	sameRows(t, "written in bulk", read.Columns, rows, e.read(t, read))

	// Every row takes the values of another: all of them at first, then field by field.
	e.applied(t, session, func(tx providers.ApplyTx) error {
		for i, r := range rows[:100] {
			rows[i] = append([]field{r[0]}, rows[i+100][1:]...)
			if err := tx.Upsert(ctx, a, batchOf(rows[i:i+1])); err != nil {
				return err
			}
		}
		for i, r := range rows[200:] {
			by := make([]field, len(r))
			by[0] = r[0]
			for j := range r[1:] {
				by[j+1] = unchanged
				if (i+j)%3 == 0 {
					by[j+1] = rows[100+i][j+1]
				}
			}
			rows[200+i] = patched(r, by)
			if missing, err := tx.Patch(ctx, a, batchOf([][]field{by})); err != nil || len(missing) > 0 {
				return fmt.Errorf("patch: missing %v: %w", missing, err)
			}
		}
		return nil
	})
	sameRows(t, "one by one", read.Columns, rows, e.read(t, read))

	e.applied(t, session, func(tx providers.ApplyTx) error {
		got, err := tx.ReadRows(ctx, a, batchOf(keysOf(a, rows)))
		if err != nil {
			return err
		}
		sameRows(t, "read by key", read.Columns, rows, rowsOfBatch(got))
		if n, err := tx.Delete(ctx, a, batchOf(keysOf(a, rows))); n != int64(len(rows)) || err != nil {
			return fmt.Errorf("%d rows deleted of %d: %w", n, len(rows), err)
		}
		return tx.Upsert(ctx, a, got)
	})
	sameRows(t, "read, deleted and put back", read.Columns, rows, e.read(t, read))

	// Each column by itself, over rows that are there.
	for i, c := range table.Columns[1:] {
		one := table
		one.Columns = []schema.Column{table.Columns[0], c}
		a, read := applyTable(one, nil), readOf(loadOf(one, nil))
		var narrow [][]field
		for j := range 100 {
			narrow = append(narrow, []field{rows[j][0], rows[j+100][i+1]})
		}
		e.applied(t, session, func(tx providers.ApplyTx) error {
			return errors.Join(tx.Upsert(ctx, a, batchOf(narrow[:1])), tx.Upsert(ctx, a, batchOf(narrow[1:])))
		})
		for _, r := range rows[100:] {
			narrow = append(narrow, []field{r[0], r[i+1]})
		}
		sameRows(t, "over rows that are there", read.Columns, narrow, e.read(t, read))
	}
}

// testApplyBulk: batches of thousands of rows, over rows that are there and not.
func testApplyBulk(t *testing.T, s Suite) {
	ctx := limited(t)
	e := s.open(t)
	a := applyTable(e.createPlain(t, "bulk", "v", "text", "n", "int"), nil)
	session := e.session(t)
	rows := func(from, to int, v string) (out [][]field) {
		for i := from; i < to; i++ {
			out = append(out, fields(fmt.Sprint(i), v, fmt.Sprint(i%7)))
		}
		return out
	}
	e.applied(t, session, func(tx providers.ApplyTx) error { return tx.Upsert(ctx, a, batchOf(rows(0, 10_000, "first"))) })
	e.applied(t, session, func(tx providers.ApplyTx) error {
		if n, err := tx.Delete(ctx, a, batchOf(keysOf(a, rows(9_000, 12_000, "")))); n != 1_000 || err != nil {
			return fmt.Errorf("%d rows deleted, want 1,000: %w", n, err)
		}
		patch := rows(0, 4_000, "patched")
		for _, r := range patch {
			r[2] = unchanged
		}
		patch = append(patch, []field{text("20000"), text("x"), unchanged})
		if missing, err := tx.Patch(ctx, a, batchOf(patch)); err != nil || !slices.Equal(missing, []int{4_000}) {
			return fmt.Errorf("patch: missing %v: %w", missing, err)
		}
		return tx.Upsert(ctx, a, batchOf(rows(8_000, 15_000, "second")))
	})
	e.applied(t, session, func(tx providers.ApplyTx) error { return insert(ctx, tx, a, rows(15_000, 16_000, "new")) })
	tx := begin(t, session)
	var conflict *providers.ConflictError
	err := insert(ctx, tx, a, rows(15_999, 17_000, "new"))
	if err == nil {
		err = tx.Commit(ctx)
	}
	inserted := rows(15_000, 17_000, "new")
	if err != nil { // else it was written over
		if !errors.As(err, &conflict) || !conflict.Key || conflict.Unique || conflict.Table != a.Name {
			t.Errorf("inserting a row that is there: %v", err)
		}
		must(t, tx.Rollback(ctx))
		inserted = rows(15_000, 16_000, "new")
	}
	want := slices.Concat(rows(0, 4_000, "patched"), rows(4_000, 8_000, "first"), rows(8_000, 15_000, "second"), inserted)
	r := readOf(loadOf(e.table(t, "bulk"), nil))
	sameRows(t, "after bulk changes", r.Columns, want, e.stored(t, a))
	e.applied(t, session, func(tx providers.ApplyTx) error {
		for _, empty := range []func() error{
			func() error { return tx.Upsert(ctx, a, batchOf(nil)) },
			func() error { return insert(ctx, tx, a, nil) },
			func() error { _, err := tx.Delete(ctx, a, batchOf(nil)); return err },
			func() error { _, err := tx.Patch(ctx, a, batchOf(nil)); return err },
		} {
			if err := empty(); err != nil {
				return fmt.Errorf("an empty batch: %w", err)
			}
		}
		return nil
	})
}

func upsert(ctx context.Context, tx providers.ApplyTx, a *providers.ApplyTable, rows [][]field) error {
	return tx.Upsert(ctx, a, batchOf(rows))
}

// insert writes rows as new ones where the target tells those apart.
func insert(ctx context.Context, tx providers.ApplyTx, a *providers.ApplyTable, rows [][]field) error {
	if x, ok := tx.(providers.Inserter); ok {
		return x.Insert(ctx, a, batchOf(rows))
	}
	return upsert(ctx, tx, a, rows)
}

// testApplyConflicts: what a constraint refuses is a conflict that names it; a savepoint
// saves what came before.
func testApplyConflicts(t *testing.T, s Suite) {
	ctx := limited(t)
	e := s.open(t)
	a := e.streamTable(t, "con`flicts")
	session := e.session(t)
	one, two := fields("1", "x", "10", "one", "1"), fields("2", "y", "20", "two", "2")
	e.applied(t, session, func(tx providers.ApplyTx) error { return tx.Upsert(ctx, a, batchOf([][]field{one, two})) })
	for _, c := range []struct {
		what   string
		unique bool
		do     func(tx providers.ApplyTx) error
	}{
		{"a new row with another's unique value", true, func(tx providers.ApplyTx) error {
			return tx.Upsert(ctx, a, batchOf([][]field{fields("3", "x", "20", "three", "3")}))
		}},
		{"a row that takes another's unique value", true, func(tx providers.ApplyTx) error {
			return tx.Upsert(ctx, a, batchOf([][]field{fields("1", "x", "20", "one", "1")}))
		}},
		{"one of many", true, func(tx providers.ApplyTx) error {
			var rows [][]field
			for i := range 500 {
				rows = append(rows, fields(fmt.Sprint(i+100), "x", fmt.Sprint(i), "", "1"))
			}
			return tx.Upsert(ctx, a, batchOf(rows))
		}},
		{"one of many new ones", true, func(tx providers.ApplyTx) error {
			var rows [][]field
			for i := range 500 {
				rows = append(rows, fields(fmt.Sprint(i+100), "x", fmt.Sprint(i), "", "1"))
			}
			return insert(ctx, tx, a, rows)
		}},
		{"a patch that takes another's unique value", true, func(tx providers.ApplyTx) error {
			_, err := tx.Patch(ctx, a, batchOf([][]field{{text("1"), text("x"), text("20"), unchanged, unchanged}}))
			return err
		}},
		{"a key that is another's", false, func(tx providers.ApplyTx) error {
			_, err := tx.Rekey(ctx, a, batchOf(keysOf(a, [][]field{one})), batchOf([][]field{{two[colA], two[colB], unchanged, unchanged, unchanged}}))
			return err
		}},
	} {
		t.Run(c.what, func(t *testing.T) {
			tx := begin(t, session)
			_, err := tx.Delete(ctx, a, batchOf(keysOf(a, [][]field{fields("9", "z", "", "", "")})))
			must(t, err)
			must(t, tx.Upsert(ctx, a, batchOf([][]field{fields("7", "x", "70", c.what, "7")})))
			must(t, tx.Savepoint(ctx))
			var conflict *providers.ConflictError
			if err := c.do(tx); !errors.As(err, &conflict) {
				t.Fatalf("not a ConflictError: %v", err)
			}
			if conflict.Table != a.Name || c.unique && !conflict.Unique {
				t.Errorf("the conflict is %+v", conflict)
			}
			must(t, tx.RollbackTo(ctx))
			must(t, tx.Upsert(ctx, a, batchOf([][]field{fields("8", "x", "80", c.what, "8")})))
			must(t, tx.Commit(ctx))
			key := func(row []field) string { return keyText(a, row) }
			want := byKey([][]field{one, two, fields("7", "x", "70", c.what, "7"), fields("8", "x", "80", c.what, "8")}, key)
			same(t, "what is there", want, byKey(e.stored(t, a), key))
		})
	}
}

// testApplyBadRows: a value that would be bent is refused with table, key and column;
// one that the system holds as it is comes back equal.
func testApplyBadRows(t *testing.T, s Suite) {
	ctx := limited(t)
	e := s.open(t)
	if e.db.System == schema.PostgreSQL {
		e.exec(t, "CREATE TYPE mood AS ENUM ('sad', 'happy')")
	}
	session := e.session(t)
	refuses := func(t *testing.T, table schema.Table, source schema.Type, value, good field) {
		t.Helper()
		sources := []schema.Type{table.Columns[0].Type, source, table.Columns[2].Type}
		a, r := applyTable(table, sources), readOf(loadOf(table, sources))
		for _, n := range []int{1, 300, -300} {
			write := upsert
			if n < 0 {
				write, n = insert, -n
			}
			var rows [][]field
			for i := range n {
				rows = append(rows, []field{text(fmt.Sprint(616 + i)), good, text("1")})
			}
			rows[min(1, n-1)] = []field{text("617"), value, text("2")}
			tx := begin(t, session)
			must(t, tx.Savepoint(ctx))
			err := write(ctx, tx, a, rows)
			if err == nil {
				must(t, tx.Commit(ctx))
				sameRows(t, "written, so it must be held exactly", r.Columns, rows, e.read(t, r))
				e.exec(t, "DELETE FROM "+e.quote(table.Name.Name))
				continue
			}
			var bad *providers.BadRowError
			if !errors.As(err, &bad) {
				t.Fatalf("%d rows: not a BadRowError: %v", n, err)
			}
			// In bulk the server may not say which row it was: then each is tried alone.
			if bad.Table != table.Name || n == 1 && (bad.Column != table.Columns[1].Name || !strings.Contains(bad.Key, "617")) {
				t.Errorf("%d rows: refused without its name: table %s, key %q, column %q: %v", n, bad.Table, bad.Key, bad.Column, err)
			}
			must(t, tx.RollbackTo(ctx))
			must(t, tx.Upsert(ctx, a, batchOf([][]field{{text("5"), good, nil}})))
			must(t, tx.Commit(ctx))
			if got := Query(t, e.url, "SELECT id FROM "+e.quote(table.Name.Name)); len(got) != 1 || got[0][0] != "5" {
				t.Errorf("%d rows: there are %q", n, got)
			}
			e.exec(t, "DELETE FROM "+e.quote(table.Name.Name))
		}
	}
	for i, bad := range badValues[e.db.System] {
		t.Run(fmt.Sprintf("%s %.20q", bad.native, bad.value), func(t *testing.T) {
			name := fmt.Sprintf("bad%d", i)
			e.exec(t, fmt.Sprintf("CREATE TABLE %s (id %s NOT NULL PRIMARY KEY, %s %s NULL, n %s)", name, words["bigint"][e.db.System], e.quote("the co`lumn"), bad.native, words["int"][e.db.System]))
			refuses(t, e.table(t, name), bad.source, text(bad.value), nil)
		})
	}
	t.Run("NULL", func(t *testing.T) {
		e.exec(t, fmt.Sprintf("CREATE TABLE nulls (id %s NOT NULL PRIMARY KEY, %s %s NOT NULL, n %s)", words["bigint"][e.db.System], e.quote("the co`lumn"), words["int"][e.db.System], words["int"][e.db.System]))
		table := e.table(t, "nulls")
		refuses(t, table, table.Columns[1].Type, nil, text("1"))
	})
}

// testApplyHostileNames: tables and columns may have any name.
func testApplyHostileNames(t *testing.T, s Suite) {
	ctx := limited(t)
	e := s.open(t)
	var tables []schema.Table
	for i, name := range hostileNames {
		tables = append(tables, schema.Table{
			Name: e.name(name),
			Columns: []schema.Column{
				{Name: name, Type: e.typeOf(t, "bigint")},
				{Name: hostileNames[(i+1)%len(hostileNames)], Type: e.typeOf(t, "bigint"), Nullable: true},
			},
			PrimaryKey: &schema.Key{Parts: []schema.KeyPart{{Column: name}}},
			Indexes:    []schema.Index{{Name: within("u" + name), Unique: true, Parts: []schema.KeyPart{{Column: hostileNames[(i+1)%len(hostileNames)]}}}},
		})
	}
	e.create(t, "hostile", e.normalize(t, tables)...)
	db := e.inspect(t)
	session := e.session(t)
	for _, wanted := range tables {
		a := applyTable(*db.Table(wanted.Name), nil)
		e.applied(t, session, func(tx providers.ApplyTx) error {
			_, patchErr := tx.Patch(ctx, a, batchOf([][]field{fields("1", "1")}))
			err := errors.Join(patchErr, tx.Upsert(ctx, a, batchOf([][]field{fields("1", "10"), fields("2", "20"), fields("3", "30"), fields("4", "40")})))
			_, deleteErr := tx.Delete(ctx, a, batchOf([][]field{fields("2")}))
			_, rekeyErr := tx.Rekey(ctx, a, batchOf([][]field{fields("3")}), batchOf([][]field{{text("5"), unchanged}}))
			evicted, evictErr := tx.Evict(ctx, a, batchOf([][]field{fields("6", "40")}))
			if evicted == nil || evicted.Rows != 1 {
				t.Errorf("table %q: evicted %+v", a.Name, evicted)
			}
			return errors.Join(err, deleteErr, rekeyErr, evictErr, tx.Upsert(ctx, a, batchOf([][]field{fields("6", "40")})))
		})
		key := func(row []field) string { return textOf(row) }
		same(t, "table "+a.Name.String(), byKey([][]field{fields("1", "10"), fields("5", "30"), fields("6", "40")}, key), byKey(e.stored(t, a), key))
	}
}
