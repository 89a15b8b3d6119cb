package stream

import (
	"fmt"
	"slices"
	"time"

	"github.com/syncform/syncform/executor/transform"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// table is one mapping of a stream.
type table struct {
	mapping *plan.Mapping
	apply   providers.ApplyTable
	read    providers.ReadTable // of the source, to read rows again; its columns are a row's fields here
	stage   *transform.Stage    // what makes a target's row of them; nil where they are the target's
	key     []int               // fields of the key, in the order of apply.Key
	again   []int               // fields of read.Key
	record  providers.TableRecord
	next    providers.TableRecord // as the open transaction leaves it
	dirty   bool                  // next is to be written
	doubles bool                  // rows that the source inserted were in the target: none is taken for new
	lost    map[string]bool       // keys whose changes go to the dead letters, encoded
	work    pending
	bound   bool         // a relation of it has come
	unsent  []string     // columns that the source computes and its stream does not send
	eased   time.Time    // when it was looked at last whether its columns take more at the source now, in vain
	easedAt row.Position // the checkpoint behind which that was
	past    bool         // the relation looked at last is of before the spec
	noted   keys         // of rows that the batch touches while the table is loading
	emptied bool         // the batch empties the table while it is loading
	refill  row.Position // behind it, columns that are others (plan.Mapping.Refill) are filled; "": not known yet
	uniques []unique     // what is unique in the target; nil: not known
	cut     bool         // the target's is partitioned, so that errors name what is unique otherwise
	yields  bool         // makesWay, for the batch of number askedAt
	askedAt int
	awaits  string // why the table is to be held from the batch on that is being written; "" it isn't
}

func newTable(m *plan.Mapping, rec providers.TableRecord) (*table, error) {
	t := &table{mapping: m, read: m.ReadSource(), record: rec, next: rec}
	t.apply = providers.ApplyTable{Mapping: m.Addr, Name: m.TargetTable}
	for _, c := range m.Columns {
		t.apply.Columns = append(t.apply.Columns, providers.WriteColumn{Name: c.Target, Type: *c.TargetType, Source: c.Travels(), Identity: c.Identity})
	}
	if m.Computes() {
		stage, err := transform.New(m, transform.Options{})
		if err != nil {
			return nil, err
		}
		t.stage = stage
	}
	for _, k := range m.TargetKey {
		i := slices.IndexFunc(m.Columns, func(c plan.Column) bool { return c.Target == k })
		at := -1
		if i >= 0 && m.Columns[i].Source != "" {
			at = t.field(m.Columns[i].Source)
		}
		if at < 0 {
			return nil, fmt.Errorf("%s: bug in syncform: its key column %q is no column of the source", m.Addr, k)
		}
		t.apply.Key, t.key = append(t.apply.Key, i), append(t.key, at)
	}
	for _, k := range m.SourceKey {
		t.again = append(t.again, t.field(k))
	}
	if len(t.apply.Key) == 0 {
		return nil, fmt.Errorf("%s: bug in syncform: a table without a key can't be followed", m.Addr)
	}
	t.work.table = t
	return t, nil
}

// field finds a column of the source among a row's fields; -1: it is not read.
func (t *table) field(name string) int {
	return slices.IndexFunc(t.read.Columns, func(c providers.ReadColumn) bool { return c.Name == name })
}

// live reports whether the table is what the source was at the stream's position.
func (t *table) live() bool { return t.next.State == providers.TableLive }

// loading reports whether rows of the table are being copied, so that only the keys of its
// changes are noted.
func (t *table) loading() bool { return t.record.State == providers.TableLoading }

// hold drops the table's changes from here on.
func (t *table) hold(reason string) {
	t.next.State, t.next.Reason, t.dirty = providers.TableHeld, reason, true
	t.work.reset()
}

// catchUp makes the table not live until the stream has passed goal.
func (t *table) catchUp(goal row.Position) {
	t.next.State, t.next.ConsistentAt, t.dirty = providers.TableCatchingUp, goal, true
}

// binding says where in a relation's row the table's fields stand.
type binding struct {
	table *table
	cols  []int // by field; -1: not in the relation
	asks  bool  // a field is never sent, or sent as what it was: each row has to be read again
}

// field gives field i of the row that begins at first.
func (b *binding) field(ch *row.Changes, first, i int) ([]byte, row.State) {
	if b == nil {
		return ch.Field(first, i) // a row of the table's fields
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
	for _, i := range b.table.key {
		v, s := b.field(ch, first, i)
		if s == row.Unchanged && otherwise != row.None {
			v, s = b.field(ch, otherwise, i)
		}
		ok = ok && s != row.Unchanged
		dst = appendKey(dst, v, s)
	}
	return dst, ok
}
