package mysql

import (
	"strings"

	"github.com/syncform/syncform/lang/expr"
)

// boundsSQL writes conditions, each of which holds for every row for which its bound does,
// and for every row of which the evaluator says that it can't decide. Bounds for which the
// server has no such condition are left out: text, above all, compares by collations here.
func boundsSQL(bounds []expr.Bound) []string {
	var out []string
	for _, b := range bounds {
		if sql := boundSQL(b); sql != "" {
			out = append(out, sql)
		}
	}
	return out
}

func boundSQL(b expr.Bound) string {
	column := ident(b.Column)
	if b.Op == "IS NULL" || b.Op == "IS NOT NULL" {
		return column + " " + b.Op
	}
	word, _, _ := strings.Cut(b.Type.Native, "(")
	word, _, _ = strings.Cut(word, " ")
	moment := false
	switch word {
	case "tinyint", "smallint", "mediumint", "int", "bigint", "decimal":
	case "date", "datetime", "timestamp":
		moment = true
	default:
		return ""
	}
	values := make([]string, len(b.Values))
	for i, v := range b.Values {
		switch {
		case moment:
			v = strings.TrimSuffix(v, "+00")
			if len(v) < 10 || strings.Trim(v, "0123456789-:. ") != "" || v[4] != '-' {
				return "" // infinity, and years that this server does not have
			}
			v = literal(v)
		case v == "" || strings.Trim(v, "-.0123456789") != "":
			return ""
		}
		values[i] = v
	}
	sql := column + " " + b.Op + " "
	if b.Op == "IN" || b.Op == "NOT IN" {
		sql += "(" + strings.Join(values, ", ") + ")"
	} else {
		sql += values[0]
	}
	if moment { // what is no date is to be found out, not left out
		sql = "(" + sql + " OR MONTH(" + column + ") = 0 OR DAYOFMONTH(" + column + ") = 0)"
	}
	return sql
}
