package providertest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/ledger"
	"github.com/syncform/syncform/providers/row"
)

const syncName = "sync.\"te'st\".ü"

// testStreamRecords: what a target knows of streams comes back as it was written, and
// goes without a trace.
func testStreamRecords(t *testing.T, s Suite) {
	ctx := limited(t)
	e := s.open(t)
	keeper := capability[providers.StreamKeeper](t, e)
	found := func(want bool) {
		t.Helper()
		store, err := keeper.FindStreams(ctx)
		if err != nil || (store != nil) != want {
			t.Fatalf("records of streams: %v, %v; are there: %v", store, err, want)
		}
	}
	found(false)
	e.createPlain(t, "there", "v", "text")
	found(false)
	store := e.streams(t)
	e.streams(t) // is there already
	found(true)
	if r, err := store.Stream(ctx, syncName); r != nil || err != nil {
		t.Fatalf("a stream that never was: %+v, %v", r, err)
	}

	table := providers.TableRecord{Mapping: `m1["ü"]`, Table: e.name("there"), State: providers.TableLoading, Generation: "g", Floor: "some floor", Loaded: 7}
	other := providers.TableRecord{Mapping: "m2", Table: e.name("ot'her"), State: providers.TableHeld, Reason: "be'cause", ConsistentAt: "at", Inserts: 1, Updates: 2, Deletes: 1 << 60, LastAt: "2024-02-29T00:00:00Z", LastKey: "id=1"}
	first := providers.StreamRecord{
		Sync: syncName, Origin: "ori\\gin'", Start: providers.CaptureStart{Position: "s0", Floor: "floor"}, Position: "s0", Epoch: 1,
		Tables: []providers.TableRecord{table, other},
	}
	must(t, store.Begin(ctx, first))
	must(t, store.Begin(ctx, providers.StreamRecord{Sync: "another", Epoch: 1}))
	read := func() providers.StreamRecord {
		t.Helper()
		r, err := store.Stream(ctx, syncName)
		if err != nil || r == nil {
			t.Fatalf("the stream's record: %v, %v", r, err)
		}
		r.UpdatedAt = ""
		return *r
	}
	same(t, "a record as it began", first, read())
	all, err := store.Streams(ctx)
	if err != nil || len(all) != 2 || all[0].Sync != "another" || len(all[0].Tables) != 0 || len(all[1].Tables) != 2 {
		t.Fatalf("all records: %+v, %v", all, err)
	}

	epoch, err := store.Take(ctx, syncName, "host 1", 1, 0)
	if err != nil || epoch != 2 {
		t.Fatalf("take the stream: epoch %d, %v", epoch, err)
	}
	for _, stale := range [][2]int64{{1, 0}, {2, 0}, {1, 1}} {
		if _, err := store.Take(ctx, syncName, "host 2", stale[0], stale[1]); !errors.Is(err, providers.ErrFenced) {
			t.Errorf("a stream with a sign of life was taken: %v", err)
		}
	}
	if asked, err := store.Beat(ctx, syncName, epoch, false, "some reason"); asked != 0 || err != nil {
		t.Errorf("beat: %v, %v", asked, err)
	}
	if r := read(); r.Epoch != 2 || r.Beat != 2 || r.Holder != "host 1" || r.Error != "some reason" || r.Paused {
		t.Errorf("after a beat the record is %+v", r)
	}
	must(t, store.Pause(ctx, syncName, providers.PausedByPerson|providers.PausedByApply, true))
	if asked, err := store.Beat(ctx, syncName, epoch, true, ""); asked != providers.PausedByPerson|providers.PausedByApply || err != nil {
		t.Errorf("a pause that was asked for: %v, %v", asked, err)
	}
	if r := read(); r.PausedBy != 3 || !r.Paused || r.Error != "" {
		t.Errorf("paused, the record is %+v", r)
	}
	must(t, store.Pause(ctx, syncName, providers.PausedByPerson, true)) // twice is once
	must(t, store.Pause(ctx, syncName, providers.PausedByApply, false))
	if r := read(); r.PausedBy != providers.PausedByPerson {
		t.Errorf("one of two took its pause back: %+v", r)
	}
	must(t, store.Pause(ctx, syncName, providers.PausedByPerson, false))
	if _, err := store.Beat(ctx, syncName, epoch-1, false, ""); !errors.Is(err, providers.ErrFenced) {
		t.Errorf("a beat of an instance that lost the stream: %v", err)
	}
	must(t, store.Release(ctx, syncName, epoch-1, false, "nobody cares"))
	if r := read(); r.Holder != "host 1" {
		t.Error("an instance that lost the stream let it go")
	}
	must(t, store.Release(ctx, syncName, epoch, true, "done"))
	if r := read(); r.Holder != "" || !r.Paused || r.Error != "done" || r.Beat != 4 {
		t.Errorf("let go, the record is %+v", r)
	}

	table.State, table.Loaded = providers.TableLive, 8
	must(t, store.SetTables(ctx, syncName, []providers.TableRecord{table}, []string{table.Mapping}))
	same(t, "tables that are kept", []providers.TableRecord{table}, read().Tables)
	must(t, store.SetTables(ctx, syncName, []providers.TableRecord{other}, nil))
	same(t, "tables with one more", []providers.TableRecord{table, other}, read().Tables)

	before := read().Epoch
	must(t, store.Begin(ctx, first))
	if r := read(); r.Epoch <= before || r.Position != "s0" || len(r.Tables) != 2 {
		t.Errorf("begun anew, the record is %+v", r)
	}
	testDeadLetters(t, e, store, read().Epoch)

	must(t, store.Forget(ctx, syncName))
	if r, err := store.Stream(ctx, syncName); r != nil || err != nil {
		t.Errorf("forgotten, the record is %+v, %v", r, err)
	}
	found(true)                                       // the other one's
	e.exec(t, "DROP TABLE "+e.quote(ledger.KeyTable)) // as an earlier version left it
	must(t, store.Forget(ctx, "another"))
	found(false)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// testDeadLetters: letters come with their transaction, in order, and go one by one.
func testDeadLetters(t *testing.T, e *endpoint, store providers.StreamStore, epoch int64) {
	t.Helper()
	ctx := limited(t)
	session := e.session(t)
	var want []providers.DeadLetter
	write := func(from, to int, commit bool) {
		t.Helper()
		var letters []providers.DeadLetter
		for i := from; i < to; i++ {
			letters = append(letters, providers.DeadLetter{
				Mapping: "m", Table: e.name("there"), Key: fmt.Sprintf("id=%d", i), Column: "v", Op: "update", Row: `{"v":"ü'\\"}`, Error: "does not fit", Position: "p",
			})
		}
		tx := begin(t, session)
		must(t, tx.Checkpoint(ctx, providers.Checkpoint{Sync: syncName, Epoch: epoch}))
		must(t, tx.DeadLetter(ctx, syncName, letters))
		if !commit {
			must(t, tx.Rollback(ctx))
			return
		}
		must(t, tx.Commit(ctx))
		want = append(want, letters...)
	}
	write(0, 3, true)
	write(100, 103, false)
	write(3, 15, true)
	read := func(limit int) []providers.DeadLetter {
		t.Helper()
		got, err := store.DeadLetters(ctx, syncName, limit)
		must(t, err)
		return got
	}
	got := read(1000)
	ids := make([]string, len(got))
	for i := range got {
		if got[i].At == "" || got[i].ID == "" || slices.Contains(ids, got[i].ID) {
			t.Errorf("letter %d has no ID or time of its own: %+v", i, got[i])
		}
		ids[i], got[i].ID, got[i].At = got[i].ID, "", ""
	}
	same(t, "dead letters", want, got)
	if n := len(read(2)); n != 2 {
		t.Errorf("%d letters, want the oldest two", n)
	}
	must(t, store.DropDeadLetters(ctx, syncName, ids[:14]))
	if left := read(10); len(left) != 1 || left[0].ID != ids[14] {
		t.Errorf("left are %+v", left)
	}
}

// testFence: a checkpoint is one with the rows, and an instance that lost its stream
// writes nothing.
func testFence(t *testing.T, s Suite) {
	ctx := limited(t)
	e := s.open(t)
	a := applyTable(e.createPlain(t, "fen`ced", "v", "text"), nil)
	store := e.streams(t)
	must(t, store.Begin(ctx, providers.StreamRecord{Sync: syncName, Position: "p0", Epoch: 1, Tables: []providers.TableRecord{{Mapping: a.Mapping, Table: a.Name, State: providers.TableLive}}}))
	mine, err := store.Take(ctx, syncName, "one", 1, 0)
	must(t, err)
	session := e.session(t)
	at := func(epoch int64, position row.Position) providers.Checkpoint {
		return providers.Checkpoint{Sync: syncName, Epoch: epoch, Position: position, SourceAt: "2024-02-29T12:00:00Z"}
	}
	is := func(what string, position row.Position, rows int) *providers.StreamRecord {
		t.Helper()
		r, err := store.Stream(ctx, syncName)
		must(t, err)
		if r.Position != position {
			t.Errorf("%s: position %s, want %s", what, r.Position, position)
		}
		if n := len(e.stored(t, a)); n != rows {
			t.Errorf("%s: %d rows, want %d", what, n, rows)
		}
		return r
	}
	put := func(tx providers.ApplyTx, id string) {
		t.Helper()
		must(t, tx.Upsert(ctx, a, batchOf([][]field{fields(id, "x")})))
	}

	tx := begin(t, session)
	must(t, tx.Checkpoint(ctx, at(mine, "p1")))
	put(tx, "1")
	must(t, tx.Tables(ctx, syncName, []providers.TableRecord{{Mapping: a.Mapping, Table: a.Name, State: providers.TableLive, Inserts: 1, LastKey: "id=1", LastAt: "2024-02-29T12:00:00Z"}}))
	must(t, tx.Commit(ctx))
	if r := is("committed", "p1", 1); r.SourceAt == "" || r.Tables[0].Inserts != 1 || r.Tables[0].LastKey != "id=1" {
		t.Errorf("committed: the record is %+v", r)
	}

	tx = begin(t, session)
	must(t, tx.Checkpoint(ctx, at(mine, "p2")))
	put(tx, "2")
	must(t, tx.Rollback(ctx))
	is("rolled back", "p1", 1)

	tx = begin(t, session)
	must(t, tx.Checkpoint(ctx, at(mine, "")))
	put(tx, "2")
	must(t, tx.Commit(ctx))
	before := is("a checkpoint without a position", "p1", 2)

	// Who takes the stream beside a transaction waits until that is committed, and then
	// reads what it was; or the transaction finds out, at its commit at the latest.
	tx = begin(t, session)
	must(t, tx.Checkpoint(ctx, at(mine, "p3")))
	took := make(chan error, 1)
	go func() {
		for {
			_, err := store.Take(ctx, syncName, "two", before.Epoch, before.Beat)
			if !providers.IsRetryable(err) {
				took <- err
				return
			}
		}
	}()
	wrote := errors.Join(tx.Upsert(ctx, a, batchOf([][]field{fields("3", "x")})))
	if wrote == nil {
		wrote = tx.Commit(ctx)
	}
	must(t, tx.Rollback(ctx))
	rows, position := 3, row.Position("p3")
	switch taken := <-took; {
	case wrote == nil && taken == nil:
	case errors.Is(wrote, providers.ErrFenced) && taken == nil:
		rows, position = 2, "p1"
	default:
		t.Errorf("one writes (%v) while another takes the stream (%v)", wrote, taken)
	}
	now := is("committed beside another", position, rows)
	theirs, err := store.Take(ctx, syncName, "two", now.Epoch, now.Beat)
	must(t, err)

	tx = begin(t, session)
	fenced := tx.Checkpoint(ctx, at(mine, "p4"))
	if fenced == nil {
		fenced = tx.Upsert(ctx, a, batchOf([][]field{fields("9", "x")}))
	}
	if fenced == nil {
		fenced = tx.Commit(ctx)
	}
	if !errors.Is(fenced, providers.ErrFenced) {
		t.Errorf("an instance that lost its stream writes: %v", fenced)
	}
	must(t, tx.Rollback(ctx))
	tx = begin(t, session) // the session goes on
	must(t, tx.Checkpoint(ctx, at(theirs, "p5")))
	put(tx, "4")
	must(t, tx.Commit(ctx))
	is("the new holder", "p5", rows+1)
}
