package mysql

import (
	"slices"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// addAside makes a table of the live one's columns and primary key. It numbers
// nothing by itself, and other options than engine and charset belong to the live one.
func (p *stepPlan) addAside(live schema.Table, aside schema.Name) {
	t := schema.Table{Name: aside, PrimaryKey: live.PrimaryKey, Options: map[string]string{}}
	for _, key := range []string{"engine", "charset", "collation", "row_format", "key_block_size"} {
		if v := live.Options[key]; v != "" {
			t.Options[key] = v
		}
	}
	for _, c := range live.Columns {
		c.Identity, c.Comment = nil, ""
		if c.Generated != nil && strings.HasPrefix(c.Generated.Expr, "ROW ") {
			continue
		}
		t.Columns = append(t.Columns, c)
	}
	p.add(p.server.lenient(&t)+p.server.createDDL(&t, false), tableThere(aside))
}

// replaceRows makes the live table's rows those of the aside table: in one
// transaction what is gone or differs is deleted and what is missing inserted, so
// that a row that is as it was is not touched. Rows that have columns which the load
// does not fill are updated instead, to keep those.
func (p *stepPlan) replaceRows(ch schema.ReplaceRows) {
	live, aside := tableIdent(ch.Live.Name), tableIdent(ch.Aside)
	columns := idents(ch.Columns)
	statements := []string{"SET foreign_key_checks = 0"}
	if len(ch.Key) == 0 {
		statements = append(statements, "DELETE FROM "+live, "INSERT INTO "+live+" ("+columns+") SELECT "+columns+" FROM "+aside)
	} else {
		var match, equal, assign []string
		for _, k := range ch.Key {
			match = append(match, "l."+ident(k)+" = a."+ident(k))
		}
		on := strings.Join(match, " AND ")
		for _, name := range ch.Columns {
			equal = append(equal, p.equal(ch.Live.Column(name), name))
			assign = append(assign, "l."+ident(name)+" = a."+ident(name))
		}
		same := "(" + strings.Join(equal, " AND ") + ")"
		gone := "DELETE l FROM " + live + " AS l LEFT JOIN " + aside + " AS a ON " + on + " WHERE a." + ident(ch.Key[0]) + " IS NULL"
		if p.whole(ch) {
			statements = append(statements, gone+" OR NOT "+same)
		} else {
			statements = append(statements, gone, "UPDATE "+live+" AS l JOIN "+aside+" AS a ON "+on+" SET "+strings.Join(assign, ", ")+" WHERE NOT "+same)
		}
		statements = append(statements, "INSERT INTO "+live+" ("+columns+") SELECT "+columns+" FROM "+aside+" AS a WHERE NOT EXISTS (SELECT 1 FROM "+live+" AS l WHERE "+on+")")
	}
	statements = append(statements, "SET foreign_key_checks = 1")
	p.steps = append(p.steps, providers.Step{Text: strings.Join(statements, ";\n"), Transactional: true, LockTimeout: rowsTimeout})
	p.add("DROP TABLE IF EXISTS "+aside, "NOT "+tableThere(ch.Aside))
}

// whole reports whether the load fills every column that has values of its own.
func (p *stepPlan) whole(ch schema.ReplaceRows) bool {
	for _, c := range ch.Live.Columns {
		if c.Generated == nil && !slices.Contains(ch.Columns, c.Name) {
			return false
		}
	}
	return true
}

// equal compares a column of both tables exactly: text by its bytes, floats by their
// text, which tells -0 from 0.
func (p *stepPlan) equal(c *schema.Column, name string) string {
	l, a := "l."+ident(name), "a."+ident(name)
	if c == nil {
		return l + " <=> " + a
	}
	switch {
	case c.Type.IsText(), c.Type.Kind == schema.JSON:
		return "CAST(" + l + " AS BINARY) <=> CAST(" + a + " AS BINARY)"
	case c.Type.Kind == schema.Float:
		return "CONCAT(" + l + " + 0e0) <=> CONCAT(" + a + " + 0e0)"
	}
	return l + " <=> " + a
}

// emptyTable removes all rows. TRUNCATE frees their space at once, and refuses a
// table that foreign keys reference unless they are not checked.
func (p *stepPlan) emptyTable(n schema.Name) {
	p.add("SET foreign_key_checks = 0;\nTRUNCATE TABLE "+tableIdent(n)+";\nSET foreign_key_checks = 1", tableEmpty(n))
}
