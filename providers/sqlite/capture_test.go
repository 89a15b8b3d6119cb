package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/sqlite"
)

// followed is a table of a file whose changes are followed.
type followed struct {
	t       testing.TB
	c       *sqlite.Conn
	path    string
	capture providers.Capture
	at      row.Position
	stream  *row.Collector
	stop    func() error
	limit   int // changes in a batch, where it is set
}

// follow begins to follow tables.
func follow(t testing.TB, path string, tables ...string) *followed {
	t.Helper()
	f := &followed{t: t, c: opened(t, "source.sqlite.test", path), path: path}
	f.capture = providers.Capture{Sync: "sync.test", Deletes: true}
	for _, name := range tables {
		f.capture.Tables = append(f.capture.Tables, providers.CaptureTable{Table: readTable(t, f.c, name)})
	}
	f.prepare()
	start, err := f.c.StartCapture(ctx, f.capture)
	if err != nil {
		t.Fatal(err)
	}
	f.at = start.Position
	f.begin()
	return f
}

func (f *followed) prepare() {
	f.t.Helper()
	p, err := f.c.PlanCapture(ctx, f.capture, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	f.capture = p.Capture
	for _, s := range p.Steps {
		if ran, err := f.c.RunCaptureStep(ctx, s); err != nil || !ran {
			f.t.Fatalf("%s: %v, %v", s.Text, ran, err)
		}
	}
}

// begin follows from the position, until stop.
func (f *followed) begin() {
	f.t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	made := make(chan *row.Collector, 1)
	ended := make(chan error, 1)
	go func() {
		var c *row.Collector
		err := f.c.Follow(ctx, f.capture, f.at, func(p func() row.Position) *row.Collector {
			c = row.NewCollector(p)
			if f.limit > 0 {
				c.Limit(1<<20, f.limit)
			}
			made <- c
			return c
		})
		if c == nil {
			close(made)
		} else {
			c.Fail(err)
		}
		ended <- err
	}()
	f.stream = <-made
	done := false
	f.stop = func() error {
		if done {
			return nil
		}
		done = true
		cancel()
		return <-ended
	}
	f.t.Cleanup(func() { _ = f.stop() }) // the tests look at its error themselves
}

// took gives the changes up to the log's end, each as text: the operation, the row
// after and before, a field that is not known as "-".
func (f *followed) took() []string {
	f.t.Helper()
	goal, err := f.c.Current(ctx, f.capture)
	if err != nil {
		f.t.Fatal(err)
	}
	var out []string
	late, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	for {
		b, err := f.stream.Take(late, time.Second)
		if err != nil {
			f.t.Fatal(err)
		}
		for _, ch := range b.List {
			text := []string{"insert", "update", "delete"}[ch.Op]
			for _, first := range []int{ch.New, ch.Old} {
				if first == row.None {
					continue
				}
				for i := range ch.Relation.Columns {
					v, state := b.Field(first, i)
					text += " " + map[row.State]string{row.Value: string(v), row.Null: "NULL", row.Unchanged: "-"}[state]
				}
				text += ";"
			}
			out = append(out, text)
		}
		if b.Position != "" {
			f.at = b.Position
			f.stream.Ack(f.at)
			if ok, err := f.c.Reached(f.at, goal); err != nil || ok {
				return out
			}
		}
	}
}

func (f *followed) wants(want ...string) {
	f.t.Helper()
	if got := f.took(); !slices.Equal(got, want) {
		f.t.Errorf("changes:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func (f *followed) exec(statements ...string) {
	f.t.Helper()
	providertest.Exec(f.t, f.path, statements...)
}

// fileWith makes a file.
func fileWith(t testing.TB, statements ...string) string {
	path := providertest.SQLite(t)
	providertest.Exec(t, path, statements...)
	return path
}

// TestCaptureReplace: rows that REPLACE takes away fire no trigger of their own.
func TestCaptureReplace(t *testing.T) {
	for _, recursive := range []string{"OFF", "ON"} {
		path := fileWith(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, u TEXT UNIQUE, low TEXT, part INTEGER)",
			"CREATE UNIQUE INDEX by_low ON t (lower(low))", "CREATE UNIQUE INDEX by_part ON t (part) WHERE part > 10",
			"INSERT INTO t VALUES (1, 'a', 'A', 20), (2, 'b', 'B', 1), (3, 'c', 'C', 1), (4, 'd', 'D', 40)")
		f := follow(t, path, "t")
		pragma := "PRAGMA recursive_triggers = " + recursive
		final := func(what string, statement string, gone ...string) {
			t.Helper()
			f.exec(pragma, statement)
			deleted := map[string]bool{}
			for _, c := range f.took() {
				if rest, ok := strings.CutPrefix(c, "delete "); ok {
					deleted[strings.Fields(rest)[0]] = true
				}
			}
			for _, id := range gone {
				if !deleted[id] {
					t.Errorf("%s, recursive_triggers %s: row %s went, and nobody said so", what, recursive, id)
				}
			}
			if len(deleted) != len(gone) {
				t.Errorf("%s: deleted %v, want %v", what, deleted, gone)
			}
		}
		final("its own key", "INSERT OR REPLACE INTO t VALUES (1, 'a', 'A', 20)")
		final("another unique value", "INSERT OR REPLACE INTO t VALUES (10, 'b', 'x', 1)", "2")
		final("an expression's", "REPLACE INTO t (u, low, part) VALUES ('y', 'c', 1)", "3")
		final("a partial index's", "REPLACE INTO t VALUES (12, 'z', 'z', 40)", "4")
		final("an update's", "UPDATE OR REPLACE t SET part = 20 WHERE id = 12", "1")
		final("nothing's", "UPDATE OR REPLACE t SET part = 5")
		if err := f.stop(); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
}

// TestCaptureKeys: keys with NULLs, of several columns, without a row id, in a collation
// that takes letters for the same, of any storage class.
func TestCaptureKeys(t *testing.T) {
	path := fileWith(t, "CREATE TABLE n (a TEXT, b INT, v TEXT, PRIMARY KEY (a, b))", "CREATE TABLE w (a TEXT COLLATE NOCASE, b BLOB, c REAL, v TEXT, PRIMARY KEY (c, a, b)) WITHOUT ROWID",
		"CREATE TABLE five (a INT, b INT, c INT, d INT, e INT, v TEXT, PRIMARY KEY (e, d, c, b, a))", "INSERT INTO five VALUES (1, 2, 3, 4, 5, 'x')",
		"INSERT INTO n VALUES (NULL, 1, 'x'), ('k', NULL, 'y')", "INSERT INTO w VALUES ('key', x'00ff', 0.1, 'x')")
	f := follow(t, path, "n", "w", "five")
	f.exec("UPDATE n SET v = 'changed'")
	f.wants("update NULL 1 changed;", "update k NULL changed;")
	f.exec("UPDATE n SET b = 2 WHERE a IS NULL")
	f.wants("update NULL 2 changed; NULL 1 -;")
	f.exec("DELETE FROM n")
	f.wants("delete NULL 2 -;", "delete k NULL -;")
	f.exec("BEGIN", "UPDATE w SET v = 'y'", "UPDATE w SET a = 'KEY'", "COMMIT")
	f.wants("update KEY \x00\xff 0.1 y; key \x00\xff 0.1 -;")
	f.exec("BEGIN", "UPDATE five SET v = 'y'", "UPDATE five SET a = 10", "COMMIT")
	f.wants("update 10 2 3 4 5 y; 1 2 3 4 5 -;")
}

// TestCaptureTeardownOfOne: two syncs follow one table; what belongs to the other stays.
func TestCaptureTeardownOfOne(t *testing.T) {
	path := fileWith(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)")
	f := follow(t, path, "t")
	other := *f
	other.capture.Sync, other.capture.Tables = "sync.other", slices.Clone(f.capture.Tables)
	other.prepare()
	if _, err := other.c.StartCapture(ctx, other.capture); err != nil {
		t.Fatal(err)
	}
	steps, err := f.c.PlanTeardown(ctx, other.capture)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range steps {
		if ran, err := f.c.RunCaptureStep(ctx, s); !ran || err != nil {
			t.Errorf("%s: %v, %v", s.Text, ran, err)
		}
	}
	f.exec("INSERT INTO t VALUES (1, 'x')")
	f.wants("insert 1 x;")
}

// TestCaptureGaps: a file that is not the one that was followed, or whose changes were
// not noted, is found out.
func TestCaptureGaps(t *testing.T) {
	for what, harm := range map[string]func(*followed){
		"an older copy of the file": func(f *followed) {
			old, err := os.ReadFile(f.path)
			if err != nil {
				t.Fatal(err)
			}
			f.begin()
			f.exec("INSERT INTO t VALUES (2, 'y')")
			f.took()
			if err := f.stop(); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			if err := os.WriteFile(f.path, old, 0o600); err != nil {
				t.Fatal(err)
			}
			f.exec("INSERT INTO t VALUES (3, 'z')", "INSERT INTO t VALUES (4, 'z')") // as many entries as it had
		},
		"the log emptied": func(f *followed) { f.exec("DELETE FROM _change_log") },
		"the log dropped": func(f *followed) { f.exec("DROP TABLE _change_log") },
	} {
		t.Run(what, func(t *testing.T) {
			f := follow(t, fileWith(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)"), "t")
			f.exec("INSERT INTO t VALUES (1, 'x')")
			f.took()
			if err := f.stop(); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			harm(f)
			f.c = opened(t, "source.sqlite.test", f.path)
			err := f.c.Follow(ctx, f.capture, f.at, row.NewCollector)
			var gap *providers.GapError
			if !errors.As(err, &gap) {
				t.Fatalf("%v, want a GapError", err)
			}
			t.Log(err)
			if kept, err := f.c.Retained(ctx, f.capture, f.at); err != nil || !kept.Lost || kept.Why == "" {
				t.Errorf("what is kept: %+v, %v", kept, err)
			}
		})
	}
}

// TestCaptureMissed: a table whose triggers are not those that were made is named, also
// under a running stream, which ends; the others' changes come.
func TestCaptureMissed(t *testing.T) {
	for what, harm := range map[string][]string{
		"renamed":             {"ALTER TABLE t RENAME TO renamed"},
		"made anew":           {"BEGIN", "CREATE TABLE t2 (id INTEGER PRIMARY KEY, v TEXT, u TEXT UNIQUE)", "INSERT INTO t2 SELECT * FROM t", "DROP TABLE t", "ALTER TABLE t2 RENAME TO t", "COMMIT"},
		"gone":                {"DROP TABLE t"},
		"the key renamed":     {"ALTER TABLE t RENAME COLUMN id TO ident"},
		"a trigger gone":      {"DROP TRIGGER @insert"},
		"a touch gone":        {"DROP TRIGGER @before_insert"},
		"a trigger exchanged": {"DROP TRIGGER @update", "CREATE TRIGGER @update AFTER UPDATE ON t BEGIN SELECT 1; END"},
	} {
		t.Run(what, func(t *testing.T) {
			f := follow(t, fileWith(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, u TEXT UNIQUE)", "CREATE TABLE o (id INTEGER PRIMARY KEY)"), "t", "o")
			if m, err := f.c.Missed(ctx, f.capture); err != nil || len(m) > 0 {
				t.Fatalf("before: %+v, %v", m, err)
			}
			for i, sql := range harm {
				for _, name := range providertest.Query(t, f.path, "SELECT name, substr(name, 37) FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 't'") {
					harm[i] = strings.ReplaceAll(sql, "@"+name[1]+" ", name[0]+" ")
					if strings.HasSuffix(sql, "@"+name[1]) {
						harm[i] = strings.TrimSuffix(sql, "@"+name[1]) + name[0]
					}
					if harm[i] != sql {
						break
					}
				}
			}
			f.exec(harm...)
			m, err := f.c.Missed(ctx, f.capture)
			if err != nil || len(m) != 1 || m[0].Table.Name != "t" || m[0].Why == "" {
				t.Fatalf("%+v, %v", m, err)
			}
			t.Log(m[0].Why)
			for err = nil; err == nil; {
				_, err = f.stream.Take(ctx, time.Second)
			}
			if !providers.IsRetryable(err) {
				t.Errorf("the stream ends with %v", err)
			}
			if err := f.stop(); !providers.IsRetryable(err) {
				t.Errorf("the stream stops with %v", err)
			}
			f.capture.Tables = f.capture.Tables[1:]
			f.begin()
			f.exec("INSERT INTO o VALUES (1)")
			f.wants("insert 1;")
		})
	}
}

// TestCaptureSchemaChanges: VACUUM and ALTER TABLE under a running stream lose nothing;
// rows come as the table is when they are read.
func TestCaptureSchemaChanges(t *testing.T) {
	f := follow(t, fileWith(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, w TEXT)", "INSERT INTO t VALUES (1, 'x', 'w')"), "t")
	f.exec("UPDATE t SET v = 'y'", "VACUUM", "UPDATE t SET w = 'z'")
	if got := f.took(); !strings.Contains(strings.Join(got, "\n"), "update 1 y z;") {
		t.Errorf("after VACUUM came %q", got)
	}
	f.exec("ALTER TABLE t ADD COLUMN added INTEGER DEFAULT 7", "INSERT INTO t (id, v, added) VALUES (2, 'x', 8)")
	f.wants("insert 2 x NULL -;") // nobody asked for the new column, but it is there
	f.exec("ALTER TABLE t DROP COLUMN w", "DELETE FROM t WHERE id = 1")
	f.wants("delete 1 - -;")
	f.exec("ALTER TABLE t RENAME COLUMN id TO ident")
	f.exec("INSERT INTO t (ident, v) VALUES (3, 'x')")
	if _, err := f.stream.Take(ctx, time.Minute); err == nil || !strings.Contains(err.Error(), `"id"`) {
		t.Errorf("a column of the key has another name: %v", err)
	}
}

// TestCapturePrunes: the log is pruned behind what was acknowledged, and a stream that
// begins before that is found out.
func TestCapturePrunes(t *testing.T) {
	f := follow(t, fileWith(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)"), "t")
	start := f.at
	f.exec("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000) INSERT INTO t SELECT i, 'x' FROM n")
	if n := len(f.took()); n != 12000 {
		t.Errorf("%d changes, want 12,000", n)
	}
	deadline := time.After(time.Minute)
	for providertest.Query(t, f.path, "SELECT count(*) FROM _change_log")[0][0] != "1" {
		select {
		case <-deadline:
			t.Fatal("the log is not pruned")
		case <-time.After(10 * time.Millisecond):
		}
	}
	f.exec("DELETE FROM t WHERE id > 1")
	if n := len(f.took()); n != 11999 {
		t.Errorf("%d changes, want 11,999", n)
	}
	var gap *providers.GapError
	if err := f.c.Follow(ctx, f.capture, start, row.NewCollector); !errors.As(err, &gap) {
		t.Errorf("from a position that was pruned: %v", err)
	}
}

// TestCaptureRollbackJournal: a target that does not take what comes keeps nobody from
// writing, also where a reader would keep writers out.
func TestCaptureRollbackJournal(t *testing.T) {
	f := follow(t, fileWith(t, "PRAGMA journal_mode = DELETE", "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)"), "t")
	if err := f.stop(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	f.limit = 10
	f.begin()
	for i := range 20 {
		f.exec(fmt.Sprintf("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) INSERT INTO t SELECT 1000 * %d + i, 'x' FROM n", i))
	}
	if n := len(f.took()); n != 2000 {
		t.Errorf("%d changes, want 2,000", n)
	}
}
