package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// slotCapture follows a source by logical replication.
type slotCapture struct{ *Conn }

// slotFacts is what the server says of a slot.
type slotFacts struct {
	plugin, database   string
	pid                string // of its reader, "" where nobody reads
	confirmed, restart lsn
	copied             string // the process that reads a copy of it, see backlog; "" where nobody does
	lost               string // why it can't be read any more; "" where it can
	end                lsn    // of the log that is on the disk
	behind             int64
}

// slot looks a slot up; nil where there is none.
func (c *Conn) slot(ctx context.Context, s *session, name string) (*slotFacts, error) {
	reason := "''"
	switch {
	case c.version >= 170000:
		reason = "coalesce(invalidation_reason, '')"
	case c.version >= 160000:
		reason = "CASE WHEN conflicting THEN 'it conflicted with recovery' ELSE '' END"
	}
	rows, err := s.query(ctx, `SELECT coalesce(plugin, ''), coalesce(database, ''), coalesce(active_pid::text, ''), coalesce(confirmed_flush_lsn::text, '0/0'), coalesce(restart_lsn::text, '0/0'),
 coalesce(wal_status, ''), `+reason+`, e.lsn, coalesce(e.lsn - restart_lsn, -1)::bigint,
 coalesce((SELECT b.active_pid::text FROM pg_catalog.pg_replication_slots b WHERE b.slot_name = $2), '')
 FROM pg_catalog.pg_replication_slots, (SELECT `+logEnd+` AS lsn) e WHERE slot_name = $1`, name, backlogName(name))
	if err != nil || len(rows) == 0 {
		return nil, classify(err)
	}
	r := rows[0]
	f := &slotFacts{plugin: r[0], database: r[1], pid: r[2], copied: r[9]}
	for i, to := range map[int]*lsn{3: &f.confirmed, 4: &f.restart, 7: &f.end} {
		if *to, err = parseLSN(r[i]); err != nil {
			return nil, err
		}
	}
	if f.behind, err = strconv.ParseInt(r[8], 10, 64); err != nil {
		return nil, err
	}
	switch {
	case r[5] == "lost" && r[6] != "":
		f.lost = "the server has invalidated it: " + r[6]
	case r[5] == "lost":
		f.lost = "the server has removed log that it needs (max_slot_wal_keep_size)"
	case r[6] != "":
		f.lost = "the server has invalidated it: " + r[6]
	}
	return f, nil
}

func (c slotCapture) start(ctx context.Context, s *session, cp providers.Capture) (providers.CaptureStart, error) {
	var start providers.CaptureStart
	there, err := c.slot(ctx, s, cp.Slot)
	if err != nil {
		return start, err
	}
	if there != nil {
		switch {
		case there.pid != "" || there.copied != "":
			// A run that was killed leaves a process that ends by itself.
			return start, &providers.RetryableError{Err: fmt.Errorf("the replication slot %q is in use by the server's process %s: another syncform or consumer reads it; stop that one, or choose another slot", cp.Slot, cmp.Or(there.pid, there.copied))}
		case there.plugin != "pgoutput" || there.database != c.database:
			return start, fmt.Errorf("the replication slot %q is not syncform's (plugin %q, database %q): choose another slot", cp.Slot, there.plugin, there.database)
		}
		if _, err := s.query(ctx, "SELECT pg_catalog.pg_drop_replication_slot($1)", cp.Slot); err != nil {
			return start, fmt.Errorf("drop the unused slot of an earlier run: %w", classify(err))
		}
	}
	failover := ""
	if c.version >= 170000 {
		failover = ", false, false, true"
	}
	got, err := s.queryRow(ctx, "SELECT lsn FROM pg_catalog.pg_create_logical_replication_slot($1, 'pgoutput'"+failover+")", cp.Slot)
	if err != nil {
		return start, fmt.Errorf("make the replication slot %q: %w", cp.Slot, classify(err))
	}
	at, err := parseLSN(got[0])
	if err != nil {
		return start, err
	}
	if start.Floor, err = c.floor(ctx, s, cp); err != nil {
		return start, err
	}
	p := position{Slot: cp.Slot, LSN: at}
	if p.System, p.Timeline, err = c.identify(ctx); err != nil {
		return start, err
	}
	start.Position = p.String()
	return start, nil
}

// identify asks over a replication connection, which every server answers.
func (c *Conn) identify(ctx context.Context) (system string, timeline int, err error) {
	w, err := c.walsender(ctx)
	if err != nil {
		return "", 0, err
	}
	defer w.close()
	return w.identify(ctx)
}

// floor is a transaction that begins now: all before it are over in a snapshot whose oldest
// running transaction is that one or a later. (The xmax of a snapshot will not do: the
// transaction of that number may have begun already.)
func (c *Conn) floor(ctx context.Context, s *session) (string, error) {
	got, err := s.queryRow(ctx, "SELECT pg_catalog.pg_current_xact_id()")
	if err != nil {
		return "", classify(err)
	}
	return got[0], nil
}

func (c slotCapture) floor(ctx context.Context, s *session, _ providers.Capture) (string, error) {
	return c.Conn.floor(ctx, s)
}

// current is the end of the log, behind which a small transaction is written: it brings
// everything before it to the disk, and so to the stream, also what was committed with
// synchronous_commit = off.
func (c slotCapture) current(ctx context.Context, s *session, cp providers.Capture) (row.Position, error) {
	got, err := s.queryRow(ctx, "SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_insert_lsn() END, pg_catalog.pg_is_in_recovery()")
	if err != nil {
		return "", classify(err)
	}
	at, err := parseLSN(got[0])
	if err != nil {
		return "", err
	}
	if got[1] != "t" {
		err = s.exec(ctx, "BEGIN READ WRITE; SET LOCAL synchronous_commit = local; SELECT pg_catalog.pg_logical_emit_message(true, 'syncform', ''); COMMIT")
		if err != nil {
			s.rollback()
			return "", fmt.Errorf("write the log up to now to the disk: %w", classify(err))
		}
	}
	return position{Slot: cp.Slot, LSN: at.outsideHeader()}.String(), nil
}

func (c slotCapture) retained(ctx context.Context, s *session, cp providers.Capture, at row.Position) (providers.Retained, error) {
	r := providers.Retained{Bytes: -1}
	f, err := c.slot(ctx, s, cp.Slot)
	switch {
	case err != nil:
		return r, err
	case f == nil:
		r.Lost, r.Why = true, fmt.Sprintf("the replication slot %q is gone", cp.Slot)
		return r, nil
	case f.lost != "":
		r.Lost, r.Why = true, fmt.Sprintf("the replication slot %q can't be read any more: %s", cp.Slot, f.lost)
		return r, nil
	}
	if at != "" {
		if r.Why, err = c.discontinued(ctx, s, cp, f, at); err != nil || r.Why != "" {
			r.Lost = err == nil
			return r, err
		}
	}
	r.Bytes = f.behind
	if f.pid == "" && f.copied == "" {
		r.Why = fmt.Sprintf("nobody reads the replication slot %q", cp.Slot)
	}
	if cp.MaxRetained > 0 && r.Bytes > cp.MaxRetained {
		if r.Why != "" {
			r.Why += "; "
		}
		r.Why += fmt.Sprintf("the source keeps %d bytes of log for the slot, more than max_retained_wal", r.Bytes)
	}
	return r, nil
}

// discontinued says why a stream can't go on from a position though its slot is there,
// "" where it can. Follow proves it in the same way, and more.
func (c slotCapture) discontinued(ctx context.Context, s *session, cp providers.Capture, f *slotFacts, at row.Position) (string, error) {
	from, err := parsePosition(at)
	if err != nil {
		return "", err
	}
	system, err := c.systemIdentifier(ctx, s)
	if err != nil {
		return "", err
	}
	switch {
	case from.System != "" && from.System != system:
		return "the source is another server than the one that the position was kept of: it was restored or exchanged", nil
	case f.pid != "": // its reader moves it on
	case from.LSN < f.confirmed:
		return fmt.Sprintf("the replication slot %q begins at %s, behind the position %s that the target has: it was made anew, or the target was restored", cp.Slot, f.confirmed, from.LSN), nil
	case from.LSN > f.end:
		return fmt.Sprintf("the source's log ends at %s, before the position %s that the target has: the source was restored", f.end, from.LSN), nil
	}
	var gone *providers.GapError
	if err := c.provePublication(ctx, s, cp); errors.As(err, &gone) {
		return gone.Reason, nil
	} else if err != nil {
		return "", err
	}
	return "", nil
}

// DropRetained drops the slot.
func (c *Conn) DropRetained(ctx context.Context, cp providers.Capture) error {
	if cp.Method != providers.LogicalReplication {
		return nil
	}
	_, err := c.RunCaptureStep(ctx, dropSlot(cp))
	return err
}

func dropSlot(cp providers.Capture) providers.Step {
	return providers.Step{
		Text:    "SELECT pg_catalog.pg_drop_replication_slot(" + literal(cp.Slot) + ")",
		Done:    "SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_replication_slots WHERE slot_name = " + literal(cp.Slot) + ")",
		Timeout: slotPatience,
	}
}

// slotPatience is how long a step waits for the slot's last reader to be gone.
const slotPatience = 30 * time.Second

func (c slotCapture) teardown(ctx context.Context, s *session, cp providers.Capture) ([]providers.Step, error) {
	steps := []providers.Step{dropSlot(cp)}
	pub, err := c.publication(ctx, s, cp.Publication)
	if err != nil {
		return nil, err
	}
	if pub != nil && pub.ours(cp.Sync) {
		steps = append(steps, providers.Step{
			Text:          "DROP PUBLICATION " + quote(cp.Publication),
			Done:          "SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_publication WHERE pubname = " + literal(cp.Publication) + ")",
			Transactional: true, LockTimeout: lockTimeout,
		})
	}
	for _, t := range cp.Tables {
		undo, err := c.undoIdentity(ctx, s, cp, t)
		if err != nil {
			return nil, err
		}
		steps = append(steps, undo...)
	}
	return steps, nil
}
