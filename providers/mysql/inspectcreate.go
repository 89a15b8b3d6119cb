package mysql

import (
	"fmt"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// createReader reads one statement that SHOW CREATE TABLE printed.
type createReader struct {
	*tokens
	server   *server
	database string
	table    schema.Table
	// bare columns have neither charset nor collation of their own.
	bare map[string]bool
	// charsetOnly columns name a charset without its collation.
	charsetOnly map[string]string
	// inline holds the checks that stand in a column's definition (MariaDB).
	inline map[string]string
	// doubtful columns have a default that the server may not have printed whole.
	doubtful []string
}

// readCreate turns a CREATE TABLE statement of the server into a table, without
// estimates, and names the columns whose default is better asked for by itself.
func (s *server) readCreate(text, database string) (schema.Table, []string, error) {
	r := &createReader{tokens: newTokens(text), server: s, database: database,
		bare: map[string]bool{}, charsetOnly: map[string]string{}, inline: map[string]string{}}
	r.expect("CREATE")
	r.accept("TEMPORARY")
	r.expect("TABLE")
	r.table.Name.Name = r.name()
	r.table.Rows, r.table.Bytes = -1, -1
	r.expect("(")
	for !r.end() {
		r.item()
		if !r.accept(",") {
			break
		}
	}
	r.expect(")")
	r.options()
	if r.accept("PARTITION", "BY") {
		r.partitions()
	}
	if r.err == nil && !r.end() {
		r.fail(fmt.Sprintf("unexpected %q", r.cur.text))
	}
	if r.err != nil {
		return r.table, nil, fmt.Errorf("read the definition of table %s: %w", r.table.Name, r.err)
	}
	r.resolveCollations()
	r.resolveChecks()
	r.resolveDefaults()
	r.resolveVersions()
	t := &r.table
	slices.SortFunc(t.Indexes, func(a, b schema.Index) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(t.ForeignKeys, func(a, b schema.ForeignKey) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(t.Checks, func(a, b schema.Check) int { return strings.Compare(a.Name, b.Name) })
	return r.table, r.doubtful, nil
}

// resolveVersions takes the end of a row's time out of unique keys, where the server puts it
// by itself: of the rows that hold now the rest of the key is unique.
func (r *createReader) resolveVersions() {
	ends := func(p schema.KeyPart) bool {
		c := r.table.Column(p.Column)
		return c != nil && c.Generated != nil && c.Generated.Expr == rowEndExpr
	}
	if k := r.table.PrimaryKey; k != nil {
		k.Parts = slices.DeleteFunc(k.Parts, ends)
	}
	for i := range r.table.Indexes {
		if x := &r.table.Indexes[i]; x.Unique {
			x.Parts = slices.DeleteFunc(x.Parts, ends)
		}
	}
}

// item reads one line between the outer parentheses.
func (r *createReader) item() {
	switch {
	case r.cur.kind == nameToken:
		r.column()
	case r.accept("PRIMARY", "KEY"):
		x := r.index("")
		r.table.PrimaryKey = &schema.Key{Parts: x.Parts, Comment: x.Comment}
	case r.accept("UNIQUE", "KEY"):
		x := r.index(r.name())
		x.Unique = true
		r.table.Indexes = append(r.table.Indexes, x)
	case r.accept("KEY"):
		r.table.Indexes = append(r.table.Indexes, r.index(r.name()))
	case r.cur.is("FULLTEXT"), r.cur.is("SPATIAL"), r.cur.is("VECTOR"):
		method := strings.ToLower(r.next().text)
		r.expect("KEY")
		x := r.index(r.name())
		x.Method = method
		r.table.Indexes = append(r.table.Indexes, x)
	case r.accept("PERIOD", "FOR"):
		r.option("period "+r.name(), r.parens())
	case r.accept("CONSTRAINT"):
		name := r.name()
		if r.accept("FOREIGN", "KEY") {
			r.foreignKey(name)
			return
		}
		r.expect("CHECK")
		r.check(name)
	default:
		r.fail(fmt.Sprintf("unknown definition %q", r.cur.text))
	}
}

func (r *createReader) index(name string) schema.Index {
	x := schema.Index{Name: name}
	r.expect("(")
	for !r.end() {
		var p schema.KeyPart
		if r.cur.is("(") {
			p.Expr = r.expression()
		} else {
			p.Column = r.name()
			if r.cur.is("(") {
				p.Prefix = atoi(r.parens())
			}
			if r.accept("WITHOUT", "OVERLAPS") {
				x.Options = with(x.Options, "without_overlaps", p.Column)
			}
		}
		p.Desc = r.accept("DESC")
		r.accept("ASC")
		x.Parts = append(x.Parts, p)
		if !r.accept(",") {
			break
		}
	}
	r.expect(")")
	for more := true; more; {
		switch {
		case r.accept("USING"):
			if m := strings.ToLower(r.name()); m != "btree" {
				x.Method = m
			}
		case r.accept("COMMENT"):
			x.Comment = r.next().text
		case r.accept("WITH", "PARSER"):
			x.Options = with(x.Options, "parser", r.name())
		case r.accept("INVISIBLE"), r.accept("IGNORED"):
			x.Invisible = true
		case r.cur.is(",") || r.cur.is(")"):
			more = false
		case r.cur.kind == wordToken || r.cur.kind == nameToken:
			// KEY_BLOCK_SIZE=8, ENGINE_ATTRIBUTE '{}', `engine's own`='x'
			key := strings.ToLower(r.next().text)
			r.accept("=")
			x.Options = with(x.Options, key, r.next().text)
		default:
			more = false
		}
	}
	return x
}

func (r *createReader) foreignKey(name string) {
	f := schema.ForeignKey{Name: name, Columns: r.names()}
	r.expect("REFERENCES")
	f.RefTable.Name = r.name()
	if r.accept(".") {
		f.RefTable = schema.Name{Schema: f.RefTable.Name, Name: r.name()}
	}
	if f.RefTable.Schema == r.database {
		f.RefTable.Schema = ""
	}
	f.RefColumns = r.names()
	for r.accept("ON") {
		action := &f.OnDelete
		if r.accept("UPDATE") {
			action = &f.OnUpdate
		} else {
			r.expect("DELETE")
		}
		switch {
		case r.accept("CASCADE"):
			*action = "CASCADE"
		case r.accept("SET", "NULL"):
			*action = "SET NULL"
		case r.accept("SET", "DEFAULT"):
			*action = "SET DEFAULT"
		case r.accept("RESTRICT"): // the same to both servers, but MySQL keeps them apart
			if !r.server.mariadb() {
				*action = "RESTRICT"
			}
		case r.accept("NO", "ACTION"): // MariaDB keeps some of them for RESTRICT
		default:
			r.fail("unknown action of a foreign key")
		}
	}
	r.table.ForeignKeys = append(r.table.ForeignKeys, f)
}

func (r *createReader) check(name string) {
	c := schema.Check{Name: name, Expr: r.expression()}
	c.NotEnforced = r.accept("NOT", "ENFORCED")
	r.accept("ENFORCED")
	r.table.Checks = append(r.table.Checks, c)
}

// names reads a parenthesis of names.
func (r *createReader) names() []string {
	var list []string
	r.expect("(")
	for !r.end() {
		list = append(list, r.name())
		if !r.accept(",") {
			break
		}
	}
	r.expect(")")
	return list
}

// expression reads a parenthesis with an expression. What it says of objects of
// this database it says without the database's name, as everything here does.
func (r *createReader) expression() string { return r.local(r.parens()) }

// local drops `database`. in front of names.
func (r *createReader) local(expr string) string {
	qualifier := ident(r.database) + "."
	if !strings.Contains(expr, qualifier) {
		return expr
	}
	var b strings.Builder
	from := 0
	for t := newTokens(expr); !t.end(); t.next() {
		if t.cur.kind == nameToken && strings.HasPrefix(expr[t.cur.start:], qualifier) {
			b.WriteString(expr[from:t.cur.start])
			from = t.cur.start + len(qualifier)
		}
	}
	return b.String() + expr[from:]
}

// options reads what follows the outer parenthesis. AUTO_INCREMENT is data, not
// schema; CONNECTION may hold a password.
func (r *createReader) options() {
	for !r.end() && !r.cur.is("PARTITION") {
		switch {
		case r.accept(","):
		case r.accept("COMMENT"):
			r.accept("=")
			r.table.Comment = r.next().text
		case r.accept("WITH", "SYSTEM", "VERSIONING"):
			r.option("system_versioning", "on")
		case r.accept("DEFAULT"): // DEFAULT CHARSET, DEFAULT ENCRYPTION
		case r.accept("CHARACTER", "SET"), r.accept("CHARSET"):
			r.accept("=")
			r.option("charset", r.name())
		case r.accept("COLLATE"):
			r.accept("=")
			r.option("collation", r.name())
		case r.cur.kind == wordToken || r.cur.kind == nameToken:
			key := strings.ToLower(r.next().text)
			if (key == "data" || key == "index") && r.accept("DIRECTORY") {
				key += " directory"
			}
			if key == "start" && r.accept("TRANSACTION") {
				continue
			}
			r.accept("=")
			value := ""
			if r.cur.is("(") {
				value = "(" + r.parens() + ")"
			} else {
				value = r.next().text
			}
			if key != "auto_increment" && key != "connection" {
				r.option(key, value)
			}
		default:
			r.fail(fmt.Sprintf("unknown table option %q", r.cur.text))
		}
	}
}

func (r *createReader) option(key, value string) { r.table.Options = with(r.table.Options, key, value) }

func with(m map[string]string, key, value string) map[string]string {
	if m == nil {
		m = map[string]string{}
	}
	m[key] = value
	return m
}

func atoi(s string) int {
	n := 0
	for _, c := range []byte(s) {
		if !isDigit(c) {
			return 0
		}
		n = n*10 + int(c-'0')
	}
	return n
}
