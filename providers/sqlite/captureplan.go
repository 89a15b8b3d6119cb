package sqlite

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// PlanCapture plans the log of changes and each table's triggers.
func (c *Conn) PlanCapture(ctx context.Context, want providers.Capture, have *providers.Capture) (p providers.CapturePlan, err error) {
	p.Capture = want
	if want.Method == "" {
		p.Capture.Method = providers.Trigger
	}
	switch p.Capture.Method {
	case providers.Trigger:
	case providers.Polling:
		return p, c.reading(ctx, func(db *sqlite.Conn) error { return planPolling(db, &p) })
	default:
		return p, fmt.Errorf("SQLite's changes are captured by %q or %q, not by %q", providers.Trigger, providers.Polling, p.Capture.Method)
	}
	p.Why = "SQLite has no log that another process can read, so triggers note the keys of changed rows in the table " + changeLog
	p.Start = "INSERT INTO " + changeLog + ": a mark, behind which every change is in the stream"
	if want.Before {
		p.Findings = append(p.Findings, providers.Finding{Fatal: true, Text: "capture_before_values is not there for SQLite, whose log holds keys only", Fix: "leave capture_before_values out"})
	}
	if want.MaxRetained > 0 && want.OnExceed == "drop_slot" {
		p.Findings = append(p.Findings, providers.Finding{Text: "SQLite has no slot to drop: past max_retained_wal there will be warnings"})
	}
	// Triggers and their log are written into the file.
	findings, err := c.Preflight(ctx, providers.Preflight{Write: []schema.Name{{Name: changeLog}}})
	if err != nil {
		return p, err
	}
	p.Findings = append(p.Findings, findings...)
	err = c.reading(ctx, func(db *sqlite.Conn) error {
		steps, findings, err := planTriggers(db, &p.Capture)
		p.Steps, p.Findings = steps, append(p.Findings, findings...)
		return err
	})
	return p, err
}

// planTriggers gives the steps that are missing. Triggers of ours that are not wanted
// any more go; the names are made of the sync's, and nobody else's are like that.
func planTriggers(db *sqlite.Conn, c *providers.Capture) (steps []providers.Step, findings []providers.Finding, err error) {
	add := func(done string, statements ...string) {
		steps = append(steps, providers.Step{Text: script(statements).String(), Done: "SELECT " + done})
	}
	columns, err := all(db, "SELECT name FROM pragma_table_info(?)", changeLog)
	if err != nil {
		return nil, nil, err
	}
	if len(columns) == 0 {
		add("EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '_change_log')", changeLogSQL())
	} else if !slices.ContainsFunc(columns, func(r []string) bool { return r[0] == "nonce" }) {
		return nil, nil, fmt.Errorf("there is a table %s that is not syncform's: rename it, or drop it", changeLog)
	}
	widest := logKeys
	wanted := map[string]bool{}
	there, err := all(db, "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND name LIKE ? || '%'", triggersOfSync(c.Sync))
	if err != nil {
		return nil, nil, err
	}
	for i, t := range c.Tables {
		name := t.Table.Name
		if len(t.Table.Key) == 0 {
			findings = append(findings, providers.Finding{Fatal: true, Text: fmt.Sprintf("table %s has no key by which triggers could note its rows", name), Fix: "name one in the mapping (key = [...])"})
			continue
		}
		_, table, err := factsOf(db, name)
		if err != nil {
			return nil, nil, err
		}
		for widest < len(t.Table.Key) {
			widest++
			k := number(widest)
			if slices.ContainsFunc(columns, func(r []string) bool { return r[0] == "k"+k }) {
				continue
			}
			add("EXISTS (SELECT 1 FROM pragma_table_info('_change_log') WHERE name = 'o"+k+"')",
				`ALTER TABLE "_change_log" ADD COLUMN k`+k, `ALTER TABLE "_change_log" ADD COLUMN o`+k)
		}
		triggers := captureTriggers(c.Sync, table, t.Table.Key, c.Deletes)
		c.Tables[i].Made = textsOf(triggers)
		var texts []string
		var s script
		missing := false
		for _, r := range there {
			if strings.HasPrefix(r[0], triggersOfTable(c.Sync, name.Name)) {
				wanted[r[0]] = true
			}
			if strings.HasPrefix(r[0], triggersOfTable(c.Sync, name.Name)) && !slices.ContainsFunc(triggers, func(x trigger) bool { return x.name == r[0] }) {
				s.add("DROP TRIGGER IF EXISTS " + ident(r[0]))
				missing = true
			}
		}
		for _, x := range triggers {
			texts = append(texts, quoteText(x.sql))
			missing = missing || !slices.ContainsFunc(there, func(r []string) bool { return r[0] == x.name && r[1] == x.sql })
			s.add("DROP TRIGGER IF EXISTS " + ident(x.name))
		}
		if !missing {
			continue
		}
		for _, x := range triggers {
			s.add(x.sql)
		}
		add(fmt.Sprintf("(SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND sql IN (%s)) = %d AND (SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND name LIKE %s) = %[2]d",
			strings.Join(texts, ", "), len(triggers), quoteText(triggersOfTable(c.Sync, name.Name)+"%")), s...)
	}
	for _, r := range there {
		if !wanted[r[0]] {
			add("NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'trigger' AND name = "+quoteText(r[0])+")", "DROP TRIGGER IF EXISTS "+ident(r[0]))
		}
	}
	return steps, findings, nil
}

// PlanTeardown drops the sync's triggers, its part of the log, and the log with the last
// sync's.
func (c *Conn) PlanTeardown(ctx context.Context, capture providers.Capture) (steps []providers.Step, err error) {
	if capture.Method == providers.Polling {
		return nil, nil
	}
	err = c.reading(ctx, func(db *sqlite.Conn) error {
		steps = nil
		triggers, err := all(db, "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name LIKE ? || '%' ORDER BY name", triggersOfSync(capture.Sync))
		if err != nil {
			return err
		}
		if len(triggers) > 0 {
			var s script
			for _, r := range triggers {
				s.add("DROP TRIGGER IF EXISTS " + ident(r[0]))
			}
			steps = append(steps, providers.Step{Text: s.String(), Done: "SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'trigger' AND name LIKE " + quoteText(triggersOfSync(capture.Sync)+"%") + ")"})
		}
		there, err := all(db, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", changeLog)
		if err != nil || len(there) == 0 {
			return err
		}
		others, err := all(db, "SELECT 1 FROM sqlite_schema WHERE type = 'trigger' AND name LIKE ? AND name NOT LIKE ? || '%' UNION ALL SELECT 1 FROM (SELECT 1 FROM _change_log WHERE sync <> ? LIMIT 1)", captureTrigger+"%", triggersOfSync(capture.Sync), capture.Sync)
		if err != nil {
			return err
		}
		if len(others) == 0 {
			steps = append(steps, providers.Step{Text: `DROP TABLE IF EXISTS "_change_log";`, Done: "SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '_change_log')"})
			return nil
		}
		mine := " FROM _change_log WHERE sync = " + quoteText(capture.Sync)
		steps = append(steps, providers.Step{Text: "DELETE" + mine + ";", Done: "SELECT NOT EXISTS (SELECT 1" + mine + ")"})
		return nil
	})
	return steps, err
}

// RunCaptureStep runs a step in one transaction, unless it is done.
func (c *Conn) RunCaptureStep(ctx context.Context, s providers.Step) (ran bool, err error) {
	err = c.transact(ctx, func(db *sqlite.Conn) error {
		ran = false
		done, err := one(db, s.Done)
		if err != nil || done[0] == "1" {
			return err
		}
		ran = true
		return sqlitex.ExecuteScript(db, s.Text, nil)
	})
	return ran && err == nil, err
}
