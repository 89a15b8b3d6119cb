package mysql

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// pollPosition is what a position of a capture by polling holds.
type pollPosition struct {
	Poll pollPlace `json:"poll"`
}

type pollPlace struct {
	At    string            `json:"at"`    // when the last round began, the source's clock
	Marks map[string]string `json:"marks"` // by table: rows from this value of its incremental key on are read
}

func encodePollPosition(p pollPlace) row.Position {
	text, err := json.Marshal(pollPosition{p})
	if err != nil {
		panic("bug in syncform: a position that JSON can't write: " + err.Error())
	}
	return row.Position(text)
}

func readPollPosition(p row.Position) (pollPlace, error) {
	var at pollPosition
	if err := json.Unmarshal([]byte(p), &at); err != nil || at.Poll.At == "" {
		return at.Poll, errors.New("the position is not one of polling")
	}
	return at.Poll, nil
}

// How often the source is asked: soon after something was found, then ever less.
const (
	pollSoonest = 100 * time.Millisecond
	pollLatest  = 2 * time.Second
	pollPage    = 5000
	pollMemory  = 500_000 // rows of which it is known that they were handed on
)

// planPolling plans a capture by polling.
func (c *Conn) planPolling(ctx context.Context, s *session, f *findings, plan *providers.CapturePlan) error {
	plan.Start = "note the greatest value of each incremental_key"
	if plan.Capture.Deletes {
		f.add(false, "", "%s", providers.PollingDeletes)
	}
	for _, t := range plan.Capture.Tables {
		if t.IncrementalKey == "" || len(t.Table.Key) == 0 {
			f.add(true, "", "table %s can't be polled: the mapping must name its incremental_key, a column that grows with every change, and its key", t.Table.Name)
			continue
		}
		rows, err := s.query(ctx, "SELECT 1 FROM information_schema.STATISTICS WHERE "+inTable("TABLE", t.Table.Name)+" AND SEQ_IN_INDEX = 1 AND "+same("COLUMN_NAME", t.IncrementalKey))
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			f.add(false, "CREATE INDEX "+ident(t.IncrementalKey)+" ON "+tableIdent(t.Table.Name)+" ("+ident(t.IncrementalKey)+")", "no index of table %s begins with %q: every poll reads the whole table", t.Table.Name, t.IncrementalKey)
		}
		rows, err = s.query(ctx, "SELECT IS_NULLABLE, DATA_TYPE FROM information_schema.COLUMNS WHERE "+inTable("TABLE", t.Table.Name)+" AND "+same("COLUMN_NAME", t.IncrementalKey))
		if err != nil {
			return err
		}
		switch {
		case len(rows) == 0:
			f.add(true, "", "table %s has no column %q, its incremental_key", t.Table.Name, t.IncrementalKey)
		case t.Lookback > 0 && !isMoment(rows[0][1]):
			f.add(true, "", providers.PollingLookback, t.Table.Name, t.IncrementalKey)
		case rows[0][0] == "YES":
			f.add(false, "", "column %q of table %s, its incremental_key, can be NULL: rows where it is are not seen by polling", t.IncrementalKey, t.Table.Name)
		}
	}
	if !f.grants.has("PROCESS", "", "") {
		f.add(false, f.grants.statement("PROCESS", "*.*"), "without PROCESS open transactions are not seen: a row that commits later than rows with a greater incremental_key is found only within lookback")
	}
	return nil
}

// startPolling begins with the values that are there; a load reads the rest.
func (c *Conn) startPolling(ctx context.Context, capture providers.Capture) (start providers.CaptureStart, err error) {
	place := pollPlace{Marks: map[string]string{}}
	err = c.with(ctx, func(s *session) error {
		if place.At, err = sourceClock(ctx, s); err != nil {
			return err
		}
		p := &poller{conn: c, capture: capture}
		open, err := p.openTransactions(ctx, s)
		if err != nil {
			return err
		}
		for _, t := range capture.Tables {
			// What is open may still bring any value: the first poll reads all.
			if len(open) > 0 {
				continue
			}
			one := &pollTable{ask: t}
			if err := one.describe(ctx, s); err != nil {
				return err
			}
			if place.Marks[c.logName(t.Table.Name)], err = one.greatest(ctx, s); err != nil {
				return err
			}
		}
		return nil
	})
	start.Position = encodePollPosition(place)
	return start, err
}

func sourceClock(ctx context.Context, s *session) (string, error) {
	rows, err := s.query(ctx, "SELECT DATE_FORMAT(UTC_TIMESTAMP(6), '%Y-%m-%dT%H:%i:%s.%f')")
	if err != nil {
		return "", err
	}
	return rows[0][0], nil
}

func (c *Conn) currentPolling(ctx context.Context) (p row.Position, err error) {
	err = c.with(ctx, func(s *session) error {
		at, err := sourceClock(ctx, s)
		p = encodePollPosition(pollPlace{At: at})
		return err
	})
	return p, err
}

// reachedPolling: a round that began after the goal was sampled has seen what was there.
func reachedPolling(at, goal row.Position) (bool, error) {
	a, err := readPollPosition(at)
	if err != nil {
		return false, err
	}
	g, err := readPollPosition(goal)
	return err == nil && a.At >= g.At, err
}

// poller asks for rows again and again.
type poller struct {
	conn     *Conn
	capture  providers.Capture
	tables   []*pollTable
	out      *row.Collector
	at, next pollPlace // at: advance only
	advance  func()
	seed     maphash.Seed
	handed   bool
}

// pollTable is a table that is polled.
type pollTable struct {
	ask      providers.CaptureTable
	name     string // in the position
	relation *row.Relation
	key      []int
	moment   bool   // the incremental key is one
	come     string // the condition of moments that have come
	mark     string // rows from here on are read
	// next becomes the mark once the transactions have ended that were open when it was
	// seen.
	next    string
	hasNext bool
	open    []string
	seen    map[uint64]uint64 // rows from the mark on that were handed on: key to row, hashed
}

// describe learns what the incremental key is.
func (t *pollTable) describe(ctx context.Context, s *session) error {
	rows, err := s.query(ctx, "SELECT DATA_TYPE FROM information_schema.COLUMNS WHERE "+inTable("TABLE", t.ask.Table.Name)+" AND "+same("COLUMN_NAME", t.ask.IncrementalKey))
	if err != nil || len(rows) == 0 {
		return err
	}
	switch t.moment = isMoment(rows[0][0]); {
	case rows[0][0] == "timestamp":
		t.come = " WHERE " + ident(t.ask.IncrementalKey) + " <= UTC_TIMESTAMP(6)"
	case t.moment: // of whatever zone the application writes
		t.come = " WHERE " + ident(t.ask.IncrementalKey) + " <= UTC_TIMESTAMP(6) + INTERVAL 15 HOUR"
	}
	return nil
}

func isMoment(dataType string) bool {
	return slices.Contains([]string{"timestamp", "datetime", "date"}, dataType)
}

// greatest is the greatest incremental key of the table, "" where it has none. A moment
// that has not come yet is left aside, for as a mark it would hide all rows that are
// written until it comes.
func (t *pollTable) greatest(ctx context.Context, s *session) (string, error) {
	rows, err := s.query(ctx, "SELECT IFNULL(CAST(MAX("+ident(t.ask.IncrementalKey)+") AS CHAR), '') FROM "+tableIdent(t.ask.Table.Name)+t.come)
	if err != nil {
		return "", err
	}
	return rows[0][0], nil
}

// followPolling is Follow.
func (c *Conn) followPolling(ctx context.Context, capture providers.Capture, from row.Position, newCollector func(func() row.Position) *row.Collector) error {
	p := &poller{conn: c, capture: capture, seed: maphash.MakeSeed()}
	var err error
	if p.at, err = readPollPosition(from); err != nil {
		return err
	}
	p.next = p.at
	p.advance = func() { p.at = p.next }
	for _, t := range capture.Tables {
		one := &pollTable{ask: t, name: c.logName(t.Table.Name), relation: &row.Relation{Name: t.Table.Name}, seen: map[uint64]uint64{}}
		one.mark = p.at.Marks[one.name]
		for _, column := range t.Table.Columns {
			r := row.RelationColumn{Name: column.Name, Type: column.As, Key: slices.Contains(t.Table.Key, column.Name)}
			if r.Type.Kind == "" {
				r.Type = column.Type
			}
			one.relation.Columns = append(one.relation.Columns, r)
		}
		for _, name := range t.Table.Key {
			one.key = append(one.key, slices.IndexFunc(t.Table.Columns, func(c providers.ReadColumn) bool { return c.Name == name }))
		}
		p.tables = append(p.tables, one)
	}
	s, err := c.connect(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	for _, t := range p.tables {
		if err := t.describe(ctx, s); err != nil {
			return err
		}
	}
	p.out = newCollector(func() row.Position { return encodePollPosition(p.at) })
	for wait := pollSoonest; err == nil; wait = min(wait*3/2, pollLatest) {
		if err = p.round(ctx, s); err != nil {
			break
		}
		if p.handed {
			wait = pollSoonest
		}
		err = pause(ctx, wait)
	}
	p.out.Fail(err)
	return err
}

// round looks at every table as of one moment. What a mark may become is looked up first,
// then which transactions are open, and then rows are read: so each row that a transaction
// wrote below that mark is read, or its transaction is one of those that are waited for.
func (p *poller) round(ctx context.Context, s *session) error {
	clock, err := sourceClock(ctx, s)
	if err != nil {
		return err
	}
	var fresh []*pollTable
	for _, t := range p.tables {
		if t.hasNext {
			continue
		}
		if t.next, err = t.greatest(ctx, s); err != nil {
			return fmt.Errorf("poll table %s: %w", t.ask.Table.Name, err)
		}
		if t.next != "" && t.next != t.mark {
			fresh = append(fresh, t)
		}
	}
	open, err := p.openTransactions(ctx, s)
	if err != nil {
		return err
	}
	for _, t := range fresh {
		t.open, t.hasNext = open, true
	}
	if _, err := s.exec(ctx, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"); err != nil {
		return err
	}
	p.handed = false
	p.next = pollPlace{At: clock, Marks: map[string]string{}}
	for _, t := range p.tables {
		if err := p.poll(ctx, s, t); err != nil {
			return fmt.Errorf("poll table %s: %w", t.ask.Table.Name, err)
		}
		if t.hasNext && !slices.ContainsFunc(t.open, func(id string) bool { return slices.Contains(open, id) }) {
			t.mark, t.hasNext = t.next, false
		}
		p.next.Marks[t.name] = t.mark
	}
	if _, err := s.exec(ctx, "COMMIT"); err != nil {
		return err
	}
	if !p.handed {
		p.out.Progress(p.advance)
		return nil
	}
	return p.out.Commit(ctx, time.Time{}, p.advance, row.Wait{})
}

// openTransactions lists the transactions that are open at the server, ours apart; none
// where that may not be seen.
func (p *poller) openTransactions(ctx context.Context, s *session) (ids []string, err error) {
	// The server answers from a copy that it renews once nobody has asked for 100 ms.
	if err := pause(ctx, 150*time.Millisecond); err != nil {
		return nil, err
	}
	rows, err := s.query(ctx, "SELECT CONCAT(trx_id, '/', trx_mysql_thread_id, '/', trx_started) FROM information_schema.INNODB_TRX WHERE trx_mysql_thread_id <> CONNECTION_ID()")
	if err != nil {
		if behaviourOf(err) == privilege {
			return nil, nil
		}
		return nil, err
	}
	for _, r := range rows {
		// A transaction gets its number when it first writes; before that it has a
		// passing one. Its session and beginning stay.
		_, id, _ := strings.Cut(r[0], "/")
		ids = append(ids, id)
	}
	return ids, nil
}

// poll reads the rows from the mark on, in the order of the incremental key, and hands
// those on that are new or changed.
func (p *poller) poll(ctx context.Context, s *session, t *pollTable) error {
	column := ident(t.ask.IncrementalKey)
	read := t.ask.Table
	head, err := selectRows(read, providers.Chunk{})
	if err != nil {
		return err
	}
	where := column + " IS NOT NULL"
	if t.mark != "" {
		from := literal(t.mark)
		if t.ask.Lookback > 0 && t.moment {
			from = fmt.Sprintf("DATE_SUB(%s, INTERVAL %d MICROSECOND)", from, t.ask.Lookback.Microseconds())
		}
		where = column + " >= " + from
	}
	seen := map[uint64]uint64{}
	err = s.eachPage(ctx, read, head+" WHERE "+where+" ORDER BY "+idents(append([]string{t.ask.IncrementalKey}, read.Key...)), func(b *row.Batch) error {
		for r := range b.Rows {
			key, whole := p.hash(b, r, t.key), p.hash(b, r, nil)
			if len(seen) < pollMemory {
				seen[key] = whole
			}
			before, known := t.seen[key]
			if known && before == whole {
				continue
			}
			p.handed = true
			c := p.out.Changes()
			ch := row.Change{Op: row.Update, Relation: t.relation, New: c.Begin(), Old: row.None}
			for i := range b.Width {
				v, state := b.Field(r, i)
				c.Data = append(c.Data, v...)
				c.EndField(state)
			}
			if err := p.out.Added(ctx, ch, row.Wait{}); err != nil {
				return err
			}
		}
		return nil
	})
	t.seen = seen
	return err
}

// hash of some fields of a row, of all where columns is nil.
func (p *poller) hash(b *row.Batch, r int, columns []int) uint64 {
	var h maphash.Hash
	h.SetSeed(p.seed)
	one := func(i int) {
		v, state := b.Field(r, i)
		h.WriteByte(byte(state))
		fmt.Fprintf(&h, "%d:", len(v))
		h.Write(v)
	}
	if columns == nil {
		for i := range b.Width {
			one(i)
		}
	}
	for _, i := range columns {
		one(i)
	}
	return h.Sum64()
}

// eachPage runs a query and calls f with its rows, some at a time.
func (s *session) eachPage(ctx context.Context, t providers.ReadTable, text string, f func(*row.Batch) error) (err error) {
	rows, err := s.open(ctx, text)
	if err != nil {
		return err
	}
	defer func() { err = contextError(ctx, errors.Join(err, rows.Close())) }()
	read := newRowText(t)
	dest := make([]driver.Value, max(len(t.Columns), 1))
	b := row.NewBatch(len(t.Columns))
	for {
		err := rows.Next(dest)
		if errors.Is(err, io.EOF) {
			return f(b)
		}
		if err == nil {
			err = read.append(b, dest)
		}
		if err == nil && b.Rows >= pollPage {
			err = f(b)
			b.Reset()
		}
		if err != nil {
			return err
		}
	}
}
