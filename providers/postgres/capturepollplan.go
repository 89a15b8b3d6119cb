package postgres

import (
	"context"
	"fmt"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// planPolling plans a capture by asking again and again. It needs nothing at the source.
func (p *capturePlanner) planPolling(ctx context.Context) error {
	c := &p.plan.Capture
	c.Publication, c.Slot = "", ""
	p.plan.Start = "note the greatest incremental keys"
	if c.Deletes {
		p.note(providers.PollingDeletes)
	}
	if c.Before {
		p.note("polling has no before-values")
	}
	others, err := p.session.queryRow(ctx, "SELECT pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')")
	if err != nil {
		return classify(err)
	}
	for _, t := range c.Tables {
		f := p.factsOf(t.Table.Name)
		switch {
		case f == nil:
			p.fatal("", "there is no table %s at the source", t.Table.Name)
			continue
		case !f.selects:
			p.fatal("GRANT SELECT ON "+quoteNameIfNeeded(f.name)+" TO "+p.role, "to read table %s, the role needs SELECT", f.name)
			continue
		case t.IncrementalKey == "":
			p.fatal("", "table %s has no incremental_key, by which polling finds what has changed", f.name)
			continue
		case len(t.Table.Key) == 0:
			p.fatal("", "table %s has no key", f.name)
			continue
		}
		if err := p.incremental(ctx, f, t); err != nil {
			return err
		}
		if others[0] != "t" && t.Lookback == 0 {
			p.plan.Findings = append(p.plan.Findings, providers.Finding{
				Text: fmt.Sprintf("table %s: a change that is committed long after its %s was set can be missed, since the role does not see how long other transactions run; set lookback, or", f.name, t.IncrementalKey),
				Fix:  "GRANT pg_read_all_stats TO " + p.role,
			})
		}
	}
	return nil
}

// incremental looks at the column that tells what has changed.
func (p *capturePlanner) incremental(ctx context.Context, f *captureFacts, t providers.CaptureTable) error {
	rows, err := p.session.query(ctx, `SELECT a.attnotnull, EXISTS (SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_am m ON m.oid = c.relam
 WHERE i.indrelid = a.attrelid AND i.indkey[0] = a.attnum AND m.amname = 'btree' AND i.indisvalid AND i.indpred IS NULL), coalesce(nullif(t.typbasetype, 0), t.oid) IN ('pg_catalog.timestamp'::pg_catalog.regtype, 'pg_catalog.timestamptz'::pg_catalog.regtype, 'pg_catalog.date'::pg_catalog.regtype) FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid WHERE a.attrelid = $1::text::oid AND a.attname = $2 AND NOT a.attisdropped`, f.oid, t.IncrementalKey)
	if err != nil {
		return classify(err)
	}
	if len(rows) == 0 {
		p.fatal("", "table %s has no column %q, its incremental_key", f.name, t.IncrementalKey)
		return nil
	}
	if t.Lookback > 0 && rows[0][2] != "t" {
		p.fatal("", providers.PollingLookback, f.name, t.IncrementalKey)
		return nil
	}
	if rows[0][0] != "t" {
		p.note("rows of table %s whose %s is NULL are not seen by polling", f.name, t.IncrementalKey)
	}
	if rows[0][1] != "t" {
		p.plan.Findings = append(p.plan.Findings, providers.Finding{
			Text: fmt.Sprintf("no index of table %s begins with %s, so polling reads the whole table each time", f.name, t.IncrementalKey),
			Fix:  "CREATE INDEX CONCURRENTLY ON " + quoteNameIfNeeded(f.name) + " (" + quoteIfNeeded(t.IncrementalKey) + ")",
		})
	}
	return nil
}

// isMoment reports whether values of a type are moments, from which a time can be taken off.
func isMoment(t schema.Type) bool {
	return t.Kind == schema.Timestamp || t.Kind == schema.TimestampTZ || t.Kind == schema.Date
}
