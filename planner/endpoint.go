package planner

import (
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// endpoint is one database as one inspection saw it, indexed.
type endpoint struct {
	addr      string
	conn      providers.Conn
	db        *schema.Database
	declRange hcl.Range

	tables     map[schema.Name]*schema.Table // by folded name
	translator providers.Translator          // nil where it is not a target
	stepper    providers.StepPlanner         // nil where it is not a target
	asides     map[schema.Name]*schema.Table // those of the state's that are there
	users      users
}

func newEndpoint(addr string, conn providers.Conn, db *schema.Database) *endpoint {
	e := &endpoint{addr: addr, conn: conn, db: db, tables: make(map[schema.Name]*schema.Table, len(db.Tables))}
	for i := range db.Tables {
		e.tables[e.foldTable(db.Tables[i].Name)] = &db.Tables[i]
	}
	return e
}

// table returns the table of that name as the endpoint compares names, or nil.
func (e *endpoint) table(n schema.Name) *schema.Table { return e.tables[e.foldTable(n)] }

// foldTable gives the form of a table's name by which the endpoint tells tables apart.
func (e *endpoint) foldTable(n schema.Name) schema.Name {
	if e.db.System == schema.SQLite {
		n.Name = strings.ToLower(n.Name)
	}
	return n
}

// holds reports whether a mapping of the state has its target table in this database.
// A SQLite file is known by its path, and a folder that moved takes its files along.
func (e *endpoint) holds(m *state.Mapping) bool {
	return m.TargetIdentity == e.db.Identity ||
		e.db.System == schema.SQLite && m.Target == e.addr && filepath.Base(m.TargetIdentity) == filepath.Base(e.db.Identity)
}

// hasSchemas reports whether tables stand in schemas.
func (e *endpoint) hasSchemas() bool { return e.db.DefaultSchema != "" }

// foldColumn gives the form of a column's, index's or constraint's name by which a
// system tells them apart.
func foldColumn(sys schema.System, name string) string {
	if sys == schema.PostgreSQL {
		return name
	}
	return strings.ToLower(name)
}

// isMySQL reports whether the system is of MySQL's kind.
func isMySQL(sys schema.System) bool { return sys == schema.MySQL || sys == schema.MariaDB }
