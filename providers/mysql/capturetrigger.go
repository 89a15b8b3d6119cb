package mysql

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// changePosition is what a position of a capture by triggers holds. The log is drained:
// each drain takes every row that it has at one moment, in whatever order their
// transactions came to commit, reads the rows of those keys as of the same moment, and
// removes what it took once the target has it.
type changePosition struct {
	Change changePlace `json:"change"`
}

type changePlace struct {
	Log   string `json:"log"`   // which log it is
	Drain int64  `json:"drain"` // how many drains are behind it
	Mark  int64  `json:"mark"`  // the last mark that was seen
}

func encodeChangePosition(p changePlace) row.Position {
	text, err := json.Marshal(changePosition{p})
	if err != nil {
		panic("bug in syncform: a position that JSON can't write: " + err.Error())
	}
	return row.Position(text)
}

func readChangePosition(p row.Position) (changePlace, error) {
	var at changePosition
	if err := json.Unmarshal([]byte(p), &at); err != nil {
		return at.Change, errors.New("the position is not one of a log of changes")
	}
	return at.Change, nil
}

// startTriggers notes which log it is and forgets what an earlier capture of the same
// name has left in it. The rows that it forgets are those of transactions that have
// committed, which every later snapshot holds.
func (c *Conn) startTriggers(ctx context.Context, capture providers.Capture) (start providers.CaptureStart, err error) {
	id := rand.Text()
	err = c.with(ctx, func(s *session) error {
		return s.transaction(ctx, func() error {
			rows, err := s.query(ctx, "SELECT id FROM "+changeLog+" WHERE sync = ?", capture.Sync)
			if err != nil {
				return err
			}
			if err := removeNotes(ctx, s, rows); err != nil {
				return err
			}
			_, err = s.exec(ctx, "INSERT INTO "+changeLog+" (sync, table_name, operation, row_key, before_values, changed_at) VALUES (?, '', ?, ?, '0 0', UTC_TIMESTAMP(6))", capture.Sync, noteLog, id)
			return err
		})
	})
	start.Position = encodeChangePosition(changePlace{Log: id})
	return start, err
}

// removeNotes removes rows of the log by id, a column of rows, and locks no others: the
// notes of transactions that are open would hold it up, and it them.
func removeNotes(ctx context.Context, s *session, rows [][]string) error {
	const most = 1000
	for len(rows) > 0 {
		n := min(len(rows), most)
		ids := make([]string, n)
		for i, r := range rows[:n] {
			ids[i] = r[0]
		}
		if _, err := s.exec(ctx, "DELETE x FROM "+changeLog+" x FORCE INDEX (PRIMARY) WHERE x.id IN ("+strings.Join(ids, ", ")+")"); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// currentTriggers writes a mark: a drain that sees it sees all that was committed before.
func (c *Conn) currentTriggers(ctx context.Context, sync string) (p row.Position, err error) {
	err = c.with(ctx, func(s *session) error {
		if _, err := s.exec(ctx, "INSERT INTO "+changeLog+" (sync, table_name, operation, changed_at) VALUES (?, '', ?, UTC_TIMESTAMP(6))", sync, noteMark); err != nil {
			return err
		}
		rows, err := s.query(ctx, "SELECT LAST_INSERT_ID()")
		if err != nil {
			return err
		}
		mark, err := strconv.ParseInt(rows[0][0], 10, 64)
		p = encodeChangePosition(changePlace{Mark: mark})
		return err
	})
	return p, err
}

func reachedTriggers(at, goal row.Position) (bool, error) {
	a, err := readChangePosition(at)
	if err != nil {
		return false, err
	}
	g, err := readChangePosition(goal)
	return err == nil && a.Mark >= g.Mark && a.Drain >= g.Drain, err
}

// How often the log is looked at: at once while there is something in it, then ever less.
const (
	drainSoonest = 2 * time.Millisecond
	drainLatest  = 100 * time.Millisecond
)

// drainer follows the log.
type drainer struct {
	conn    *Conn
	capture providers.Capture
	tables  map[string]*drainTable
	out     *row.Collector
	at      changePlace // advance only
	next    changePlace
	advance func()
	logID   string     // of the log's own row
	handed  bool       // the drain has handed changes on
	taken   [][]string // the notes of the last drain, until they are removed
}

// drainTable is one table of the log.
type drainTable struct {
	ask      providers.CaptureTable
	relation *row.Relation
	key      []providers.ReadColumn
	keyAt    []int
	before   bool
}

// followTriggers is Follow.
func (c *Conn) followTriggers(ctx context.Context, capture providers.Capture, from row.Position, newCollector func(func() row.Position) *row.Collector) error {
	d := &drainer{conn: c, capture: capture, tables: map[string]*drainTable{}}
	var err error
	if d.at, err = readChangePosition(from); err != nil {
		return err
	}
	d.next = d.at
	d.advance = func() { d.at = d.next }
	for _, t := range capture.Tables {
		rel := &row.Relation{Name: t.Table.Name}
		one := &drainTable{ask: t, relation: rel, before: capture.Before || t.FullImages}
		if one.key, err = keyColumns(t.Table); err != nil {
			return err
		}
		for i, column := range t.Table.Columns {
			r := row.RelationColumn{Name: column.Name, Type: column.As}
			if r.Type.Kind == "" {
				r.Type = column.Type
			}
			for _, k := range t.Table.Key {
				if k == column.Name {
					r.Key = true
					one.keyAt = append(one.keyAt, i)
				}
			}
			rel.Columns = append(rel.Columns, r)
		}
		d.tables[c.logName(t.Table.Name)] = one
	}
	s, err := c.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { s.close() }()
	if err := d.prove(ctx, s); err != nil {
		return err
	}
	d.out = newCollector(func() row.Position { return encodeChangePosition(d.at) })
	err = d.run(ctx, s)
	if ctx.Err() != nil {
		d.leave(context.WithoutCancel(ctx))
	}
	d.out.Fail(err)
	return err
}

// leave removes what the target has taken and the log still holds when the stream is
// stopped: the next one would take it again. It is no error if that fails.
func (d *drainer) leave(ctx context.Context) {
	acked, err := readChangePosition(d.out.Acked())
	if len(d.taken) == 0 || err != nil || acked.Drain < d.next.Drain {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, leavePatience)
	defer cancel()
	s, err := d.conn.connect(ctx)
	if err != nil {
		return
	}
	defer s.close()
	_ = d.prune(ctx, s, d.taken)
}

const leavePatience = 5 * time.Second

// prove makes sure that the log is the one of the position, and that nothing was pruned
// that the target lacks.
func (d *drainer) prove(ctx context.Context, s *session) error {
	gap := func(format string, args ...any) error {
		return &providers.GapError{Reason: fmt.Sprintf(format, args...)}
	}
	rows, err := s.query(ctx, "SELECT row_key, before_values, id FROM "+changeLog+" WHERE sync = ? AND operation = ?", d.capture.Sync, noteLog)
	if e := serverError(err); e != nil && e.Number == errNoSuchTable {
		return gap("the source's table %s is gone", changeLog)
	}
	if err != nil {
		return err
	}
	if len(rows) != 1 || rows[0][0] != d.at.Log {
		return gap("the source's table %s is not the one that was followed: it was emptied, or the capture was begun anew", changeLog)
	}
	var pruned, mark int64
	if _, err := fmt.Sscanf(rows[0][1], "%d %d", &pruned, &mark); err != nil {
		return fmt.Errorf("the table %s says that it was pruned up to %q: %w", changeLog, rows[0][1], err)
	}
	d.logID = rows[0][2]
	d.next.Mark = max(d.next.Mark, mark) // what stood before it has been handed on, or is there still
	if pruned > d.at.Drain {
		return gap("changes that the target lacks were removed from the source's table %s: the target was restored, or another instance went on", changeLog)
	}
	return nil
}

// run drains until it fails.
func (d *drainer) run(ctx context.Context, s *session) error {
	proved := time.Now()
	wait := drainSoonest
	for {
		taken, err := d.drain(ctx, s)
		if err != nil {
			return err
		}
		if len(taken) > 0 {
			d.taken = taken
			if err := d.prune(ctx, s, taken); err != nil {
				return err
			}
			d.taken = nil
			wait = drainSoonest
			continue
		}
		if time.Since(proved) > 10*time.Second { // who empties the log does not say so
			if err := d.prove(ctx, s); err != nil {
				return err
			}
			proved = time.Now()
		}
		if err := pause(ctx, wait); err != nil {
			return err
		}
		wait = min(wait*3/2, drainLatest)
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// notesPerPage is how many rows of the log are taken at a time.
const notesPerPage = 2000

// drain hands everything on that the log has at one moment, as one transaction, and gives
// the ids of what it took.
func (d *drainer) drain(ctx context.Context, s *session) (taken [][]string, err error) {
	if _, err := s.exec(ctx, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"); err != nil {
		return nil, err
	}
	last, latest := "0", ""
	d.handed = false
	for {
		rows, err := s.query(ctx, "SELECT id, table_name, operation, row_key, before_values, changed_at FROM "+changeLog+
			" WHERE sync = ? AND operation <> ? AND id > "+last+" ORDER BY id LIMIT "+strconv.Itoa(notesPerPage), d.capture.Sync, noteLog)
		if err != nil {
			return nil, err
		}
		if len(rows) == 0 {
			break
		}
		if err := d.page(ctx, s, rows); err != nil {
			return nil, err
		}
		for _, r := range rows {
			taken = append(taken, r[:1:1])
			latest = max(latest, r[5])
		}
		last = rows[len(rows)-1][0]
	}
	if _, err := s.exec(ctx, "COMMIT"); err != nil {
		return nil, err
	}
	if len(taken) == 0 {
		return nil, nil
	}
	if !d.handed {
		d.out.Progress(d.advance)
		return taken, nil
	}
	d.next.Drain++
	at, err := time.Parse("2006-01-02 15:04:05.999999", latest)
	if err != nil {
		return nil, err
	}
	return taken, d.out.Commit(ctx, at, d.advance, row.Wait{})
}

// prune waits until the target has the drain and removes what it took.
func (d *drainer) prune(ctx context.Context, s *session, taken [][]string) error {
	for wait := drainSoonest / 2; d.handed; wait = min(wait*2, drainLatest/4) {
		if p := d.out.Acked(); p != "" {
			acked, err := readChangePosition(p)
			if err != nil {
				return err
			}
			if acked.Drain >= d.next.Drain {
				break
			}
		}
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
	if _, err := s.exec(ctx, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"); err != nil {
		return err
	}
	err := s.transaction(ctx, func() error {
		if _, err := s.exec(ctx, "UPDATE "+changeLog+" SET before_values = ? WHERE id = "+d.logID, fmt.Sprintf("%d %d", d.next.Drain, d.next.Mark)); err != nil {
			return err
		}
		return removeNotes(ctx, s, taken)
	})
	if err != nil {
		return err
	}
	_, err = s.exec(ctx, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
	return err
}

// retainedTriggers asks how large the log is.
func (c *Conn) retainedTriggers(ctx context.Context) (r providers.Retained, err error) {
	r.Bytes = -1
	err = c.with(ctx, func(s *session) error {
		rows, err := s.query(ctx, "SELECT DATA_LENGTH FROM information_schema.TABLES WHERE "+inTable("TABLE", schema.Name{Name: changeLog}))
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			r.Lost, r.Why = true, "the source's table "+changeLog+" is gone"
			return nil
		}
		r.Bytes, err = strconv.ParseInt(rows[0][0], 10, 64)
		return err
	})
	return r, err
}
