package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// pollCapture follows a source by reading, again and again, the rows whose incremental key
// has grown. Its position holds the keys from which on rows are read.
type pollCapture struct{ *Conn }

func (pollCapture) teardown(context.Context, *session, providers.Capture) ([]providers.Step, error) {
	return nil, nil
}

// oldestOpen is for how long the oldest transaction is open whose changes nobody sees yet.
const oldestOpen = `coalesce((SELECT pg_catalog.clock_timestamp() - min(xact_start) FROM pg_catalog.pg_stat_activity WHERE xact_start IS NOT NULL AND pid <> pg_catalog.pg_backend_pid() AND backend_type = 'client backend'), interval '0')`

// start notes the greatest keys. What open transactions will still commit below them is in
// the loads, which wait for the floor; those that have not written yet may write moments
// of their beginning, so moments are held back as far.
func (c pollCapture) start(ctx context.Context, s *session, cp providers.Capture) (providers.CaptureStart, error) {
	var start providers.CaptureStart
	system, err := c.systemIdentifier(ctx, s)
	if err != nil {
		return start, err
	}
	got, err := s.queryRow(ctx, "SELECT pg_catalog.pg_current_snapshot()")
	if err != nil {
		return start, classify(err)
	}
	p := position{System: system, Snapshot: got[0], Marks: map[string]string{}}
	for _, t := range cp.Tables {
		value := "max(" + quote(t.IncrementalKey) + ")"
		if typ, ok := incrementalType(t); ok && isMoment(typ) {
			sql, err := typeSQL(withoutLength(typ))
			if err != nil {
				return start, err
			}
			value = "(" + value + " - " + oldestOpen + " - " + interval(t.Lookback) + ")::" + sql
		}
		got, err := s.query(ctx, "SELECT v FROM (SELECT "+value+" AS v FROM "+tableRef(t.Table.Name, t.Table.Only)+") m WHERE v IS NOT NULL")
		if err != nil {
			return start, fmt.Errorf("look for the greatest %s of table %s: %w", t.IncrementalKey, t.Table.Name, classify(err))
		}
		if len(got) == 1 {
			p.Marks[c.logName(t.Table.Name)] = got[0][0]
		}
	}
	start.Position = p.String()
	start.Floor, err = c.Conn.floor(ctx, s)
	return start, err
}

func interval(d time.Duration) string {
	return fmt.Sprintf("interval '%d microseconds'", d.Microseconds())
}

func (c pollCapture) floor(ctx context.Context, s *session, _ providers.Capture) (string, error) {
	return c.Conn.floor(ctx, s)
}

func (c pollCapture) current(ctx context.Context, s *session, _ providers.Capture) (row.Position, error) {
	got, err := s.queryRow(ctx, "SELECT pg_catalog.pg_current_snapshot()")
	if err != nil {
		return "", classify(err)
	}
	return position{Snapshot: got[0]}.String(), nil
}

func (pollCapture) retained(context.Context, *session, providers.Capture, row.Position) (providers.Retained, error) {
	return providers.Retained{}, nil
}
