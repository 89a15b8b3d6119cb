package providertest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// testCapture: a copy that takes the changes of a source in their order becomes equal to
// it, wherever it goes on after it was cut off; in the end nothing of the capture is left.
func testCapture(t *testing.T, s Suite, method string, seed uint64) {
	ctx := limited(t)
	e := s.open(t)
	if e.db.System == schema.SQLite {
		e.exec(t, "PRAGMA journal_mode = WAL")
	}
	rnd := rand.New(rand.NewPCG(seed, 1))
	a := e.streamTable(t, "cap`tured \"x")
	values := e.valueTable(t)
	e.createPlain(t, "beside", "v", "text")
	e.mustWrite(t, loadOf(values, nil), exampleRows(values, 100))
	e.insert(t, a.Name.Name, [][]string{{"1", "'x'", "1", "'a'", "1"}, {"2", "'y'", "NULL", "NULL", "NULL"}})
	w := &workload{e: e, r: rnd, a: a, values: values, m: model{}, truncate: e.truncation(method, a)}
	for _, r := range e.stored(t, a) {
		w.m[keyText(a, r)] = r
	}

	capturer := capability[providers.Capturer](t, e)
	before := e.everything(t)
	want := providers.Capture{Sync: fmt.Sprintf("sync.\"te'st\".s%d_%s", seed, newName()), Method: method, Deletes: true}
	for _, table := range []schema.Table{e.table(t, a.Name.Name), values} {
		want.Tables = append(want.Tables, providers.CaptureTable{Table: readOf(loadOf(table, nil))})
	}
	plan := planCapture(t, capturer, want, nil)
	for _, step := range plan.Steps {
		for i := range 2 {
			if ran, err := capturer.RunCaptureStep(ctx, step); err != nil || ran != (i == 0) {
				t.Fatalf("%s: ran %v, %v, the time %d", step.Text, ran, err, i+1)
			}
		}
	}
	t.Cleanup(func() { teardown(t, capturer, plan.Capture) })
	if again := planCapture(t, capturer, want, &plan.Capture); len(again.Steps) > 0 {
		t.Errorf("what is there already is planned again: %+v", again.Steps)
	}
	e.exec(t, w.transaction()...) // before the start
	start, err := capturer.StartCapture(ctx, plan.Capture)
	must(t, err)
	e.exec(t, w.transaction()...) // behind it, and seen by the first read too

	c := &copied{e: e, capturer: capturer, capture: plan.Capture, position: start.Position, tables: map[string]map[string][]field{}}
	for _, table := range plan.Capture.Tables {
		c.load(t, table.Table, start.Floor)
	}
	for range 6 {
		c.follow(t, w)
	}
	teardown(t, capturer, plan.Capture)
	same(t, "what there is after the capture", before, e.everything(t))
	if again := planCapture(t, capturer, want, nil); len(again.Steps) != len(plan.Steps) {
		t.Errorf("after the teardown %d steps are planned, and %d were at first", len(again.Steps), len(plan.Steps))
	}
	if method == providers.Binlog {
		return // the server's own log forgets nobody
	}
	var gap *providers.GapError
	err = capturer.Follow(ctx, plan.Capture, c.position, row.NewCollector)
	if !errors.As(err, &gap) {
		t.Errorf("a stream whose source has forgotten it: %v, want a GapError", err)
	}
}

// truncation empties a table in the way that the method sees.
func (e *endpoint) truncation(method string, a *providers.ApplyTable) string {
	table := e.quote(a.Name.Name)
	switch {
	case e.db.System == schema.SQLite, method == providers.Trigger && e.db.System != schema.PostgreSQL:
		return "DELETE FROM " + table
	}
	return "TRUNCATE TABLE " + table
}

// everything is all that an inspection shows.
func (e *endpoint) everything(t testing.TB) *schema.Database {
	t.Helper()
	db := *e.inspect(t)
	db.Tables = withoutEstimates(db.Tables)
	return &db
}

func planCapture(t testing.TB, c providers.Capturer, want providers.Capture, have *providers.Capture) providers.CapturePlan {
	t.Helper()
	p, err := c.PlanCapture(limited(t), want, have)
	if err != nil {
		t.Fatalf("plan the capture: %v", err)
	}
	for _, f := range p.Findings {
		if f.Fatal {
			t.Fatalf("%s: %s", f.Text, f.Fix)
		}
	}
	for _, s := range p.Steps {
		if s.Done == "" {
			t.Errorf("nobody can tell whether this step is done: %s", s.Text)
		}
	}
	if p.Capture.Method == "" || p.Why == "" || p.Start == "" {
		t.Errorf("the plan does not say how, why or what it starts with: %+v", p)
	}
	return p
}

func teardown(t testing.TB, c providers.Capturer, capture providers.Capture) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	steps, err := c.PlanTeardown(ctx, capture)
	if err != nil {
		t.Errorf("plan the teardown: %v", err)
	}
	for _, s := range steps {
		if _, err := c.RunCaptureStep(ctx, s); err != nil {
			t.Errorf("%s: %v", s.Text, err)
		}
		if ran, err := c.RunCaptureStep(ctx, s); ran || err != nil {
			t.Errorf("%s is done, and ran again: %v, %v", s.Text, ran, err)
		}
	}
}

// copied is a copy of tables that follows the source.
type copied struct {
	e        *endpoint
	capturer providers.Capturer
	capture  providers.Capture
	position row.Position                  // up to which tables are
	tables   map[string]map[string][]field // rows by key, by table
}

func (c *copied) table(name schema.Name) *providers.CaptureTable {
	i := slices.IndexFunc(c.capture.Tables, func(t providers.CaptureTable) bool { return t.Table.Name.Name == name.Name })
	if i < 0 {
		return nil
	}
	return &c.capture.Tables[i]
}

func readKey(t providers.ReadTable, r []field) string {
	var key []field
	for _, k := range t.Key {
		key = append(key, r[slices.IndexFunc(t.Columns, func(c providers.ReadColumn) bool { return c.Name == k })])
	}
	return textOf(key)
}

// load reads a table as it is now.
func (c *copied) load(t testing.TB, table providers.ReadTable, floor string) {
	t.Helper()
	sn := c.e.snapshot(t, providers.SnapshotOptions{Readers: 1, Floors: []string{floor}})
	defer closing(t, sn)
	chunks, err := sn.Chunks(limited(t), table, 1<<40)
	must(t, err)
	rows := map[string][]field{}
	for _, chunk := range chunks {
		part, err := readChunk(limited(t), sn, table, chunk)
		must(t, err)
		for _, r := range part {
			rows[readKey(table, r)] = r
		}
	}
	c.tables[table.Name.Name] = rows
}

func (c *copied) clone() map[string]map[string][]field {
	out := map[string]map[string][]field{}
	for name, rows := range c.tables {
		out[name] = maps.Clone(rows)
	}
	return out
}

// follow follows the source for some transactions, compares where that is its turn, and
// is cut off; what was not acknowledged is forgotten.
func (c *copied) follow(t testing.TB, w *workload) {
	t.Helper()
	ctx, cut := context.WithCancel(limited(t))
	defer cut()
	made := make(chan *row.Collector, 1)
	ended := make(chan error, 1)
	size := 1 + w.r.IntN(60)
	go func() {
		var collector *row.Collector
		err := c.capturer.Follow(ctx, c.capture, c.position, func(position func() row.Position) *row.Collector {
			collector = row.NewCollector(position)
			collector.Limit(1<<20, size)
			made <- collector
			return collector
		})
		if collector != nil {
			collector.Fail(err)
		}
		ended <- err
	}()
	var collector *row.Collector
	select {
	case collector = <-made:
	case err := <-ended:
		t.Fatalf("follow from %s: %v", c.position, err)
	}
	acked := c.clone()
	open := false
	take := func(ack bool) row.Position {
		t.Helper()
		b, err := collector.Take(ctx, 20*time.Millisecond)
		if err != nil {
			t.Fatalf("take a batch: %v", err)
		}
		defer collector.Recycle(b)
		c.apply(t, b)
		position := b.Position
		if open = b.Open; !open && ack && position != "" {
			collector.Ack(position)
			acked, c.position = c.clone(), position
		}
		return position
	}
	for range 3 + w.r.IntN(3) {
		for range w.r.IntN(4) {
			c.e.exec(t, w.transaction()...)
			if w.r.IntN(3) == 0 {
				c.e.exec(t, fmt.Sprintf("UPDATE beside SET v = 'x' WHERE id = %d", w.r.IntN(3)))
			}
		}
		for range w.r.IntN(4) {
			take(w.r.IntN(3) > 0)
		}
	}
	if w.r.IntN(3) > 0 {
		goal, err := c.capturer.Current(ctx, c.capture)
		must(t, err)
		for reached := false; !reached; {
			if position := take(true); position != "" && !open {
				reached, err = c.capturer.Reached(position, goal)
				must(t, err)
			}
		}
		c.compare(t)
		if kept, err := c.capturer.Retained(ctx, c.capture, c.position); err != nil || kept.Lost {
			t.Errorf("what the source keeps: %+v, %v", kept, err)
		}
	}
	cut()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Fatalf("a stream that was cut off ended with %v", err)
	}
	c.tables = acked
}

// apply does a batch's changes in their order.
func (c *copied) apply(t testing.TB, b *row.Changes) {
	t.Helper()
	for _, ch := range b.List {
		table := c.table(ch.Relation.Name)
		if table == nil {
			t.Fatalf("a change of table %s, which is not followed", ch.Relation.Name)
		}
		rows := c.tables[ch.Relation.Name.Name]
		if ch.Op == row.Alter || ch.Op == row.Lost {
			continue // no row
		}
		if ch.Op == row.Truncate {
			clear(rows)
			continue
		}
		r, old := fieldsOfChange(t, b, ch, ch.New, table.Table), fieldsOfChange(t, b, ch, ch.Old, table.Table)
		if (r == nil) != (ch.Op == row.Delete) || ch.Op == row.Delete && old == nil {
			t.Fatalf("change %+v of table %s has the wrong rows", ch, ch.Relation.Name)
		}
		var before []field
		if old != nil {
			key := readKey(table.Table, patched(orNothing(r, len(old)), old))
			before = rows[key]
			delete(rows, key)
		}
		if r == nil {
			continue
		}
		key := readKey(table.Table, r)
		if before == nil {
			before = rows[key]
		}
		if slices.Contains(r, unchanged) {
			if before == nil { // it must be read again
				before = c.reread(t, table.Table, r)
			}
			if before == nil {
				delete(rows, key) // it is not there any more: a later change says so
				continue
			}
			r = patched(before, r)
		}
		rows[key] = r
	}
}

func orNothing(r []field, n int) []field {
	if r == nil {
		return make([]field, n)
	}
	return r
}

// fieldsOfChange takes the fields of a change's row by the names of the table's columns.
func fieldsOfChange(t testing.TB, b *row.Changes, ch row.Change, first int, table providers.ReadTable) []field {
	t.Helper()
	if first == row.None {
		return nil
	}
	r := make([]field, len(table.Columns))
	for i, col := range table.Columns {
		at := slices.IndexFunc(ch.Relation.Columns, func(x row.RelationColumn) bool { return x.Name == col.Name })
		if at < 0 {
			t.Fatalf("table %s has no column %s in the stream", table.Name, col.Name)
		}
		if !ch.Relation.Columns[at].Type.Equal(col.Type) {
			t.Errorf("column %s of table %s is %s in the stream, and %s to an inspection", col.Name, table.Name, ch.Relation.Columns[at].Type, col.Type)
		}
		switch v, state := b.Field(first, at); state {
		case row.Value:
			r[i] = text(string(v))
		case row.Unchanged:
			r[i] = unchanged
		}
	}
	return r
}

func (c *copied) reread(t testing.TB, table providers.ReadTable, r []field) []field {
	t.Helper()
	var key []field
	for _, k := range table.Key {
		key = append(key, r[slices.IndexFunc(table.Columns, func(c providers.ReadColumn) bool { return c.Name == k })])
	}
	got, err := c.capturer.ReadKeys(limited(t), table, batchOf([][]field{key}))
	must(t, err)
	if got.Rows == 0 {
		return nil
	}
	return rowOf(got, 0)
}

// compare reads the source's tables by their keys and whole, and compares all three.
func (c *copied) compare(t testing.TB) {
	t.Helper()
	for _, ct := range c.capture.Tables {
		table, rows := ct.Table, c.tables[ct.Table.Name.Name]
		now := map[string][]field{}
		for _, r := range c.e.read(t, table) {
			now[readKey(table, r)] = r
		}
		sameByKey(t, fmt.Sprintf("table %s as it was followed", table.Name), table, now, rows)
		var keys [][]field
		for _, r := range now {
			var key []field
			for _, k := range table.Key {
				key = append(key, r[slices.IndexFunc(table.Columns, func(c providers.ReadColumn) bool { return c.Name == k })])
			}
			keys = append(keys, key)
		}
		if len(keys) == 0 {
			continue
		}
		got, err := c.capturer.ReadKeys(limited(t), table, batchOf(keys))
		must(t, err)
		read := map[string][]field{}
		for _, r := range rowsOfBatch(got) {
			read[readKey(table, r)] = r
		}
		sameByKey(t, fmt.Sprintf("table %s read by keys", table.Name), table, now, read)
	}
}

func sameByKey(t testing.TB, what string, table providers.ReadTable, want, got map[string][]field) {
	t.Helper()
	var wrong []string
	for k, w := range want {
		g := got[k]
		if g == nil {
			wrong = append(wrong, "row "+k+" is missing")
			continue
		}
		for i, c := range table.Columns {
			if string(normal(c, w[i])) != string(normal(c, g[i])) {
				wrong = append(wrong, fmt.Sprintf("row %s, column %q (%s): got %s, want %s", k, c.Name, c.Type, show(g[i]), show(w[i])))
			}
		}
	}
	for k := range got {
		if want[k] == nil {
			wrong = append(wrong, "row "+k+" is not there any more")
		}
	}
	if len(wrong) > 0 {
		slices.Sort(wrong)
		t.Fatalf("%s:\n%s", what, strings.Join(wrong[:min(len(wrong), 10)], "\n"))
	}
}
