package postgres

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// quietly turns triggers and foreign keys off for the transaction where the role may;
// a role that may not goes on with them.
const quietly = `DO $sync$ BEGIN
    PERFORM pg_catalog.set_config('session_replication_role', 'replica', true);
EXCEPTION WHEN insufficient_privilege THEN
    NULL;
END $sync$`

// addAside makes the table beside a live one: its columns and primary key.
func (p *stepPlan) addAside(c schema.AddAside) {
	p.addf("CREATE TABLE %s (LIKE %s INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING IDENTITY INCLUDING STORAGE)", quoteName(c.Aside), quoteName(c.Live.Name))
	if k := c.Live.PrimaryKey; k != nil {
		p.addf("ALTER TABLE %s ADD PRIMARY KEY (%s)", quoteName(c.Aside), quoteAll(k.Columns()))
	}
}

// replaceRows writes only what differs: rows that are the same stay where they are.
func (p *stepPlan) replaceRows(c schema.ReplaceRows) error {
	if len(c.Columns) == 0 {
		return errors.New("bug in syncform: no columns to replace")
	}
	live, aside := quoteName(c.Live.Name), quoteName(c.Aside)
	only := "ONLY "
	if c.Live.Partition != nil {
		only = ""
	}
	statements := []string{quietly}
	insert := fmt.Sprintf("INSERT INTO %s (%s)%s SELECT %s FROM %s s", live, quoteAll(c.Columns), overriding(c.Live, c.Columns), qualify("s", c.Columns), aside)
	if len(c.Key) == 0 {
		statements = append(statements, "DELETE FROM "+only+live, insert)
	} else {
		match := make([]string, len(c.Key))
		for i, k := range c.Key {
			match[i] = fmt.Sprintf("s.%s = l.%s", quote(k), quote(k))
		}
		same := strings.Join(match, " AND ")
		// Images, not values, are compared: 1.0 is not 1.00 here, and types without an
		// equality have an image too.
		differ := fmt.Sprintf("ROW(%s)::record OPERATOR(pg_catalog.*<>) ROW(%s)::record", qualify("l", c.Columns), qualify("s", c.Columns))
		statements = append(statements, fmt.Sprintf("DELETE FROM %s%s l WHERE NOT EXISTS (SELECT FROM %s s WHERE %s)", only, live, aside, same))
		statements = append(statements, replaceDiffering(only, live, aside, same, differ, c))
		statements = append(statements, fmt.Sprintf("%s WHERE NOT EXISTS (SELECT FROM %s%s l WHERE %s)", insert, only, live, same))
	}
	statements = append(statements, "DROP TABLE "+aside)
	p.add(strings.Join(statements, ";\n"))
	return nil
}

// replaceDiffering takes rows away that have changed, to be inserted anew; where
// foreign keys are alive, which could take other tables' rows along, it updates them.
func replaceDiffering(only, live, aside, same, differ string, c schema.ReplaceRows) string {
	del := fmt.Sprintf("DELETE FROM %s%s l USING %s s WHERE %s AND %s", only, live, aside, same, differ)
	var set []string
	for _, col := range c.Columns {
		if k := c.Live.Column(col); k != nil && k.Identity != nil && k.Identity.Always {
			continue // the key's own, and equal
		}
		set = append(set, fmt.Sprintf("%s = s.%s", quote(col), quote(col)))
	}
	if len(set) == 0 {
		return del
	}
	update := fmt.Sprintf("UPDATE %s%s l SET %s FROM %s s WHERE %s AND %s", only, live, strings.Join(set, ", "), aside, same, differ)
	return "DO " + dollarQuote("BEGIN\nIF pg_catalog.current_setting('session_replication_role') = 'replica' THEN\n    "+del+";\nELSE\n    "+update+";\nEND IF;\nEND")
}

// dollarQuote writes a body of code between tags that do not stand in it.
func dollarQuote(body string) string {
	tag := "$sync$"
	for i := 1; strings.Contains(body, tag); i++ {
		tag = fmt.Sprintf("$sync%d$", i)
	}
	return tag + " " + body + " " + tag
}

// overriding lets explicit values into identity columns.
func overriding(t schema.Table, columns []string) string {
	for _, name := range columns {
		if c := t.Column(name); c != nil && c.Identity != nil {
			return " OVERRIDING SYSTEM VALUE"
		}
	}
	return ""
}

func qualify(alias string, columns []string) string {
	q := make([]string, len(columns))
	for i, c := range columns {
		q[i] = alias + "." + quote(c)
	}
	return strings.Join(q, ", ")
}

// emptyTable removes all rows: at once, unless another table references this one,
// which TRUNCATE refuses.
func (p *stepPlan) emptyTable(in schema.Name) {
	only := ""
	if p.db != nil {
		if t := p.db.Table(in); t != nil && t.Partition == nil {
			only = "ONLY " // the rows of inheritance children are their own
		}
		for _, t := range p.db.Tables {
			for _, k := range t.ForeignKeys {
				if k.RefTable == in && t.Name != in {
					p.add(quietly + ";\nDELETE FROM " + only + quoteName(in))
					return
				}
			}
		}
	}
	p.addf("TRUNCATE %s%s", only, quoteName(in))
}

// advanceSequences sets the sequences behind a table's columns past the rows.
func (p *stepPlan) advanceSequences(t schema.Table, past map[string]string) {
	for _, c := range t.Columns {
		var seq string
		increment := ""
		switch {
		case c.Identity != nil:
			seq = fmt.Sprintf("pg_catalog.pg_get_serial_sequence(%s, %s)", literal(quoteName(t.Name)), literal(c.Name))
			increment = c.Identity.Increment
		case c.Default != nil && !c.Default.Literal && strings.HasPrefix(c.Default.Text, "nextval('"):
			name, _, ok := strings.Cut(strings.TrimPrefix(c.Default.Text, "nextval("), "::")
			if !ok {
				continue
			}
			seq = name
		default:
			continue
		}
		extreme, further, beyond := "max", "GREATEST", ">"
		if strings.HasPrefix(increment, "-") {
			extreme, further, beyond = "min", "LEAST", "<"
		}
		least := "NULL"
		if n, err := strconv.ParseInt(past[c.Name], 10, 64); err == nil {
			least = strconv.FormatInt(n, 10)
		}
		p.addf(`SELECT pg_catalog.setval(v.s, v.m) FROM (SELECT %s::pg_catalog.regclass AS s, %s(pg_catalog.%s(%s)::bigint, %s) AS m FROM %s) v`+
			` JOIN pg_catalog.pg_sequence q ON q.seqrelid = v.s WHERE v.m BETWEEN q.seqmin AND q.seqmax AND (pg_catalog.pg_sequence_last_value(v.s) IS NULL OR v.m %s pg_catalog.pg_sequence_last_value(v.s))`,
			seq, further, extreme, quote(c.Name), least, quoteName(t.Name), beyond)
	}
}
