package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/ledger"
)

var ctx = context.Background()

// file is a ledger.DB over one connection to an SQLite database.
type file struct{ conn *sqlite.Conn }

func (f file) Exec(_ context.Context, sql string, args ...any) error {
	return sqlitex.Execute(f.conn, sql, &sqlitex.ExecOptions{Args: args})
}

func (f file) Query(_ context.Context, sql string, args ...any) (rows [][]string, err error) {
	err = sqlitex.Execute(f.conn, sql, &sqlitex.ExecOptions{Args: args, ResultFunc: func(s *sqlite.Stmt) error {
		var r []string
		for i := range s.ColumnCount() {
			r = append(r, s.ColumnText(i))
		}
		rows = append(rows, r)
		return nil
	}})
	return rows, err
}

// open makes an empty database with a ledger.
func open(t *testing.T) (ledger.Ledger, file) {
	t.Helper()
	conn, err := sqlite.OpenConn(":memory:", sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	l, db := ledger.Ledger{Prefix: `"main".`}, file{conn}
	for range 2 { // it may be there already
		if err := l.Ensure(ctx, db); err != nil {
			t.Fatal(err)
		}
	}
	return l, db
}

func (f file) mustQuery(t *testing.T, sql string) string {
	t.Helper()
	rows, err := f.Query(ctx, sql)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(rows)
}

func TestTheJournalRemembersSteps(t *testing.T) {
	l, db := open(t)
	key := providers.StepKey{Plan: "p", Action: "a001", Step: 1}
	for _, other := range []providers.StepKey{{Plan: "q", Action: "a001", Step: 1}, {Plan: "p", Action: "a002", Step: 1}, {Plan: "p", Action: "a001", Step: 0}} {
		if err := l.NoteStep(ctx, db, other, ledger.Intent, "another's"); err != nil {
			t.Fatal(err)
		}
	}
	for i, c := range []struct{ note, want ledger.StepState }{
		{"", ""}, {ledger.Intent, ledger.Intent}, {ledger.Intent, ledger.Intent}, {ledger.Done, ledger.Done}, {ledger.Done, ledger.Done}, {ledger.Intent, ledger.Done},
	} {
		if c.note != "" {
			if err := l.NoteStep(ctx, db, key, c.note, "CREATE TABLE t"); err != nil {
				t.Fatal(i, err)
			}
		}
		got, err := l.Step(ctx, db, key)
		if err != nil || got != c.want {
			t.Errorf("%d: after %q: %q, %v; want %q", i, c.note, got, err, c.want)
		}
	}
	if got := db.mustQuery(t, "SELECT state, statement, finished_at >= started_at FROM _sync_journal WHERE plan_id = 'p' AND action_id = 'a001' AND step = 1"); got != "[[done CREATE TABLE t 1]]" {
		t.Error(got)
	}
	straight := providers.StepKey{Plan: "p", Action: "a003"}
	if err := l.NoteStep(ctx, db, straight, ledger.Done, "x"); err != nil {
		t.Fatal(err)
	}
	if got, err := l.Step(ctx, db, straight); err != nil || got != ledger.Done {
		t.Error(got, err)
	}
}

// TestAStepTakesEffectOnce kills a run at each place where it can die, and runs it again.
func TestAStepTakesEffectOnce(t *testing.T) {
	died := errors.New("killed")
	step := providers.Step{Text: "CREATE TABLE made (a)", Done: "SELECT count(*) FROM sqlite_schema WHERE name = 'made'"}
	key := providers.StepKey{Plan: "p", Action: "a001"}
	for _, where := range []string{"nowhere", "before the statement", "after the statement"} {
		t.Run(where, func(t *testing.T) {
			l, db := open(t)
			times := 0
			run := func(context.Context) error {
				if where == "before the statement" && times == 0 {
					times++
					return died
				}
				if err := db.Exec(ctx, step.Text); err != nil {
					return err
				}
				times++
				if where == "after the statement" {
					return died
				}
				return nil
			}
			ran, err := l.RunStep(ctx, db, key, step, run)
			if where == "nowhere" {
				if !ran || err != nil {
					t.Fatal(ran, err)
				}
			} else if ran || !errors.Is(err, died) {
				t.Fatal(ran, err)
			}
			ran, err = l.RunStep(ctx, db, key, step, run)
			if err != nil || ran != (where == "before the statement") {
				t.Errorf("the second run: ran %v, %v", ran, err)
			}
			ran, err = l.RunStep(ctx, db, key, step, func(context.Context) error { return errors.New("run a third time") })
			if err != nil || ran {
				t.Errorf("the third run: ran %v, %v", ran, err)
			}
		})
	}
}

func TestALoadIsGoneOnWith(t *testing.T) {
	l, db := open(t)
	chunks := []providers.Chunk{{ID: 0, Bounds: `{"up_to":["i5"]}`, Rows: 10}, {ID: 1, Bounds: "'odd' \"bounds\" \\ ü", Rows: 20}, {ID: 2}}
	never := func() ([]providers.Chunk, error) { return nil, errors.New("asked again") }
	st, err := l.OpenLoad(ctx, db, "m", "g1", func() ([]providers.Chunk, error) { return chunks, nil })
	if err != nil || !reflect.DeepEqual(st.Chunks, chunks) || len(st.Done) != 0 || st.Rows != 0 {
		t.Fatalf("%+v %v", st, err)
	}
	if st, err = l.OpenLoad(ctx, db, "m", "g1", never); err != nil || !reflect.DeepEqual(st.Chunks, chunks) || len(st.Done) != 0 {
		t.Errorf("%+v %v", st, err)
	}
	for id, rows := range map[int]int64{2: 0, 1: 17} { // a chunk without rows is done all the same
		if err := l.ClaimChunk(ctx, db, "m", "g1", id, ""); err != nil {
			t.Fatal(err)
		}
		if err := l.MarkChunk(ctx, db, "m", "g1", id, rows); err != nil {
			t.Fatal(err)
		}
		if err := l.ClaimChunk(ctx, db, "m", "g1", id, ""); !errors.Is(err, providers.ErrChunkDone) {
			t.Errorf("chunk %d is claimed again: %v", id, err)
		}
	}
	if st, err = l.OpenLoad(ctx, db, "m", "g1", never); err != nil || st.Rows != 17 || !reflect.DeepEqual(st.Done, map[int]bool{1: true, 2: true}) {
		t.Errorf("%+v %v", st, err)
	}
	if err := l.ClaimChunk(ctx, db, "m", "g1", 0, ""); err != nil {
		t.Error(err)
	}
	if err := l.ClaimChunk(ctx, db, "m", "g1", 3, ""); err == nil || errors.Is(err, providers.ErrChunkDone) {
		t.Errorf("a chunk that there is not: %v", err)
	}

	// Another mapping, and a mapping and generation that read the same when they are joined.
	for _, other := range [][2]string{{"m2", "g1"}, {"mg", "1"}} {
		st, err := l.OpenLoad(ctx, db, other[0], other[1], func() ([]providers.Chunk, error) { return chunks[:1], nil })
		if err != nil || len(st.Chunks) != 1 || len(st.Done) != 0 {
			t.Errorf("%v: %+v %v", other, st, err)
		}
	}
	if st, err = l.OpenLoad(ctx, db, "m", "g1", never); err != nil || len(st.Done) != 2 {
		t.Errorf("%+v %v", st, err)
	}

	// A new generation throws the old one away, and who still works for that is told.
	if st, err = l.OpenLoad(ctx, db, "m", "g2", func() ([]providers.Chunk, error) { return chunks, nil }); err != nil || len(st.Done) != 0 {
		t.Errorf("%+v %v", st, err)
	}
	if err := l.ClaimChunk(ctx, db, "m", "g1", 0, ""); err == nil || !strings.Contains(err.Error(), "another apply has begun a new one") {
		t.Errorf("%v", err)
	}
	if got := db.mustQuery(t, "SELECT mapping, generation, count(*) FROM _sync_chunk GROUP BY 1, 2"); got != "[[m g2 3] [m2 g1 1] [mg 1 1]]" {
		t.Error(got)
	}

	// Chunks that can't be had leave everything as it was, to whoever rolls back.
	gone := errors.New("the source is gone")
	if _, err := l.OpenLoad(ctx, db, "m", "g3", func() ([]providers.Chunk, error) { return nil, gone }); !errors.Is(err, gone) {
		t.Error(err)
	}
	if st, err = l.OpenLoad(ctx, db, "m", "g2", never); err != nil || len(st.Chunks) != 3 {
		t.Errorf("%+v %v", st, err)
	}
}

func TestTablesAreNoted(t *testing.T) {
	l, db := open(t)
	for i, status := range []string{"loading", "loaded"} {
		if err := l.NoteTable(ctx, db, "a b", int64(i), status); err != nil {
			t.Fatal(err)
		}
	}
	if got := db.mustQuery(t, "SELECT table_name, records_synced, status, last_sync_at LIKE '____-__-__T__:__:__%Z' FROM _sync_metadata"); got != "[[a b 1 loaded 1]]" {
		t.Error(got)
	}
}

func TestOursAndAside(t *testing.T) {
	names := map[string]bool{}
	for _, table := range []string{"a", "b", strings.Repeat("ü", 100)} {
		for _, generation := range []string{"g1", "g2"} {
			n := ledger.Aside(table, generation)
			if names[n] || len(n) > 63 || !ledger.IsOurs(n) {
				t.Errorf("%q", n)
			}
			names[n] = true
		}
	}
	for name, ours := range map[string]bool{"_sync_journal": true, "_sync_chunk": true, "_sync_metadata": true, "users": false, "_sync": false, "sync_log": false} {
		if ledger.IsOurs(name) != ours {
			t.Errorf("IsOurs(%q) is not %v", name, ours)
		}
	}
}
