package row_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// history is what a source did: for each transaction the sizes of its changes, none
// for one that has nothing of ours. Positions are the transactions' numbers.
type history [][]int

func histories(most int) *rapid.Generator[history] {
	sizes := rapid.SliceOfN(rapid.IntRange(0, 40), 0, most)
	return rapid.Map(rapid.SliceOfN(sizes, 0, 30), func(h [][]int) history { return h })
}

func (h history) changes(upTo int) (n int) {
	for _, t := range h[:upTo] {
		n += len(t)
	}
	return n
}

func (h history) transactions(upTo int) (n int) {
	for _, t := range h[:upTo] {
		if len(t) > 0 {
			n++
		}
	}
	return n
}

var relation = &row.Relation{Columns: []row.RelationColumn{{Name: "id", Type: schema.Type{Kind: schema.Int}, Key: true}, {Name: "v"}}}

// source plays a history into a collector.
type source struct {
	c    *row.Collector
	at   int // transactions that ended
	next int // number of the next change
}

func newSource(bytes, changes int) *source {
	s := &source{}
	s.c = row.NewCollector(func() row.Position {
		if s.at == 0 {
			return ""
		}
		return row.Position(strconv.Itoa(s.at))
	})
	s.c.Limit(bytes, changes)
	return s
}

func (s *source) change(ctx context.Context, size int, w row.Wait) error {
	b := s.c.Changes()
	ch := row.Change{Relation: relation, New: b.Begin(), Old: row.None}
	b.Append(strconv.AppendInt(nil, int64(s.next), 10))
	b.Data = append(b.Data, make([]byte, size)...)
	b.EndField(row.Value)
	s.next++
	return s.c.Added(ctx, ch, w)
}

func (s *source) commit(ctx context.Context, w row.Wait) error {
	return s.c.Commit(ctx, time.Unix(int64(s.at+1), 0), func() { s.at++ }, w)
}

// taken checks each batch against the history and hands it back.
type taken struct {
	h            history
	changes, txs int
	open         bool
	at           int
}

func (k *taken) batch(b *row.Changes) error {
	for _, ch := range b.List {
		v, state := b.Field(ch.New, 0)
		if state != row.Value || string(v) != strconv.Itoa(k.changes) || ch.Relation != relation {
			return fmt.Errorf("change %q, want %d", v, k.changes)
		}
		k.changes++
	}
	k.txs += b.Transactions
	if b.Open {
		if b.Position != "" {
			return fmt.Errorf("an open batch has position %s", b.Position)
		}
		if b.Empty() {
			return errors.New("an open batch is empty")
		}
		k.open = true
		return nil
	}
	if b.Position == "" {
		if k.changes > 0 {
			return errors.New("a batch of whole transactions has no position")
		}
		return nil
	}
	at, err := strconv.Atoi(string(b.Position))
	if err != nil {
		return err
	}
	if k.open && b.Transactions == 0 {
		return fmt.Errorf("position %d within an open transaction", at)
	}
	if at < k.at {
		return fmt.Errorf("position %d behind %d", at, k.at)
	}
	if want := k.h.changes(at); k.changes != want {
		return fmt.Errorf("at position %d there were %d changes, want %d", at, k.changes, want)
	}
	if want := k.h.transactions(at); k.txs != want {
		return fmt.Errorf("at position %d there were %d transactions, want %d", at, k.txs, want)
	}
	if b.Transactions > 0 && b.CommittedAt.Unix() > int64(at) {
		return fmt.Errorf("at position %d the clock is transaction %d's", at, b.CommittedAt.Unix())
	}
	k.at, k.open = at, false
	return nil
}

// TestCollectorKeepsOrder: whatever both sides' pace, every change comes once and in
// order, and a position stands only where all before it was given.
func TestCollectorKeepsOrder(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		h := histories(8).Draw(r, "history")
		bytes, changes := rapid.IntRange(1, 200).Draw(r, "bytes"), rapid.IntRange(1, 12).Draw(r, "changes")
		paces := rapid.SliceOfN(rapid.IntRange(0, 3), 1, 20)
		fillPace, takePace := paces.Draw(r, "fill"), paces.Draw(r, "take")
		fails := rapid.Bool().Draw(r, "fails within a transaction")
		var problem error
		synctest.Test(t, func(*testing.T) { problem = collect(h, bytes, changes, fillPace, takePace, fails) })
		if problem != nil {
			r.Fatal(problem)
		}
	})
}

func collect(h history, bytes, changes int, fillPace, takePace []int, fails bool) error {
	ctx := context.Background()
	s := newSource(bytes, changes)
	gone := errors.New("the source went away")
	filled := make(chan error, 1)
	go func() {
		n := 0
		pause := func() { // bubble time: it orders the two sides, and costs nothing
			<-time.After(time.Duration(fillPace[n%len(fillPace)]) * time.Second)
			n++
		}
		filled <- func() error {
			defer s.c.Fail(gone)
			for _, sizes := range h {
				for _, size := range sizes {
					pause()
					if err := s.change(ctx, size, row.Wait{}); err != nil {
						return err
					}
				}
				pause()
				if len(sizes) == 0 {
					s.c.Progress(func() { s.at++ })
				} else if err := s.commit(ctx, row.Wait{}); err != nil {
					return err
				}
			}
			if fails {
				return s.change(ctx, 1, row.Wait{})
			}
			return nil
		}()
	}()
	k := &taken{h: h}
	for n := 0; ; n++ {
		<-time.After(time.Duration(takePace[n%len(takePace)]) * time.Second)
		b, err := s.c.Take(ctx, 2*time.Second)
		if err != nil {
			if !errors.Is(err, gone) {
				return err
			}
			break
		}
		overfull := len(b.List) > changes
		if err := k.batch(b); err != nil {
			return err
		}
		if overfull {
			return fmt.Errorf("a batch of %d changes, and the limit is %d", len(b.List), changes)
		}
		s.c.Ack(b.Position)
		if s.c.Acked() != b.Position {
			return errors.New("another position was acknowledged")
		}
		s.c.Recycle(b)
	}
	if err := <-filled; err != nil {
		return err
	}
	// What was committed before the end has come; only a transaction that was open is not whole.
	want := h.changes(len(h))
	if k.changes < want || !fails && k.changes != want {
		return fmt.Errorf("%d changes came in all, want %d", k.changes, want)
	}
	if k.txs != h.transactions(len(h)) {
		return fmt.Errorf("%d transactions came in all, want %d", k.txs, h.transactions(len(h)))
	}
	return nil
}

// TestCollectorBatches: a busy taker gets all that came meanwhile in one batch, an idle
// one each transaction at once.
func TestCollectorBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		s := newSource(1<<20, 1000)
		add := func() {
			t.Helper()
			if err := errors.Join(s.change(ctx, 10, row.Wait{}), s.commit(ctx, row.Wait{})); err != nil {
				t.Fatal(err)
			}
		}
		got := make(chan *row.Changes)
		take := func() {
			b, err := s.c.Take(ctx, time.Hour)
			if err != nil {
				t.Error(err)
			}
			got <- b
		}
		for range 3 {
			go take()
			synctest.Wait() // it waits for a batch
			add()
			if b := <-got; len(b.List) != 1 || b.Transactions != 1 {
				t.Errorf("an idle taker got %d changes of %d transactions", len(b.List), b.Transactions)
			}
		}
		go take()
		synctest.Wait()
		for range 100 {
			add() // must not wait for the taker, which nobody gives time to wake up
		}
		first := <-got
		go take()
		second := <-got
		if n := first.Transactions + second.Transactions; n != 100 {
			t.Errorf("%d transactions came in two batches, want 100", n)
		}
	})
}

// TestCollectorQuiet: a quiet stream gives its position, but not while a transaction
// comes in.
func TestCollectorQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		s := newSource(1<<20, 1000)
		quiet := func(want row.Position) {
			t.Helper()
			began := time.Now()
			b, err := s.c.Take(ctx, time.Minute)
			if err != nil || !b.Empty() || b.Open || b.Transactions != 0 || b.Position != want {
				t.Errorf("a quiet stream gave %+v, %v; want position %q", b, err, want)
			}
			if took := time.Since(began); took != time.Minute {
				t.Errorf("a quiet stream was waited for %s", took)
			}
			s.c.Recycle(b)
		}
		quiet("")
		s.c.Progress(func() { s.at = 7 })
		quiet("7")
		if err := s.commit(ctx, row.Wait{}); err != nil { // nothing of ours was in it
			t.Fatal(err)
		}
		quiet("8")

		if err := s.change(ctx, 10, row.Wait{}); err != nil {
			t.Fatal(err)
		}
		late, cancel := context.WithTimeout(ctx, time.Hour)
		defer cancel()
		if b, err := s.c.Take(late, time.Minute); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("within a transaction came %+v, %v", b, err)
		}
		if err := s.commit(ctx, row.Wait{}); err != nil {
			t.Fatal(err)
		}
		if b, err := s.c.Take(ctx, time.Minute); err != nil || b.Position != "9" || len(b.List) != 1 {
			t.Errorf("after the commit came %+v, %v", b, err)
		}
	})
}

// TestCollectorWaits: while the collector is full the filling side answers keepalives,
// goes on when there is room, and ends with its context or what it does fails.
func TestCollectorWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := newSource(1<<20, 2)
		var answered atomic.Int64
		w := row.Wait{Every: time.Second, Do: func() error { answered.Add(1); return nil }}
		filled := make(chan error)
		go func() {
			for range 6 { // one transaction of three batches
				if err := s.change(ctx, 1, w); err != nil {
					filled <- err
					return
				}
			}
			filled <- s.commit(ctx, w)
		}()
		<-time.After(10*time.Second + time.Millisecond)
		if n := answered.Load(); n != 10 {
			t.Errorf("in ten seconds %d keepalives were answered", n)
		}
		for i := range 3 {
			b, err := s.c.Take(ctx, time.Second)
			if err != nil || !b.Open || len(b.List) != 2 {
				t.Errorf("part %d: %+v, %v", i, b, err)
			}
		}
		if err := <-filled; err != nil {
			t.Fatal(err)
		}
		if b, err := s.c.Take(ctx, time.Second); err != nil || b.Open || !b.Empty() || b.Transactions != 1 || b.Position != "1" {
			t.Errorf("the end of the transaction: %+v, %v", b, err)
		}

		broken := errors.New("the connection broke")
		w.Do = func() error { return broken }
		fill := func() error {
			for {
				if err := s.change(ctx, 1, w); err != nil {
					return err
				}
			}
		}
		if err := fill(); !errors.Is(err, broken) {
			t.Errorf("a failing keepalive: %v", err)
		}
		w = row.Wait{}
		time.AfterFunc(time.Minute, cancel)
		if err := fill(); !errors.Is(err, context.Canceled) {
			t.Errorf("a cancelled context: %v", err)
		}
	})
}

// TestCollectorTakenMeanwhile: a batch that the taker fetched while the filling side
// waited to hand it over is not handed over again.
func TestCollectorTakenMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		s := newSource(1<<20, 4)
		got := 0
		w := row.Wait{Every: time.Second, Do: func() error {
			for range 2 {
				b, err := s.c.Take(ctx, time.Minute)
				if err != nil || len(b.List) != 2 || b.Open {
					t.Errorf("got %+v, %v", b, err)
				}
				got++
			}
			return nil
		}}
		for range 2 { // two transactions, each of which closes a batch
			if err := errors.Join(s.change(ctx, 1, w), s.change(ctx, 1, w), s.commit(ctx, w)); err != nil {
				t.Fatal(err)
			}
		}
		if got != 2 {
			t.Fatalf("%d batches were taken while another waited, so nothing is tested", got)
		}
		if b, err := s.c.Take(ctx, time.Minute); err != nil || !b.Empty() || b.Transactions != 0 || b.Position != "2" {
			t.Errorf("in the end came %+v, %v", b, err)
		}
	})
}

// TestCollectorCutsAtCommits: while small transactions come in, no batch ends in one of them.
func TestCollectorCutsAtCommits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		s := newSource(1<<20, 100)
		go func() {
			for i := range 1000 {
				for range i % 7 {
					if err := s.change(ctx, 1, row.Wait{}); err != nil {
						t.Error(err)
					}
				}
				if err := s.commit(ctx, row.Wait{}); err != nil {
					t.Error(err)
				}
			}
			s.c.Fail(errors.New("the end"))
		}()
		for {
			<-time.After(time.Second)
			b, err := s.c.Take(ctx, time.Minute)
			if err != nil {
				return
			}
			if b.Open {
				t.Error("a batch was cut in the middle of a small transaction")
			}
		}
	})
}

// TestCollectorMemory: batches are closed by what their fields take, also where those
// have no bytes, and their memory is used again.
func TestCollectorMemory(t *testing.T) {
	ctx := t.Context()
	c := row.NewCollector(func() row.Position { return "1" })
	c.Limit(10_000, 1<<30)
	wide := func() error {
		b := c.Changes()
		ch := row.Change{Op: row.Update, Relation: relation, New: b.Begin(), Old: row.None}
		for range 1000 {
			b.EndField(row.Unchanged)
		}
		return c.Added(ctx, ch, row.Wait{})
	}
	for range 2 {
		if err := wide(); err != nil {
			t.Fatal(err)
		}
	}
	b, err := c.Take(ctx, time.Minute)
	if err != nil || !b.Open || len(b.List) != 2 {
		t.Fatalf("two changes of a thousand fields are not a full batch: %v", err)
	}
	c.Recycle(b)

	s := newSource(1<<16, 1000)
	round := func() {
		for range 10 {
			if err := errors.Join(s.change(ctx, 100, row.Wait{}), s.commit(ctx, row.Wait{})); err != nil {
				t.Fatal(err)
			}
		}
		b, err := s.c.Take(ctx, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		s.c.Recycle(b)
	}
	round()
	if n := testing.AllocsPerRun(100, round); n > 60 {
		t.Errorf("ten transactions and a batch allocate %v times", n)
	}
}

// TestChangesFields: fields come back as they went in.
func TestChangesFields(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		values := rapid.SliceOf(rapid.SliceOfN(rapid.Byte(), 0, 5)).Draw(r, "values")
		b := &row.Changes{}
		b.Append([]byte("something before"))
		first := b.Begin()
		for _, v := range values {
			if len(v) == 0 {
				b.EndField(row.Null)
			} else {
				b.Append(v)
			}
		}
		for i, v := range values {
			got, state := b.Field(first, i)
			if !slices.Equal(got, v) || (state == row.Null) != (len(v) == 0) {
				r.Fatalf("field %d is %q (%d), want %q", i, got, state, v)
			}
		}
	})
}
