package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"zombiezen.com/go/sqlite"

	"github.com/syncform/syncform/providers"
)

func gap(format string, args ...any) error {
	return &providers.GapError{Reason: fmt.Sprintf(format, args...)}
}

func asGap(err error) (*providers.GapError, bool) {
	var g *providers.GapError
	return g, errors.As(err, &g)
}

// checkLog reports whether the log is there.
func checkLog(db *sqlite.Conn) error {
	rows, err := all(db, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", changeLog)
	if err == nil && len(rows) == 0 {
		err = gap("the source's table %s, in which its changes stand, is gone", changeLog)
	}
	return err
}

// missed names the tables whose triggers are not those that were made: what was changed
// without them nobody knows. That a table is another since it was made is of no account, as
// long as its triggers are there.
func missed(db *sqlite.Conn, c providers.Capture) (list []providers.MissedTable, err error) {
	rows, err := all(db, "SELECT name, tbl_name, sql FROM sqlite_schema WHERE type = 'trigger' AND name LIKE ? || '%'", triggersOfSync(c.Sync))
	if err != nil {
		return nil, err
	}
	there := map[string][]string{}
	for _, r := range rows {
		there[r[0]] = r[1:]
	}
	for _, t := range c.Tables {
		why, err := missedWhy(db, c, t, there)
		if err != nil {
			return nil, err
		}
		if why != "" {
			list = append(list, providers.MissedTable{Table: t.Table.Name, Why: why})
		}
	}
	return list, nil
}

func missedWhy(db *sqlite.Conn, c providers.Capture, t providers.CaptureTable, there map[string][]string) (string, error) {
	name := t.Table.Name
	prefix := triggersOfTable(c.Sync, name.Name)
	var made []trigger
	for trig, of := range there {
		if !strings.HasPrefix(trig, prefix) {
			continue
		}
		if lower(of[0]) != lower(name.Name) {
			return fmt.Sprintf("table %s of the source is called %s now", name, of[0]), nil
		}
		made = append(made, trigger{trig, of[1]})
	}
	facts, err := all(db, "SELECT name FROM pragma_table_info(?)", name.Name)
	if err != nil {
		return "", err
	}
	if len(facts) == 0 {
		return fmt.Sprintf("the source's table %s is gone", name), nil
	}
	for _, k := range t.Table.Key {
		if !slices.ContainsFunc(facts, func(r []string) bool { return r[0] == k }) {
			return fmt.Sprintf("table %s of the source has no column %q any more, which is of its key", name, k), nil
		}
	}
	names := []string{"insert", "update", "delete"}
	if !c.Deletes {
		names = names[:2]
	}
	for _, suffix := range names {
		if there[prefix+suffix] == nil {
			return fmt.Sprintf("table %s of the source has lost the triggers that note its changes (it was made anew, or somebody dropped them), so some may not have been noted", name), nil
		}
	}
	if t.Made != "" && t.Made != textsOf(made) {
		return fmt.Sprintf("the triggers that note changes of table %s of the source are not those that syncform made: somebody exchanged or dropped one, and changes may not have been noted since", name), nil
	}
	return "", nil
}

// textsOf is a hash of triggers.
func textsOf(triggers []trigger) string {
	texts := make([]string, len(triggers))
	for i, t := range triggers {
		texts[i] = t.sql
	}
	slices.Sort(texts)
	return short(strings.Join(texts, "\x00"))
}

// Missed names the tables whose triggers are not those that were made.
func (c *Conn) Missed(ctx context.Context, capture providers.Capture) (list []providers.MissedTable, err error) {
	if capture.Method == providers.Polling {
		return nil, nil
	}
	err = c.reading(ctx, func(db *sqlite.Conn) error {
		list, err = missed(db, capture)
		return err
	})
	return list, err
}

// checkContinuity proves that nothing is missing between a position and the log's end.
func checkContinuity(db *sqlite.Conn, c providers.Capture, at position) error {
	if err := checkLog(db); err != nil {
		return err
	}
	rows, err := all(db, "SELECT nonce = ? FROM _change_log WHERE id = ? AND sync = ?", at.Nonce, at.ID, c.Sync)
	if err != nil {
		return err
	}
	if len(rows) == 0 || rows[0][0] != "1" {
		return gap("the source's log of changes does not have the entry up to which changes were applied (%d): the file was restored or replaced, or the log was emptied", at.ID)
	}
	return nil
}
