package mysql

import (
	"fmt"
	"strings"
	"time"

	"github.com/syncform/syncform/providers/schema"
)

// lockTimeout bounds how long a statement waits for the table's other users, so that
// it does not hold up all who come after it.
const lockTimeout = 30 * time.Second

// The conditions below are asked when a run was killed between doing and noting. The
// catalogue may compare names without case: the second comparison is by byte.

func same(column, value string) string {
	return fmt.Sprintf("%s = %s AND CAST(%s AS BINARY) = %s", column, literal(value), column, literal(value))
}

func inTable(prefix string, n schema.Name) string {
	database := "DATABASE()"
	if n.Schema != "" {
		database = literal(n.Schema)
	}
	return prefix + "_SCHEMA = " + database + " AND " + same("TABLE_NAME", n.Name)
}

func exists(view, condition string) string {
	return "EXISTS (SELECT 1 FROM information_schema." + view + " WHERE " + condition + ")"
}

func tableThere(n schema.Name) string { return exists("TABLES", inTable("TABLE", n)) }

func columnThere(in schema.Name, column string) string {
	return exists("COLUMNS", inTable("TABLE", in)+" AND "+same("COLUMN_NAME", column))
}

// columnIs is true when the column has the type and the nullability.
func columnIs(in schema.Name, c schema.Column, nativeType string) string {
	nullable := "NO"
	if c.Nullable {
		nullable = "YES"
	}
	return exists("COLUMNS", inTable("TABLE", in)+" AND "+same("COLUMN_NAME", c.Name)+
		" AND COLUMN_TYPE = "+literal(nativeType)+" AND IS_NULLABLE = "+literal(nullable))
}

// indexThere is true when the index is there, with those columns if any are given.
func indexThere(in schema.Name, name string, parts []schema.KeyPart) string {
	conditions := []string{exists("STATISTICS", inTable("TABLE", in)+" AND "+same("INDEX_NAME", name))}
	for i, p := range parts {
		if p.Column != "" {
			conditions = append(conditions, exists("STATISTICS", inTable("TABLE", in)+" AND "+same("INDEX_NAME", name)+
				fmt.Sprintf(" AND SEQ_IN_INDEX = %d AND ", i+1)+same("COLUMN_NAME", p.Column)))
		}
	}
	return strings.Join(conditions, " AND ")
}

func constraintThere(in schema.Name, kind, name string) string {
	return exists("TABLE_CONSTRAINTS", inTable("TABLE", in)+" AND CONSTRAINT_TYPE = "+literal(kind)+" AND "+same("CONSTRAINT_NAME", name))
}

func tableEmpty(n schema.Name) string {
	return "NOT EXISTS (SELECT 1 FROM " + tableIdent(n) + ")"
}
