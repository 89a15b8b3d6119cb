package postgres

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// A walsender hands each message to the kernel by itself: small transactions cost it several
// times as much as their decoding. Where much log has piled up it is asked for by queries,
// slice by slice, whose answers come in large pieces. They read a temporary copy of the
// slot, which may run ahead; the slot itself is moved on to what is durable in the target,
// as ever. What is left at the end is the stream's.

const (
	backlogTo    = 1 << 20     // bytes of log that are left to the stream
	backlogSlice = 16 << 20    // of log that one query reads
	backlogFar   = 512 << 20   // behind the slot's oldest transaction: each query reads from there
	backlogAcks  = 64 << 20    // of log that are durable: time to move the slot on
	backlogWait  = time.Minute // for a target that takes nothing
)

// From how many bytes of log on queries read it: when the stream begins, and while it goes on.
const (
	backlogFrom  = 4 << 20
	backlogAgain = 64 << 20
)

// errBacklog is what ends the reading by queries without harm: the stream goes on there.
var errBacklog = errors.New("the source's log is not read by queries")

// backlogName names the copy of a slot.
func backlogName(slot string) string {
	const most, tail = 63, "_backlog"
	if len(slot)+len(tail) <= most {
		return slot + tail
	}
	h := fnv.New64a()
	h.Write([]byte(slot))
	sum := fmt.Sprintf("_%016x", h.Sum64())
	return slot[:most-len(tail)-len(sum)] + sum + tail
}

// backlog is a source's log on its way in by queries.
type backlog struct {
	f     *slotFollower
	s     *session
	end   lsn   // of the source's log, when it was last asked
	asked lsn   // up to where queries were sent
	far   lsn   // how much log the server reads before it comes to what is asked for
	asks  []lsn // up to where each query reads that is not answered yet
	told  lsn   // where the slot was moved to
	when  time.Time
	last  lsn // up to where the target has all, once it has what came

	gaveUp bool // the target took nothing for too long
}

// readBacklog reads what has piled up behind the follower's position until little is left.
// errBacklog: it could not, or not to its end.
func (f *slotFollower) readBacklog(ctx context.Context, at position, end lsn) (err error) {
	s, err := connect(ctx, f.config, f.slotCapture.schema)
	if err != nil {
		return errBacklog
	}
	defer s.close()
	b := &backlog{f: f, s: s, end: end, asked: f.at}
	if err := b.copySlot(ctx); err != nil {
		return errBacklog
	}
	if f.collector == nil {
		f.begin(at)
	}
	stop := s.watch(ctx)
	defer func() {
		if stop(); err != nil {
			s.cancelQuery()
		}
		b.moveSlot(context.WithoutCancel(ctx))
	}()
	// A target that takes nothing must not make the source keep a snapshot.
	f.wait = row.Wait{Every: backlogWait, Do: func() error {
		b.gaveUp = true
		_ = s.pg.Conn().Close() // an error means that it is closed
		return nil
	}}
	f.again = true
	defer func() { f.wait, f.again = row.Wait{}, false }()
	for {
		if err = b.ask(ctx); err != nil {
			return err
		}
		if len(b.asks) == 0 {
			break
		}
		if err = b.answer(ctx); err != nil {
			return err
		}
	}
	if b.asked+backlogTo < b.end {
		return errBacklog
	}
	// The stream begins where the slot is, and decodes again what is not durable by then.
	for wait := 0; wait < 100 && f.durable(b.told) < b.last; wait++ {
		if err = pause(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
	if stop() {
		_, _ = s.query(ctx, "SELECT pg_catalog.pg_drop_replication_slot($1)", backlogName(f.capture.Slot)) // it ends with the session
	}
	return nil
}

// moveSlot moves the slot to what is durable. A failure costs nothing but time: whoever reads
// it next acknowledges that again.
func (b *backlog) moveSlot(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if at := b.f.durable(b.told); at > b.told {
		_ = b.f.with(ctx, b.f.capture.Method, func(s *session, _ capturer) error {
			_, err := s.query(ctx, "SELECT pg_catalog.pg_replication_slot_advance($1, $2)", b.f.capture.Slot, at.String())
			return err
		})
	}
}

// copySlot makes the copy of the slot and moves it to the follower's position.
func (b *backlog) copySlot(ctx context.Context) error {
	name := backlogName(b.f.capture.Slot)
	// The last free slot is left to those that need one of their own.
	got, err := b.s.queryRow(ctx, `SELECT (pg_catalog.pg_copy_logical_replication_slot($1, $2, true)).lsn
 WHERE (SELECT count(*) FROM pg_catalog.pg_replication_slots) + 2 <= pg_catalog.current_setting('max_replication_slots')::bigint`, b.f.capture.Slot, name)
	if err != nil {
		return err
	}
	if b.told, err = parseLSN(got[0]); err != nil {
		return err
	}
	b.when = time.Now()
	if _, err := b.s.query(ctx, "SELECT pg_catalog.pg_replication_slot_advance($1, $2)", name, b.f.at.String()); err != nil {
		return err
	}
	if got, err = b.s.queryRow(ctx, "SELECT (confirmed_flush_lsn - restart_lsn)::bigint FROM pg_catalog.pg_replication_slots WHERE slot_name = $1 AND confirmed_flush_lsn = $2", name, b.f.at.String()); err != nil {
		return err
	}
	if _, err := fmt.Sscan(got[0], &b.far); err != nil {
		return err
	}
	return b.s.exec(ctx, "SET tcp_user_timeout = '2min'")
}

// ask sends queries ahead, so that the server decodes while what it has sent is applied.
func (b *backlog) ask(ctx context.Context) error {
	f := b.s.pg.Frontend()
	for len(b.asks) < 2 && b.asked+backlogTo < b.end && b.far <= backlogFar {
		// What is read before the slice costs about half as much as the slice itself.
		upTo := min(b.asked+max(backlogSlice, b.far/2), b.end)
		slot, name := b.f.capture.Slot, backlogName(b.f.capture.Slot)
		f.SendQuery(&pgproto3.Query{String: "COPY (SELECT data FROM pg_catalog.pg_logical_slot_get_binary_changes(" + literal(name) + ", " + literal(upTo.String()) +
			", NULL, 'proto_version', '1', 'publication_names', " + literal(quote(b.f.capture.Publication)) + ")) TO STDOUT (FORMAT binary)"})
		advance := ""
		if d := b.f.durable(b.told); d >= b.told+backlogAcks || d > b.told && time.Since(b.when) > lookEvery {
			b.told, b.when = d, time.Now()
			advance = ", pg_catalog.pg_replication_slot_advance(" + literal(slot) + ", " + literal(d.String()) + ")"
		}
		f.SendQuery(&pgproto3.Query{String: "SELECT " + logEnd + ", (confirmed_flush_lsn - restart_lsn)::bigint" + advance + " FROM pg_catalog.pg_replication_slots WHERE slot_name = " + literal(name)})
		b.asked = upTo
		b.asks = append(b.asks, upTo)
	}
	if err := f.Flush(); err != nil {
		return b.lost(ctx, err)
	}
	return nil
}

// answer takes the answer of the first query that was sent, and of the one that follows it.
func (b *backlog) answer(ctx context.Context) error {
	header, began := false, b.f.at
	for {
		kind, body, err := b.s.in.next()
		if err != nil {
			return b.lost(ctx, err)
		}
		switch kind {
		case 'd':
			if !header {
				if !bytes.HasPrefix(body, binarySignature) || len(body) < 19 {
					return errMessage
				}
				header = true
				body = body[19+binary.BigEndian.Uint32(body[15:]):]
			}
			if len(body) <= 2 {
				continue // nothing behind the header, or the trailer
			}
			r := wire{body}
			if r.uint16() != 1 {
				return errMessage
			}
			m := r.take(int(r.uint32()))
			if r.b == nil {
				return errMessage
			}
			if err := b.f.message(ctx, m); err != nil {
				return err
			}
		case 'D':
			r := wire{body}
			r.take(2)
			end := string(r.take(int(r.uint32())))
			far := string(r.take(int(r.uint32())))
			if b.end, err = parseLSN(end); err != nil {
				return err
			}
			if _, err := fmt.Sscan(far, &b.far); err != nil {
				return errMessage
			}
		case 'C':
			if !strings.HasPrefix(string(body), "COPY") {
				continue
			}
			if b.f.at > began {
				b.last = b.f.at
			}
			if upTo := b.asks[0]; !b.f.inside && upTo > b.f.at {
				b.f.next = upTo
				b.f.collector.Progress(b.f.advance)
			}
		case 'E':
			return b.lost(ctx, parseServerError(body))
		case 'Z':
			if header {
				header = false
				continue
			}
			b.asks = b.asks[1:]
			return nil
		}
	}
}

// lost is what an error, or the end of the connection, means: the stream goes on, unless a transaction
// has come in by half.
func (b *backlog) lost(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case !b.f.inside:
		return errBacklog
	case b.gaveUp:
		err = fmt.Errorf("the target took nothing for %s: the source's session was given up, so that it keeps no snapshot", backlogWait)
	}
	return &providers.RetryableError{Err: err}
}

// logEnd is the end of the log that is on the disk.
const logEnd = "CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_flush_lsn() END"
