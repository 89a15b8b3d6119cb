package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
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
		typ, ok := incrementalType(t)
		value, found, err := greatestKey(ctx, s, t, typ, ok, oldestOpen)
		if err != nil {
			return start, err
		}
		if found {
			p.Marks[c.logName(t.Table.Name)] = value
		}
	}
	start.Position = p.String()
	start.Floor, err = c.Conn.floor(ctx, s)
	return start, err
}

// greatestKey is the greatest incremental key of a table. Moments are given as they were
// held and the table's lookback before; one that has not come yet is left aside, for as a
// mark it would hide all rows that are written until it comes.
func greatestKey(ctx context.Context, s *session, t providers.CaptureTable, typ schema.Type, known bool, held string) (string, bool, error) {
	inc := quote(t.IncrementalKey)
	value, where := "max("+inc+")", ""
	if known && isMoment(typ) {
		sql, err := typeSQL(withoutLength(typ))
		if err != nil {
			return "", false, err
		}
		value = "(" + value + " - " + held + " - " + interval(t.Lookback) + ")::" + sql
		where = " WHERE " + inc + " <= pg_catalog.statement_timestamp()"
		if typ.Kind != schema.TimestampTZ { // of whatever zone the application writes
			where = " WHERE " + inc + " <= pg_catalog.statement_timestamp() AT TIME ZONE 'UTC' + interval '15 hours'"
		}
	}
	got, err := s.query(ctx, "SELECT v FROM (SELECT "+value+" AS v FROM "+tableRef(t.Table.Name, t.Table.Only)+where+") m WHERE v IS NOT NULL")
	if err != nil {
		return "", false, fmt.Errorf("look for the greatest %s of table %s: %w", t.IncrementalKey, t.Table.Name, classify(err))
	}
	if len(got) == 0 {
		return "", false, nil
	}
	return got[0][0], true, nil
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
