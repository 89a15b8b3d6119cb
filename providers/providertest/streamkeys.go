package providertest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers"
)

// testKeySets: the keys of a load that are noted are a set, come and go with their
// transaction, and go with the load.
func testKeySets(t *testing.T, s Suite) {
	ctx := limited(t)
	e := s.open(t)
	a := applyTable(e.createPlain(t, "there", "v", "text"), nil)
	store := e.streams(t)
	table := providers.TableRecord{Mapping: a.Mapping, Table: a.Name, State: providers.TableLoading, Generation: "g"}
	second := providers.TableRecord{Mapping: "second", Table: a.Name, State: providers.TableLoading, Generation: "g"}
	must(t, store.Begin(ctx, providers.StreamRecord{Sync: syncName, Position: "p0", Epoch: 1, Tables: []providers.TableRecord{table, second}}))
	set := func(t providers.TableRecord) providers.KeySet {
		return providers.KeySet{Sync: syncName, Mapping: t.Mapping, Generation: t.Generation}
	}
	session := e.session(t)
	within := func(commit bool, do func(providers.ApplyTx)) {
		t.Helper()
		tx := begin(t, session)
		must(t, tx.Checkpoint(ctx, providers.Checkpoint{Sync: syncName, Epoch: 1}))
		do(tx)
		if commit {
			must(t, tx.Commit(ctx))
		} else {
			must(t, tx.Rollback(ctx))
		}
	}
	want := map[string]bool{}
	is := func(what string, of providers.KeySet) {
		t.Helper()
		var got []string
		for after := ""; ; after = got[len(got)-1] {
			some, err := store.NotedKeys(ctx, of, after, 100)
			must(t, err)
			if len(some) == 0 {
				break
			}
			got = append(got, some...)
		}
		slices.Sort(got)
		same(t, what, slices.Sorted(maps.Keys(want)), got)
		n, err := store.CountNotedKeys(ctx, of, 1000)
		must(t, err)
		if n != int64(len(want)) {
			t.Errorf("%s: %d are counted, want %d", what, n, len(want))
		}
	}
	keys := []string{"-", "k", "K", "ü", "k ", `'"\` + "`", strings.Repeat("long", 5000)}
	for i := range 400 {
		keys = append(keys, fmt.Sprint("key ", i))
	}
	is("before", set(table))
	within(false, func(tx providers.ApplyTx) { must(t, tx.NoteKeys(ctx, set(table), keys)) })
	is("rolled back", set(table))
	for _, part := range [][]string{keys[:250], keys[200:], keys} {
		within(true, func(tx providers.ApplyTx) { must(t, tx.NoteKeys(ctx, set(table), part)) })
	}
	within(true, func(tx providers.ApplyTx) { must(t, tx.NoteKeys(ctx, set(second), keys[:3])) })
	for _, k := range keys {
		want[k] = true
	}
	is("noted", set(table))
	within(true, func(tx providers.ApplyTx) { must(t, tx.NoteKeys(ctx, set(table), []string{providers.AllKeys})) })
	first, err := store.NotedKeys(ctx, set(table), "", 1)
	must(t, err)
	same(t, "the first", []string{providers.AllKeys}, first)
	within(true, func(tx providers.ApplyTx) { must(t, tx.ForgetKeys(ctx, set(table), first)) })
	is("after all keys were noted and forgotten", set(table))
	if n, err := store.CountNotedKeys(ctx, set(table), 5); n != 5 || err != nil {
		t.Errorf("counted up to five: %d, %v", n, err)
	}
	within(false, func(tx providers.ApplyTx) { must(t, tx.ForgetKeys(ctx, set(table), keys)) })
	within(true, func(tx providers.ApplyTx) { must(t, tx.ForgetKeys(ctx, set(table), keys[100:])) })
	for _, k := range keys[100:] {
		delete(want, k)
	}
	is("after some were forgotten", set(table))
	must(t, store.SetTables(ctx, syncName, []providers.TableRecord{table}, nil))
	is("the load goes on", set(table))
	before := set(table)
	table.Generation = "h"
	must(t, store.SetTables(ctx, syncName, []providers.TableRecord{table}, nil))
	want = map[string]bool{}
	is("another load begins", set(table))
	is("the former load's keys", before)
	want = map[string]bool{keys[0]: true, keys[1]: true, keys[2]: true}
	is("another table's keys", set(second))
	must(t, store.SetTables(ctx, syncName, nil, []string{table.Mapping}))
	want = map[string]bool{}
	is("a table that is gone", set(second))
	within(true, func(tx providers.ApplyTx) { must(t, tx.NoteKeys(ctx, set(table), keys[:3])) })
	must(t, store.Begin(ctx, providers.StreamRecord{Sync: syncName, Position: "p0", Epoch: 1, Tables: []providers.TableRecord{table}}))
	is("begun anew", set(table))
	must(t, store.Forget(ctx, syncName))
}
