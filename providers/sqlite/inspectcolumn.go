package sqlite

import (
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// column reads one column definition.
func (p *parser) column(t *parsedTable) {
	col := parsedColumn{name: p.ident()}
	p.columnType()
	if p.err == nil && p.pos < len(p.toks) {
		if c := p.toks[p.pos]; c.kind == tokenComment && strings.HasPrefix(c.text, "/*") {
			col.note = strings.TrimSpace(strings.TrimSuffix(c.text[2:], "*/"))
		}
	}
	name := ""
	for p.err == nil && !p.atPunct(",") && !p.atPunct(")") {
		if p.accept("CONSTRAINT") {
			name = p.ident()
			continue
		}
		p.columnConstraint(t, &col, name)
		name = ""
	}
	t.columns = append(t.columns, col)
}

// columnType passes over the declared type: words or strings, then (n) or (n, m).
func (p *parser) columnType() {
	for p.err == nil {
		t := p.peek()
		switch t.kind {
		case tokenName, tokenString:
			p.next()
			continue
		case tokenWord:
			if !endsType(t) {
				p.next()
				continue
			}
		}
		break
	}
	if p.atPunct("(") {
		p.group()
	}
}

// endsType reports whether a word begins a column constraint, so that it can't be
// part of a type.
func endsType(t token) bool {
	for _, k := range []string{"CONSTRAINT", "PRIMARY", "NOT", "NULL", "UNIQUE", "CHECK", "DEFAULT", "COLLATE", "REFERENCES", "GENERATED", "AS"} {
		if t.is(k) {
			return true
		}
	}
	return false
}

func (p *parser) columnConstraint(t *parsedTable, col *parsedColumn, name string) {
	switch {
	case p.accept("PRIMARY"):
		p.expect("KEY")
		part := schema.KeyPart{Column: col.name}
		if !p.accept("ASC") {
			part.Desc = p.accept("DESC")
		}
		k := &parsedKey{name: name, parts: []schema.KeyPart{part}, conflict: p.conflict(), inline: true}
		t.auto = p.accept("AUTOINCREMENT") || t.auto
		t.primary = k
	case p.accept("UNIQUE"):
		t.uniques = append(t.uniques, parsedKey{name: name, parts: []schema.KeyPart{{Column: col.name}}, conflict: p.conflict()})
	case p.accept("CHECK"):
		t.checks = append(t.checks, schema.Check{Name: name, Expr: p.group()})
	case p.accept("NOT"):
		if p.accept("DEFERRABLE") {
			p.initially(nil)
			return
		}
		p.expect("NULL")
		col.conflict = p.conflict()
	case p.accept("NULL"):
		p.conflict()
	case p.accept("DEFAULT"):
		p.defaultValue()
	case p.accept("COLLATE"):
		col.collation = p.ident()
	case p.accept("REFERENCES"):
		fk := schema.ForeignKey{Name: name, Columns: []string{col.name}}
		p.references(&fk)
		t.foreign = append(t.foreign, fk)
	case p.accept("DEFERRABLE"):
		if n := len(t.foreign); n > 0 {
			p.initially(&t.foreign[n-1])
		} else {
			p.initially(nil)
		}
	case p.peek().is("GENERATED") || p.peek().is("AS"):
		if p.accept("GENERATED") {
			p.expect("ALWAYS")
		}
		p.expect("AS")
		col.generated = p.group()
		if p.accept("STORED") {
			col.stored = true
		} else {
			p.accept("VIRTUAL")
		}
	default:
		p.fail("a column constraint")
	}
}

// defaultValue passes over a default, whose text the pragma gives.
func (p *parser) defaultValue() {
	if p.atPunct("(") {
		p.group()
		return
	}
	if !p.acceptPunct("+") {
		p.acceptPunct("-")
	}
	p.next()
}

// references reads what follows REFERENCES.
func (p *parser) references(fk *schema.ForeignKey) {
	fk.RefTable = schema.Name{Name: p.ident()}
	if p.atPunct("(") {
		fk.RefColumns = p.columnList()
	}
	for p.err == nil {
		switch {
		case p.peek().is("ON"):
			p.next()
			switch {
			case p.accept("DELETE"):
				fk.OnDelete = p.action()
			case p.accept("UPDATE"):
				fk.OnUpdate = p.action()
			default:
				p.expect("INSERT") // the grammar takes it, without a meaning
				p.action()
			}
		case p.accept("MATCH"):
			p.ident() // SQLite enforces MATCH SIMPLE whatever is written
		case p.accept("DEFERRABLE"):
			p.initially(fk)
		case p.peek().is("NOT") && p.peekSecond().is("DEFERRABLE"):
			p.next()
			p.next()
			p.initially(nil)
		default:
			return
		}
	}
}

// peekSecond looks past the next token.
func (p *parser) peekSecond() token {
	q := *p
	q.next()
	return q.peek()
}

// initially reads the rest of a DEFERRABLE clause; fk is nil for NOT DEFERRABLE.
func (p *parser) initially(fk *schema.ForeignKey) {
	deferred := false
	if p.accept("INITIALLY") {
		if deferred = p.accept("DEFERRED"); !deferred {
			p.expect("IMMEDIATE")
		}
	}
	if fk != nil {
		fk.Deferrable, fk.Deferred = true, deferred
	}
}

// action reads what follows ON DELETE; NO ACTION is "".
func (p *parser) action() string {
	switch {
	case p.accept("SET"):
		if p.accept("NULL") {
			return "SET NULL"
		}
		p.expect("DEFAULT")
		return "SET DEFAULT"
	case p.accept("CASCADE"):
		return "CASCADE"
	case p.accept("RESTRICT"):
		return "RESTRICT"
	}
	p.expect("NO")
	p.expect("ACTION")
	return ""
}

// parsedIndex is what a CREATE INDEX says of its parts that are expressions, and of
// the rows that it holds.
type parsedIndex struct {
	parts []string // an expression, or a column's name as written
	where string
}

func parseIndex(sql string) (*parsedIndex, error) {
	p := &parser{sql: sql, toks: tokenize(sql)}
	p.expect("CREATE")
	p.accept("UNIQUE")
	p.expect("INDEX")
	p.skipIfNotExists()
	p.qualifiedName()
	p.expect("ON")
	p.ident()
	x := &parsedIndex{parts: p.indexParts()}
	if p.accept("WHERE") {
		x.where = strings.TrimSpace(sql[p.peek().start:])
	}
	if p.err != nil {
		return nil, p.err
	}
	return x, nil
}

// indexParts cuts (a, lower(b) COLLATE x DESC) at its commas and drops what xinfo says:
// the direction and the collation.
func (p *parser) indexParts() []string {
	var parts []string
	p.punct("(")
	for p.err == nil {
		var part []token
		for depth := 0; p.err == nil; {
			t := p.peek()
			if t.kind == tokenOther && depth == 0 && (t.text == "," || t.text == ")") {
				break
			}
			if t.kind == tokenOther && t.text == "(" {
				depth++
			}
			if t.kind == tokenOther && t.text == ")" {
				depth--
			}
			part = append(part, p.next())
		}
		if n := len(part); n > 1 && (part[n-1].is("ASC") || part[n-1].is("DESC")) {
			part = part[:n-1]
		}
		if n := len(part); n > 2 && part[n-2].is("COLLATE") {
			part = part[:n-2]
		}
		if len(part) > 0 {
			parts = append(parts, p.sql[part[0].start:part[len(part)-1].end])
		}
		if !p.acceptPunct(",") {
			break
		}
	}
	p.punct(")")
	return parts
}
