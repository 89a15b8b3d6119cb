package expr

import (
	"encoding/hex"
	"strconv"
)

// prefix reads an operand with the operators in front of it and -> behind.
func (p *parser) prefix() (*Node, *Error) {
	t := p.peek()
	switch {
	case t.is("NOT"):
		return p.unary("NOT", powNot)
	case t.is("!"):
		return p.unary("NOT", powUnary)
	case t.is("-"), t.is("~"), t.is("+"):
		return p.unary(t.text, powUnary)
	case t.is("BINARY") && !p.toks[p.at+1].is("("):
		e := &Error{From: t.from, To: t.to, Text: "Text is compared byte by byte here, so BINARY has nothing to add."}
		return nil, e.fix("Take it out.")
	case t.is("INTERVAL") && !p.toks[p.at+1].is("("):
		from := t.from
		n, unit, err := p.interval()
		if err != nil {
			return nil, err
		}
		if err := p.expect("+"); err != nil {
			return nil, err
		}
		right, err := p.expr(powAdd)
		if err != nil {
			return nil, err
		}
		return &Node{op: opCall, Name: "DATE_ADD", Unit: unit, From: from, To: right.To, Args: []*Node{right, n}}, nil
	}
	n, err := p.operand()
	for err == nil && (p.peek().is("->") || p.peek().is("->>")) {
		n, err = p.arrow(n)
	}
	return n, err
}

func (p *parser) unary(name string, pow int) (*Node, *Error) {
	t := p.take()
	a, err := p.expr(pow)
	if err != nil {
		return nil, err
	}
	return &Node{op: opUnary, Name: name, From: t.from, To: a.To, Args: []*Node{a}}, nil
}

// arrow reads -> and ->>.
func (p *parser) arrow(left *Node) (*Node, *Error) {
	t := p.take()
	path := p.peek()
	if path.kind != str {
		e := p.unexpected("a path in quotes")
		if path.kind == number {
			e.Fix = "Write '$[" + path.text + "]', counted from 0."
		}
		return nil, e
	}
	p.take()
	lit := &Node{op: opString, Text: path.text, From: path.from, To: path.to}
	name := "JSON_EXTRACT"
	if t.text == "->>" {
		name = "->>"
	}
	return &Node{op: opCall, Name: name, From: left.From, To: path.to, Args: []*Node{left, lit}}, nil
}

// operand reads a literal, a column, a call or something in brackets.
func (p *parser) operand() (*Node, *Error) {
	t := p.take()
	n := &Node{From: t.from, To: t.to, Text: t.text}
	switch t.kind {
	case str:
		n.op = opString
		return n, nil
	case number:
		n.op = opNumber
		return n, nil
	case quoted:
		n.op, n.Name = opColumn, t.text
		return n, p.dot()
	case word:
		return p.word(t, n)
	case symbol:
		if t.text == "(" {
			return p.brackets(t)
		}
	}
	if t.kind != end {
		p.at--
	}
	if t.is("?") || t.is(":") || t.is("@") {
		return nil, &Error{From: t.from, To: t.to, Text: "There are no parameters and no variables of SQL here.", Fix: "Variables of the configuration are written ${var.name} in HCL's strings."}
	}
	return nil, p.unexpected("a value")
}

func (p *parser) brackets(t token) (*Node, *Error) {
	if p.peek().is("SELECT") {
		return nil, p.subquery()
	}
	n, err := p.expr(0)
	if err != nil {
		return nil, err
	}
	if p.peek().is(",") {
		c := p.peek()
		e := &Error{From: c.from, To: c.to, Text: "A list in brackets stands only behind IN."}
		return nil, e.fix("Compare column by column: a = 1 AND b = 2.")
	}
	if err := p.expect(")"); err != nil {
		return nil, err
	}
	n.From, n.To = t.from, p.last()
	return n, nil
}

// dot refuses table.column.
func (p *parser) dot() *Error {
	t := p.peek()
	if !t.is(".") {
		return nil
	}
	e := &Error{From: p.toks[p.at-1].from, To: t.to, Text: "An expression sees the row of one table."}
	return e.fix("Write the column's name alone.")
}

// word reads what begins with a name or keyword.
func (p *parser) word(t token, n *Node) (*Node, *Error) {
	next := p.peek()
	switch t.upper {
	case "NULL":
		n.op = opNull
		return n, nil
	case "TRUE", "FALSE":
		n.op, n.Name = opBool, t.upper
		return n, nil
	case "CASE":
		return p.caseWhen(n)
	case "SELECT", "EXISTS":
		p.at--
		return nil, p.subquery()
	case "ARRAY", "ROW":
		if next.is("[") || next.is("(") {
			return nil, &Error{From: t.from, To: t.to, Text: t.upper + " has no counterpart here."}
		}
	case "X":
		if next.kind == str && next.from == t.to {
			p.take()
			b, err := hex.DecodeString(next.text)
			if err != nil {
				return nil, &Error{From: t.from, To: next.to, Text: "X'...' holds two hexadecimal digits per byte."}
			}
			n.op, n.Text, n.To = opBytes, string(b), next.to
			return n, nil
		}
	case "E", "N", "_UTF8MB4":
		if next.kind == str && next.from == t.to {
			e := &Error{From: t.from, To: next.to, Text: "A text is written in quotes, without a letter in front."}
			return nil, e.fix("Write '...'.")
		}
	case "DATE", "TIME", "TIMESTAMP":
		if next.kind == str {
			p.take()
			n.op, n.Name, n.Text, n.To = opTemporal, t.upper, next.text, next.to
			return n, nil
		}
	case "CURRENT_TIMESTAMP", "CURRENT_DATE", "CURRENT_TIME", "LOCALTIME", "LOCALTIMESTAMP":
		if !next.is("(") {
			n.op, n.Name, n.Text = opCall, t.upper, ""
			return n, nil
		}
	}
	if next.is("(") {
		p.take()
		return p.call(t, n)
	}
	if reserved[t.upper] {
		p.at--
		e := p.unexpected("a value")
		return nil, e.fix("For a column of that name write `%s`.", t.text)
	}
	n.op, n.Name = opColumn, t.text
	return n, p.dot()
}

// reserved words are no column names without back quotes.
var reserved = map[string]bool{"AND": true, "OR": true, "XOR": true, "NOT": true, "IN": true, "IS": true, "LIKE": true, "BETWEEN": true,
	"REGEXP": true, "RLIKE": true, "DIV": true, "MOD": true, "WHEN": true, "THEN": true, "ELSE": true, "FROM": true, "AS": true, "WHERE": true, "INTERVAL": true, "ESCAPE": true, "BY": true, "ORDER": true, "GROUP": true}

func (p *parser) caseWhen(n *Node) (*Node, *Error) {
	n.op, n.Text = opCase, ""
	add := func() *Error {
		a, err := p.expr(0)
		n.Args = append(n.Args, a)
		return err
	}
	if !p.peek().is("WHEN") {
		n.Has = true
		if err := add(); err != nil {
			return nil, err
		}
	}
	for first := true; first || p.peek().is("WHEN"); first = false {
		if err := p.expect("WHEN"); err != nil {
			return nil, err
		}
		if err := add(); err != nil {
			return nil, err
		}
		if err := p.expect("THEN"); err != nil {
			return nil, err
		}
		if err := add(); err != nil {
			return nil, err
		}
	}
	if p.accept("ELSE") {
		n.Else = true
		if err := add(); err != nil {
			return nil, err
		}
	}
	if err := p.expect("END"); err != nil {
		return nil, err
	}
	n.To = p.last()
	return n, nil
}

// number reads digits in brackets, as in CHAR(10).
func (p *parser) digits() (int, *Error) {
	t := p.peek()
	v, err := strconv.Atoi(t.text)
	if t.kind != number || err != nil {
		return 0, p.unexpected("a number")
	}
	p.take()
	return v, nil
}
