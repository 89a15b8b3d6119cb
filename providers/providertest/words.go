package providertest

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// words are types that every system has something for, in its own words.
var words = map[string]map[schema.System]string{
	"int":       {schema.PostgreSQL: "integer", schema.MySQL: "int", schema.MariaDB: "int", schema.SQLite: "INTEGER"},
	"bigint":    {schema.PostgreSQL: "bigint", schema.MySQL: "bigint", schema.MariaDB: "bigint", schema.SQLite: "BIGINT"},
	"text":      {schema.PostgreSQL: "text", schema.MySQL: "varchar(100)", schema.MariaDB: "varchar(100)", schema.SQLite: "TEXT"},
	"short":     {schema.PostgreSQL: "character varying(20)", schema.MySQL: "varchar(20)", schema.MariaDB: "varchar(20)", schema.SQLite: "VARCHAR(20)"},
	"longer":    {schema.PostgreSQL: "character varying(40)", schema.MySQL: "varchar(40)", schema.MariaDB: "varchar(40)", schema.SQLite: "VARCHAR(40)"},
	"clob":      {schema.PostgreSQL: "text", schema.MySQL: "longtext", schema.MariaDB: "longtext", schema.SQLite: "TEXT"},
	"blob":      {schema.PostgreSQL: "bytea", schema.MySQL: "longblob", schema.MariaDB: "longblob", schema.SQLite: "BLOB"},
	"uuid":      {schema.PostgreSQL: "uuid", schema.MySQL: "char(36)", schema.MariaDB: "uuid", schema.SQLite: "TEXT"},
	"timestamp": {schema.PostgreSQL: "timestamp", schema.MySQL: "datetime(6)", schema.MariaDB: "datetime(6)", schema.SQLite: "TEXT"},
	"binary":    {schema.PostgreSQL: "bytea", schema.MySQL: "varbinary(20)", schema.MariaDB: "varbinary(20)", schema.SQLite: "BLOB"},
}

// typeOf is the type of a word, as the provider reads it.
func (e *endpoint) typeOf(t testing.TB, word string) schema.Type {
	t.Helper()
	native := words[word][e.db.System]
	ty, err := capability[providers.Translator](t, e).ParseType(native)
	if err != nil {
		t.Fatalf("type %s: %v", native, err)
	}
	return ty
}

// quote writes an identifier for SQL of the test's own.
func (e *endpoint) quote(name string) string {
	if e.db.System == schema.MySQL || e.db.System == schema.MariaDB {
		return "`" + strings.ReplaceAll(name, "`", "``") + "`"
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// literal writes a string for SQL of the test's own.
func (e *endpoint) literal(s string) string {
	if e.db.System == schema.MySQL || e.db.System == schema.MariaDB {
		s = strings.ReplaceAll(s, `\`, `\\`)
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

// bytes writes a string of bytes for SQL of the test's own.
func (e *endpoint) bytes(s string) string {
	if e.db.System == schema.PostgreSQL {
		return `'\x` + hex.EncodeToString([]byte(s)) + "'"
	}
	return "x'" + hex.EncodeToString([]byte(s)) + "'"
}

// insert adds rows by statements of the test's own. values are SQL.
func (e *endpoint) insert(t testing.TB, table string, rows [][]string) {
	t.Helper()
	var statements []string
	for len(rows) > 0 {
		n := min(len(rows), 500)
		var b strings.Builder
		b.WriteString("INSERT INTO " + e.quote(table) + " VALUES ")
		for i, r := range rows[:n] {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString("(" + strings.Join(r, ", ") + ")")
		}
		statements, rows = append(statements, b.String()), rows[n:]
	}
	e.exec(t, statements...)
}

// plainTable is a table of a bigint key and nullable columns, name and word in turn.
func (e *endpoint) plainTable(t testing.TB, name string, columns ...string) schema.Table {
	t.Helper()
	table := schema.Table{
		Name:       e.name(name),
		Columns:    []schema.Column{{Name: "id", Type: e.typeOf(t, "bigint")}},
		PrimaryKey: &schema.Key{Parts: []schema.KeyPart{{Column: "id"}}},
	}
	for i := 0; i+1 < len(columns); i += 2 {
		table.Columns = append(table.Columns, schema.Column{Name: columns[i], Type: e.typeOf(t, columns[i+1]), Nullable: true})
	}
	return table
}

// createPlain makes a plainTable and returns it as the server has it.
func (e *endpoint) createPlain(t testing.TB, name string, columns ...string) schema.Table {
	t.Helper()
	e.create(t, "create "+name, e.normalize(t, []schema.Table{e.plainTable(t, name, columns...)})...)
	return e.table(t, name)
}
