package postgres

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/syncform/syncform/providers"
)

// floorPatience is how long a snapshot waits for transactions that were there before its
// floor.
const floorPatience = 5 * time.Minute

// beginAbove begins a snapshot in which every transaction below the floors is over: what
// those have changed is in no stream.
func (s *session) beginAbove(ctx context.Context, floors []string) error {
	var floor uint64
	for _, f := range floors {
		if f == "" {
			continue
		}
		n, err := strconv.ParseUint(f, 10, 64)
		if err != nil {
			return fmt.Errorf("bug in syncform: the floor %q is not one of PostgreSQL", f)
		}
		floor = max(floor, n)
	}
	for wait, until := 20*time.Millisecond, time.Now().Add(floorPatience); ; wait = min(2*wait, time.Second) {
		if err := s.exec(ctx, beginSnapshot); err != nil {
			return classify(err)
		}
		if floor == 0 {
			return nil
		}
		got, err := s.queryRow(ctx, "SELECT pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())")
		if err != nil {
			return classify(err)
		}
		oldest, err := strconv.ParseUint(got[0], 10, 64)
		if err != nil || oldest >= floor {
			return err
		}
		if err := s.exec(ctx, "ROLLBACK"); err != nil {
			return classify(err)
		}
		if time.Now().After(until) {
			return s.blockers(ctx, floor)
		}
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
}

// blockers names the transactions that a snapshot has waited for in vain.
func (s *session) blockers(ctx context.Context, floor uint64) error {
	rows, err := s.query(ctx, `SELECT 'process ' || pid || ' (' || coalesce(usename, '') || ', ' || coalesce(nullif(application_name, ''), 'no application name') || ', ' || coalesce(state, '') || ', since ' || coalesce(pg_catalog.date_trunc('second', xact_start)::text, '?') || ')'
 FROM pg_catalog.pg_stat_activity WHERE backend_xid IS NOT NULL AND pg_catalog.age(backend_xid) >= pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text::numeric - $1::text::numeric
 UNION ALL SELECT 'prepared transaction ' || gid || ' (' || owner || ', since ' || pg_catalog.date_trunc('second', prepared) || ')' FROM pg_catalog.pg_prepared_xacts WHERE pg_catalog.age(transaction) >= pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text::numeric - $1::text::numeric ORDER BY 1 LIMIT 10`,
		strconv.FormatUint(floor, 10))
	if err != nil {
		return classify(err)
	}
	var names []string
	for _, r := range rows {
		names = append(names, r[0])
	}
	return &providers.RetryableError{Err: fmt.Errorf("transactions that began before the stream still run, and what they have changed would be missing: end them: %s", strings.Join(names, "; "))}
}
