package sqlite_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	zombie "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/row"
)

// raw is a connection beside the provider.
func raw(t testing.TB, path string) *zombie.Conn {
	t.Helper()
	db, err := zombie.OpenConn(path, zombie.OpenReadWrite, zombie.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func holdWriteLock(t testing.TB, path string) (release func()) {
	t.Helper()
	db := raw(t, path)
	if err := sqlitex.ExecuteTransient(db, "BEGIN IMMEDIATE", nil); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := sqlitex.ExecuteTransient(db, "ROLLBACK", nil); err != nil {
			t.Fatal(err)
		}
	}
}

// TestValuesAgainstTheirDeclaration reads what SQLite has let in: each value comes out
// as its declared type's canonical text, or is refused by table, key and column.
func TestValuesAgainstTheirDeclaration(t *testing.T) {
	const refused = "<refused>"
	for i, c := range []struct{ declared, value, want string }{
		{"INTEGER", "'abc'", refused}, {"INTEGER", "1.5", refused}, {"INTEGER", "'12'", "12"}, {"INTEGER", "x'31'", refused}, {"INTEGER", "-9223372036854775808", "-9223372036854775808"},
		{"BOOLEAN", "1", "t"}, {"BOOLEAN", "'f'", "f"}, {"BOOLEAN", "'true'", "t"}, {"BOOLEAN", "2", refused}, {"BOOLEAN", "'yes'", refused},
		{"REAL", "1", "1"}, {"REAL", "'NaN'", "NaN"}, {"REAL", "9e999", "Infinity"}, {"REAL", "'one'", refused}, {"REAL", "1e300", "1e+300"}, {"REAL", "-0.0", "0"},
		{"FLOAT4", "0.1", "0.1"}, {"FLOAT4", "0.123456789", refused}, {"FLOAT4", "16777217", refused},
		{"DECIMAL(10,2)", "1.1", "1.10"}, {"DECIMAL(10,2)", "'1.10'", "1.10"}, {"DECIMAL(10,2)", "7", "7"}, {"DECIMAL(10,2)", "0.333", refused}, {"DECIMAL(10,2)", "'n/a'", refused},
		{"NUMERIC", "0.1", "0.1"}, {"NUMERIC", "1e21", "1000000000000000000000"}, {"DECIMAL_TEXT", "'1.500'", "1.500"},
		{"TEXT", "1.10", "1.1"}, {"TEXT", "x'00ff'", refused}, {"TEXT", "CAST(x'ff' AS TEXT)", refused}, {"TEXT", "char(97, 0, 98)", "a\x00b"}, {"TEXT", "'😀'", "😀"},
		{"VARCHAR(3)", "'äöü'", "äöü"}, {"VARCHAR(3)", "'four'", refused}, {"CHAR(5)", "'ab   '", "ab"},
		{"BLOB", "x'00ff'", "\x00\xff"}, {"BLOB", "'text'", "text"}, {"BLOB", "5", refused}, {"BINARY(2)", "x'00'", refused},
		{"DATETIME", "'2024-02-29T10:00Z'", "2024-02-29 10:00:00"}, {"DATETIME", "1709200000", refused}, {"DATETIME", "2460369.5", refused}, {"DATE", "'2024-02-29'", "2024-02-29"}, {"DATE", "'20240229'", refused},
		{"UUID", "'6BA7B810-9DAD-11D1-80B4-00C04FD430C8'", "6ba7b810-9dad-11d1-80b4-00c04fd430c8"}, {"UUID", "x'6ba7b8109dad11d180b400c04fd430c8'", refused}, {"UUID", "'nope'", refused},
		{"JSON", "'{\"a\": 1.0}'", `{"a": 1.0}`}, {"JSON", "'1.0'", "1"}, {"JSON", "x'7b7d'", refused}, {"JSON_TEXT", "'1.0'", "1.0"},
		{"BIGINT UNSIGNED", "CAST('18446744073709551615' AS BLOB)", "18446744073709551615"}, {"BIGINT UNSIGNED", "7", "7"}, {"BIGINT UNSIGNED", "x'00'", refused},
		{"", "5", "5"}, {"", "'five'", "five"}, {"", "1.5", "1.5"}, {"", "x'05'", refused}, {"WHATEVER", "5", "5"}, {"YEAR", "2024", "2024"},
		{"BIT_TEXT(3)", "'101'", "101"}, {"BIT_TEXT(3)", "'102'", refused},
	} {
		t.Run(fmt.Sprintf("%d %s %s", i, c.declared, c.value), func(t *testing.T) {
			src := source(t, `CREATE TABLE "a b" (id INTEGER PRIMARY KEY, "the c" `+c.declared+`)`, `INSERT INTO "a b" VALUES (16, NULL)`, `INSERT INTO "a b" VALUES (17, `+c.value+`)`)
			r := readTable(t, src, "a b")
			rows, err := chunkRows(t, snapshot(t, src, providers.SnapshotOptions{}), r, providers.Chunk{})
			if c.want != refused {
				if err != nil || len(rows) != 2 || rows[0][1] != "<null>" || rows[1][1] != c.want {
					t.Errorf("%q, %v; want %q", rows, err, c.want)
				}
				return
			}
			var bad *providers.BadRowError
			if !errors.As(err, &bad) {
				t.Fatalf("%q, %v", rows, err)
			}
			if bad.Table != r.Name || bad.Key != "id=17" || bad.Column != "the c" || bad.Reason == "" {
				t.Errorf("%+v", bad)
			}
		})
	}
}

func TestTextOfAnyEncoding(t *testing.T) {
	path := providertest.SQLite(t)
	db := raw(t, path)
	for _, s := range []string{"PRAGMA encoding = 'UTF-16le'", "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b BLOB)", "INSERT INTO t VALUES (1, 'äö😀', x'00ff')"} {
		if err := sqlitex.ExecuteTransient(db, s, nil); err != nil {
			t.Fatal(err)
		}
	}
	src := opened(t, "source.sqlite.test", path)
	rows, err := chunkRows(t, snapshot(t, src, providers.SnapshotOptions{}), readTable(t, src, "t"), providers.Chunk{})
	if err != nil || len(rows) != 1 || rows[0][1] != "äö😀" || rows[0][2] != "\x00\xff" {
		t.Errorf("%q %v", rows, err)
	}
}

// TestChunksHoldEveryRow cuts tables with keys of many kinds; together the chunks hold
// each row once, also those written after they were cut.
func TestChunksHoldEveryRow(t *testing.T) {
	series := "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM s WHERE n < 2000) "
	for _, c := range []struct {
		name, create, insert, later string
		least                       int // chunks, at 100 rows
	}{
		{"row ids", "(id INTEGER PRIMARY KEY, v TEXT)", "SELECT n, n FROM s", "(-5, 'x'), (99999, 'y')", 15},
		{"gaps", "(id INTEGER PRIMARY KEY, v TEXT)", "SELECT n * 1000, n FROM s", "(-5, 'x'), (1500, 'y')", 15},
		{"clusters", "(id INTEGER PRIMARY KEY, v TEXT)", "SELECT CASE WHEN n < 10 THEN n ELSE 7000000000000000000 + n END, n FROM s", "(-9223372036854775808, 'x'), (9223372036854775807, 'y')", 15},
		{"text", "(k TEXT PRIMARY KEY, v TEXT)", "SELECT char(65 + n % 60) || n, n FROM s", "('', 'x'), ('zzzz', 'y'), (NULL, 'z')", 15},
		{"text without row ids", "(k TEXT COLLATE NOCASE PRIMARY KEY, v TEXT) WITHOUT ROWID", "SELECT char(65 + n % 26) || n, n FROM s", "('', 'x'), ('zzzz', 'y')", 15},
		{"two columns", "(a INTEGER, b TEXT, v TEXT, PRIMARY KEY (a, b))", "SELECT n % 3, 'b' || n, n FROM s", "(NULL, 'b', 'x'), (1, NULL, 'y'), (9, 'z', 'z')", 15},
		{"blobs", "(k BLOB PRIMARY KEY, v TEXT)", "SELECT CAST('k' || n AS BLOB), n FROM s", "(x'', 'x'), (x'ff', 'y')", 15},
		{"reals", "(k REAL PRIMARY KEY, v TEXT)", "SELECT n / 7.0, n FROM s", "(-1.5, 'x'), (9e99, 'y')", 15},
		{"descending", "(a INTEGER, b INTEGER, v TEXT, PRIMARY KEY (a DESC, b)) WITHOUT ROWID", "SELECT n % 10, n, n FROM s", "(-1, 0, 'x'), (100, 0, 'y')", 1},
		{"none", "(a INTEGER, v TEXT)", "SELECT n, n FROM s", "(1, 'x')", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := providertest.SQLite(t)
			providertest.Exec(t, path, "CREATE TABLE t "+c.create, series+"INSERT INTO t "+c.insert)
			src := opened(t, "source.sqlite.test", path)
			r := readTable(t, src, "t")
			sn := snapshot(t, src, providers.SnapshotOptions{Readers: 2})
			chunks, err := sn.Chunks(ctx, r, 100)
			if err != nil {
				t.Fatal(err)
			}
			if len(chunks) < c.least || len(chunks) > 40 {
				t.Errorf("%d chunks", len(chunks))
			}
			providertest.Exec(t, path, "INSERT INTO t VALUES "+c.later)
			var got []string
			for i, chunk := range chunks {
				if chunk.ID != i {
					t.Errorf("chunk %d has number %d", i, chunk.ID)
				}
				rows, err := chunkRows(t, sn, r, chunk)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range rows {
					got = append(got, strings.Join(r, "|"))
				}
			}
			all, err := chunkRows(t, sn, r, providers.Chunk{})
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, r := range all {
				want = append(want, strings.Join(r, "|"))
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("the chunks hold %d rows, the table %d", len(got), len(want))
			}
		})
	}
}

// TestASnapshotIsOfOneMoment: whatever is written while it is open, all readers of a
// consistent snapshot see what they saw first.
func TestASnapshotIsOfOneMoment(t *testing.T) {
	for _, mode := range []string{"wal", "delete"} {
		t.Run(mode, func(t *testing.T) {
			path := providertest.SQLite(t)
			db := raw(t, path)
			db.SetBusyTimeout(1)
			run := func(s string) error { return sqlitex.ExecuteTransient(db, s, nil) }
			for _, s := range []string{"PRAGMA journal_mode = " + mode, "CREATE TABLE a (id INTEGER PRIMARY KEY)", "CREATE TABLE b (id INTEGER PRIMARY KEY)", "INSERT INTO a VALUES (1)"} {
				if err := run(s); err != nil {
					t.Fatal(err)
				}
			}
			src := opened(t, "source.sqlite.test", path)
			ra, rb := readTable(t, src, "a"), readTable(t, src, "b")
			sn := snapshot(t, src, providers.SnapshotOptions{Readers: 3, Consistent: true})
			err := run("INSERT INTO b SELECT id FROM a")
			if mode == "wal" && err != nil {
				t.Fatal(err)
			}
			if mode == "delete" && err == nil {
				t.Error("a writer got past the readers' locks")
			}
			// Two reads at a time, over different connections.
			first, err := sn.Read(ctx, ra, providers.Chunk{}, []row.Form{row.FormFields})
			if err != nil {
				t.Fatal(err)
			}
			rows, err := chunkRows(t, sn, rb, providers.Chunk{})
			if err != nil || len(rows) != 0 {
				t.Errorf("a row that was written later is seen: %v %v", rows, err)
			}
			if err := first.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestAMomentWhileOthersWrite opens snapshots under a writer that never rests: what
// one transaction has written into two tables is seen in both or in neither, whichever
// reader looks.
func TestAMomentWhileOthersWrite(t *testing.T) {
	path := providertest.SQLite(t)
	providertest.Exec(t, path, "PRAGMA journal_mode = wal", "CREATE TABLE a (n INTEGER)", "CREATE TABLE b (n INTEGER)", "INSERT INTO a VALUES (0)", "INSERT INTO b VALUES (0)")
	src := opened(t, "source.sqlite.test", path)
	ra, rb := readTable(t, src, "a"), readTable(t, src, "b")
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() {
		db, err := zombie.OpenConn(path, zombie.OpenReadWrite)
		for err == nil {
			select {
			case <-stop:
				done <- db.Close()
				return
			default:
				err = sqlitex.ExecuteScript(db, "UPDATE a SET n = n + 1; UPDATE b SET n = n + 1;", nil)
			}
		}
		done <- err
	}()
	seen := map[string]bool{}
	for i := 0; i < 10000 && len(seen) < 30; i++ {
		sn, err := src.OpenSnapshot(ctx, providers.SnapshotOptions{Readers: 3, Consistent: true})
		if err != nil {
			t.Fatal(err)
		}
		first, err := sn.Read(ctx, ra, providers.Chunk{}, []row.Form{row.FormFields})
		if err != nil {
			t.Fatal(err)
		}
		b, err := chunkRows(t, sn, rb, providers.Chunk{})
		if err != nil {
			t.Fatal(err)
		}
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		a, err := chunkRows(t, sn, ra, providers.Chunk{})
		if err != nil {
			t.Fatal(err)
		}
		if a[0][0] != b[0][0] {
			t.Fatalf("a reader sees %s, another %s", a[0][0], b[0][0])
		}
		seen[a[0][0]] = true
		if err := sn.Close(); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if len(seen) < 30 {
		t.Errorf("the writer got on by %d steps only", len(seen))
	}
}
