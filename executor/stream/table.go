package stream

import (
	"fmt"
	"slices"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// table is one mapping of a stream.
type table struct {
	mapping *plan.Mapping
	apply   providers.ApplyTable
	read    providers.ReadTable // of the source, to read rows again
	record  providers.TableRecord
	next    providers.TableRecord // as the open transaction leaves it
	dirty   bool                  // next is to be written
	lost    map[string]bool       // keys whose changes go to the dead letters, encoded
	work    pending
	awaits  string // why the table is to be held from the batch on that is being written; "" it isn't
}

func newTable(m *plan.Mapping, rec providers.TableRecord) (*table, error) {
	t := &table{mapping: m, read: m.ReadSource(), record: rec, next: rec}
	t.apply = providers.ApplyTable{Mapping: m.Addr, Name: m.TargetTable}
	for _, c := range m.Columns {
		t.apply.Columns = append(t.apply.Columns, providers.WriteColumn{Name: c.Target, Type: c.TargetType, Source: c.SourceType, Identity: c.Identity})
	}
	for _, k := range m.TargetKey {
		i := slices.IndexFunc(m.Columns, func(c plan.Column) bool { return c.Target == k })
		if i < 0 {
			return nil, fmt.Errorf("%s: bug in syncform: its key column %q is not among its columns", m.Addr, k)
		}
		t.apply.Key = append(t.apply.Key, i)
	}
	if len(t.apply.Key) == 0 {
		return nil, fmt.Errorf("%s: bug in syncform: a table without a key can't be followed", m.Addr)
	}
	t.work.table = t
	return t, nil
}

// live reports whether the table is what the source was at the stream's position.
func (t *table) live() bool { return t.next.State == providers.TableLive }

// hold drops the table's changes from here on.
func (t *table) hold(reason string) {
	t.next.State, t.next.Reason, t.dirty = providers.TableHeld, reason, true
	t.work.reset()
}

// catchUp makes the table not live until the stream has passed goal.
func (t *table) catchUp(goal row.Position) {
	t.next.State, t.next.ConsistentAt, t.dirty = providers.TableCatchingUp, goal, true
}

// binding says where in a relation's row the table's columns stand.
type binding struct {
	table *table
	cols  []int // by column of the mapping; -1: not in the relation
}

// field gives column i of the row that begins at first.
func (b *binding) field(ch *row.Changes, first, i int) ([]byte, row.State) {
	if b == nil {
		return ch.Field(first, i) // a row in the order of the mapping's columns
	}
	if at := b.cols[i]; at >= 0 {
		return ch.Field(first, at)
	}
	return nil, row.Unchanged
}

// key appends the encoded key of the row that begins at first; fields that it does not
// carry are those of the row at otherwise. ok is false where the key is not whole.
func (b *binding) key(dst []byte, ch *row.Changes, first, otherwise int) (key []byte, ok bool) {
	ok = true
	for _, i := range b.table.apply.Key {
		v, s := b.field(ch, first, i)
		if s == row.Unchanged && otherwise != row.None {
			v, s = b.field(ch, otherwise, i)
		}
		ok = ok && s != row.Unchanged
		dst = appendKey(dst, v, s)
	}
	return dst, ok
}
