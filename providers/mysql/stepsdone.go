package mysql

import (
	"fmt"
	"strings"
	"time"

	"github.com/syncform/syncform/providers/schema"
)

// lockTimeout bounds how long a change waits for the table's other users, so that it
// does not hold up all who come after it; the step is tried again after that.
const lockTimeout = time.Second

// rowsTimeout bounds how long a step that writes rows waits for those who wrote them.
const rowsTimeout = 30 * time.Second

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

// columnIs is true when the catalogue says the column to be what it should become. Where
// the catalogue's spelling can't be foretold it may stay false: the definition is then
// written once more, which changes nothing.
func (s *server) columnIs(in schema.Name, c schema.Column) string {
	is := func(yes bool, text string) string { return map[bool]string{true: "", false: "NOT "}[yes] + text }
	conditions := []string{
		inTable("TABLE", in), same("COLUMN_NAME", c.Name), same("COLUMN_COMMENT", c.Comment),
		"IS_NULLABLE = " + literal(map[bool]string{true: "YES", false: "NO"}[c.Nullable]),
		"COLUMN_TYPE = " + literal(s.catalogueType(c.Type)),
		is(c.Identity != nil, "EXTRA LIKE '%auto_increment%'"),
		is(c.Invisible, "EXTRA LIKE '%INVISIBLE%'"),
		s.defaultIs(c),
	}
	if c.Collation != "" {
		conditions = append(conditions, same("COLLATION_NAME", c.Collation))
	}
	if c.OnUpdate == "" {
		conditions = append(conditions, "EXTRA NOT LIKE '%on update%'")
	} else {
		conditions = append(conditions, "EXTRA LIKE "+literal("%on update "+c.OnUpdate+"%"))
	}
	expression := ""
	if c.Generated != nil {
		conditions = append(conditions, is(c.Generated.Stored, "EXTRA LIKE '%STORED GENERATED%'"))
		expression = s.catalogueExpr(c.Generated.Expr)
	}
	conditions = append(conditions, "IFNULL(GENERATION_EXPRESSION, '') = "+literal(expression))
	return exists("COLUMNS", strings.Join(conditions, " AND "))
}

// catalogueType is COLUMN_TYPE of a type.
func (s *server) catalogueType(t schema.Type) string {
	native, _, _ := strings.Cut(t.Native, " srid ")
	if s.mariadb() {
		if t.Kind == schema.JSON {
			return "longtext"
		}
		if base, ok := strings.CutSuffix(native, " compressed"); ok {
			return base + " /*M!100301 COMPRESSED*/"
		}
	}
	return native
}

// catalogueExpr is an expression as information_schema quotes it.
func (s *server) catalogueExpr(expr string) string {
	if s.mariadb() {
		return expr
	}
	return strings.NewReplacer("'", "\\'", "\\", "\\\\").Replace(expr)
}

func (s *server) defaultIs(c schema.Column) string {
	generated := "EXTRA LIKE '%DEFAULT_GENERATED%'"
	if s.mariadb() {
		generated = "TRUE"
	}
	d := c.Default
	switch {
	case d == nil && s.mariadb():
		return "IFNULL(COLUMN_DEFAULT, 'NULL') = 'NULL'"
	case d == nil:
		return "COLUMN_DEFAULT IS NULL"
	case !d.Literal:
		return "COLUMN_DEFAULT = " + literal(s.catalogueExpr(d.Text)) + " AND " + generated
	case c.Type.Kind == schema.Bit:
		return "COLUMN_DEFAULT = " + literal("b'"+strings.TrimLeft(d.Text, "0")+"'")
	}
	text := nativeDefault(c.Type, d.Text)
	if s.mariadb() {
		return "CAST(COLUMN_DEFAULT AS BINARY) IN (" + literal(text) + ", " + literal(literal(text)) + ")"
	}
	return same("COLUMN_DEFAULT", text)
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
