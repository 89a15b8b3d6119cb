package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// triggerCapture follows a source by the log that triggers write. Its position is a
// snapshot: what is visible now and was not then is what has changed. The order of ids is
// not that of commits.
type triggerCapture struct{ *Conn }

func (c triggerCapture) start(ctx context.Context, s *session, cp providers.Capture) (providers.CaptureStart, error) {
	var start providers.CaptureStart
	system, err := c.systemIdentifier(ctx, s)
	if err != nil {
		return start, err
	}
	err = inTransaction(ctx, s, func() error {
		got, err := s.queryRow(ctx, "SELECT pg_catalog.pg_current_snapshot()")
		if err != nil {
			return classify(err)
		}
		start.Position = position{System: system, Snapshot: got[0]}.String()
		if _, err := s.query(ctx, "DELETE FROM "+c.changeLog()+" WHERE sync = $1 AND pg_catalog.pg_visible_in_snapshot(xid, $2::text::pg_catalog.pg_snapshot)", cp.Sync, got[0]); err != nil {
			return classify(err)
		}
		return c.markPruned(ctx, s, cp.Sync, got[0])
	})
	if err != nil {
		return start, fmt.Errorf("begin in %s: %w", c.changeLog(), err)
	}
	return start, nil
}

// markPruned notes up to where rows were removed.
func (c *Conn) markPruned(ctx context.Context, s *session, sync, snapshot string) error {
	if _, err := s.query(ctx, "DELETE FROM "+c.changeLog()+" WHERE sync = $1 AND operation = '"+logPruned+"'", sync); err != nil {
		return classify(err)
	}
	_, err := s.query(ctx, "INSERT INTO "+c.changeLog()+" (sync, table_name, operation, key) VALUES ($1, '', '"+logPruned+"', ARRAY[$2::text])", sync, snapshot)
	return classify(err)
}

// floor: every later snapshot holds what the start holds.
func (c triggerCapture) floor(context.Context, *session, providers.Capture) (string, error) {
	return "", nil
}

func (c triggerCapture) current(ctx context.Context, s *session, _ providers.Capture) (row.Position, error) {
	got, err := s.queryRow(ctx, "SELECT pg_catalog.pg_current_snapshot()")
	if err != nil {
		return "", classify(err)
	}
	return position{Snapshot: got[0]}.String(), nil
}

func (c triggerCapture) retained(ctx context.Context, s *session, cp providers.Capture, _ row.Position) (providers.Retained, error) {
	why, err := c.proveLog(ctx, s)
	if err != nil || why != "" {
		return providers.Retained{Bytes: -1, Lost: why != "", Why: why}, err
	}
	got, err := s.queryRow(ctx, "SELECT pg_catalog.pg_total_relation_size("+literal(c.changeLog())+"::pg_catalog.regclass)")
	if err != nil {
		return providers.Retained{}, classify(err)
	}
	n, err := strconv.ParseInt(got[0], 10, 64)
	return providers.Retained{Bytes: n}, err
}

// proveLog says why the log can't be followed, "" where it can.
func (c *Conn) proveLog(ctx context.Context, s *session) (string, error) {
	there, err := s.queryRow(ctx, "SELECT pg_catalog.to_regclass($1) IS NOT NULL", c.changeLog())
	if err != nil {
		return "", classify(err)
	}
	if there[0] != "t" {
		return "the table " + c.changeLog() + " is gone, and with it what the triggers have noted", nil
	}
	return "", nil
}

// prove makes sure that all that is not in from is still in the log.
func (c triggerCapture) prove(ctx context.Context, s *session, cp providers.Capture, from position) error {
	system, err := c.systemIdentifier(ctx, s)
	if err != nil {
		return err
	}
	switch {
	case from.Snapshot == "":
		return gap("the position that was kept is not one of triggers: the capture method was changed")
	case from.System != system:
		return gap("the source is another server than the one that the position was kept of (system identifier %s, not %s): it was restored or exchanged", system, from.System)
	}
	why, err := c.proveLog(ctx, s)
	if err != nil {
		return err
	}
	if why != "" {
		return gap("%s", why)
	}
	got, err := s.query(ctx, "SELECT array_to_json(key)::text, pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot()) FROM "+c.changeLog()+" WHERE sync = $1 AND operation = '"+logPruned+"'", cp.Sync)
	if err != nil {
		return classify(err)
	}
	if len(got) != 1 {
		return gap("the log of changes %s does not know this sync any more: it was emptied or made anew", c.changeLog())
	}
	var mark []string
	if err := json.Unmarshal([]byte(got[0][0]), &mark); err != nil || len(mark) != 1 {
		return gap("the mark of this sync in %s can't be read", c.changeLog())
	}
	reached, err := snapshotReached(from.Snapshot, mark[0])
	if err != nil {
		return err
	}
	if !reached {
		return gap("the log of changes was pruned behind a later position than the one that was kept: the target was restored")
	}
	now, err := strconv.ParseUint(got[0][1], 10, 64)
	if err != nil {
		return err
	}
	then, err := parseSnapshot(from.Snapshot)
	if err == nil && then.xmax > now {
		return gap("the source knows fewer transactions than the position that was kept: it was restored")
	}
	return err
}

// txSnapshot is a pg_snapshot taken apart.
type txSnapshot struct {
	xmin, xmax uint64
	running    map[uint64]bool
}

func parseSnapshot(text string) (txSnapshot, error) {
	parts := strings.Split(text, ":")
	bad := fmt.Errorf("bug in syncform: %q is no snapshot of PostgreSQL", text)
	if len(parts) != 3 {
		return txSnapshot{}, bad
	}
	sn := txSnapshot{running: map[uint64]bool{}}
	var err1, err2 error
	sn.xmin, err1 = strconv.ParseUint(parts[0], 10, 64)
	sn.xmax, err2 = strconv.ParseUint(parts[1], 10, 64)
	if err1 != nil || err2 != nil {
		return txSnapshot{}, bad
	}
	for _, x := range strings.Split(parts[2], ",") {
		if x == "" {
			continue
		}
		n, err := strconv.ParseUint(x, 10, 64)
		if err != nil {
			return txSnapshot{}, bad
		}
		sn.running[n] = true
	}
	return sn, nil
}

// snapshotReached reports whether every transaction that goal sees is seen by at.
func snapshotReached(at, goal string) (bool, error) {
	a, err := parseSnapshot(at)
	if err != nil {
		return false, err
	}
	g, err := parseSnapshot(goal)
	if err != nil || a.xmax < g.xmax {
		return false, err
	}
	for x := range a.running {
		if x < g.xmax && !g.running[x] {
			return false, nil
		}
	}
	return true, nil
}
