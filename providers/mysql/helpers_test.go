package mysql

import (
	"context"
	"crypto/rand"
	"os"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// connectTo opens a test database with the provider.
func connectTo(t testing.TB, url string) *Conn {
	t.Helper()
	conn, err := Provider{}.Open(context.Background(), providers.Config{Addr: "target.mysql.test", Attrs: map[string]any{"connection": url}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn.(*Conn)
}

// fresh gives another empty database of the same kind of server.
func fresh(t testing.TB, like *Conn) string {
	t.Helper()
	if like.server.mariadb() {
		return providertest.MariaDB(t)
	}
	return providertest.MySQL(t)
}

func inspect(t testing.TB, c *Conn) *schema.Database {
	t.Helper()
	db, err := c.Inspect(context.Background(), providers.InspectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// run plans and runs a change, journalled under an own plan for each.
func run(t testing.TB, c *Conn, db *schema.Database, change schema.Change) {
	t.Helper()
	if err := tryRun(t, c, db, change); err != nil {
		t.Fatal(err)
	}
}

func tryRun(t testing.TB, c *Conn, db *schema.Database, change schema.Change) error {
	t.Helper()
	steps, err := c.PlanSteps(db, change)
	if err != nil {
		return err
	}
	plan := planID()
	for i, step := range steps {
		ran, err := c.RunStep(context.Background(), providers.StepKey{Plan: plan, Action: "a001", Step: i}, step)
		if err != nil {
			return err
		}
		if !ran {
			t.Errorf("step did not run: %s", step.Text)
		}
		if step.Done != "" {
			rows := queryDone(t, c, step.Done)
			if rows != "1" {
				t.Errorf("after the step its condition is %s: %s\n%s", rows, step.Text, step.Done)
			}
		}
	}
	if db != nil {
		db.Apply(change)
	}
	return nil
}

func queryDone(t testing.TB, c *Conn, text string) string {
	t.Helper()
	var got string
	err := c.with(context.Background(), func(s *session) error {
		rows, err := s.query(context.Background(), text)
		if err == nil {
			got = rows[0][0]
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// planID is one that no test has used, in this process or another.
func planID() string { return rand.Text() }

// create makes a whole schema in the order that a plan has: sequences, tables,
// indexes, foreign keys.
func create(t testing.TB, c *Conn, tables []schema.Table, sequences []schema.Sequence) {
	t.Helper()
	db := inspect(t, c).Working()
	for _, q := range sequences {
		run(t, c, db, schema.AddSequence{Sequence: q})
	}
	for _, table := range tables {
		bare := table
		bare.Indexes, bare.ForeignKeys = nil, nil
		run(t, c, db, schema.AddTable{To: bare})
	}
	for _, table := range tables {
		for _, x := range table.Indexes {
			run(t, c, db, schema.AddIndex{In: table.Name, Index: x})
		}
	}
	for _, table := range tables {
		for _, f := range table.ForeignKeys {
			run(t, c, db, schema.AddForeignKey{In: table.Name, Key: f})
		}
	}
}

func exec(t testing.TB, c *Conn, text string) {
	t.Helper()
	err := c.with(t.Context(), func(s *session) error {
		_, err := s.exec(t.Context(), text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// wholeTable describes a table for copying it as it is.
func wholeTable(t testing.TB, c *Conn, name string) (providers.Load, providers.ReadTable) {
	t.Helper()
	n := schema.Name{Name: name}
	db, err := c.Inspect(t.Context(), providers.InspectOptions{Tables: []schema.Name{n}})
	if err != nil || len(db.Tables) != 1 {
		t.Fatal(name, err)
	}
	l := providers.Load{Mapping: "sync.test.mapping[" + name + "]", Generation: planID(), Table: n, Live: n}
	r := providers.ReadTable{Name: n}
	for _, column := range db.Tables[0].Columns {
		if column.Generated == nil {
			l.Columns = append(l.Columns, providers.WriteColumn{Name: column.Name, Type: column.Type, Source: column.Type})
			r.Columns = append(r.Columns, providers.ReadColumn{Name: column.Name, Type: column.Type})
		}
	}
	if k := db.Tables[0].PrimaryKey; k != nil {
		l.Key, r.Key = k.Columns(), k.Columns()
	}
	return l, r
}

// copyTable copies by chunks of about rows rows; 0: one chunk.
func copyTable(t testing.TB, from, to *Conn, r providers.ReadTable, l providers.Load, rows int64) int64 {
	t.Helper()
	n, err := tryCopy(t, from, to, r, l, rows)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func tryCopy(t testing.TB, from, to *Conn, r providers.ReadTable, l providers.Load, rows int64) (int64, error) {
	t.Helper()
	ctx := t.Context()
	s, err := from.OpenSnapshot(ctx, providers.SnapshotOptions{Readers: 1})
	if err != nil {
		return 0, err
	}
	defer s.Close()
	state, err := to.OpenLoad(ctx, l, func() ([]providers.Chunk, error) {
		if rows == 0 {
			return []providers.Chunk{{}}, nil
		}
		return s.Chunks(ctx, r, rows)
	})
	if err != nil {
		return 0, err
	}
	w, err := to.OpenWriter(ctx, l)
	if err != nil {
		return 0, err
	}
	defer w.Close()
	var written int64
	for _, chunk := range state.Chunks {
		reader, err := s.Read(ctx, r, chunk, w.Forms())
		if err != nil {
			return written, err
		}
		ahead := row.Prefetch(ctx, reader, 4)
		n, err := w.WriteChunk(ctx, chunk, ahead)
		if closing := ahead.Close(); err == nil {
			err = closing
		}
		if err != nil {
			return written, err
		}
		written += n.Rows
	}
	return written, to.CloseLoad(ctx, l, written)
}

func named(table string) schema.Name { return schema.Name{Name: table} }

func readFile(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
