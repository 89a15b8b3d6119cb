package sqlite

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// changeLog is the table in a source into which triggers note the keys of rows that
// changed. Its id is never used again, for who prunes it leaves the last entry: so it
// needs no AUTOINCREMENT, whose table would stay behind. k1, k2, ... hold the key, and
// o1, o2, ... the one before, where an UPDATE changed it.
const changeLog = "_change_log"

// logKeys is how many columns of a key the log has from the beginning.
const logKeys = 4

func changeLogSQL() string {
	sql := `CREATE TABLE "_change_log" (id INTEGER PRIMARY KEY, nonce INTEGER NOT NULL, sync TEXT NOT NULL, table_name TEXT NOT NULL, operation TEXT NOT NULL, changed_at TEXT NOT NULL`
	for i := range logKeys {
		sql += ", k" + number(i+1) + ", o" + number(i+1)
	}
	return sql + ")"
}

// The operations in the log.
const (
	logInsert = "I"
	logUpdate = "U"
	logRekey  = "K" // an UPDATE that changed the key
	logDelete = "D"
	logTouch  = "T" // a row that a REPLACE may take away, which fires no trigger
	logStart  = "S" // where a capture began
)

// captureTrigger begins the names of the triggers that note changes.
const captureTrigger = "_sync_capture_"

func isCaptureTrigger(name string) bool { return strings.HasPrefix(lower(name), captureTrigger) }

// triggersOfSync begins the names of the triggers of one sync, and triggersOfTable those
// for one table.
func triggersOfSync(sync string) string { return captureTrigger + short(sync) + "_" }

func triggersOfTable(sync, table string) string {
	return triggersOfSync(sync) + short(lower(table)) + "_"
}

func short(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:5])
}

// trigger is one CREATE TRIGGER, as SQLite keeps it.
type trigger struct{ name, sql string }

// captureTriggers makes the triggers of a table. They run for each row, in the
// transaction of who changes it.
func captureTriggers(sync string, t *schema.Table, key []string, deletes bool) []trigger {
	prefix := triggersOfTable(sync, t.Name.Name)
	var list []trigger
	add := func(suffix, event, body string) {
		name := prefix + suffix
		list = append(list, trigger{name, "CREATE TRIGGER " + ident(name) + " " + event + " ON " + ident(t.Name.Name) + " BEGIN " + body + "; END"})
	}
	into := func(columns ...string) string {
		return `INSERT INTO "_change_log" (nonce, sync, table_name, operation, changed_at, ` + strings.Join(columns, ", ") + ") "
	}
	what := func(op string) string {
		return "random(), " + quoteText(sync) + ", " + quoteText(t.Name.Name) + ", " + op + ", strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), "
	}
	var k, o []string
	var changed []string
	for i, c := range key {
		k, o = append(k, "k"+number(i+1)), append(o, "o"+number(i+1))
		// Letters that the column's collation takes for the same are another key elsewhere.
		changed = append(changed, "(OLD."+ident(c)+" COLLATE BINARY) IS NOT NEW."+ident(c))
	}
	of := func(row string) string {
		list := make([]string, len(key))
		for i, c := range key {
			list[i] = row + "." + ident(c)
		}
		return strings.Join(list, ", ")
	}
	add("insert", "AFTER INSERT", into(k...)+"VALUES ("+what("'"+logInsert+"'")+of("NEW")+")")
	differs := strings.Join(changed, " OR ")
	add("update", "AFTER UPDATE", into(append(slices.Clone(k), o...)...)+"VALUES ("+what("CASE WHEN "+differs+" THEN '"+logRekey+"' ELSE '"+logUpdate+"' END")+of("NEW")+", "+of("OLD")+")")
	if deletes {
		add("delete", "AFTER DELETE", into(k...)+"VALUES ("+what("'"+logDelete+"'")+of("OLD")+")")
	}
	value := func(column string) string {
		if t.Column(column) == nil {
			return ""
		}
		return "NEW." + ident(column)
	}
	var touch []string
	for _, u := range uniqueKeys(t) {
		if u.plain && sameSet(u.columns, key) {
			continue
		}
		touch = append(touch, into(k...)+"SELECT "+what("'"+logTouch+"'")+idents(key)+" FROM "+ident(t.Name.Name)+" WHERE "+u.collides(key, value))
	}
	if len(touch) > 0 {
		add("before_insert", "BEFORE INSERT", strings.Join(touch, "; "))
		add("before_update", "BEFORE UPDATE", strings.Join(touch, "; "))
	}
	return list
}
