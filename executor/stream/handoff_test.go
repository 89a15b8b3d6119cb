package stream_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/syncform/syncform/executor/stream"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// The hand-off, against every order of things: a source with a true history, loads in
// snapshots that may miss transactions which the log holds already, a stream that breaks
// off anywhere, commits whose answer is lost, rows that are read again. In the end the
// target equals the source, and a table that is live always equals the source at the
// stream's position.
func TestHandOff(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		w.load()
		w.catchUp(t)
	})
}

// stream is the world's one stream.
func (w *world) stream() stream.Stream {
	return stream.Stream{
		Spec: plan.Stream{Sync: "sync.s", Source: "source.x.a", Target: "target.x.b", SourceIdentity: "origin", OnBadRow: "stop"},
		Mappings: []plan.Mapping{{
			Addr: mapping, SourceTable: schema.Name{Name: "t"}, TargetTable: schema.Name{Name: "t"},
			SourceKey: []string{"k"}, TargetKey: []string{"k"},
			Columns: []plan.Column{plain("k"), plain("u"), plain("v"), plain("b")},
		}},
		Source: w, Target: w,
	}
}

const mapping = `sync.s.mapping["t"]`

// catchUp streams what is left, and compares.
func (w *world) catchUp(t *rapid.T) {
	s := w.stream()
	for tries := 0; ; tries++ {
		_, err := stream.Run(context.Background(), s, stream.Options{Until: stream.Live, Attempts: 1, Backoff: func(int) time.Duration { return 0 }})
		if err == nil && w.allSeen() {
			break
		}
		if err != nil && !providers.IsRetryable(err) {
			t.Fatalf("the stream failed: %v", err)
		}
		if tries > 200 {
			t.Fatal("the stream does not come to an end")
		}
		w.tick(3)
		if err == nil {
			if _, err := stream.Run(context.Background(), s, stream.Options{Until: stream.CaughtUp, Attempts: 1, Backoff: func(int) time.Duration { return 0 }}); err != nil && !providers.IsRetryable(err) {
				t.Fatalf("the stream failed: %v", err)
			}
		}
	}
	if w.wrong != "" {
		t.Fatal(w.wrong)
	}
	if !maps.Equal(w.rows, w.history[len(w.log)]) {
		t.Fatalf("the target holds %v, the source %v", w.rows, w.history[len(w.log)])
	}
}

// rec is a row: u is unique, b is large and often not in an event.
type rec struct{ u, v, b string }

type event struct {
	op       row.Op
	old, key string
	now      rec
	noB      bool
}

// world is a source and a target in memory.
type world struct {
	t       *rapid.T
	log     [][]event
	history []map[string]rec // before transaction i

	mu     sync.Mutex
	now    int // how much of the log the source has come to
	rows   map[string]rec
	unique bool
	record providers.StreamRecord
	wrong  string

	// Of loads that the stream runs beside.
	noted   map[string]bool
	stale   map[string]rec // what reads by key see before AwaitVisible; nil: all there is
	visible func()
	drains  bool

	away int // so many times, now and then, the target's records can't be reached
}

// reach fails as often as away says.
func (w *world) reach() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.away > 0 && oneIn(2) {
		w.away--
		return broken("the target's connection")
	}
	return nil
}

func newWorld(t *rapid.T) *world {
	w := &world{t: t, unique: rapid.Bool().Draw(t, "unique")}
	rows := map[string]rec{}
	for i := range rapid.IntRange(0, 8).Draw(t, "rows") {
		rows[strconv.Itoa(i)] = rec{"u" + strconv.Itoa(i), "0", "0"}
	}
	w.history = append(w.history, maps.Clone(rows))
	for range rapid.IntRange(1, 25).Draw(t, "transactions") {
		var tx []event
		for range rapid.IntRange(1, 3).Draw(t, "changes") {
			tx = append(tx, w.change(rows)...)
		}
		w.log = append(w.log, tx)
		w.history = append(w.history, maps.Clone(rows))
	}
	return w
}

func keysOf(rows map[string]rec) []string { return slices.Sorted(maps.Keys(rows)) }

func (w *world) digit(label string) string {
	return strconv.Itoa(rapid.IntRange(0, 9).Draw(w.t, label))
}

// free gives a value of u that no row has.
func (w *world) free(rows map[string]rec) string {
	for i := rapid.IntRange(0, 13).Draw(w.t, "u"); ; i++ {
		u := "u" + strconv.Itoa(i)
		if !slices.ContainsFunc(slices.Collect(maps.Values(rows)), func(r rec) bool { return r.u == u }) {
			return u
		}
	}
}

// change makes one change of the source's rows, and its events.
func (w *world) change(rows map[string]rec) []event {
	all := keysOf(rows)
	ops := []string{"insert"}
	if len(all) > 1 {
		ops = []string{"insert", "update", "update", "update", "delete", "key", "key", "swap", "truncate", "update"}
	}
	pick := func(label string) string { return all[rapid.IntRange(0, len(all)-1).Draw(w.t, label)] }
	k := w.digit("key")
	switch rapid.SampledFrom(ops).Draw(w.t, "op") {
	case "insert":
		if _, there := rows[k]; there {
			return nil
		}
		rows[k] = rec{w.free(rows), w.digit("v"), w.digit("b")}
		return []event{{op: row.Insert, key: k, now: rows[k]}}
	case "update":
		k := pick("row")
		r := rows[k]
		r.v = w.digit("v")
		if rapid.Bool().Draw(w.t, "other u") {
			r.u = w.free(rows)
		}
		noB := rapid.Bool().Draw(w.t, "no b")
		if !noB {
			r.b = w.digit("b")
		}
		rows[k] = r
		return []event{{op: row.Update, key: k, old: k, now: r, noB: noB}}
	case "delete":
		k := pick("row")
		delete(rows, k)
		return []event{{op: row.Delete, old: k}}
	case "key":
		from := pick("row")
		if _, there := rows[k]; there {
			return nil
		}
		rows[k] = rows[from]
		delete(rows, from)
		return []event{{op: row.Update, key: k, old: from, now: rows[k], noB: true}}
	case "swap":
		a, b := pick("one"), pick("other")
		if a == b {
			return nil
		}
		ra, rb := rows[a], rows[b]
		tmp := rec{"tmp", ra.v, ra.b}
		ra.u, rb.u = rb.u, ra.u
		rows[a], rows[b] = ra, rb
		return []event{{op: row.Update, key: a, old: a, now: tmp, noB: true}, {op: row.Update, key: b, old: b, now: rb, noB: true}, {op: row.Update, key: a, old: a, now: ra, noB: true}}
	default:
		if rapid.IntRange(0, 9).Draw(w.t, "really") > 0 {
			return nil
		}
		clear(rows)
		return []event{{op: row.Truncate}}
	}
}

// snapshot gives the rows as of position at, but for a few of the last transactions
// behind floor, which the log holds and a snapshot may not show yet, as behind a
// synchronous standby. They hold their locks: nothing visible after them touches their
// rows or unique values.
func (w *world) snapshot(at, floor int) map[string]rec {
	touched := map[string]bool{}
	rows := maps.Clone(w.history[at])
	var hidden []int
	for i := at - 1; i >= max(floor, at-4); i-- {
		marks := map[string]bool{}
		for _, e := range w.log[i] {
			if e.op == row.Truncate {
				marks = nil
				break
			}
			for _, k := range []string{e.old, e.key} {
				if k == "" {
					continue
				}
				marks[k] = true
				for _, h := range []map[string]rec{w.history[i], w.history[i+1]} {
					if r, ok := h[k]; ok {
						marks[r.u] = true
					}
				}
			}
			if e.now.u != "" {
				marks[e.now.u] = true
			}
		}
		if marks == nil {
			break
		}
		clash := false
		for m := range marks {
			clash = clash || touched[m]
		}
		if !clash && rapid.IntRange(0, 2).Draw(w.t, "hidden") == 0 {
			hidden = append(hidden, i)
			continue
		}
		maps.Copy(touched, marks)
	}
	for _, i := range hidden {
		before, after := w.history[i], w.history[i+1]
		for _, k := range append(keysOf(before), keysOf(after)...) {
			b, was := before[k]
			if a, is := after[k]; was != is || a != b {
				if was {
					rows[k] = b
				} else {
					delete(rows, k)
				}
			}
		}
	}
	return rows
}

// load is what an apply does before the stream: S0, then chunks, each in a snapshot of
// its own, then the position that the stream must pass.
func (w *world) load() {
	s0 := rapid.IntRange(0, len(w.log)).Draw(w.t, "s0")
	w.now = s0
	w.rows = map[string]rec{}
	for _, part := range []string{"0123", "4567", "89"} {
		w.now = rapid.IntRange(w.now, len(w.log)).Draw(w.t, "now")
		snap := w.snapshot(w.now, s0)
		for _, k := range keysOf(snap) {
			if !slices.Contains([]byte(part), k[0]) {
				continue
			}
			r := snap[k]
			if w.unique {
				// A unique value that two chunks bring can't be true at one time.
				maps.DeleteFunc(w.rows, func(_ string, o rec) bool { return o.u == r.u })
			}
			w.rows[k] = r
		}
	}
	w.record = providers.StreamRecord{Sync: "sync.s", Origin: "origin", Position: position(s0), Epoch: 1,
		Tables: []providers.TableRecord{{Mapping: mapping, State: providers.TableCatchingUp, ConsistentAt: position(w.now)}}}
}

func position(i int) row.Position { return row.Position(strconv.Itoa(i)) }

func place(p row.Position) int {
	n, err := strconv.Atoi(string(p))
	if err != nil {
		panic(err)
	}
	return n
}

// tick lets the source go on.
func (w *world) tick(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = min(len(w.log), w.now+n)
}

func (w *world) allSeen() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return place(w.record.Position) == len(w.log)
}

// broken is a connection that was lost.
func broken(what string) error {
	return &providers.RetryableError{Err: errors.New(what + " was cut")}
}

// chance is drawn from several goroutines, so it does not come from rapid.
var chance = struct {
	sync.Mutex
	n uint64
}{n: 1}

func oneIn(n uint64) bool {
	chance.Lock()
	defer chance.Unlock()
	chance.n ^= chance.n << 13
	chance.n ^= chance.n >> 7
	chance.n ^= chance.n << 17
	return chance.n%n == 0
}

var relation = &row.Relation{Name: schema.Name{Name: "t"}, Columns: []row.RelationColumn{{Name: "k", Key: true}, {Name: "u"}, {Name: "v"}, {Name: "b"}}}

// Follow gives the log out from a position on.
func (w *world) Follow(ctx context.Context, _ providers.Capture, from row.Position, make func(func() row.Position) *row.Collector) error {
	at := place(from)
	if oneIn(8) {
		return broken("the source's connection")
	}
	c := make(func() row.Position { return position(at) })
	c.Limit(1<<20, 1+int(at%4))
	for ctx.Err() == nil {
		w.mu.Lock()
		now := w.now
		w.mu.Unlock()
		if at == now {
			select {
			case <-ctx.Done():
			case <-time.After(time.Millisecond):
				w.tick(1)
			}
			continue
		}
		for _, e := range w.log[at] {
			b := c.Changes()
			ch := row.Change{Op: e.op, Relation: relation, New: row.None, Old: row.None}
			if e.op == row.Delete || e.op == row.Update && e.old != e.key {
				ch.Old = b.Begin()
				b.Append([]byte(e.old))
				for range 3 {
					b.EndField(row.Unchanged)
				}
			}
			if e.op == row.Insert || e.op == row.Update {
				ch.New = b.Begin()
				for _, v := range []string{e.key, e.now.u, e.now.v} {
					b.Append([]byte(v))
				}
				if e.noB {
					b.EndField(row.Unchanged)
				} else {
					b.Append([]byte(e.now.b))
				}
			}
			if err := c.Added(ctx, ch, row.Wait{}); err != nil {
				return err
			}
		}
		if oneIn(20) {
			return broken("the stream")
		}
		if err := c.Commit(ctx, time.Time{}, func() { at++ }, row.Wait{}); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (w *world) Current(context.Context, providers.Capture) (row.Position, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return position(w.now), nil
}

func (w *world) Reached(at, goal row.Position) (bool, error) { return place(at) >= place(goal), nil }

func (w *world) ReadKeys(_ context.Context, _ providers.ReadTable, keys *row.Batch) (*row.Batch, error) {
	if oneIn(10) {
		return nil, broken("the reading connection")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	out := row.NewBatch(4)
	now := w.history[w.now]
	if w.stale != nil {
		now = w.stale
	}
	for i := range keys.Rows {
		k, _ := keys.Field(i, 0)
		if r, ok := now[string(k)]; ok {
			appendRec(out, string(k), r)
		}
	}
	return out, nil
}

func appendRec(b *row.Batch, k string, r rec) {
	for _, v := range []string{k, r.u, r.v, r.b} {
		b.Append([]byte(v))
	}
	b.EndRow()
}

// The rest of a Capturer is for planning.
func (w *world) PlanCapture(context.Context, providers.Capture, *providers.Capture) (p providers.CapturePlan, err error) {
	return p, errors.ErrUnsupported
}
func (w *world) PlanTeardown(context.Context, providers.Capture) ([]providers.Step, error) {
	return nil, errors.ErrUnsupported
}
func (w *world) RunCaptureStep(context.Context, providers.Step) (bool, error) {
	return false, errors.ErrUnsupported
}
func (w *world) StartCapture(context.Context, providers.Capture) (s providers.CaptureStart, err error) {
	return s, errors.ErrUnsupported
}
func (w *world) Floor(context.Context, providers.Capture) (string, error) {
	return "", errors.ErrUnsupported
}
func (w *world) Retained(context.Context, providers.Capture, row.Position) (r providers.Retained, err error) {
	return r, errors.ErrUnsupported
}
func (w *world) Missed(context.Context, providers.Capture) ([]providers.MissedTable, error) {
	return nil, nil
}
func (w *world) Inspect(context.Context, providers.InspectOptions) (*schema.Database, error) {
	return &schema.Database{Tables: []schema.Table{{
		Name: schema.Name{Name: "t"}, Columns: []schema.Column{{Name: "k"}, {Name: "u"}, {Name: "v", Nullable: true}, {Name: "b", Nullable: true}},
		PrimaryKey: &schema.Key{Name: "primary", Parts: []schema.KeyPart{{Column: "k"}}}, Uniques: []schema.Key{{Name: "u", Parts: []schema.KeyPart{{Column: "u"}}}},
	}}}, nil
}
func (w *world) Close() error { return nil }

// OpenApply gives a session of the target.
func (w *world) OpenApply(context.Context) (providers.ApplySession, error) {
	if oneIn(20) {
		return nil, broken("the target's connection")
	}
	return &session{w}, nil
}

type session struct{ w *world }

func (s *session) Enforced() (bool, string) { return false, "" }
func (s *session) Close() error             { return nil }
func (s *session) Begin(context.Context) (providers.ApplyTx, error) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	return &transaction{w: s.w, rows: maps.Clone(s.w.rows), noted: maps.Clone(s.w.noted), at: s.w.record.Position, tables: slices.Clone(s.w.record.Tables)}, nil
}

type transaction struct {
	w       *world
	rows    map[string]rec
	saved   map[string]rec
	noted   map[string]bool
	at      row.Position
	tables  []providers.TableRecord
	written int64
}

func (t *transaction) Checkpoint(_ context.Context, c providers.Checkpoint) error {
	t.w.mu.Lock()
	defer t.w.mu.Unlock()
	if c.Epoch != t.w.record.Epoch {
		return providers.ErrFenced
	}
	if c.Position != "" {
		t.at = c.Position
	}
	return nil
}

func (t *transaction) Delete(_ context.Context, _ *providers.ApplyTable, keys *row.Batch) (n int64, err error) {
	for i := range keys.Rows {
		k, _ := keys.Field(i, 0)
		if _, ok := t.rows[string(k)]; ok {
			delete(t.rows, string(k))
			n++
		}
	}
	return n, nil
}

// put writes a row, or says that its unique value is taken.
func (t *transaction) put(k string, r rec) error {
	if t.w.unique {
		for o, x := range t.rows {
			if o != k && x.u == r.u {
				return &providers.ConflictError{Constraint: "u", Unique: true, Err: errors.New("taken")}
			}
		}
	}
	t.rows[k] = r
	return nil
}

func text(b *row.Batch, i, col int, old string) string {
	v, s := b.Field(i, col)
	if s == row.Unchanged {
		return old
	}
	return string(v)
}

func (t *transaction) Upsert(_ context.Context, _ *providers.ApplyTable, rows *row.Batch) error {
	if oneIn(40) {
		return broken("the target's connection")
	}
	t.written += int64(rows.Rows)
	for i := range rows.Rows {
		for col := range 4 {
			if _, s := rows.Field(i, col); s != row.Value {
				return fmt.Errorf("a whole row has an unchanged field")
			}
		}
		if err := t.put(text(rows, i, 0, ""), rec{text(rows, i, 1, ""), text(rows, i, 2, ""), text(rows, i, 3, "")}); err != nil {
			return err
		}
	}
	return nil
}

func (t *transaction) Patch(_ context.Context, _ *providers.ApplyTable, rows *row.Batch) (missing []int, err error) {
	for i := range rows.Rows {
		k := text(rows, i, 0, "")
		o, ok := t.rows[k]
		if !ok {
			missing = append(missing, i)
			continue
		}
		if err := t.put(k, rec{text(rows, i, 1, o.u), text(rows, i, 2, o.v), text(rows, i, 3, o.b)}); err != nil {
			return nil, err
		}
	}
	return missing, nil
}

func (t *transaction) Rekey(_ context.Context, _ *providers.ApplyTable, old, rows *row.Batch) (missing []int, err error) {
	for i := range rows.Rows {
		from := text(old, i, 0, "")
		o, ok := t.rows[from]
		if !ok {
			missing = append(missing, i)
			continue
		}
		k := text(rows, i, 0, from)
		delete(t.rows, from)
		if _, there := t.rows[k]; there {
			return nil, &providers.ConflictError{Constraint: "primary", Unique: true, Err: errors.New("the key is taken")}
		}
		if err := t.put(k, rec{text(rows, i, 1, o.u), text(rows, i, 2, o.v), text(rows, i, 3, o.b)}); err != nil {
			return nil, err
		}
	}
	return missing, nil
}

func (t *transaction) Evict(_ context.Context, _ *providers.ApplyTable, rows *row.Batch) (*row.Batch, error) {
	out := row.NewBatch(1)
	for i := range rows.Rows {
		k, u := text(rows, i, 0, ""), text(rows, i, 1, "")
		for _, o := range keysOf(t.rows) {
			if o != k && t.rows[o].u == u {
				delete(t.rows, o)
				out.Append([]byte(o))
				out.EndRow()
			}
		}
	}
	return out, nil
}

func (t *transaction) ReadRows(_ context.Context, _ *providers.ApplyTable, keys *row.Batch) (*row.Batch, error) {
	out := row.NewBatch(4)
	for i := range keys.Rows {
		k := text(keys, i, 0, "")
		if r, ok := t.rows[k]; ok {
			appendRec(out, k, r)
		}
	}
	return out, nil
}

func (t *transaction) Truncate(context.Context, []*providers.ApplyTable) error {
	clear(t.rows)
	return nil
}

func (t *transaction) Tables(_ context.Context, _ string, tables []providers.TableRecord) error {
	t.tables = slices.Clone(tables)
	return nil
}

func (t *transaction) DeadLetter(context.Context, string, []providers.DeadLetter) error {
	return errors.ErrUnsupported
}
func (t *transaction) Savepoint(context.Context) error { t.saved = maps.Clone(t.rows); return nil }
func (t *transaction) RollbackTo(context.Context) error {
	t.rows = maps.Clone(t.saved)
	return nil
}
func (t *transaction) Rollback(context.Context) error { return nil }

// Commit may be cut before or after it takes place.
func (t *transaction) Commit(context.Context) error {
	if oneIn(10) {
		return broken("the commit")
	}
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	if t.tables[0].State == providers.TableLoading && !w.drains && !maps.Equal(t.rows, w.rows) && w.wrong == "" {
		w.wrong = fmt.Sprintf("the stream made %v of %v while they were loaded", w.rows, t.rows)
	}
	if n := t.tables[0].Updates - w.record.Tables[0].Updates; w.drains && n != t.written && w.wrong == "" {
		w.wrong = fmt.Sprintf("%d of %d rows that were read again are counted", n, t.written)
	}
	w.rows, w.record.Position, w.record.Tables, w.noted = t.rows, t.at, t.tables, t.noted
	if at := place(t.at); t.tables[0].State == providers.TableLive && !maps.Equal(t.rows, w.history[at]) && w.wrong == "" {
		w.wrong = fmt.Sprintf("live at %d with %v, where the source had %v", at, t.rows, w.history[at])
	}
	if oneIn(10) {
		return broken("the commit's answer")
	}
	return nil
}

// OpenStreams gives the world itself as the store of its one stream.
func (w *world) OpenStreams(context.Context) (providers.StreamStore, error) {
	return &store{w: w}, w.reach()
}

// FindStreams is OpenStreams.
func (w *world) FindStreams(ctx context.Context) (providers.StreamStore, error) {
	return w.OpenStreams(ctx)
}

type store struct {
	providers.StreamStore // what a run does not use
	w                     *world
}

func (s *store) Stream(context.Context, string) (*providers.StreamRecord, error) {
	if err := s.w.reach(); err != nil {
		return nil, err
	}
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	rec := s.w.record
	rec.Tables = slices.Clone(rec.Tables)
	return &rec, nil
}

func (s *store) Take(_ context.Context, _, holder string, epoch, beat int64) (int64, error) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.w.record.Epoch, s.w.record.Holder = epoch+1, holder
	return epoch + 1, nil
}

func (s *store) EndWriter(context.Context, string) error { return nil }

func (s *store) Beat(context.Context, string, int64, bool, string) (providers.Pauser, error) {
	return 0, nil
}

func (s *store) Release(context.Context, string, int64, bool, string) error {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.w.record.Holder = ""
	return nil
}

func plain(name string) plan.Column {
	return plan.Column{Source: name, Target: name, SourceType: &schema.Type{}, TargetType: &schema.Type{}}
}
