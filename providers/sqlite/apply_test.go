package sqlite_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
	"github.com/syncform/syncform/providers/sqlite"
)

// applied opens a session on a file, and one table of it.
func applied(t testing.TB, path, table string) (*sqlite.Conn, providers.ApplySession, *providers.ApplyTable) {
	t.Helper()
	c := opened(t, "target.sqlite.test", path)
	s, err := c.OpenApply(ctx)
	if err != nil {
		t.Fatal(err)
	}
	r := readTable(t, c, table)
	a := &providers.ApplyTable{Name: schema.Name{Name: table}}
	for i, col := range r.Columns {
		a.Columns = append(a.Columns, providers.WriteColumn{Name: col.Name, Type: col.Type, Source: col.Type})
		for range r.Key {
			if len(a.Key) < len(r.Key) && r.Key[len(a.Key)] == col.Name {
				a.Key = append(a.Key, i)
			}
		}
	}
	return c, s, a
}

// batch makes one of rows of fields; "NULL" is NULL and "-" is not known.
func batch(rows ...string) *row.Batch {
	b := row.NewBatch(len(strings.Fields(rows[0])))
	for _, r := range rows {
		for _, f := range strings.Fields(r) {
			switch f {
			case "NULL":
				b.AppendNull()
			case "-":
				b.EndField(row.Unchanged)
			default:
				b.Append([]byte(f))
			}
		}
		b.EndRow()
	}
	return b
}

func inTx(t testing.TB, s providers.ApplySession, f func(providers.ApplyTx) error) {
	t.Helper()
	tx, err := s.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := f(tx); err != nil {
		t.Fatal(errors.Join(err, tx.Rollback(ctx)))
	}
	if err := tx.Commit(ctx); err != nil {
		t.Fatal(err)
	}
}

func holds(t testing.TB, path, query, want string) {
	t.Helper()
	var rows []string
	for _, r := range providertest.Query(t, path, query) {
		rows = append(rows, strings.Join(r, " "))
	}
	if got := strings.Join(rows, "; "); got != want {
		t.Errorf("%s: %s, want %s", query, got, want)
	}
}

// TestApplyKeys: keys with NULLs, which no unique index takes for equal; keys without an
// index of their own; tables without a row id; a collation that takes letters for the same.
func TestApplyKeys(t *testing.T) {
	path := fileWith(t, "CREATE TABLE n (a TEXT, b INT, v TEXT, PRIMARY KEY (a, b))", "CREATE TABLE plain (a TEXT, b INT, v TEXT)",
		"CREATE TABLE w (a TEXT COLLATE NOCASE, b INT, v TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID")
	for _, table := range []string{"n", "plain"} {
		_, s, a := applied(t, path, table)
		a.Key = []int{0, 1}
		inTx(t, s, func(tx providers.ApplyTx) error {
			for range 2 {
				if err := tx.Upsert(ctx, a, batch("NULL 1 x", "k NULL y", "k 1 z")); err != nil {
					return err
				}
			}
			missing, err := tx.Patch(ctx, a, batch("NULL 1 patched", "NULL 2 x"))
			if len(missing) != 1 || missing[0] != 1 {
				t.Errorf("missing %v", missing)
			}
			_, rekeyed := tx.Rekey(ctx, a, batch("k NULL"), batch("j NULL -"))
			read, rerr := tx.ReadRows(ctx, a, batch("j NULL", "NULL 1", "q 1"))
			if read == nil || read.Rows != 2 {
				t.Errorf("read %+v", read)
			}
			n, derr := tx.Delete(ctx, a, batch("k 1", "NULL NULL"))
			if n != 1 {
				t.Errorf("%d rows deleted", n)
			}
			return errors.Join(err, rekeyed, rerr, derr)
		})
		holds(t, path, "SELECT * FROM "+table+" ORDER BY a", `\N 1 patched; j \N y`)
	}
	_, s, a := applied(t, path, "w")
	inTx(t, s, func(tx providers.ApplyTx) error {
		return errors.Join(tx.Upsert(ctx, a, batch("key 1 x")), tx.Upsert(ctx, a, batch("KEY 1 y")))
	})
	holds(t, path, "SELECT * FROM w", "KEY 1 y")
}

// TestApplyEvictExpressions: unique indexes of expressions, collations and some rows.
func TestApplyEvictExpressions(t *testing.T) {
	path := fileWith(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT COLLATE NOCASE, c INT, d INT AS (c % 10) UNIQUE)",
		"CREATE UNIQUE INDEX x ON t (lower(a))", "CREATE UNIQUE INDEX y ON t (b)", "CREATE UNIQUE INDEX z ON t (c / 100) WHERE c > 1000",
		"INSERT INTO t VALUES (1, 'A', 'b1', 1), (2, 'B', 'b2', 2), (3, 'C', 'b3', 1203), (4, 'D', 'b4', 4)")
	_, s, a := applied(t, path, "t")
	a.Columns = a.Columns[:4] // the server computes the fifth
	for rows, want := range map[string]string{
		"9 a x NULL": "1", "9 x B2 NULL": "2", "9 x x 1298": "3", "9 x x 14": "4", "1 a B1 1": "", "9 NULL NULL NULL": "", "9 - - -": "", "9 a B2 1204": "1 2 3 4",
	} {
		tx, err := s.Begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		got, err := tx.Evict(ctx, a, batch(rows))
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for i := range got.Rows {
			v, _ := got.Field(i, 0)
			ids = append(ids, string(v))
		}
		if slices.Sort(ids); strings.Join(ids, " ") != want {
			t.Errorf("for %s %q were evicted, want %s", rows, ids, want)
		}
		if want != "" {
			if err := tx.Upsert(ctx, a, batch(rows)); err != nil {
				t.Errorf("%s: %v", rows, err)
			}
		}
		if err := tx.Rollback(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

// TestApplyErrors: locks are worth another try; checks, enums and triggers say what they
// are.
func TestApplyErrors(t *testing.T) {
	path := fileWith(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, n INT CONSTRAINT positive CHECK (n > 0), e ENUM_TEXT CHECK (e IN ('a','b')))",
		"CREATE TRIGGER refuse BEFORE DELETE ON t BEGIN SELECT RAISE(ABORT, 'not today'); END")
	_, s, a := applied(t, path, "t")
	if on, why := s.Enforced(); !on || !strings.Contains(why, "refuse") {
		t.Errorf("triggers fire: %v, %q", on, why)
	}
	fails := func(f func(providers.ApplyTx) error) error {
		t.Helper()
		tx, err := s.Begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		err = f(tx)
		if rerr := tx.Rollback(ctx); rerr != nil {
			t.Error(rerr)
		}
		if err == nil {
			t.Error("nothing was refused")
		}
		return err
	}
	var conflict *providers.ConflictError
	if err := fails(func(tx providers.ApplyTx) error { return tx.Upsert(ctx, a, batch("1 x -1 a")) }); !errors.As(err, &conflict) || conflict.Constraint != "positive" || conflict.Unique {
		t.Errorf("a check: %+v, %v", conflict, err)
	}
	var bad *providers.BadRowError
	if err := fails(func(tx providers.ApplyTx) error { return tx.Upsert(ctx, a, batch("17 x 1 c")) }); !errors.As(err, &bad) || bad.Column != "e" || bad.Key != "id=17" {
		t.Errorf("a label that is none: %v", err)
	}
	if err := fails(func(tx providers.ApplyTx) error {
		_, err := tx.Delete(ctx, a, batch("1"))
		return errors.Join(err, tx.Upsert(ctx, a, batch("1 x 1 a")), func() error { _, err := tx.Delete(ctx, a, batch("1")); return err }())
	}); !errors.As(err, &conflict) {
		t.Errorf("a trigger that refuses: %v", err)
	}
	other := opened(t, "target.sqlite.other", path)
	o, err := other.OpenApply(ctx)
	if err != nil {
		t.Fatal(err)
	}
	holder, err := o.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Begin(ctx); !providers.IsRetryable(err) {
		t.Errorf("a file that is locked: %v", err)
	}
	if err := holder.Rollback(ctx); err != nil {
		t.Fatal(err)
	}
}

// TestApplyManyPatches: updates of more kinds than are kept prepared.
func TestApplyManyPatches(t *testing.T) {
	path := fileWith(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b INT, c INT, d INT, e INT, f INT)", "INSERT INTO t VALUES (1, 0, 0, 0, 0, 0, 0)")
	_, s, a := applied(t, path, "t")
	for range 2 {
		inTx(t, s, func(tx providers.ApplyTx) error {
			for mask := range 64 {
				r := "1"
				for i := range 6 {
					if mask&(1<<i) != 0 {
						r += " 1"
					} else {
						r += " -"
					}
				}
				if missing, err := tx.Patch(ctx, a, batch(r)); err != nil || len(missing) > 0 {
					return errors.Join(err, errors.New(r))
				}
			}
			return nil
		})
	}
	holds(t, path, "SELECT * FROM t", "1 1 1 1 1 1 1")
}
