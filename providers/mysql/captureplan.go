package mysql

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// PlanCapture chooses the method and says what it takes.
func (c *Conn) PlanCapture(ctx context.Context, want providers.Capture, _ *providers.Capture) (providers.CapturePlan, error) {
	plan := providers.CapturePlan{Capture: want}
	err := c.with(ctx, func(s *session) error {
		var f findings
		var err error
		if f.grants, err = c.readGrants(ctx, s); err != nil {
			return err
		}
		var binlogWhy string
		if want.Method == "" || want.Method == providers.Binlog {
			if err := f.binlog(ctx, s, c, want); err != nil {
				return err
			}
			if i := slices.IndexFunc(f.list, func(one providers.Finding) bool { return one.Fatal }); i >= 0 {
				binlogWhy = f.list[i].Text
			}
		}
		switch {
		case want.Method == "" && binlogWhy == "":
			plan.Capture.Method, plan.Why = providers.Binlog, "the source writes a binary log that holds every change of every row"
		case want.Method == "" && f.grants.has("TRIGGER", c.database, "") && keyed(want):
			plan.Capture.Method, plan.Why = providers.Trigger, "the binary log can't be followed ("+binlogWhy+"), so triggers note the keys of changed rows"
			f.list = nil
		case want.Method == "":
			plan.Capture.Method, plan.Why = providers.Binlog, "it is the method that misses nothing, once the source allows it"
		default:
			plan.Why = "the configuration names it"
		}
		switch plan.Capture.Method {
		case providers.Binlog:
			plan.Start = "read the source's binary log from where it stands"
			if err := c.planCascades(ctx, s, &plan.Capture); err != nil {
				return err
			}
		case providers.Trigger:
			if err := c.planTriggers(ctx, s, &f, &plan); err != nil {
				return err
			}
		case providers.Polling:
			if err := c.planPolling(ctx, s, &f, &plan); err != nil {
				return err
			}
		default:
			return fmt.Errorf("%s has no capture method %q: binlog, trigger and polling are there", c.server.system, plan.Capture.Method)
		}
		plan.Findings = f.list
		return nil
	})
	if err != nil {
		return plan, fmt.Errorf("plan the capture of changes: %w", err)
	}
	return plan, nil
}

func keyed(want providers.Capture) bool {
	return !slices.ContainsFunc(want.Tables, func(t providers.CaptureTable) bool { return len(t.Table.Key) == 0 })
}

// binlog looks for the settings and privileges that following the log needs.
func (f *findings) binlog(ctx context.Context, s *session, c *Conn, want providers.Capture) error {
	rows, err := s.query(ctx, "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('log_bin', 'binlog_format', 'binlog_row_image', 'binlog_row_metadata', 'binlog_row_value_options', 'gtid_mode', 'log_slave_updates', 'log_replica_updates')")
	if err != nil {
		return err
	}
	v := map[string]string{}
	for _, r := range rows {
		v[r[0]] = strings.ToUpper(r[1])
	}
	if v["log_bin"] != "ON" && v["log_bin"] != "1" {
		f.add(true, "log_bin = binlog\nbinlog_format = ROW\nbinlog_row_metadata = FULL", "the server writes no binary log: set log_bin in its configuration file and start it anew")
		return nil
	}
	if format := v["binlog_format"]; format != "" && format != "ROW" {
		f.add(true, "SET GLOBAL binlog_format = 'ROW'", "binlog_format is %s: the log holds statements in place of rows; sessions that are open keep their setting", format)
	}
	if image := v["binlog_row_image"]; image != "" && image != "FULL" {
		f.add(true, "SET GLOBAL binlog_row_image = 'FULL'", "binlog_row_image is %s: the log lacks columns of changed rows; sessions that are open keep their setting", image)
	}
	if meta := v["binlog_row_metadata"]; meta != "FULL" {
		f.add(true, "SET GLOBAL binlog_row_metadata = 'FULL'", "binlog_row_metadata is %s: the log lacks the names of columns and the labels of enums", meta)
	}
	if strings.Contains(v["binlog_row_value_options"], "PARTIAL_JSON") {
		f.add(true, "SET GLOBAL binlog_row_value_options = ''", "binlog_row_value_options is PARTIAL_JSON: the log holds parts of JSON only; sessions that are open keep their setting")
	}
	if mode := v["gtid_mode"]; !c.server.mariadb() && mode != "ON" {
		var sets []string
		steps := []string{"OFF", "OFF_PERMISSIVE", "ON_PERMISSIVE", "ON"}
		if i := slices.Index(steps, mode); i < 2 {
			sets = append(sets, "SET GLOBAL enforce_gtid_consistency = WARN", "SET GLOBAL enforce_gtid_consistency = ON")
		}
		for _, m := range steps[max(slices.Index(steps, mode), 0)+1:] {
			sets = append(sets, "SET GLOBAL gtid_mode = "+m)
		}
		f.add(true, strings.Join(sets, "; "), "gtid_mode is %s: without GTIDs a place in the log can't be told after a failover; it can be turned on step by step while the server runs", mode)
	}
	if !f.grants.has("REPLICATION SLAVE", "", "") && !f.grants.has("REPLICATION REPLICA", "", "") {
		f.add(true, f.grants.statement("REPLICATION SLAVE", "*.*"), "the binary log can't be read: REPLICATION SLAVE is missing")
	}
	if !c.mayAskLog(f.grants) {
		f.add(false, f.grants.statement("REPLICATION CLIENT", "*.*"), "without REPLICATION CLIENT nobody can say how far behind the sync is, in bytes")
		return nil
	}
	rows, err = s.query(ctx, c.logStatement())
	if err != nil || len(rows) == 0 {
		return err
	}
	only, never := splitList(rows[0][2]), splitList(rows[0][3])
	for _, t := range want.Tables {
		database := c.databaseOf(t.Table.Name)
		if len(only) > 0 && !slices.Contains(only, database) || slices.Contains(never, database) {
			f.add(true, "", "the server's binlog-do-db or binlog-ignore-db keeps database %s out of the log: change that in its configuration file", database)
			break
		}
	}
	return nil
}

func splitList(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

func (c *Conn) mayAskLog(g *grants) bool {
	return g.has("REPLICATION CLIENT", "", "") || g.has("SUPER", "", "") || g.has("BINLOG MONITOR", "", "")
}

func (c *Conn) logStatement() string {
	if !c.server.mariadb() && c.server.num >= 80200 {
		return "SHOW BINARY LOG STATUS"
	}
	return "SHOW MASTER STATUS"
}

// errMethod is an impossible case.
func errMethod(method string) error {
	return errors.New("bug in syncform: no capture method " + method)
}

// StartCapture reads where the source stands.
func (c *Conn) StartCapture(ctx context.Context, capture providers.Capture) (start providers.CaptureStart, err error) {
	switch capture.Method {
	case providers.Binlog:
		start, err = c.startBinlog(ctx)
	case providers.Trigger:
		start, err = c.startTriggers(ctx, capture)
	case providers.Polling:
		start, err = c.startPolling(ctx, capture)
	default:
		err = errMethod(capture.Method)
	}
	if err != nil {
		return start, fmt.Errorf("fix where the capture of changes begins: %w", err)
	}
	return start, nil
}

// Floor is what a snapshot must hold for a table that joins a capture now.
func (c *Conn) Floor(ctx context.Context, capture providers.Capture) (string, error) {
	if capture.Method != providers.Binlog {
		// Making a trigger waits for the transactions that have used the table.
		return "", nil
	}
	start, err := c.StartCapture(ctx, capture)
	return start.Floor, err
}

// AwaitVisible waits until a read sees the stream's transactions up to at. Triggers' log
// is read as the tables are: what it has brought can be seen.
func (c *Conn) AwaitVisible(ctx context.Context, capture providers.Capture, at row.Position) error {
	if capture.Method != providers.Binlog {
		return nil
	}
	p, _, err := c.readBinlogPosition(at)
	if err != nil {
		return err
	}
	return c.awaitFloors(ctx, []string{p.GTID})
}

// AwaitSent waits until a read sees the stream's transactions up to at. Within one that is
// larger than a batch it does not wait.
func (c *Conn) AwaitSent(ctx context.Context, capture providers.Capture, at row.Position) error {
	if at == "" {
		return nil
	}
	return c.AwaitVisible(ctx, capture, at)
}

// Current is a position behind all that can be seen.
func (c *Conn) Current(ctx context.Context, capture providers.Capture) (p row.Position, err error) {
	switch capture.Method {
	case providers.Binlog:
		p, err = c.currentBinlog(ctx)
	case providers.Trigger:
		p, err = c.currentTriggers(ctx, capture.Sync)
	case providers.Polling:
		p, err = c.currentPolling(ctx)
	default:
		err = errMethod(capture.Method)
	}
	if err != nil {
		return "", fmt.Errorf("ask how far the source is: %w", err)
	}
	return p, nil
}

// Reached compares two positions of one method.
func (c *Conn) Reached(at, goal row.Position) (bool, error) {
	a, err := methodOf(at)
	if err != nil {
		return false, err
	}
	g, err := methodOf(goal)
	if err != nil {
		return false, err
	}
	switch {
	case a != g:
		return false, fmt.Errorf("a position of %s can't be compared with one of %s", a, g)
	case a == providers.Binlog:
		_, have, err := c.readBinlogPosition(at)
		if err != nil {
			return false, err
		}
		_, want, err := c.readBinlogPosition(goal)
		return err == nil && have.contains(want), err
	case a == providers.Trigger:
		return reachedTriggers(at, goal)
	}
	return reachedPolling(at, goal)
}

// methodOf tells the method by what a position holds.
func methodOf(p row.Position) (string, error) {
	switch {
	case strings.HasPrefix(string(p), `{"server":`):
		return providers.Binlog, nil
	case strings.HasPrefix(string(p), `{"change":`):
		return providers.Trigger, nil
	case strings.HasPrefix(string(p), `{"poll":`):
		return providers.Polling, nil
	}
	return "", errors.New("the position is not one of MySQL or MariaDB")
}

// Follow streams the changes behind from.
func (c *Conn) Follow(ctx context.Context, capture providers.Capture, from row.Position, newCollector func(position func() row.Position) *row.Collector) (err error) {
	switch capture.Method {
	case providers.Binlog:
		err = c.followBinlog(ctx, capture, from, newCollector)
	case providers.Trigger:
		err = c.followTriggers(ctx, capture, from, newCollector)
	case providers.Polling:
		err = c.followPolling(ctx, capture, from, newCollector)
	default:
		err = errMethod(capture.Method)
	}
	return classify(contextError(ctx, err))
}

// Retained says how much of the log lies behind a position.
func (c *Conn) Retained(ctx context.Context, capture providers.Capture, at row.Position) (providers.Retained, error) {
	unknown := providers.Retained{Bytes: -1}
	switch capture.Method {
	case providers.Binlog:
		return c.retainedBinlog(ctx, at)
	case providers.Trigger:
		return c.retainedTriggers(ctx)
	}
	return unknown, nil
}
