package mysql

import (
	"fmt"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// uncut sees to it, before a change to a narrower type, that the server cuts and rounds no
// value: it does some of that without a word, also in strict mode.
func (p *stepPlan) uncut(c schema.ModifyColumn) {
	if c.Type != schema.Narrows && c.Type != schema.Retypes || !p.inUse(c.In) {
		return
	}
	if lost := cuts(c.From.Type, c.To.Type, ident(c.From.Name)); lost != "" {
		p.steps = append(p.steps, providers.Step{Text: tellRow(p.table(c.In), c, lost), Proves: true})
	}
}

// byBytes makes a column one of bytes first, where MariaDB takes no step from a shape to a
// number or a moment, or back, even of a column that holds nothing: it may hold nothing.
func (p *stepPlan) byBytes(c schema.ModifyColumn) {
	other := c.From.Type
	if other.Kind == schema.Geometry {
		other = c.To.Type
	}
	if !p.server.mariadb() || (c.From.Type.Kind == schema.Geometry) == (c.To.Type.Kind == schema.Geometry) || c.From.Generated != nil || c.To.Generated != nil {
		return
	}
	switch other.Kind {
	case schema.Bool, schema.Int, schema.Decimal, schema.Float, schema.Date, schema.Time, schema.Timestamp, schema.TimestampTZ, schema.Year, schema.Bit:
	default:
		return
	}
	if p.inUse(c.In) {
		p.steps = append(p.steps, providers.Step{Text: tellRow(p.table(c.In), c, ident(c.From.Name)+" IS NOT NULL"), Proves: true})
	}
	p.alter(c.In, "MODIFY COLUMN "+ident(c.To.Name)+" longblob", "")
}

// cuts is the condition under which a value would become another one in a narrower type;
// "" where the server refuses all such by itself, or where there is no telling.
func cuts(from, to schema.Type, column string) string {
	exact := func(k schema.Kind) bool { return k == schema.Int || k == schema.Decimal }
	text := func(k schema.Kind) bool { return k == schema.Char || k == schema.Varchar || k == schema.Text }
	switch {
	case exact(from.Kind) && exact(to.Kind) && to.Scale < from.Scale:
		return fmt.Sprintf("%[1]s <> ROUND(%[1]s, %[2]d)", column, to.Scale)
	case from.Kind == to.Kind && (from.Kind == schema.Timestamp || from.Kind == schema.TimestampTZ):
		return fmt.Sprintf("%[1]s <> CAST(%[1]s AS DATETIME(%[2]d))", column, to.FractionalDigits(0))
	case from.Kind == to.Kind && from.Kind == schema.Time:
		return fmt.Sprintf("%[1]s <> CAST(%[1]s AS TIME(%[2]d))", column, to.FractionalDigits(0))
	case text(from.Kind) && to.Kind == schema.Char:
		return fmt.Sprintf("CHAR_LENGTH(%[1]s) > %[2]d OR %[1]s LIKE '%% '", column, to.Length)
	case text(from.Kind) && to.Kind == schema.Varchar:
		return fmt.Sprintf("CHAR_LENGTH(%s) > %d", column, to.Length)
	}
	return ""
}

// tellRow is a query that names a row under a condition, and what its column holds.
func tellRow(t *schema.Table, c schema.ModifyColumn, where string) string {
	key, named := []string{"a row"}, "''"
	if t.PrimaryKey != nil {
		key = t.PrimaryKey.Columns()
		values := make([]string, len(key))
		for i, k := range key {
			values[i] = "CAST(" + ident(k) + " AS CHAR)"
		}
		key = []string{"the row with (" + strings.Join(key, ", ") + ") = ("}
		named = "CONCAT_WS(', ', " + strings.Join(values, ", ") + "), ')'"
	}
	held := "CAST(" + ident(c.From.Name) + " AS CHAR)"
	if c.From.Type.IsBinary() {
		held = "HEX(" + ident(c.From.Name) + ")"
	}
	return fmt.Sprintf("SELECT CONCAT(%s, %s, ' holds \"', LEFT(%s, 200), %s) FROM %s WHERE %s LIMIT 1",
		literal(fmt.Sprintf("column %s of table %s: %s", c.To.Name, t.Name, key[0])), named, held,
		literal(fmt.Sprintf(`", which is not one and the same value as %s. Change it, and apply again`, c.To.Type.Native)), tableIdent(c.In), where)
}
