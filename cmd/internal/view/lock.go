package view

import (
	"slices"
	"strings"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/ledger"
	"github.com/syncform/syncform/providers/schema"
)

// lock is what a step locks on a table that others use: the server's own name of it,
// and who waits meanwhile.
type lock struct {
	name  string
	waits string
	rank  int // the greater, the more wait
}

var (
	lockNone   = lock{}
	pgShared   = lock{"SHARE UPDATE EXCLUSIVE", "reads and writes go on", 1}
	pgForeign  = lock{"SHARE ROW EXCLUSIVE", "writes wait", 2}
	pgWrites   = lock{"SHARE", "writes wait", 2}
	pgAll      = lock{"ACCESS EXCLUSIVE", "reads and writes wait", 3}
	myInstant  = lock{"metadata lock", "held for an instant", 1}
	myOnline   = lock{"LOCK=NONE", "reads and writes go on", 1}
	myAny      = lock{"metadata lock", "writes wait if the server copies the table", 2}
	liteWrites = lock{"write lock on the file", "writes wait", 2}
)

// lockOf says what a statement of ours locks, by its own words.
func lockOf(sys schema.System, text string) lock {
	words := strings.ToUpper(strings.Join(strings.Fields(text), " "))
	begins := func(ps ...string) bool {
		for _, p := range ps {
			if strings.HasPrefix(words, p) {
				return true
			}
		}
		return false
	}
	if words == "" || begins("CREATE TABLE", "CREATE SCHEMA", "CREATE TYPE", "CREATE DOMAIN", "CREATE SEQUENCE", "ALTER SEQUENCE", "SELECT") {
		return lockNone
	}
	switch sys {
	case schema.PostgreSQL:
		return postgresLock(words, begins)
	case schema.SQLite:
		return liteWrites
	case schema.MySQL, schema.MariaDB:
		return mysqlLock(words, begins)
	}
	return lockNone
}

func mysqlLock(words string, begins func(...string) bool) lock {
	switch {
	case strings.Contains(words, "ALGORITHM=INSTANT") || strings.Contains(words, "ALGORITHM = INSTANT"):
		return myInstant
	case strings.Contains(words, "LOCK=NONE") || strings.Contains(words, "LOCK = NONE"):
		return myOnline
	case begins("ALTER TABLE", "CREATE INDEX", "CREATE UNIQUE INDEX", "DROP INDEX", "DROP TABLE", "RENAME TABLE", "TRUNCATE"):
		return myAny
	}
	return lockNone
}

func postgresLock(words string, begins func(...string) bool) lock {
	switch {
	case begins("CREATE INDEX CONCURRENTLY", "CREATE UNIQUE INDEX CONCURRENTLY", "DROP INDEX CONCURRENTLY", "REINDEX INDEX CONCURRENTLY", "COMMENT ON"):
		return pgShared
	case begins("CREATE INDEX", "CREATE UNIQUE INDEX"):
		return pgWrites
	case begins("DROP TABLE", "DROP INDEX", "TRUNCATE", "LOCK TABLE"):
		return pgAll
	case !begins("ALTER TABLE"):
		return lockNone
	case strings.Contains(words, " VALIDATE CONSTRAINT "), strings.Contains(words, " SET STATISTICS "):
		return pgShared
	case strings.Contains(words, " ADD ") && strings.Contains(words, " FOREIGN KEY "):
		return pgForeign
	}
	return pgAll
}

// heaviest is the lock of an action's steps that makes most others wait.
func heaviest(sys schema.System, steps []providers.Step) lock {
	var out lock
	for _, s := range steps {
		if l := lockOf(sys, s.Text); l.rank > out.rank {
			out = l
		}
	}
	return out
}

// systemOf gives the system of an endpoint of the plan, "" where the plan says nothing.
func systemOf(p *plan.Plan, addr string) schema.System {
	for _, e := range p.Endpoints {
		if e.Addr == addr {
			return e.System
		}
	}
	return ""
}

// rowsOf estimates the rows of the table that an action changes: -1 not known.
func rowsOf(p *plan.Plan, a *plan.Action) int64 {
	if drop, ok := a.Change.(schema.DropTable); ok {
		return drop.From.Rows
	}
	name := tableOf(p, a)
	for _, r := range p.Read {
		if r.Endpoint == a.Endpoint && r.Name == name && r.Table != nil {
			return r.Table.Rows
		}
	}
	return -1
}

// lockText says what an action locks, of how many rows, and for how long: "lock:
// ACCESS EXCLUSIVE, reads and writes wait; ~1,200,000 rows". It is "" where nobody
// could wait.
func lockText(p *plan.Plan, a *plan.Action) string {
	l := heaviest(systemOf(p, a.Endpoint), a.Steps)
	rows := rowsOf(p, a)
	if l == lockNone || rows == 0 {
		return ""
	}
	text := "lock: " + l.name + ", " + l.waits
	if rows > 0 {
		text += "; ~" + Plural(rows, "row")
		if class := duration(rows, -1); rewritten(a) && class != "" {
			text += ", " + class
		}
	}
	return text
}

// rewritten reports whether a hazard says that the server writes the table again, and
// not bit by bit into a new column, which locks nothing meanwhile.
func rewritten(a *plan.Action) bool {
	if slices.ContainsFunc(a.Steps, func(s providers.Step) bool { return strings.Contains(s.Text, ledger.RetypePrefix) }) {
		return false
	}
	for _, s := range a.Steps {
		for _, h := range s.Hazards {
			switch h.Code {
			case "SF104", "SF107", "SF110":
				return true
			}
		}
	}
	return false
}

// duration is how long so many rows or bytes take at a modest 100,000 rows and 40 MB a
// second, in words: a class, no promise. It is "" for what is over at once.
func duration(rows, bytes int64) string {
	seconds := max(rows/100_000, bytes/40_000_000)
	switch {
	case seconds < 2:
		return ""
	case seconds < 60:
		return "takes seconds"
	case seconds < 60*60:
		return "takes minutes"
	case seconds < 24*60*60:
		return "takes hours"
	}
	return "takes days"
}
