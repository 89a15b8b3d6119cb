package postgres

import (
	"context"
	"strconv"
	"time"
)

// awaitVisible waits until every transaction that the log held at the call can be seen. A
// commit stands in the log before others see it, for as long as it waits for a
// synchronous standby. A session that is idle in its transaction has not committed it, and
// is not waited for.
func (s *session) awaitVisible(ctx context.Context) error {
	end, err := s.queryRow(ctx, "SELECT pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())")
	if err != nil {
		return classify(err)
	}
	floor, err := strconv.ParseUint(end[0], 10, 64)
	if err != nil {
		return err
	}
	for wait, until := time.Millisecond, time.Now().Add(floorPatience); ; wait = min(2*wait, time.Second) {
		got, err := s.queryRow(ctx, `SELECT count(*) FROM pg_catalog.pg_snapshot_xip(pg_catalog.pg_current_snapshot()) x(id) WHERE x.id < $1::text::xid8 AND NOT EXISTS (
 SELECT 1 FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
 WHERE l.locktype = 'transactionid' AND l.granted AND l.transactionid = x.id::xid AND a.state IN ('idle in transaction', 'idle in transaction (aborted)'))`, end[0])
		if err != nil {
			return classify(err)
		}
		if got[0] == "0" {
			return nil
		}
		if time.Now().After(until) {
			return s.blockers(ctx, floor)
		}
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
}
