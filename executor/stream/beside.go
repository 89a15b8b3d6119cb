package stream

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// While a table is loading, the stream that runs beside writes nothing into it. It notes
// which rows change, by key, in the transaction that moves the checkpoint; so the source
// is free to drop its log, and neither waits for the other. Once the last chunk is in,
// Drain reads the rows of these keys again. A row that was not noted is as its chunk read
// it, up to where the noting ended. A TRUNCATE is noted as AllKeys: Drain empties the table,
// and the rows that came behind it are among the noted ones.

// rests says why a batch must wait for the loads: it does something to a loading table that
// is not told by the keys of its changes.
func (r *run) rests(b *row.Changes) error {
	if !r.o.Beside {
		return nil
	}
	for i := range b.List {
		c := &b.List[i]
		for _, bind := range r.bindings(c.Relation) {
			if c.Old != row.None && r.cascadesAt(b, c, bind) {
				return &RestsError{fmt.Sprintf("a change of table %s changes rows of tables that are loading, which the source does not tell of", c.Relation.Name)}
			}
		}
	}
	return nil
}

// changedInLoad has the table be held, whose load brings what is not any more.
func (t *table) changedInLoad(what string) {
	if t.awaits == "" {
		t.awaits = fmt.Sprintf("the source's table %s was %s while it was loaded: run syncform apply, which loads it anew", t.read.Name, what)
	}
}

// cascadesAt reports whether a foreign key acts on a change, and may by that change rows of
// a loading table, or those that refer to one of a loading table.
func (r *run) cascadesAt(b *row.Changes, c *row.Change, bind *binding) bool {
	for _, x := range r.spec.Capture.Cascades {
		if x.Parent != c.Relation.Name || !r.touchesLoading(x.Parent) {
			continue
		}
		if c.Op == row.Delete {
			if x.OnDelete != "" {
				return true
			}
			continue
		}
		if x.OnUpdate == "" {
			continue
		}
		for _, name := range x.ParentColumns {
			at := bind.table.field(name)
			was, known := bind.value(b, c.Old, row.None, at)
			is, knownToo := bind.value(b, c.New, c.Old, at)
			if !known || !knownToo || !was.equal(is) {
				return true
			}
		}
	}
	return false
}

// touchesLoading reports whether a table is loading, or one that its cascades reach.
func (r *run) touchesLoading(name schema.Name) bool {
	seen := []schema.Name{name}
	for i := 0; i < len(seen); i++ {
		if slices.ContainsFunc(r.bySource[seen[i].String()], (*table).loading) {
			return true
		}
		for _, x := range r.spec.Capture.Cascades {
			if x.Parent == seen[i] && !slices.Contains(seen, x.Child) {
				seen = append(seen, x.Child)
			}
		}
	}
	return false
}

// noteKeys notes the keys of a batch's changes of loading tables: the former one too where
// a change gives a row another.
func (r *run) noteKeys(ctx context.Context, tx providers.ApplyTx, b *row.Changes) error {
	if !r.o.Beside {
		return nil
	}
	for _, t := range r.tables {
		t.noted.reset()
		t.emptied = false
	}
	for i := range b.List {
		c := &b.List[i]
		for _, bind := range r.bindings(c.Relation) {
			t := bind.table
			if !t.loading() || t.next.State == providers.TableHeld {
				continue
			}
			t.emptied = t.emptied || c.Op == row.Truncate
			if !bind.note(b, c) {
				return &RestsError{fmt.Sprintf("a change of table %s does not carry the whole key of its row", c.Relation.Name)}
			}
		}
	}
	for _, t := range r.tables {
		list := make([]string, 0, len(t.noted.ends)+1)
		if t.emptied {
			list = append(list, providers.AllKeys)
		}
		for i := range t.noted.ends {
			list = append(list, keyNote(t.noted.get(int32(i))))
		}
		if len(list) > 0 {
			if err := tx.NoteKeys(ctx, t.keySet(r.spec.Sync), list); err != nil {
				return err
			}
		}
	}
	return nil
}

// note adds the keys of a change to those of the batch; ok is false where it does not
// carry them.
func (b *binding) note(ch *row.Changes, c *row.Change) (ok bool) {
	t := b.table
	for _, at := range [][2]int{{c.New, c.Old}, {c.Old, c.New}} {
		if at[0] == row.None {
			continue
		}
		if t.work.key, ok = b.key(t.work.key[:0], ch, at[0], at[1]); !ok {
			return false
		}
		t.noted.number(t.work.key)
	}
	return true
}

func (t *table) keySet(sync string) providers.KeySet {
	return providers.KeySet{Sync: sync, Mapping: t.mapping.Addr, Generation: t.record.Generation}
}

// keyNote is an encoded key as the target keeps it, and notedKey is the reverse.
func keyNote(key []byte) string { return base64.StdEncoding.EncodeToString(key) }

func notedKey(note string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(note)
	if err != nil {
		return nil, fmt.Errorf("a key that was noted in the target is damaged: %w", err)
	}
	return key, nil
}
