package mysql

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
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



// plans numbers the plans of a test process.
var plans atomic.Int64

func planID() string {
	n := plans.Add(1)
	return fmt.Sprintf("test-%d", n)
}

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
