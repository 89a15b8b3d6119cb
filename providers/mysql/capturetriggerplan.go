package mysql

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// changeLog is the table that triggers write to: a row for each row that was changed, by
// its key; and one that marks which log it is, and one for each mark that Current made.
const changeLog = "_change_log"

const changeLogDDL = "CREATE TABLE IF NOT EXISTS " + changeLog + " (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, sync VARCHAR(255) NOT NULL, table_name VARCHAR(129) NOT NULL, operation CHAR(1) NOT NULL," +
	" row_key LONGTEXT, before_values LONGTEXT, changed_at DATETIME(6) NOT NULL, KEY (sync)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"

// The operations in the log.
const (
	noteInsert = "I"
	noteUpdate = "U"
	noteDelete = "D"
	noteMark   = "M" // Current's: what was committed before it was, has been
	noteLog    = "L" // the log's own: row_key says which log it is, before_values up to which drain it was pruned
)

// triggerPrefix begins the names of the triggers that note changes.
const triggerPrefix = "_sync_capture_"

// noted writes a column of OLD or NEW so that neither the session's settings nor the
// column's type bend it: hexadecimal digits, or ~ for NULL.
func noted(row string, c providers.ReadColumn) string {
	v := row + "." + ident(c.Name)
	switch c.Type.Kind {
	case schema.Binary, schema.Varbinary, schema.Blob:
	case schema.Geometry:
		v = "CAST(" + v + " AS BINARY)"
	case schema.Bit:
		v = "CAST(" + v + " + 0 AS CHAR)"
	case schema.TimestampTZ:
		v = "CAST(UNIX_TIMESTAMP(" + v + ") AS CHAR)" // whatever the session's time zone
	case schema.Float:
		v = "CAST(" + v + " + 0e0 AS CHAR)"
	default:
		v = "CONVERT(CAST(" + v + " AS CHAR) USING utf8mb4)"
		if c.Type.IsText() {
			v = "CONVERT(" + row + "." + ident(c.Name) + " USING utf8mb4)"
		}
	}
	return "IFNULL(HEX(" + v + "), '~')"
}

func notedAll(row string, columns []providers.ReadColumn) string {
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = noted(row, c)
	}
	return "CONCAT_WS('.', " + strings.Join(parts, ", ") + ")"
}

// keyColumns are the columns of a table's key, as they are read.
func keyColumns(t providers.ReadTable) (columns []providers.ReadColumn, err error) {
	for _, name := range t.Key {
		i := slices.IndexFunc(t.Columns, func(c providers.ReadColumn) bool { return c.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("bug in syncform: the key's column %q of table %s is not read", name, t.Name)
		}
		columns = append(columns, t.Columns[i])
	}
	return columns, nil
}

// captureTrigger is one trigger.
type captureTrigger struct {
	name, table schema.Name
	event       string
	body        string
}

// logName is how the log calls a table.
func (c *Conn) logName(n schema.Name) string { return c.databaseOf(n) + "." + n.Name }

// triggersOf gives the triggers of one table. Their names change with what they do, so
// that new ones can be made before the old ones go.
func (c *Conn) triggersOf(capture providers.Capture, t providers.CaptureTable) ([]captureTrigger, error) {
	key, err := keyColumns(t.Table)
	if err != nil {
		return nil, err
	}
	note := func(op, rowKey, before string) string {
		return "INSERT INTO " + ident(c.database) + "." + changeLog + " (sync, table_name, operation, row_key, before_values, changed_at) VALUES (" +
			strings.Join([]string{literal(capture.Sync), literal(c.logName(t.Table.Name)), literal(op), rowKey, before, "UTC_TIMESTAMP(6)"}, ", ") + ")"
	}
	before := "NULL"
	if capture.Before || t.FullImages {
		before = notedAll("OLD", t.Table.Columns)
	}
	was, is := notedAll("OLD", key), notedAll("NEW", key)
	// Where the log is gone the user's write goes on, and following stops.
	begin := "BEGIN DECLARE CONTINUE HANDLER FOR 1146 BEGIN END; "
	bodies := map[string]string{
		"INSERT": begin + note(noteInsert, is, "NULL") + "; END",
		"UPDATE": begin + "IF " + was + " <> " + is + " THEN " + note(noteDelete, was, before) + "; END IF; " + note(noteUpdate, is, before) + "; END",
		"DELETE": begin + note(noteDelete, was, before) + "; END",
	}
	var all []captureTrigger
	for _, event := range []string{"INSERT", "UPDATE", "DELETE"} {
		all = append(all, captureTrigger{
			name:  schema.Name{Schema: t.Table.Name.Schema, Name: triggersOfSync(capture.Sync) + digest(c.logName(t.Table.Name), event, bodies[event])},
			table: t.Table.Name, event: event, body: bodies[event],
		})
	}
	return all, nil
}

// triggersOfSync begins the names of a sync's triggers. (What the server shows of a
// trigger's text it may have written anew.)
func triggersOfSync(sync string) string { return triggerPrefix + digest(sync) }

func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:8])
}

func (t captureTrigger) there() string {
	return exists("TRIGGERS", inTriggers(t.name))
}

func inTriggers(n schema.Name) string {
	database := "DATABASE()"
	if n.Schema != "" {
		database = literal(n.Schema)
	}
	return "TRIGGER_SCHEMA = " + database + " AND " + same("TRIGGER_NAME", n.Name)
}

// planTriggers plans a capture by triggers.
func (c *Conn) planTriggers(ctx context.Context, s *session, f *findings, plan *providers.CapturePlan) error {
	capture := &plan.Capture
	plan.Start = "note in " + changeLog + " where the capture begins"
	step := func(text, done string) {
		plan.Steps = append(plan.Steps, providers.Step{Text: text, Done: "SELECT " + done, LockTimeout: lockTimeout})
	}
	if !f.grants.has("CREATE", c.database, changeLog) || !f.grants.has("INSERT", c.database, changeLog) || !f.grants.has("DELETE", c.database, changeLog) || !f.grants.has("UPDATE", c.database, changeLog) {
		f.add(true, f.grants.statement("CREATE, SELECT, INSERT, UPDATE, DELETE", ident(c.database)+"."+changeLog), "the table %s, where triggers note changes, can't be made and written to", changeLog)
	}
	if err := c.planCascades(ctx, s, capture); err != nil {
		return err
	}
	there, err := s.query(ctx, "SELECT "+tableThere(schema.Name{Name: changeLog}))
	if err != nil {
		return err
	}
	if there[0][0] != "1" {
		step(changeLogDDL, tableThere(schema.Name{Name: changeLog}))
	}
	made, _, err := c.madeTriggers(ctx, s, capture.Sync)
	if err != nil {
		return err
	}
	shown, err := c.shownTriggers(ctx, s, capture.Sync)
	if err != nil {
		return err
	}
	wanted := map[string]bool{}
	for _, t := range capture.Tables {
		if len(t.Table.Key) == 0 {
			f.add(true, "", "table %s has no key, by which triggers note rows: give it one, or name one in the mapping", t.Table.Name)
			continue
		}
		if !f.grants.has("TRIGGER", c.databaseOf(t.Table.Name), t.Table.Name.Name) {
			f.add(true, f.grants.statement("TRIGGER", ident(c.databaseOf(t.Table.Name))+"."+ident(t.Table.Name.Name)), "no triggers can be made on table %s: TRIGGER is missing", t.Table.Name)
		}
		triggers, err := c.triggersOf(*capture, t)
		if err != nil {
			return err
		}
		for _, one := range triggers {
			wanted[one.name.Name] = true
			is, there := shown[schema.Name{Schema: c.databaseOf(one.name), Name: one.name.Name}]
			other := false
			if there {
				if other, err = c.exchanged(ctx, s, one, is); err != nil {
					return err
				}
			}
			if other {
				step("DROP TRIGGER "+tableIdent(one.name), "NOT "+exists("TRIGGERS", inTriggers(one.name)+" AND CAST(ACTION_STATEMENT AS BINARY) = CAST("+literal(is.text)+" AS BINARY)"))
			}
			if !there || other {
				step("CREATE TRIGGER "+tableIdent(one.name)+" AFTER "+one.event+" ON "+tableIdent(one.table)+" FOR EACH ROW "+one.body, one.there())
			}
		}
	}
	f.add(false, "", "triggers don't see TRUNCATE TABLE: where a table is emptied so, load it anew with apply -replace")
	if err := f.triggerRights(ctx, s); err != nil {
		return err
	}
	plan.Steps = append(plan.Steps, dropTriggers(made, wanted)...)
	return nil
}

// triggerRights looks for what making triggers needs where the server writes a log.
func (f *findings) triggerRights(ctx context.Context, s *session) error {
	rows, err := s.query(ctx, "SELECT @@GLOBAL.log_bin, @@GLOBAL.log_bin_trust_function_creators")
	if err != nil {
		return err
	}
	if rows[0][0] == "1" && rows[0][1] != "1" && !f.grants.has("SUPER", "", "") {
		f.add(true, "SET GLOBAL log_bin_trust_function_creators = ON", "the server writes a binary log and lets only users with SUPER make triggers")
	}
	return nil
}

// madeTriggers lists the triggers of a sync that are there, and says whether any other
// sync has some.
func (c *Conn) madeTriggers(ctx context.Context, s *session, sync string) (made []schema.Name, others bool, err error) {
	rows, err := s.query(ctx, "SELECT TRIGGER_SCHEMA, TRIGGER_NAME, ACTION_STATEMENT FROM information_schema.TRIGGERS WHERE TRIGGER_NAME LIKE '\\_sync\\_capture\\_%' ORDER BY 1, 2")
	if err != nil {
		return nil, false, err
	}
	for _, r := range rows {
		switch {
		case !strings.Contains(r[2], "INSERT INTO "+ident(c.database)+"."+changeLog+" "): // another database's log
		case strings.HasPrefix(r[1], triggersOfSync(sync)):
			made = append(made, schema.Name{Schema: r[0], Name: r[1]})
		default:
			others = true
		}
	}
	return made, others, nil
}

// dropTriggers gives the steps that drop those of made that are not wanted.
func dropTriggers(made []schema.Name, wanted map[string]bool) (steps []providers.Step) {
	for _, n := range made {
		if !wanted[n.Name] {
			steps = append(steps, providers.Step{Text: "DROP TRIGGER " + tableIdent(n), Done: "SELECT NOT " + exists("TRIGGERS", inTriggers(n)), LockTimeout: lockTimeout})
		}
	}
	return steps
}

// teardownTriggers drops what a capture by triggers has left, also a trigger that somebody
// exchanged.
func (c *Conn) teardownTriggers(ctx context.Context, s *session, capture providers.Capture) ([]providers.Step, error) {
	sync := capture.Sync
	made, others, err := c.madeTriggers(ctx, s, sync)
	if err != nil {
		return nil, err
	}
	shown, err := c.shownTriggers(ctx, s, sync)
	if err != nil {
		return nil, err
	}
	for _, t := range capture.Tables {
		if len(t.Table.Key) == 0 {
			continue
		}
		triggers, err := c.triggersOf(capture, t)
		if err != nil {
			return nil, err
		}
		for _, one := range triggers {
			n := schema.Name{Schema: c.databaseOf(one.name), Name: one.name.Name}
			if _, there := shown[n]; there && !slices.Contains(made, n) {
				made = append(made, n)
			}
		}
	}
	steps := dropTriggers(made, nil)
	rows, err := s.query(ctx, "SELECT 1 WHERE "+tableThere(schema.Name{Name: changeLog}))
	if err != nil || len(rows) == 0 {
		return steps, err
	}
	if others {
		return append(steps, providers.Step{Text: "DELETE FROM " + changeLog + " WHERE sync = " + literal(sync), Done: "SELECT NOT EXISTS (SELECT 1 FROM " + changeLog + " WHERE sync = " + literal(sync) + ")"}), nil
	}
	return append(steps, providers.Step{Text: "DROP TABLE " + changeLog, Done: "SELECT NOT " + tableThere(schema.Name{Name: changeLog}), LockTimeout: lockTimeout}), nil
}
