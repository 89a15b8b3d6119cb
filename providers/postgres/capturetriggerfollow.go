package postgres

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// How long a log without changes is left alone.
const (
	logWaitLeast = 20 * time.Millisecond
	logWaitMost  = 250 * time.Millisecond
	pruneEvery   = time.Second
)

// logPage rows of the log are read at a time, and the rows that they name read again.
const logPage = 500

func (c triggerCapture) follow(ctx context.Context, cp providers.Capture, from position, newCollector func(func() row.Position) *row.Collector) error {
	s, err := c.acquire(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	if err := c.prove(ctx, s, cp, from); err != nil {
		return err
	}
	f := &logFollower{triggerCapture: c, session: s, capture: cp, at: from, tables: map[string]*rereadTable{}}
	for _, t := range cp.Tables {
		f.tables[c.logName(t.Table.Name)] = &rereadTable{capture: t}
	}
	f.collector = newCollector(func() row.Position { return f.at.String() })
	err = f.run(ctx)
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	f.collector.Fail(err)
	return err
}

type logFollower struct {
	triggerCapture
	session   *session
	capture   providers.Capture
	collector *row.Collector
	tables    map[string]*rereadTable
	at        position
	pruned    row.Position
	prunedAt  time.Time
}

func (f *logFollower) run(ctx context.Context) error {
	proved := time.Now()
	for wait := logWaitLeast; ; {
		if err := f.prune(ctx); err != nil {
			return err
		}
		if time.Since(proved) > lookEvery {
			if why, err := f.proveLog(ctx, f.session); err != nil || why != "" {
				return cmp.Or(err, gap("%s", why))
			}
			proved = time.Now()
		}
		got, err := f.session.queryRow(ctx, "SELECT pg_catalog.pg_current_snapshot(), EXISTS (SELECT FROM "+f.changeLog()+f.news("$1", "$2")+")", f.capture.Sync, f.at.Snapshot)
		if err != nil {
			return classify(err)
		}
		if got[1] != "t" {
			if got[0] != f.at.Snapshot {
				f.collector.Progress(func() { f.at.Snapshot = got[0] })
			}
			if err := pause(ctx, wait); err != nil {
				return err
			}
			wait = min(2*wait, logWaitMost)
			continue
		}
		wait = logWaitLeast
		if err := f.drain(ctx); err != nil {
			return err
		}
	}
}

// news is the condition of rows that were not visible at a snapshot.
func (f *logFollower) news(sync, then string) string {
	return " WHERE sync = " + sync + " AND operation <> '" + logPruned + "' AND xid >= pg_catalog.pg_snapshot_xmin(" + then + "::text::pg_catalog.pg_snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(xid, " + then + "::text::pg_catalog.pg_snapshot)"
}

// prune removes what the target has, and notes up to where.
func (f *logFollower) prune(ctx context.Context) error {
	acked := f.collector.Acked()
	if acked == "" || acked == f.pruned || time.Since(f.prunedAt) < pruneEvery {
		return nil
	}
	p, err := parsePosition(acked)
	if err != nil {
		return err
	}
	err = inTransaction(ctx, f.session, func() error {
		gone, err := f.session.queryRow(ctx, "WITH gone AS (DELETE FROM "+f.changeLog()+" l WHERE sync = $1 AND operation <> '"+logPruned+"' AND NOT ("+f.unnoted("l")+") AND xid < pg_catalog.pg_snapshot_xmax($2::text::pg_catalog.pg_snapshot) AND pg_catalog.pg_visible_in_snapshot(xid, $2::text::pg_catalog.pg_snapshot) RETURNING 1) SELECT pg_catalog.count(*) FROM gone", f.capture.Sync, p.Snapshot)
		if err != nil || gone[0] == "0" {
			return classify(err)
		}
		return f.markPruned(ctx, f.session, f.capture.Sync, p.Snapshot)
	})
	if err != nil {
		return fmt.Errorf("prune %s: %w", f.changeLog(), err)
	}
	f.pruned, f.prunedAt = acked, time.Now()
	return nil
}

// entry is a row of the log.
type entry struct {
	table, op string
	key       []*string
	before    []*string
}

// drain gives out everything that is visible now and was not, as one transaction: the rows
// are read again in the same snapshot, so that they are as of one moment.
func (f *logFollower) drain(ctx context.Context) error {
	s := f.session
	if err := s.exec(ctx, beginSnapshot); err != nil {
		return classify(err)
	}
	defer s.rollback()
	now, err := s.queryRow(ctx, "SELECT pg_catalog.pg_current_snapshot()")
	if err != nil {
		return classify(err)
	}
	for name, t := range f.tables {
		err := t.describe(ctx, f.Conn, s)
		if errors.As(err, new(*providers.GapError)) {
			return &providers.RetryableError{Err: err} // Missed tells
		}
		if err != nil {
			return fmt.Errorf("look at table %s: %w", name, err)
		}
	}
	if _, err := s.query(ctx, "DECLARE news NO SCROLL CURSOR FOR SELECT table_name, operation, array_to_json(key)::text, array_to_json(before)::text, changed_at FROM "+f.changeLog()+f.news(literal(f.capture.Sync), literal(f.at.Snapshot))+" ORDER BY id"); err != nil {
		return classify(err)
	}
	var last time.Time
	for {
		rows, err := s.query(ctx, fmt.Sprintf("FETCH %d FROM news", logPage))
		if err != nil {
			return classify(err)
		}
		page := make([]entry, 0, len(rows))
		for _, r := range rows {
			e := entry{table: r[0], op: r[1]}
			for i, to := range []*[]*string{&e.key, &e.before} {
				if r[2+i] == "" {
					continue
				}
				if err := json.Unmarshal([]byte(r[2+i]), to); err != nil {
					return fmt.Errorf("read %s: %w", f.changeLog(), err)
				}
			}
			page = append(page, e)
			if at, err := time.Parse("2006-01-02 15:04:05.999999-07", r[4]); err == nil && at.After(last) {
				last = at
			}
		}
		if err := f.emit(ctx, page); err != nil {
			return err
		}
		if len(rows) < logPage {
			break
		}
	}
	return f.collector.Commit(ctx, last, func() { f.at.Snapshot = now[0] }, row.Wait{})
}

// emit gives out one page of the log.
func (f *logFollower) emit(ctx context.Context, page []entry) error {
	for _, t := range f.tables {
		t.begin()
	}
	for i := range page {
		e := &page[i]
		t := f.tables[e.table]
		switch {
		case t == nil || e.op == logFailed || e.op == logPartition:
		case t.relation == nil: // it has another name, or is gone: Missed tells
			return &providers.RetryableError{Err: fmt.Errorf("the source's table %s is not there", e.table)}
		case e.op != logTruncate:
			t.want(e.key)
		}
	}
	for name, t := range f.tables {
		if err := t.read(ctx, f.session); err != nil {
			return fmt.Errorf("read rows of table %s again: %w", name, err)
		}
	}
	for i := range page {
		e := &page[i]
		if t := f.tables[e.table]; t != nil && e.op != logPartition && e.op != logFailed {
			if err := f.give(ctx, t, e); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *logFollower) give(ctx context.Context, t *rereadTable, e *entry) error {
	ch := row.Change{Relation: t.relation, New: row.None, Old: row.None}
	c := f.collector.Changes()
	if e.op == logTruncate {
		clear(t.given)
		ch.Op = row.Truncate
		return f.collector.Added(ctx, ch, row.Wait{})
	}
	id := t.identify(e.key)
	if t.given[id] {
		return nil
	}
	t.given[id] = true
	at, found := t.found[id]
	if e.before != nil && len(e.before) == len(t.capture.Table.Columns) || !found {
		ch.Old = c.Begin()
		t.appendOld(c, e)
	}
	switch {
	case !found && !f.capture.Deletes:
		return nil
	case !found:
		ch.Op = row.Delete
	default:
		ch.Op = row.Insert
		if e.op != "i" {
			ch.Op = row.Update
		}
		ch.New = c.Begin()
		t.appendNew(c, at)
	}
	return f.collector.Added(ctx, ch, row.Wait{})
}

// joinKey makes one text of a key's fields.
func joinKey(b *strings.Builder, v []byte, null bool) {
	if null {
		b.WriteString("N;")
		return
	}
	fmt.Fprintf(b, "%d:", len(v))
	b.Write(v)
}
