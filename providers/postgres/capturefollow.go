package postgres

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

func gap(text string, args ...any) error {
	return &providers.GapError{Reason: fmt.Sprintf(text, args...)}
}

// follow streams a slot's changes.
func (c slotCapture) follow(ctx context.Context, cp providers.Capture, from position, newCollector func(func() row.Position) *row.Collector) (err error) {
	f := &slotFollower{slotCapture: c, capture: cp, at: from.LSN, ask: make(chan struct{}, 1), relations: map[uint32]*streamedTable{}, tables: map[schema.Name]*providers.CaptureTable{}, sent: &sent{}, checkUTF8: c.encoding == "SQL_ASCII"}
	for i, t := range cp.Tables {
		n := t.Table.Name
		if n.Schema == "" {
			n.Schema = c.schema
		}
		f.tables[n] = &cp.Tables[i]
	}
	f.advance = func() { f.at = f.next }
	following, end := context.WithCancelCause(ctx)
	watched := make(chan struct{})
	f.begin = func(p position) {
		c.follows(cp.Slot, f.sent)
		f.collector = newCollector(func() row.Position {
			p.LSN = f.at
			return p.String()
		})
		go func() {
			defer close(watched)
			f.watch(following, end)
		}()
	}
	for f.queries = true; ; {
		if err = f.connection(following, from); !errors.Is(err, errOtherWay) {
			break
		}
	}
	gone := context.Cause(following)
	end(nil)
	if f.collector == nil {
		return err
	}
	<-watched
	c.follows(cp.Slot, nil)
	switch {
	case ctx.Err() != nil:
		err = ctx.Err()
	case gone != nil:
		err = gone
	}
	f.collector.Fail(err)
	return err
}

// errOtherWay: the stream goes on over another connection, where it has come to.
var errOtherWay = errors.New("the stream goes on over another connection")

// connection follows the slot over one connection of its own, by queries where much has
// piled up, else by streaming.
func (f *slotFollower) connection(ctx context.Context, from position) error {
	w, err := f.walsender(ctx)
	if err != nil {
		return err
	}
	defer w.close()
	at := from
	at.LSN = f.at
	proved, err := f.prove(ctx, w, f.capture, &at)
	if err != nil {
		return err
	}
	if f.queries && f.at+backlogFrom < proved.end {
		w.close()
		f.queries = false
		err := f.readBacklog(ctx, at, proved.end)
		if err == nil {
			f.queries = true
		} else if !errors.Is(err, errBacklog) {
			return err
		}
		return errOtherWay
	}
	stop := context.AfterFunc(ctx, func() { _ = w.pg.Conn().SetReadDeadline(longAgo) }) // an error means that it is closed
	defer stop()
	if err := w.start(ctx, f.capture.Slot, f.capture.Publication, f.at); err != nil {
		if isCode(err, "55006") {
			return &providers.RetryableError{Err: fmt.Errorf("the replication slot %q is read by somebody else: %w", f.capture.Slot, err)}
		}
		return fmt.Errorf("stream the replication slot %q: %w", f.capture.Slot, err)
	}
	f.w = w
	f.behind.Store(false)
	if f.collector == nil {
		f.begin(at)
	}
	done, quit := make(chan error, 1), make(chan struct{})
	go func() { done <- f.acknowledge(from.LSN, proved.timeout, quit) }()
	err = f.stream(ctx)
	close(quit)
	if ended := <-done; ended != nil && errors.Is(err, errGivenUp) {
		err = classify(ended)
	}
	return err
}

// follows notes what a slot that is followed has sent; nil: it is not any more.
func (c slotCapture) follows(slot string, s *sent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sent == nil {
		c.sent = map[string]*sent{}
	}
	c.sent[slot] = s
	if s == nil {
		delete(c.sent, slot)
	}
}

var errGivenUp = errors.New("the connection was given up")

// proof is what prove found.
type proof struct {
	*slotFacts
	timeout time.Duration // after which the server gives a silent reader up; 0: never
}

// prove makes sure that the server still has all that comes behind at, on the same history;
// at gets the timeline of today.
func (c slotCapture) prove(ctx context.Context, w *walsender, cp providers.Capture, at *position) (proof, error) {
	from, no := *at, proof{}
	system, timeline, err := w.identify(ctx)
	if err != nil {
		return no, err
	}
	s, err := c.acquire(ctx)
	if err != nil {
		return no, err
	}
	defer c.release(s)
	f, err := c.slot(ctx, s, cp.Slot)
	if err != nil {
		return no, err
	}
	switch {
	case from.LSN == 0 || from.Slot == "":
		return no, gap("the position that was kept is not one of logical replication: the capture method was changed")
	case from.System != system:
		return no, gap("the source is another server than the one that the position was kept of (system identifier %s, not %s): it was restored or exchanged", system, from.System)
	case from.Slot != cp.Slot:
		return no, gap("the position that was kept belongs to the replication slot %q, not to %q", from.Slot, cp.Slot)
	case f == nil:
		return no, gap("the replication slot %q is gone: the changes since position %s are not to be had any more", cp.Slot, from.LSN)
	case f.plugin != "pgoutput" || f.database != c.database:
		return no, gap("the replication slot %q was made anew by somebody else (plugin %q, database %q)", cp.Slot, f.plugin, f.database)
	case f.lost != "":
		return no, gap("the replication slot %q can't be read any more: %s", cp.Slot, f.lost)
	case f.pid != "":
		return no, &providers.RetryableError{Err: fmt.Errorf("the replication slot %q is read by the server's process %s", cp.Slot, f.pid)}
	case from.LSN < f.confirmed:
		return no, gap("the replication slot %q begins at %s, behind the position %s that was kept: it was made anew, or another consumer has read it on", cp.Slot, f.confirmed, from.LSN)
	case from.LSN > f.end:
		return no, gap("the source's log ends at %s, before the position %s that was kept: the source was restored, or a standby took over that lacks the last commits", f.end, from.LSN)
	}
	if timeline != from.Timeline {
		ends, err := w.history(ctx, timeline)
		if err != nil {
			return no, err
		}
		end, ok := ends[from.Timeline]
		if !ok || end < from.LSN {
			return no, gap("the source has another history since a failover: its timeline %d left timeline %d at %s, before the position %s that was kept", timeline, from.Timeline, end, from.LSN)
		}
		at.Timeline = timeline
	}
	if err := c.provePublication(ctx, s, cp); err != nil {
		return no, err
	}
	timeout, err := c.walsenderTimeout(ctx, s)
	return proof{f, timeout}, err
}

// provePublication makes sure that the publication is there and publishes what it should.
// What it has of each table is Missed's to say.
func (c slotCapture) provePublication(ctx context.Context, s *session, cp providers.Capture) error {
	pub, err := c.publication(ctx, s, cp.Publication)
	if err != nil {
		return err
	}
	if pub == nil {
		return gap("the publication %q is gone, and with it the changes since", cp.Publication)
	}
	for _, op := range []string{"insert", "update", "delete", "truncate"} {
		if !strings.Contains(pub.publish, op) && (cp.Deletes || op == "insert" || op == "update") {
			return gap("the publication %q does not publish %s any more, only %s: changes are missing", cp.Publication, op, orNothing(pub.publish))
		}
	}
	return nil
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// lookEvery is how often what captures changes is looked at while they are followed: that
// somebody took it away it does not say.
const lookEvery = 10 * time.Second

// watch ends the stream once the publication leaves out what it needs, and notes when it
// is far behind.
func (f *slotFollower) watch(ctx context.Context, end func(error)) {
	for pause(ctx, f.lookEvery) == nil {
		var behind string
		err := f.with(ctx, f.capture.Method, func(s *session, _ capturer) error {
			if err := f.provePublication(ctx, s, f.capture); err != nil {
				return err
			}
			rows, err := s.query(ctx, "SELECT "+logEnd+" - r.sent_lsn > $2::bigint AND s.confirmed_flush_lsn - s.restart_lsn < $3::bigint FROM pg_catalog.pg_replication_slots s JOIN pg_catalog.pg_stat_replication r ON r.pid = s.active_pid WHERE s.slot_name = $1",
				f.capture.Slot, f.backlogAgain, int64(backlogFar))
			if err == nil && len(rows) == 1 {
				behind = rows[0][0]
			}
			return err
		})
		if behind == "t" {
			f.behind.Store(true)
		}
		var gone *providers.GapError
		if errors.As(err, &gone) {
			end(err) // what else may go wrong is the stream's to notice
			return
		}
	}
}

// slotFollower turns the server's messages into changes.
type slotFollower struct {
	slotCapture
	w         *walsender
	capture   providers.Capture
	begin     func(position) // once the first connection follows
	queries   bool           // read what has piled up
	behind    atomic.Bool    // much has piled up
	again     bool           // relations are described again and again
	wait      row.Wait       // for the collector
	collector *row.Collector
	tables    map[schema.Name]*providers.CaptureTable
	relations map[uint32]*streamedTable // nil: not ours
	checkUTF8 bool

	at, next lsn
	advance  func()
	inside   bool // a transaction is coming in
	coming   sentTransaction
	noted    bool // in sent
	sent     *sent
	ask      chan struct{}
}

// ackEvery is how often it is looked whether more was acknowledged.
const ackEvery = 50 * time.Millisecond

// patience is for how long a server may be silent: three times as long as it gives us,
// for it may have a large transaction to sort first.
func patience(timeout time.Duration) time.Duration {
	if timeout <= 0 {
		return 5 * time.Minute
	}
	return 3 * timeout
}

// acknowledge tells the server what is durable, at once and often enough that it does not
// give us up, whatever the other side of the stream waits for. A server that says nothing
// is asked for an answer, and given up where none comes.
func (f *slotFollower) acknowledge(from lsn, timeout time.Duration, quit chan struct{}) error {
	every, patience := 10*time.Second, patience(timeout)
	if timeout > 0 {
		every = min(every, timeout/4)
	}
	ticker := time.NewTicker(min(ackEvery, every))
	defer ticker.Stop()
	durable, told := from, time.Time{}
	for {
		asked, ended := false, false
		select {
		case <-ticker.C:
		case <-f.ask:
			asked = true
		case <-quit:
			ended = true
		}
		silent := f.w.paced.silent()
		if silent > patience {
			_ = f.w.pg.Conn().SetReadDeadline(longAgo) // an error means that it is closed
			return &providers.RetryableError{Err: fmt.Errorf("the server has said nothing for %s, though it was asked to: the connection is given up", silent.Round(time.Second))}
		}
		now := f.durable(durable)
		moved := now > durable
		durable = now
		if !moved && !asked && (ended || time.Since(told) < every) {
			if ended {
				return nil
			}
			continue
		}
		if err := f.w.status(durable, silent > patience/3); err != nil {
			_ = f.w.pg.Conn().SetReadDeadline(longAgo) // an error means that it is closed
			return err
		}
		if ended {
			return nil
		}
		told = time.Now()
	}
}

// durable is up to where the target has everything; was is what it had before.
func (f *slotFollower) durable(was lsn) lsn {
	at, err := parsePosition(f.collector.Acked())
	if err != nil || at.LSN <= was {
		return was
	}
	f.sent.acknowledged(at.LSN)
	return at.LSN
}

// stream reads messages until the connection or the collector ends.
func (f *slotFollower) stream(ctx context.Context) error {
	for {
		kind, body, err := f.w.in.next()
		if err != nil {
			if ctx.Err() == nil && errors.Is(err, os.ErrDeadlineExceeded) {
				return errGivenUp
			}
			return f.w.ioError(ctx, err)
		}
		switch kind {
		case 'd':
			if len(body) == 0 {
				return errMessage
			}
			if err := f.copyData(ctx, body); err != nil {
				return err
			}
			if f.queries && !f.inside && f.behind.Load() {
				return errOtherWay
			}
		case 'E':
			pg := parseServerError(body)
			if pg.Code == "42704" { // the publication, as of that place in the log
				return gap("the publication %q was not there when changes were made: %s", f.capture.Publication, pg.Message)
			}
			return fmt.Errorf("stream the replication slot %q: %w", f.capture.Slot, classify(pg))
		case 'c', 'C', 'Z':
			return &providers.RetryableError{Err: errors.New("the server has ended the stream")}
		}
	}
}

var errMessage = errors.New("bug in syncform: a message of the replication protocol that can't be read")

func (f *slotFollower) copyData(ctx context.Context, body []byte) error {
	switch body[0] {
	case 'w':
		if len(body) < 26 {
			return errMessage
		}
		return f.message(ctx, body[25:])
	case 'k':
		if len(body) < 18 {
			return errMessage
		}
		end := lsn(binary.BigEndian.Uint64(body[1:]))
		if !f.inside && end > f.at {
			f.next = end
			f.collector.Progress(f.advance)
		}
		if body[17] != 0 {
			select {
			case f.ask <- struct{}{}:
			default:
			}
		}
	}
	return nil
}
