package postgres

import (
	"context"
	"fmt"
	"hash/maphash"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

const (
	pollLeast  = 100 * time.Millisecond
	pollMost   = time.Second
	pollPage   = 1000
	pollMemory = 500_000 // rows of which it is known that they were given out
)

func incrementalType(t providers.CaptureTable) (schema.Type, bool) {
	for _, c := range t.Table.Columns {
		if c.Name == t.IncrementalKey {
			return c.Type, true
		}
	}
	return schema.Type{}, false
}

func (c pollCapture) follow(ctx context.Context, cp providers.Capture, from position, newCollector func(func() row.Position) *row.Collector) error {
	s, err := c.acquire(ctx)
	if err != nil {
		return err
	}
	defer c.release(s)
	system, err := c.systemIdentifier(ctx, s)
	if err != nil {
		return err
	}
	switch {
	case from.Snapshot == "" || from.Marks == nil && from.LSN != 0:
		return gap("the position that was kept is not one of polling: the capture method was changed")
	case from.System != system:
		return gap("the source is another server than the one that the position was kept of (system identifier %s, not %s): it was restored or exchanged", system, from.System)
	}
	f := &pollFollower{pollCapture: c, session: s, at: from, seed: maphash.MakeSeed()}
	if f.at.Marks == nil {
		f.at.Marks = map[string]string{}
	}
	for _, t := range cp.Tables {
		f.tables = append(f.tables, &polledTable{rereadTable: rereadTable{capture: pollColumns(t)}, name: c.logName(t.Table.Name), seen: map[uint64]bool{}})
	}
	f.collector = newCollector(func() row.Position { return f.at.String() })
	err = f.run(ctx)
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	f.collector.Fail(err)
	return err
}

// pollColumns reads the incremental key too.
func pollColumns(t providers.CaptureTable) providers.CaptureTable {
	if _, ok := incrementalType(t); !ok {
		t.Table.Columns = append(slices.Clone(t.Table.Columns), providers.ReadColumn{Name: t.IncrementalKey})
	}
	return t
}

type pollFollower struct {
	pollCapture
	session   *session
	collector *row.Collector
	tables    []*polledTable
	at        position
	seed      maphash.Seed
}

// polledTable is a table and how far it was read.
type polledTable struct {
	rereadTable
	name string
	seen map[uint64]bool // rows from the mark on that were given out
	// next is the mark once every transaction that was open when it was seen is over.
	next     string
	nextXmax uint64
	nextAt   string // the server's clock
	hasNext  bool
}

func (f *pollFollower) run(ctx context.Context) error {
	for wait := pollLeast; ; {
		given, err := f.pass(ctx)
		if err != nil {
			return err
		}
		if given {
			wait = pollLeast
		}
		if err := pause(ctx, wait); err != nil {
			return err
		}
		wait = min(2*wait, pollMost)
	}
}

// pass reads every table once. What a mark may become is looked up first, then which
// transactions are open, and then rows are read: so each row that a transaction wrote
// below that mark is read, or its transaction is one of those that are waited for.
func (f *pollFollower) pass(ctx context.Context) (given bool, err error) {
	var fresh []*polledTable
	for _, t := range f.tables {
		found, err := f.mayBecome(ctx, t)
		if err != nil {
			return false, err
		}
		if found {
			fresh = append(fresh, t)
		}
	}
	now, err := f.session.queryRow(ctx, "SELECT pg_catalog.pg_current_snapshot(), pg_catalog.clock_timestamp(), pg_catalog.clock_timestamp() - "+oldestOpen)
	if err != nil {
		return false, classify(err)
	}
	sn, err := parseSnapshot(now[0])
	if err != nil {
		return false, err
	}
	for _, t := range fresh {
		t.nextXmax, t.nextAt, t.hasNext = sn.xmax, now[1], true
	}
	marks := map[string]string{}
	for _, t := range f.tables {
		if mark, ok := f.at.Marks[t.name]; ok {
			marks[t.name] = mark
		}
		n, err := f.table(ctx, t, now[1])
		if err != nil {
			return given, err
		}
		given = given || n > 0
		if t.hasNext && sn.xmin >= t.nextXmax && now[2] >= t.nextAt {
			marks[t.name], t.hasNext = t.next, false
		}
	}
	f.collector.Progress(func() { f.at.Snapshot, f.at.Marks = now[0], marks })
	return given, nil
}

// mayBecome looks up the next mark of a table that waits for none.
func (f *pollFollower) mayBecome(ctx context.Context, t *polledTable) (found bool, err error) {
	if err := t.describe(ctx, f.Conn, f.session); err != nil || t.relation == nil {
		return false, err
	}
	inc := slices.IndexFunc(t.columns.Columns, func(c providers.ReadColumn) bool { return c.Name == t.capture.IncrementalKey })
	if inc < 0 {
		return false, gap("table %s has no column %q any more, its incremental_key", t.capture.Table.Name, t.capture.IncrementalKey)
	}
	if t.hasNext {
		return false, nil
	}
	t.next, found, err = greatestKey(ctx, f.session, t.capture, t.columns.Columns[inc].Type, true, "interval '0'")
	return found && t.next != f.at.Marks[t.name], err
}

// table gives out the rows from the mark on that were not given out before.
func (f *pollFollower) table(ctx context.Context, t *polledTable, at string) (given int, err error) {
	if t.relation == nil {
		return 0, nil
	}
	q, err := t.query()
	if err != nil {
		return 0, err
	}
	committed, err := time.Parse("2006-01-02 15:04:05.999999-07", at)
	if err != nil {
		committed = time.Time{}
	}
	seen := map[uint64]bool{}
	mark, marked := f.at.Marks[t.name]
	var last []string // the incremental key and the key of the last row
	for {
		rows := row.NewBatch(len(t.columns.Columns))
		if last, err = f.page(ctx, t, q, mark, marked, last, rows); err != nil {
			return given, fmt.Errorf("poll table %s: %w", t.capture.Table.Name, err)
		}
		n := 0
		for r := range rows.Rows {
			id := f.hash(rows, r)
			known := t.seen[id]
			if len(seen) < pollMemory {
				seen[id] = true
			}
			if known {
				continue
			}
			n++
			c := f.collector.Changes()
			ch := row.Change{Op: row.Update, Relation: t.relation, New: c.Begin(), Old: row.None}
			t.rows = rows
			t.appendNew(c, r)
			if err := f.collector.Added(ctx, ch, row.Wait{}); err != nil {
				return given, err
			}
		}
		if n > 0 {
			given += n
			if err := f.collector.Commit(ctx, committed, func() {}, row.Wait{}); err != nil {
				return given, err
			}
		}
		if rows.Rows < pollPage {
			t.seen = seen
			return given, nil
		}
	}
}

func (f *pollFollower) hash(b *row.Batch, r int) uint64 {
	var h maphash.Hash
	h.SetSeed(f.seed)
	for i := range b.Width {
		v, state := b.Field(r, i)
		h.WriteByte(byte(state))
		h.WriteString(strconv.Itoa(len(v)))
		h.Write(v)
	}
	return h.Sum64()
}

// pollQuery is how a table's pages are asked for.
type pollQuery struct {
	list, order, ref string
	names, types     []string // the incremental key, then the key
}

func (t *polledTable) query() (pollQuery, error) {
	q := pollQuery{ref: tableRef(t.columns.Name, t.columns.Only)}
	var columns []string
	for _, c := range t.columns.Columns {
		columns = append(columns, c.Name)
	}
	q.names = append([]string{t.capture.IncrementalKey}, t.columns.Key...)
	q.list, q.order = quoteAll(columns), quoteAll(q.names)
	for _, n := range q.names {
		typ, err := keyType(t.columns, n)
		if err != nil {
			return q, err
		}
		q.types = append(q.types, typ)
	}
	return q, nil
}

// page reads rows behind last, and gives the last row's keys.
func (f *pollFollower) page(ctx context.Context, t *polledTable, q pollQuery, mark string, marked bool, last []string, rows *row.Batch) (next []string, err error) {
	condition := " WHERE " + quote(q.names[0]) + " IS NOT NULL"
	if marked {
		condition = " WHERE " + quote(q.names[0]) + " >= " + literal(mark) + "::" + q.types[0]
	}
	if last != nil {
		values := make([]string, len(last))
		for i, v := range last {
			values[i] = literal(v) + "::" + q.types[i]
		}
		condition += " AND (" + q.order + ") > (" + strings.Join(values, ", ") + ")"
	}
	var extra []string
	for _, n := range q.names {
		extra = append(extra, quote(n))
	}
	sql := "SELECT " + q.list + ", " + strings.Join(extra, ", ") + " FROM " + q.ref + condition + " ORDER BY " + q.order + " LIMIT " + strconv.Itoa(pollPage)
	width := len(t.columns.Columns)
	decoders := make([]decodeField, width)
	for i, c := range t.columns.Columns {
		as := c.As
		if as.Kind == "" {
			as = c.Type
		}
		decoders[i] = decoderFor(c.Type, as)
	}
	next = last
	err = readRowsAnd(ctx, f.session, sql, t.columns, decoders, rows, func(rest [][]byte) {
		next = next[:0:0]
		for _, v := range rest {
			next = append(next, string(v))
		}
	})
	return next, err
}
