package mysql

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// Missed names the tables whose triggers are not those that were made.
func (c *Conn) Missed(ctx context.Context, capture providers.Capture) (list []providers.MissedTable, err error) {
	if capture.Method != providers.Trigger {
		return nil, nil
	}
	err = c.with(ctx, func(s *session) error {
		there, err := c.shownTriggers(ctx, s, capture.Sync)
		if err != nil {
			return err
		}
		for _, t := range capture.Tables {
			why, err := c.missedWhy(ctx, s, capture, t, there)
			if err != nil {
				return err
			}
			if why != "" {
				list = append(list, providers.MissedTable{Table: t.Table.Name, Why: why})
			}
		}
		return nil
	})
	return list, err
}

// shownTrigger is a trigger as the server has it.
type shownTrigger struct {
	table       schema.Name
	event, text string // the text may be written otherwise than it was made
}

// shownTriggers gives the triggers that have names of a sync's.
func (c *Conn) shownTriggers(ctx context.Context, s *session, sync string) (map[schema.Name]shownTrigger, error) {
	rows, err := s.query(ctx, "SELECT TRIGGER_SCHEMA, TRIGGER_NAME, EVENT_OBJECT_SCHEMA, EVENT_OBJECT_TABLE, CONCAT(ACTION_TIMING, ' ', EVENT_MANIPULATION), ACTION_STATEMENT FROM information_schema.TRIGGERS WHERE TRIGGER_NAME LIKE "+literal(strings.ReplaceAll(triggersOfSync(sync), "_", `\_`)+"%"))
	there := make(map[schema.Name]shownTrigger, len(rows))
	for _, r := range rows {
		there[schema.Name{Schema: r[0], Name: r[1]}] = shownTrigger{schema.Name{Schema: r[2], Name: r[3]}, r[4], r[5]}
	}
	return there, err
}

func (c *Conn) missedWhy(ctx context.Context, s *session, capture providers.Capture, t providers.CaptureTable, there map[schema.Name]shownTrigger) (string, error) {
	columns, err := s.query(ctx, "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE "+inTable("TABLE", t.Table.Name))
	if err != nil {
		return "", err
	}
	if len(columns) == 0 {
		return fmt.Sprintf("the source's table %s is gone", t.Table.Name), nil
	}
	for _, x := range t.Table.Columns {
		if !slices.ContainsFunc(columns, func(r []string) bool { return r[0] == x.Name }) {
			return fmt.Sprintf("the source's table %s has no column %q any more", t.Table.Name, x.Name), nil
		}
	}
	triggers, err := c.triggersOf(capture, t)
	if err != nil {
		return "", err
	}
	for _, one := range triggers {
		is, ok := there[schema.Name{Schema: c.databaseOf(one.name), Name: one.name.Name}]
		if !ok {
			return fmt.Sprintf("the trigger %s of table %s is gone: the table was made anew, or somebody dropped it, and changes were not noted since", one.name.Name, t.Table.Name), nil
		}
		exchanged, err := c.exchanged(ctx, s, one, is)
		if err != nil {
			return "", err
		}
		if exchanged {
			return fmt.Sprintf("the trigger %s of table %s is not the one that syncform made: somebody exchanged it, and changes may not have been noted since", one.name.Name, t.Table.Name), nil
		}
	}
	return "", nil
}

// exchanged reports whether a trigger is another than was made under its name.
func (c *Conn) exchanged(ctx context.Context, s *session, made captureTrigger, is shownTrigger) (bool, error) {
	switch {
	case is.event != "AFTER "+made.event || is.table.Name != made.table.Name && !strings.EqualFold(is.table.Name, made.table.Name):
		return true, nil
	case is.text == made.body:
		return false, nil
	}
	rows, err := s.query(ctx, "SHOW CREATE TRIGGER "+tableIdent(made.name)) // which has it as it was written
	if e := serverError(err); e != nil && e.Number == errNoTrigger {
		return true, nil
	}
	if err != nil || len(rows) == 0 || len(rows[0]) < 3 {
		return true, err
	}
	return !strings.HasSuffix(rows[0][2], made.body), nil
}
