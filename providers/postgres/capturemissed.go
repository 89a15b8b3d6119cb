package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// Missed names the tables whose triggers, or whose part of the publication, are not what
// was made.
func (c *Conn) Missed(ctx context.Context, cp providers.Capture) (list []providers.MissedTable, err error) {
	err = c.with(ctx, cp.Method, func(s *session, _ capturer) error {
		switch cp.Method {
		case providers.LogicalReplication:
			list, err = slotCapture{c}.missed(ctx, s, cp)
		case providers.Trigger:
			list, err = triggerCapture{c}.missed(ctx, s, cp)
		}
		return err
	})
	return list, err
}

func keyGone(t providers.ReadTable) string {
	return fmt.Sprintf("table %s has no column of its key (%s) any more", t.Name, strings.Join(t.Key, ", "))
}

func (c triggerCapture) missed(ctx context.Context, s *session, cp providers.Capture) (list []providers.MissedTable, err error) {
	unnoted, err := c.notNoted(ctx, s, cp)
	if err != nil {
		return nil, err
	}
	moved, err := c.partitionsMoved(ctx, s, cp)
	if err != nil {
		return nil, err
	}
	for _, t := range cp.Tables {
		why, err := c.missedWhy(ctx, s, cp, t)
		if err != nil {
			return nil, err
		}
		if why == "" {
			why = unnoted[c.logName(t.Table.Name)]
		}
		if why == "" {
			why = moved[c.fullName(t.Table.Name)]
		}
		if why != "" {
			list = append(list, providers.MissedTable{Table: t.Table.Name, Why: why})
		}
	}
	return list, nil
}

func (c triggerCapture) missedWhy(ctx context.Context, s *session, cp providers.Capture, t providers.CaptureTable) (string, error) {
	events := 2
	if cp.Deletes {
		events = 4
	}
	got, err := s.query(ctx, `SELECT (SELECT count(*) FROM pg_catalog.pg_trigger g JOIN pg_catalog.pg_proc p ON p.oid = g.tgfoid JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
 WHERE g.tgrelid = r.oid AND g.tgenabled <> 'D' AND n.nspname = $2 AND p.proname = $3),
 coalesce((SELECT pg_catalog.obj_description(p.oid, 'pg_proc') FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = $2 AND p.proname = $3), ''),
 coalesce((SELECT p.prosrc FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = $2 AND p.proname = $3), ''),
 (SELECT array_to_json(array_agg(a.attname)) FROM pg_catalog.pg_attribute a WHERE a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped),
 coalesce((SELECT `+triggersShown("r.oid")+` FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = $2 AND p.proname = $3), '')
 FROM (SELECT pg_catalog.to_regclass($1) AS oid) r WHERE r.oid IS NOT NULL`, c.logName(t.Table.Name), c.schema, triggerFunction(cp.Sync, c.logName(t.Table.Name)))
	if err != nil {
		return "", classify(err)
	}
	if len(got) == 0 {
		return fmt.Sprintf("the source's table %s is gone", t.Table.Name), nil
	}
	var columns []string
	if err := json.Unmarshal([]byte(got[0][3]), &columns); err != nil {
		return "", fmt.Errorf("read the columns of table %s: %w", t.Table.Name, err)
	}
	_, made, known := strings.Cut(got[0][1], bodyMark)
	made, triggers, told := strings.Cut(made, triggersMark)
	switch {
	case slices.ContainsFunc(t.Table.Key, func(k string) bool { return !slices.Contains(columns, k) }):
		return keyGone(t.Table), nil
	case got[0][0] != strconv.Itoa(events):
		return fmt.Sprintf("the triggers of table %s are gone or disabled (%s of %d are there), and changes of it were not noted since", t.Table.Name, got[0][0], events), nil
	case known && made != bodyHash(got[0][2]):
		return fmt.Sprintf("the function that notes changes of table %s is not the one that syncform made: somebody exchanged it, and changes may not have been noted since", t.Table.Name), nil
	case told && triggers != got[0][4]:
		return fmt.Sprintf("the triggers of table %s are not those that syncform made, or were turned off and on again: changes may not have been noted meanwhile", t.Table.Name), nil
	}
	return "", nil
}

// unnoted is the condition of rows of the log that tell of changes of which it has no keys.
func (c *Conn) unnoted(log string) string {
	return fmt.Sprintf("(%[1]s.operation = '%[2]s' OR %[1]s.operation = '%[3]s' AND NOT EXISTS (SELECT FROM %[4]s t WHERE t.sync = %[1]s.sync AND t.xid = %[1]s.xid AND t.table_name = %[1]s.table_name AND t.operation = '%[5]s'))",
		log, logFailed, logPartition, c.changeLog(), logTruncate)
}

// notNoted says by the log's names of tables what the log tells of without keys. It stays
// there until the table is loaded anew.
func (c triggerCapture) notNoted(ctx context.Context, s *session, cp providers.Capture) (map[string]string, error) {
	why, err := c.proveLog(ctx, s)
	if err != nil || why != "" {
		return nil, err // Retained tells
	}
	rows, err := s.query(ctx, "SELECT table_name, operation, coalesce(key[2], '?'), coalesce(key[1], '?') FROM "+c.changeLog()+" l WHERE sync = $1 AND operation IN ('"+logFailed+"', '"+logPartition+"') AND "+c.unnoted("l")+" ORDER BY id DESC", cp.Sync)
	if err != nil {
		return nil, classify(err)
	}
	list := map[string]string{}
	for _, r := range rows {
		if r[1] == logPartition {
			list[r[0]] = fmt.Sprintf("a partition of table %s was truncated, of whose rows nothing is known any more", r[0])
			continue
		}
		list[r[0]] = fmt.Sprintf("a change of table %s could not be noted by its trigger: %s (SQLSTATE %s)", r[0], r[2], r[3])
	}
	return list, nil
}

func (c slotCapture) missed(ctx context.Context, s *session, cp providers.Capture) (list []providers.MissedTable, err error) {
	pub, err := c.publication(ctx, s, cp.Publication)
	if err != nil || pub == nil {
		return nil, err // Retained tells
	}
	moved, err := c.partitionsMoved(ctx, s, cp)
	if err != nil {
		return nil, err
	}
	for _, t := range cp.Tables {
		n := c.fullName(t.Table.Name)
		why, err := c.missedWhy(ctx, s, pub, cp, t, n)
		if err != nil {
			return nil, err
		}
		if why == "" {
			why = moved[n]
		}
		if why != "" {
			list = append(list, providers.MissedTable{Table: t.Table.Name, Why: why})
		}
	}
	return list, nil
}

func (c slotCapture) missedWhy(ctx context.Context, s *session, pub *publication, cp providers.Capture, t providers.CaptureTable, n schema.Name) (string, error) {
	has := pub.has(n)
	if has {
		if why := c.leftOut(pub, cp, t, n); why != "" {
			return why, nil
		}
		if pub.putBack(n) {
			return fmt.Sprintf("table %s was taken out of the publication %q and put back, or is published otherwise, and changes of it may be missing", n, cp.Publication), nil
		}
		if pub.viaRoot {
			return "", nil
		}
	}
	got, err := s.query(ctx, "SELECT relkind FROM pg_catalog.pg_class WHERE oid = pg_catalog.to_regclass($1)", quoteName(n))
	switch {
	case err != nil:
		return "", classify(err)
	case len(got) == 0: // what it had is in the log, and the next plan drops or misses it
	case !has:
		return fmt.Sprintf("table %s is not in the publication %q any more: it was made anew or taken out, and changes of it are missing", n, cp.Publication), nil
	case got[0][0] == "p":
		return fmt.Sprintf("the publication %q has publish_via_partition_root = true no more: changes of the partitions of table %s are missing", cp.Publication, n), nil
	}
	return "", nil
}
