package sqlite

import (
	"errors"
	"fmt"

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

// checkTriggers reports whether every table that is followed has its triggers: what was
// changed without them nobody knows.
func checkTriggers(db *sqlite.Conn, c providers.Capture) error {
	rows, err := all(db, "SELECT name, tbl_name FROM sqlite_schema WHERE type = 'trigger' AND name LIKE ? || '%'", triggersOfSync(c.Sync))
	if err != nil {
		return err
	}
	there := map[string]string{}
	for _, r := range rows {
		there[r[0]] = r[1]
	}
	for _, t := range c.Tables {
		prefix := triggersOfTable(c.Sync, t.Table.Name.Name)
		names := []string{"insert", "update", "delete"}
		if !c.Deletes {
			names = names[:2]
		}
		for _, suffix := range names {
			switch on, ok := there[prefix+suffix]; {
			case !ok:
				return gap("table %s of the source has lost the triggers that note its changes (it was made anew, or somebody dropped them), so some may not have been noted", t.Table.Name)
			case lower(on) != lower(t.Table.Name.Name):
				return gap("table %s of the source is called %s now", t.Table.Name, on)
			}
		}
	}
	return nil
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
	return checkTriggers(db, c)
}
