package postgres

import (
	"strings"

	"github.com/syncform/syncform/lang/expr"
	"github.com/syncform/syncform/providers/schema"
)

// boundSQL is a condition that holds for every row for which b does, and for every row of
// which the evaluator says that it can't decide; "" where there is none that is sure to.
// Text compares by bytes only where the server's own is UTF-8.
func boundSQL(b expr.Bound, utf8 bool) string {
	column := quote(b.Column)
	switch b.Op {
	case "IS NULL", "IS NOT NULL":
		return column + " " + b.Op
	}
	cast := ""
	base, _, _ := strings.Cut(b.Type.Native, "(")
	switch base {
	case "smallint", "integer", "bigint":
	case "boolean", "date", "uuid":
		cast = "::pg_catalog." + map[string]string{"boolean": "bool", "date": "date", "uuid": "uuid"}[base]
	case "text", "character varying":
		if !utf8 {
			return ""
		}
		column += ` COLLATE pg_catalog."C"`
	case "numeric":
	default:
		switch {
		case b.Type.Kind == schema.TimestampTZ && strings.HasPrefix(base, "timestamp"):
			cast = "::pg_catalog.timestamptz"
		case b.Type.Kind == schema.Timestamp && strings.HasPrefix(base, "timestamp"):
			cast = "::pg_catalog.timestamp"
		default:
			return ""
		}
	}
	values := make([]string, len(b.Values))
	for i, v := range b.Values {
		values[i] = literal(v) + cast
		if base == "smallint" || base == "integer" || base == "bigint" || base == "numeric" {
			values[i] = literal(v) + "::pg_catalog.numeric"
			if len(v) < 19 && base != "numeric" {
				values[i] = literal(v) + "::pg_catalog.int8"
			}
		}
	}
	sql := column + " " + b.Op + " "
	if b.Op == "IN" || b.Op == "NOT IN" {
		sql += "(" + strings.Join(values, ", ") + ")"
	} else {
		sql += values[0]
	}
	if base == "numeric" { // the evaluator can't compute with NaN
		sql = "(" + sql + " OR " + column + " = 'NaN')"
	}
	return sql
}

// addCondition adds to a WHERE clause, which may be "".
func addCondition(where, sql string) string {
	if where == "" {
		return " WHERE " + sql
	}
	return where + " AND " + sql
}
