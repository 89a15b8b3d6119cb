package sqlite

import (
	"fmt"
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// parsedTable is what a CREATE TABLE says and the pragmas do not.
type parsedTable struct {
	columns []parsedColumn
	primary *parsedKey // also one that stands with its column
	uniques []parsedKey
	checks  []schema.Check
	foreign []schema.ForeignKey
	auto    bool // AUTOINCREMENT
}

type parsedColumn struct {
	name      string
	note      string // what a comment right behind the type says: types.go
	collation string
	generated string
	stored    bool
	conflict  string // of NOT NULL
}

// parsedKey is a primary key or unique constraint.
type parsedKey struct {
	name     string
	parts    []schema.KeyPart
	conflict string // ON CONFLICT
	inline   bool   // stands with its column
}

// parser walks the tokens of one statement that SQLite has accepted; what it does
// not expect is an error, so that nothing is passed over.
type parser struct {
	sql  string
	toks []token // with comments
	pos  int
	err  error
}

// parseTable reads the text of a CREATE TABLE from sqlite_schema.
func parseTable(sql string) (*parsedTable, error) {
	p := &parser{sql: sql, toks: tokenize(sql)}
	t := &parsedTable{}
	p.expect("CREATE")
	if !p.accept("TEMP") {
		p.accept("TEMPORARY")
	}
	p.expect("TABLE")
	p.skipIfNotExists()
	p.qualifiedName()
	p.punct("(")
	for p.err == nil {
		if p.atTableConstraint() {
			p.tableConstraint(t)
		} else {
			p.column(t)
		}
		if p.acceptPunct(",") || p.atTableConstraint() { // the comma between constraints may be left out
			continue
		}
		break
	}
	p.punct(")")
	if p.err != nil {
		return nil, p.err
	}
	return t, nil
}

func (p *parser) peek() token {
	for i := p.pos; i < len(p.toks); i++ {
		if p.toks[i].kind != tokenComment {
			return p.toks[i]
		}
	}
	return token{start: len(p.sql), end: len(p.sql)}
}

func (p *parser) next() token {
	for p.pos < len(p.toks) {
		t := p.toks[p.pos]
		p.pos++
		if t.kind != tokenComment {
			return t
		}
	}
	p.fail("more")
	return token{start: len(p.sql), end: len(p.sql)}
}

func (p *parser) fail(wanted string) {
	if p.err == nil {
		p.err = fmt.Errorf("expected %s at %.20q of its definition", wanted, p.sql[p.peek().start:])
	}
}

func (p *parser) accept(keyword string) bool {
	if p.err == nil && p.peek().is(keyword) {
		p.next()
		return true
	}
	return false
}

func (p *parser) expect(keyword string) {
	if p.err == nil && !p.accept(keyword) {
		p.fail(keyword)
	}
}

func (p *parser) atPunct(s string) bool {
	t := p.peek()
	return t.kind == tokenOther && t.text == s
}

func (p *parser) acceptPunct(s string) bool {
	if p.err == nil && p.atPunct(s) {
		p.next()
		return true
	}
	return false
}

func (p *parser) punct(s string) {
	if p.err == nil && !p.acceptPunct(s) {
		p.fail(s)
	}
}

func (p *parser) ident() string {
	t := p.peek()
	switch t.kind {
	case tokenWord, tokenName, tokenString:
		return p.next().name()
	}
	p.fail("a name")
	return ""
}

func (p *parser) qualifiedName() string {
	name := p.ident()
	if p.acceptPunct(".") {
		name = p.ident()
	}
	return name
}

func (p *parser) skipIfNotExists() {
	if p.accept("IF") {
		p.expect("NOT")
		p.expect("EXISTS")
	}
}

// group reads what stands between a parenthesis and the one that closes it.
func (p *parser) group() string {
	open := p.peek()
	p.punct("(")
	depth := 1
	for p.err == nil {
		t := p.next()
		switch {
		case t.kind == tokenOther && t.text == "(":
			depth++
		case t.kind == tokenOther && t.text == ")":
			depth--
			if depth == 0 {
				return strings.TrimSpace(p.sql[open.end:t.start])
			}
		}
	}
	return ""
}

// conflict reads ON CONFLICT x.
func (p *parser) conflict() string {
	if p.err == nil && p.peek().is("ON") {
		p.next()
		p.expect("CONFLICT")
		return strings.ToUpper(p.ident())
	}
	return ""
}

// columnList reads (a, b).
func (p *parser) columnList() []string {
	var names []string
	p.punct("(")
	for p.err == nil {
		names = append(names, p.ident())
		if p.accept("COLLATE") { // allowed by the grammar, without a meaning here
			p.ident()
		}
		if !p.accept("ASC") {
			p.accept("DESC")
		}
		if !p.acceptPunct(",") {
			break
		}
	}
	p.punct(")")
	return names
}

// indexedColumns reads (a COLLATE x DESC, b) of a key; auto reports AUTOINCREMENT.
func (p *parser) indexedColumns() (parts []schema.KeyPart, auto bool) {
	p.punct("(")
	for p.err == nil {
		part := schema.KeyPart{Column: p.ident()}
		if p.accept("COLLATE") {
			part.Collation = p.ident()
		}
		if !p.accept("ASC") {
			part.Desc = p.accept("DESC")
		}
		parts = append(parts, part)
		auto = p.accept("AUTOINCREMENT") || auto
		if !p.acceptPunct(",") {
			break
		}
	}
	p.punct(")")
	return parts, auto
}

func (p *parser) atTableConstraint() bool {
	if p.err != nil {
		return false
	}
	t := p.peek()
	for _, k := range []string{"CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"} {
		if t.is(k) {
			return true
		}
	}
	return false
}

func (p *parser) tableConstraint(t *parsedTable) {
	name := ""
	for p.accept("CONSTRAINT") {
		name = p.ident()
	}
	switch {
	case p.accept("PRIMARY"):
		p.expect("KEY")
		k := &parsedKey{name: name}
		var auto bool
		k.parts, auto = p.indexedColumns()
		k.conflict = p.conflict()
		t.primary, t.auto = k, t.auto || auto
	case p.accept("UNIQUE"):
		k := parsedKey{name: name}
		k.parts, _ = p.indexedColumns()
		k.conflict = p.conflict()
		t.uniques = append(t.uniques, k)
	case p.accept("CHECK"):
		t.checks = append(t.checks, schema.Check{Name: name, Expr: p.group()})
		p.conflict()
	case p.accept("FOREIGN"):
		p.expect("KEY")
		fk := schema.ForeignKey{Name: name, Columns: p.columnList()}
		p.expect("REFERENCES")
		p.references(&fk)
		t.foreign = append(t.foreign, fk)
	case p.atPunct(",") || p.atPunct(")"): // a name that names nothing
	default:
		p.fail("a constraint")
	}
}
