package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// A commit stands in the log before others see it: for as long as it waits for a
// synchronous standby, and for a moment always. A slot sends it meanwhile.

// sent are the transactions whose changes a slot has sent and that are not acknowledged
// yet, in the order of their commits.
type sent struct {
	mu   sync.Mutex
	list []sentTransaction
}

type sentTransaction struct {
	commit lsn
	xid    uint32
}

func (s *sent) add(t sentTransaction) {
	s.mu.Lock()
	s.list = append(s.list, t)
	s.mu.Unlock()
}

// acknowledged forgets what is committed before durable.
func (s *sent) acknowledged(durable lsn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for n < len(s.list) && s.list[n].commit < durable {
		n++
	}
	s.list = slices.Delete(s.list, 0, n)
}

// upTo gives the transactions that a stream has brought which has come to at; 0: all.
func (s *sent) upTo(at lsn) []uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var xids []uint32
	for _, t := range s.list {
		if at == 0 || t.commit < at {
			xids = append(xids, t.xid)
		}
	}
	return xids
}

// AwaitVisible waits until a read sees the stream's transactions up to at. What triggers
// have noted is read as the tables are: what it has brought can be seen.
func (c *Conn) AwaitVisible(ctx context.Context, cp providers.Capture, at row.Position) error {
	if cp.Method != providers.LogicalReplication {
		return nil
	}
	s, err := c.acquire(ctx)
	if err != nil {
		return err
	}
	defer c.release(s)
	xids, err := s.committing(ctx, false)
	if err != nil {
		return err
	}
	return s.awaitEnd(ctx, xids, true)
}

// AwaitSent waits until a read sees what the slot has sent.
func (c *Conn) AwaitSent(ctx context.Context, cp providers.Capture, at row.Position) error {
	if cp.Method != providers.LogicalReplication {
		return nil
	}
	c.mu.Lock()
	f := c.sent[cp.Slot]
	c.mu.Unlock()
	if f == nil {
		return c.AwaitVisible(ctx, cp, at)
	}
	var p position
	if at != "" {
		var err error
		if p, err = parsePosition(at); err != nil {
			return err
		}
	}
	xids := f.upTo(p.LSN)
	if len(xids) == 0 {
		return nil
	}
	s, err := c.acquire(ctx)
	if err != nil {
		return err
	}
	defer c.release(s)
	return s.awaitEnd(ctx, xids, false)
}

// commitPatience is how long a session that works may be at the end of its commit without
// saying so.
const commitPatience = 10 * time.Second

// committing gives the transactions that run and may be in the log already. A session that
// is idle in its transaction has not committed it. late leaves out those, too, that do not
// wait for a synchronous standby, as far as the role is let see that.
func (s *session) committing(ctx context.Context, late bool) ([]uint32, error) {
	rows, err := s.query(ctx, `SELECT l.transactionid FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
 WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted AND NOT coalesce(a.state IN ('idle in transaction', 'idle in transaction (aborted)'), false)
 AND NOT coalesce($1::bool AND (a.state = 'active' AND a.wait_event IS DISTINCT FROM 'SyncRep' OR pg_catalog.current_setting('synchronous_standby_names') = ''), false)`, fmt.Sprint(late))
	if err != nil {
		return nil, classify(err)
	}
	var xids []uint32
	for _, r := range rows {
		var xid uint32
		if _, err := fmt.Sscan(r[0], &xid); err != nil {
			return nil, fmt.Errorf("bug in syncform: %q is no transaction of PostgreSQL: %w", r[0], err)
		}
		xids = append(xids, xid)
	}
	return xids, nil
}

// awaitEnd waits until a snapshot that is taken later sees how each transaction has ended.
// guessed are transactions that may not have committed at all: those that turn out so are
// not waited for.
func (s *session) awaitEnd(ctx context.Context, xids []uint32, guessed bool) error {
	begun := time.Now()
	for wait := time.Millisecond; ; wait = min(2*wait, time.Second) {
		got, err := s.queryRow(ctx, "SELECT pg_catalog.pg_current_snapshot()")
		if err != nil {
			return classify(err)
		}
		now, err := parseSnapshot(got[0])
		if err != nil {
			return err
		}
		xids = slices.DeleteFunc(xids, func(x uint32) bool { return now.ended(x) })
		if len(xids) > 0 && guessed {
			still, err := s.committing(ctx, time.Since(begun) > commitPatience)
			if err != nil {
				return err
			}
			xids = slices.DeleteFunc(xids, func(x uint32) bool { return !slices.Contains(still, x) })
		}
		switch {
		case len(xids) == 0:
			return nil
		case time.Since(begun) > floorPatience:
			return s.unseen(ctx, xids)
		}
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
}

// ended reports whether the snapshot sees how a transaction of this time has ended.
func (sn txSnapshot) ended(xid uint32) bool {
	x := sn.xmax&^(1<<32-1) | uint64(xid)
	switch {
	case x > sn.xmax+1<<31 && x >= 1<<32:
		x -= 1 << 32
	case x+1<<31 < sn.xmax:
		x += 1 << 32
	}
	return x < sn.xmin || x < sn.xmax && !sn.running[x]
}

// unseen names the transactions that were waited for in vain.
func (s *session) unseen(ctx context.Context, xids []uint32) error {
	list := strings.Fields(strings.Trim(fmt.Sprint(xids), "[]"))
	rows, err := s.query(ctx, `SELECT 'process ' || pid || ' (' || coalesce(usename, '') || ', ' || coalesce(nullif(application_name, ''), 'no application name') || ', ' || coalesce(wait_event, state, '') || ')'
 FROM pg_catalog.pg_stat_activity WHERE backend_xid::text = ANY (pg_catalog.string_to_array($1, ',')) ORDER BY 1 LIMIT 10`, strings.Join(list, ","))
	if err != nil {
		return classify(err)
	}
	names := []string{}
	for _, r := range rows {
		names = append(names, r[0])
	}
	return &providers.RetryableError{Err: fmt.Errorf("transactions that the log has brought can't be seen yet, as a synchronous standby does not answer (wait event SyncRep) or their sessions hang: %s", strings.Join(names, "; "))}
}
