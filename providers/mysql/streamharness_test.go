package mysql

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// follower streams tables of one database into another, in the simplest way: change by
// change, a transaction per batch.
type follower struct {
	lost    []string // what changes of tables said
	t       testing.TB
	from    *Conn
	to      *Conn
	capture providers.Capture
	tables  map[string]*providers.ApplyTable
	session providers.ApplySession
	epoch   int64

	at     row.Position
	stop   context.CancelFunc
	done   chan error
	out    *row.Collector
	counts map[row.Op]int
	seen   []*row.Relation // each that came, once
}

const testSync = "sync.test"

// follow plans a capture of tables, starts it and loads what is there.
func follow(t testing.TB, from, to *Conn, method string, names ...string) *follower {
	t.Helper()
	return followAs(t, from, to, providers.Capture{Method: method}, names...)
}

// followAs is follow with more said of the capture.
func followAs(t testing.TB, from, to *Conn, want providers.Capture, names ...string) *follower {
	t.Helper()
	f := &follower{t: t, from: from, to: to, tables: map[string]*providers.ApplyTable{}, counts: map[row.Op]int{}}
	method := want.Method
	want.Sync, want.Deletes = testSync, true
	for _, name := range names {
		l, r := wholeTable(t, from, name)
		a := &providers.ApplyTable{Mapping: l.Mapping, Name: l.Table, Columns: l.Columns}
		for _, k := range l.Key {
			a.Key = append(a.Key, slices.IndexFunc(l.Columns, func(c providers.WriteColumn) bool { return c.Name == k }))
		}
		f.tables[name] = a
		c := providers.CaptureTable{Table: r}
		if method == providers.Polling {
			c.IncrementalKey = "updated_at"
		}
		want.Tables = append(want.Tables, c)
	}
	plan, err := from.PlanCapture(t.Context(), want, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range plan.Findings {
		if x.Fatal {
			t.Fatal(x)
		}
	}
	f.capture = plan.Capture
	for _, s := range plan.Steps {
		if ran, err := from.RunCaptureStep(t.Context(), s); err != nil || !ran {
			t.Fatal(s.Text, ran, err)
		}
		if ran, err := from.RunCaptureStep(t.Context(), s); err != nil || ran {
			t.Fatal("a second time: ", s.Text, ran, err)
		}
	}
	start, err := from.StartCapture(t.Context(), f.capture)
	if err != nil {
		t.Fatal(err)
	}
	f.at = start.Position
	store, err := to.OpenStreams(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Begin(t.Context(), providers.StreamRecord{Sync: testSync, Start: start, Position: start.Position}); err != nil {
		t.Fatal(err)
	}
	rec, err := store.Stream(t.Context(), testSync)
	if err != nil {
		t.Fatal(err)
	}
	if f.epoch, err = store.Take(t.Context(), testSync, "test", rec.Epoch, rec.Beat); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		l, r := wholeTable(t, from, name)
		snapshot, err := from.OpenSnapshot(t.Context(), providers.SnapshotOptions{Readers: 1, Floors: []string{start.Floor}})
		if err != nil {
			t.Fatal(err)
		}
		snapshot.Close()
		copyTable(t, from, to, r, l, 0)
	}
	f.open()
	return f
}

func (f *follower) open() {
	s, err := f.to.OpenApply(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	f.session = s
	f.t.Cleanup(func() { s.Close() })
}

// begin follows in the background until end.
func (f *follower) begin() {
	ctx, cancel := context.WithCancel(f.t.Context())
	f.stop, f.done = cancel, make(chan error, 1)
	ready := make(chan struct{})
	go func() {
		err := f.from.Follow(ctx, f.capture, f.at, func(position func() row.Position) *row.Collector {
			f.out = row.NewCollector(position)
			close(ready)
			return f.out
		})
		if f.out != nil {
			f.out.Fail(err)
		}
		f.done <- err
	}()
	select {
	case <-ready:
	case err := <-f.done:
		f.done <- err
		f.out = nil
	}
}

func (f *follower) end() error {
	f.stop()
	return <-f.done
}

// catchUp applies until the target has all that the source has now.
func (f *follower) catchUp() {
	f.t.Helper()
	if err := f.tryCatchUp(); err != nil {
		f.t.Fatal(err)
	}
}

func (f *follower) tryCatchUp() error {
	f.t.Helper()
	goal, err := f.from.Current(f.t.Context(), f.capture)
	if err != nil {
		return err
	}
	f.begin()
	if f.out == nil { // it did not come to make one
		f.stop()
		return <-f.done
	}
	defer f.end()
	return f.until(goal)
}

func (f *follower) until(goal row.Position) error {
	deadline, cancel := context.WithTimeout(f.t.Context(), 5*time.Minute)
	defer cancel()
	for {
		reached, err := f.from.Reached(f.at, goal)
		if err != nil || reached {
			return err
		}
		b, err := f.out.Take(deadline, 20*time.Millisecond)
		if err != nil {
			return fmt.Errorf("at %s, goal %s: %w", f.at, goal, err)
		}
		if err := f.apply(b); err != nil {
			return err
		}
		f.out.Recycle(b)
	}
}

func (f *follower) apply(b *row.Changes) error {
	ctx := f.t.Context()
	tx, err := f.session.Begin(ctx)
	if err != nil {
		return err
	}
	err = tx.Checkpoint(ctx, providers.Checkpoint{Sync: testSync, Epoch: f.epoch, Position: b.Position})
	for _, ch := range b.List {
		if err == nil {
			err = f.change(tx, b, ch)
		}
	}
	if err == nil {
		err = tx.Commit(ctx)
	}
	if err != nil {
		return errors.Join(err, tx.Rollback(ctx))
	}
	if b.Position != "" {
		f.at = b.Position
		f.out.Ack(b.Position)
	}
	return nil
}

// fields gives a row of a change in the order of the table's columns.
func fields(t *providers.ApplyTable, b *row.Changes, ch row.Change, first int) *row.Batch {
	out := row.NewBatch(len(t.Columns))
	for _, c := range t.Columns {
		i := slices.IndexFunc(ch.Relation.Columns, func(r row.RelationColumn) bool { return r.Name == c.Name })
		if i < 0 {
			out.EndField(row.Unchanged)
			continue
		}
		v, state := b.Field(first, i)
		out.Data = append(out.Data, v...)
		out.EndField(state)
	}
	out.EndRow()
	return out
}

func pick(b *row.Batch, columns []int) *row.Batch {
	out := row.NewBatch(len(columns))
	for r := range b.Rows {
		for _, i := range columns {
			v, state := b.Field(r, i)
			out.Data = append(out.Data, v...)
			out.EndField(state)
		}
		out.EndRow()
	}
	return out
}

func whole(b *row.Batch) bool { return !slices.Contains(b.States, row.Unchanged) }

func sameFields(a, b *row.Batch) bool {
	return bytes.Equal(a.Data, b.Data) && slices.Equal(a.Ends, b.Ends) && slices.Equal(a.States, b.States)
}

func (f *follower) change(tx providers.ApplyTx, b *row.Changes, ch row.Change) error {
	ctx := f.t.Context()
	f.counts[ch.Op]++
	if ch.Op == row.Alter || ch.Op == row.Lost {
		f.lost = append(f.lost, ch.Relation.Reason)
		return nil // no row
	}
	if !slices.Contains(f.seen, ch.Relation) {
		f.seen = append(f.seen, ch.Relation)
	}
	t := f.tables[ch.Relation.Name.Name]
	if t == nil {
		return fmt.Errorf("a change of table %s", ch.Relation.Name)
	}
	if ch.Op == row.Truncate {
		return tx.Truncate(ctx, []*providers.ApplyTable{t})
	}
	var old, now *row.Batch
	if ch.Old != row.None {
		old = fields(t, b, ch, ch.Old)
	}
	if ch.New != row.None {
		now = fields(t, b, ch, ch.New)
	}
	if err := f.cascades(tx, t, old, now); err != nil {
		return err
	}
	switch {
	case now == nil:
		n, err := tx.Delete(ctx, t, pick(old, t.Key))
		if err == nil && n > 1 {
			err = fmt.Errorf("a delete by key removed %d rows", n)
		}
		return err
	case old != nil && ch.Op == row.Update && !sameFields(pick(old, t.Key), pick(now, t.Key)):
		missing, err := tx.Rekey(ctx, t, pick(old, t.Key), now)
		if err != nil || len(missing) == 0 {
			return err
		}
	case !whole(now):
		missing, err := tx.Patch(ctx, t, now)
		if err == nil && len(missing) > 0 {
			err = errors.New("a row to be patched is missing")
		}
		return err
	}
	if f.capture.Method == providers.Binlog {
		return tx.Upsert(ctx, t, now)
	}
	// Rows that were read again come in no order: who is in the way comes too.
	for {
		if err := tx.Savepoint(ctx); err != nil {
			return err
		}
		err := tx.Upsert(ctx, t, now)
		var conflict *providers.ConflictError
		if !errors.As(err, &conflict) || !conflict.Unique {
			return err
		}
		if err := tx.RollbackTo(ctx); err != nil {
			return err
		}
		gone, err := tx.Evict(ctx, t, now)
		if err != nil {
			return err
		}
		if gone.Rows == 0 {
			return fmt.Errorf("nothing was in the way: %w", conflict)
		}
	}
}

// cascades does what providers.Cascade says.
func (f *follower) cascades(tx providers.ApplyTx, t *providers.ApplyTable, old, now *row.Batch) error {
	if old == nil {
		return nil
	}
	ctx := f.t.Context()
	at := func(t *providers.ApplyTable, names []string) (all []int) {
		for _, name := range names {
			all = append(all, slices.IndexFunc(t.Columns, func(c providers.WriteColumn) bool { return c.Name == name }))
		}
		return all
	}
	for _, c := range f.capture.Cascades {
		if c.Parent != t.Name {
			continue
		}
		action := c.OnDelete
		was := pick(old, at(t, c.ParentColumns))
		var is *row.Batch
		if now != nil {
			is = pick(now, at(t, c.ParentColumns))
			if sameFields(was, is) {
				continue
			}
			action = c.OnUpdate
		}
		if action == "" || slices.Contains(was.States, row.Null) {
			continue
		}
		child := f.tables[c.Child.Name]
		byReference := *child
		byReference.Key = at(child, c.Columns)
		rows, err := tx.ReadRows(ctx, &byReference, was)
		if err != nil {
			return err
		}
		for r := range rows.Rows {
			before, after := row.NewBatch(rows.Width), row.NewBatch(rows.Width)
			for i := range rows.Width {
				v, state := rows.Field(r, i)
				before.Data = append(before.Data, v...)
				before.EndField(state)
				if k := slices.Index(byReference.Key, i); k >= 0 {
					switch {
					case action == "SET NULL":
						after.AppendNull()
						continue
					case is != nil:
						v, state = is.Field(0, k)
					}
				}
				after.Data = append(after.Data, v...)
				after.EndField(state)
			}
			before.EndRow()
			after.EndRow()
			if now == nil && action == "CASCADE" {
				after = nil
			}
			if err := f.cascades(tx, child, before, after); err != nil {
				return err
			}
			if after == nil {
				if _, err := tx.Delete(ctx, child, pick(before, child.Key)); err != nil {
					return err
				}
				continue
			}
			if _, err := tx.Rekey(ctx, child, pick(before, child.Key), after); err != nil {
				return err
			}
		}
	}
	return nil
}

// dump reads a table as the server prints it, without any of the provider's conversions.
func dump(t testing.TB, c *Conn, table string) []string {
	t.Helper()
	var all []string
	err := c.with(t.Context(), func(s *session) error {
		columns, err := s.query(t.Context(), "SELECT COLUMN_NAME, DATA_TYPE FROM information_schema.COLUMNS WHERE "+inTable("TABLE", schema.Name{Name: table})+" ORDER BY ORDINAL_POSITION")
		if err != nil {
			return err
		}
		var exprs []string
		for _, r := range columns {
			e := ident(r[0])
			if r[1] == "float" {
				e += " + 0e0"
			}
			exprs = append(exprs, "IFNULL(HEX(CAST("+e+" AS CHAR CHARACTER SET binary)), 'NULL')")
		}
		rows, err := s.query(t.Context(), "SELECT "+strings.Join(exprs, ", ")+" FROM "+ident(table))
		for _, r := range rows {
			all = append(all, strings.Join(r, "|"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

// same fails where the tables of both databases differ.
func (f *follower) same() {
	f.t.Helper()
	for name := range f.tables {
		want, got := dump(f.t, f.from, name), dump(f.t, f.to, name)
		if slices.Equal(want, got) {
			continue
		}
		for i := range max(len(want), len(got)) {
			w, g := "(none)", "(none)"
			if i < len(want) {
				w = want[i]
			}
			if i < len(got) {
				g = got[i]
			}
			if w != g {
				w, g = difference(w, g)
				f.t.Errorf("table %s has %d rows, and the target %d; the first that differ:\n%s\n%s", name, len(want), len(got), w, g)
				break
			}
		}
	}
	if f.t.Failed() {
		f.t.FailNow()
	}
}

// difference gives the first column that differs.
func difference(want, got string) (string, string) {
	w, g := strings.Split(want, "|"), strings.Split(got, "|")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			text := func(h string) string {
				b, _ := hex.DecodeString(h)
				return fmt.Sprintf("column %d of %s: %.200q", i, w[0], b)
			}
			return text(w[i]), text(g[i])
		}
	}
	return want, got
}

// pairOf opens a source and a target with the same tables.
func pairOf(t testing.TB, url string, ddl ...string) (from, to *Conn) {
	t.Helper()
	from = connectTo(t, url)
	to = connectTo(t, fresh(t, from))
	for _, text := range ddl {
		exec(t, from, text)
		exec(t, to, text)
	}
	return from, to
}
