package postgres

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// streamed is a capture and a target, with the smallest runner that keeps the contract.
type streamed struct {
	t        testing.TB
	from, to *Conn
	capture  providers.Capture
	store    providers.StreamStore
	epoch    int64
	position row.Position
	tables   map[schema.Name]*providers.ApplyTable
	fromURL  string
	toURL    string
	applied  int // changes
	replaced int // batches that were applied by deleting first
}

const testSync = "sync.test"

// startStream plans and starts a capture of tables, into tables of the same names.
func startStream(t testing.TB, fromURL, toURL string, want providers.Capture, names ...string) *streamed {
	t.Helper()
	st := &streamed{t: t, from: open(t, fromURL), to: open(t, toURL), fromURL: fromURL, toURL: toURL, tables: map[schema.Name]*providers.ApplyTable{}}
	db := inspect(t, st.from)
	want.Sync, want.Deletes = testSync, true
	for _, name := range names {
		n := schema.Name{Schema: "public", Name: name}
		table := db.Table(n)
		if table == nil {
			t.Fatalf("no table %s", n)
		}
		r := readTable(*table)
		if r.Key == nil {
			for _, u := range table.Uniques {
				r.Key = u.Columns()
			}
			for _, x := range table.Indexes {
				if x.Unique && r.Key == nil {
					for _, p := range x.Parts {
						r.Key = append(r.Key, p.Column)
					}
				}
			}
			if r.Key == nil {
				r.Key = []string{table.Columns[0].Name}
			}
		}
		ct := providers.CaptureTable{Table: r}
		if table.Column("updated_at") != nil {
			ct.IncrementalKey = "updated_at"
		}
		want.Tables = append(want.Tables, ct)
		a := &providers.ApplyTable{Mapping: name, Name: n, Columns: load(*table, "").Columns}
		for _, k := range r.Key {
			a.Key = append(a.Key, slices.IndexFunc(a.Columns, func(c providers.WriteColumn) bool { return c.Name == k }))
		}
		st.tables[n] = a
	}
	plan, err := st.from.PlanCapture(t.Context(), want, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range plan.Findings {
		if f.Fatal {
			t.Fatalf("%s: %s", f.Text, f.Fix)
		}
	}
	for i, s := range plan.Steps {
		if ran, err := st.from.RunCaptureStep(t.Context(), s); err != nil || !ran {
			t.Fatalf("step %d: %v, %v\n%s", i, ran, err, s.Text)
		}
		if ran, err := st.from.RunCaptureStep(t.Context(), s); err != nil || ran {
			t.Fatalf("step %d again: %v, %v\n%s\n%s", i, ran, err, s.Text, s.Done)
		}
	}
	st.capture = plan.Capture
	start, err := st.from.StartCapture(t.Context(), st.capture)
	if err != nil {
		t.Fatal(err)
	}
	if st.store, err = st.to.OpenStreams(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := st.store.Begin(t.Context(), providers.StreamRecord{Sync: testSync, Origin: "o", Start: start, Position: start.Position}); err != nil {
		t.Fatal(err)
	}
	for _, ct := range st.capture.Tables {
		st.load(ct, start.Floor)
	}
	var tables []providers.TableRecord
	for n, a := range st.tables {
		tables = append(tables, providers.TableRecord{Mapping: a.Mapping, Table: n, State: providers.TableLive})
	}
	if err := st.store.SetTables(t.Context(), testSync, tables, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.teardown(context.WithoutCancel(t.Context())) })
	st.reload()
	return st
}

func (st *streamed) load(ct providers.CaptureTable, floor string) {
	st.t.Helper()
	sn, err := st.from.OpenSnapshot(st.t.Context(), providers.SnapshotOptions{Readers: 1, Floors: []string{floor}})
	if err != nil {
		st.t.Fatal(err)
	}
	defer sn.Close()
	a := st.tables[ct.Table.Name]
	l := providers.Load{Mapping: a.Mapping, Generation: "1", Table: a.Name, Live: a.Name, Columns: a.Columns, Key: ct.Table.Key}
	chunks, err := st.to.OpenLoad(st.t.Context(), l, func() ([]providers.Chunk, error) { return []providers.Chunk{{}}, nil })
	if err != nil {
		st.t.Fatal(err)
	}
	w, err := st.to.OpenWriter(st.t.Context(), l)
	if err != nil {
		st.t.Fatal(err)
	}
	defer w.Close()
	r, err := sn.Read(st.t.Context(), ct.Table, chunks.Chunks[0], w.Forms())
	if err != nil {
		st.t.Fatal(err)
	}
	defer r.Close()
	if _, err := w.WriteChunk(st.t.Context(), chunks.Chunks[0], r); err != nil {
		st.t.Fatal(err)
	}
}

// reload takes epoch and position from the target, as a runner that begins does.
func (st *streamed) reload() {
	st.t.Helper()
	for tries := 0; ; tries++ {
		rec, err := st.store.Stream(st.t.Context(), testSync)
		if err == nil && rec == nil {
			st.t.Fatal("the target has no record")
		}
		if err == nil {
			st.epoch, err = st.store.Take(st.t.Context(), testSync, "me", rec.Epoch, rec.Beat)
		}
		if err == nil {
			st.position = rec.Position
			return
		}
		if tries > 20 || !providers.IsRetryable(err) && !errors.Is(err, providers.ErrFenced) {
			st.t.Fatal(err)
		}
	}
}

func (st *streamed) teardown(ctx context.Context) {
	steps, err := st.from.PlanTeardown(ctx, st.capture)
	if err != nil {
		st.t.Error(err)
	}
	for _, s := range steps {
		if _, err := st.from.RunCaptureStep(ctx, s); err != nil {
			st.t.Errorf("%v\n%s", err, s.Text)
		}
		if ran, err := st.from.RunCaptureStep(ctx, s); err != nil || ran {
			st.t.Errorf("again: %v %v\n%s\n%s", ran, err, s.Text, s.Done)
		}
	}
}

// runTo streams until goal is reached, and again where a connection is lost.
func (st *streamed) runTo(goal row.Position) {
	st.t.Helper()
	for tries := 0; ; tries++ {
		err := st.once(st.t.Context(), goal)
		if err == nil {
			return
		}
		if !providers.IsRetryable(err) || tries > 200 {
			st.t.Fatalf("stream: %v", err)
		}
		st.reload()
		if err := pause(st.t.Context(), 20*time.Millisecond); err != nil {
			st.t.Fatal(err)
		}
	}
}

// catchUp streams everything that is at the source by now.
func (st *streamed) catchUp() {
	st.t.Helper()
	goal, err := st.from.Current(st.t.Context(), st.capture)
	if err != nil {
		st.t.Fatal(err)
	}
	st.runTo(goal)
}

func (st *streamed) once(ctx context.Context, goal row.Position) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	collectors := make(chan *row.Collector, 1)
	failed := make(chan error, 1)
	go func() {
		failed <- st.from.Follow(ctx, st.capture, st.position, func(p func() row.Position) *row.Collector {
			c := row.NewCollector(p)
			collectors <- c
			return c
		})
	}()
	defer func() { cancel(); <-failed }()
	var c *row.Collector
	select {
	case c = <-collectors:
	case err := <-failed:
		failed <- err
		return err
	}
	session, err := st.to.OpenApply(ctx)
	if err != nil {
		return err
	}
	defer session.Close()
	c.Ack(st.position)
	for {
		b, err := c.Take(ctx, 50*time.Millisecond)
		if err != nil {
			return err
		}
		if err := st.apply(ctx, session, b); err != nil {
			return err
		}
		if b.Position != "" {
			st.position = b.Position
			c.Ack(b.Position)
		}
		c.Recycle(b)
		reached, err := st.from.Reached(st.position, goal)
		if err != nil {
			return err
		}
		if reached && !b.Open {
			return nil
		}
	}
}

// compare looks at both sides by a query of its own.
func (st *streamed) compare() {
	st.t.Helper()
	for n := range st.tables {
		table := inspect(st.t, st.from).Table(n)
		from, to := rowsOf(st.t, st.fromURL, *table), rowsOf(st.t, st.toURL, *table)
		if slices.Equal(from, to) {
			continue
		}
		shown := 0
		for i := range max(len(from), len(to)) {
			f, g := "nothing", "nothing"
			if i < len(from) {
				f = from[i]
			}
			if i < len(to) {
				g = to[i]
			}
			if f != g && shown < 3 {
				shown++
				st.t.Errorf("table %s differs:\nsource %.300s\ntarget %.300s", n, f, g)
			}
		}
		st.t.Fatalf("table %s: %d and %d rows", n, len(from), len(to))
	}
}

// twin makes the same tables in two databases.
func twin(t testing.TB, version string, ddl ...string) (from, to string) {
	t.Helper()
	from, to = providertest.Postgres(t, version), providertest.Postgres(t, version)
	providertest.Exec(t, from, ddl...)
	providertest.Exec(t, to, ddl...)
	return from, to
}

// background streams until the function that it returns is called.
func (st *streamed) background() (stop func()) {
	ctx, cancel := context.WithCancel(st.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		never := position{LSN: 1<<64 - 1}
		if st.capture.Method != providers.LogicalReplication {
			never = position{Snapshot: "9000000000000000000:9000000000000000000:"}
		}
		for ctx.Err() == nil {
			err := st.once(ctx, never.String())
			if ctx.Err() != nil {
				return
			}
			if !providers.IsRetryable(err) {
				st.t.Errorf("stream: %v", err)
				return
			}
			if pause(ctx, 20*time.Millisecond) != nil {
				return
			}
			st.reload()
		}
	}()
	var once sync.Once
	return func() { once.Do(func() { cancel(); <-done }) }
}

// kept is the position that the target has.
func (st *streamed) kept(t testing.TB) position {
	t.Helper()
	rec, err := st.store.Stream(t.Context(), testSync)
	if err != nil {
		t.Fatal(err)
	}
	p, err := parsePosition(rec.Position)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// waitFor waits until a condition holds at the target.
func (st *streamed) waitFor(what, condition string) {
	st.t.Helper()
	until := time.Now().Add(5 * time.Minute)
	for providertest.Query(st.t, st.toURL, condition)[0][0] != "t" {
		if time.Now().After(until) {
			st.t.Fatalf("%s did not come", what)
		}
	}
}
