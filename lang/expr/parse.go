package expr

import (
	"fmt"
	"slices"
)

// Parse reads an expression. The error is an *Error.
func Parse(text string) (*Expr, error) {
	toks, err := lex(text)
	if err != nil {
		return nil, err
	}
	p := &parser{text: text, toks: toks}
	n, err := p.whole()
	if err != nil {
		return nil, err
	}
	return &Expr{Text: text, root: n}, nil
}

type parser struct {
	text  string
	toks  []token
	at    int
	depth int
}

func (p *parser) peek() token { return p.toks[p.at] }

func (p *parser) take() token {
	t := p.toks[p.at]
	if t.kind != end {
		p.at++
	}
	return t
}

// accept takes the token where it is that keyword or symbol.
func (p *parser) accept(s string) bool {
	if p.peek().is(s) {
		p.at++
		return true
	}
	return false
}

func (p *parser) expect(s string) *Error {
	if p.accept(s) {
		return nil
	}
	return p.unexpected(s)
}

// last is where what was read ends.
func (p *parser) last() int {
	if p.at == 0 {
		return 0
	}
	return p.toks[p.at-1].to
}

func (p *parser) unexpected(want string) *Error {
	t := p.peek()
	switch {
	case t.kind == end:
		return &Error{From: t.from, To: t.from, Text: fmt.Sprintf("The expression ends where %s should stand.", want)}
	case t.is(";"):
		return &Error{From: t.from, To: t.to, Text: "An expression has no semicolon.", Fix: "Take it out."}
	}
	return &Error{From: t.from, To: t.to, Text: fmt.Sprintf("%s stands where %s should.", p.text[t.from:t.to], want)}
}

func (p *parser) whole() (*Node, *Error) {
	if p.peek().kind == end {
		return nil, &Error{From: 0, To: len(p.text), Text: "The expression is empty."}
	}
	n, err := p.expr(0)
	if err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind != end {
		return nil, p.trailing(t)
	}
	return n, nil
}

// trailing explains what follows an expression that is whole.
func (p *parser) trailing(t token) *Error {
	e := &Error{From: t.from, To: t.to}
	before := p.text[:p.toks[p.at-1].to]
	left := p.text[p.toks[p.at-1].from:len(before)]
	switch {
	case t.is("::"):
		e.Text = ":: is PostgreSQL's."
		return e.fix("Write CAST(%s AS type).", left)
	case t.is("ILIKE"):
		e.Text = "ILIKE is PostgreSQL's."
		return e.fix("Write LOWER(a) LIKE LOWER(b).")
	case t.is("SIMILAR"), t.is("~"), t.is("!~"):
		e.Text = t.text + " is PostgreSQL's."
		return e.fix("Write a REGEXP b.")
	case t.is("COLLATE"):
		e.Text = "Text is compared byte by byte; there are no other collations."
		return e.fix("To compare without regard to case, write LOWER(a) = LOWER(b).")
	case t.is("AT"):
		e.Text = "AT TIME ZONE is not known here: all times are in UTC."
		return e.fix("For another time of day add an interval: a + INTERVAL 2 HOUR.")
	case t.is(";"), t.is(":="), t.is("AS"):
		e.Text = fmt.Sprintf("%s does not belong into an expression.", t.text)
		return e.fix("Take it out.")
	}
	e.Text = fmt.Sprintf("%s stands where an operator or the end should.", p.text[t.from:t.to])
	return e
}

// Binding powers of the operators, weakest first.
const (
	powOr = iota + 1
	powXor
	powAnd
	powNot
	powCompare
	powBitOr
	powBitAnd
	powShift
	powAdd
	powMul
	powBitXor
	powUnary
)

var infix = map[string]int{
	"OR": powOr, "XOR": powXor, "AND": powAnd, "&&": powAnd,
	"=": powCompare, "<=>": powCompare, "<": powCompare, "<=": powCompare, ">": powCompare, ">=": powCompare, "<>": powCompare, "!=": powCompare,
	"IS": powCompare, "LIKE": powCompare, "REGEXP": powCompare, "RLIKE": powCompare, "IN": powCompare, "BETWEEN": powCompare, "NOT": powCompare, "ILIKE": powCompare, "SIMILAR": powCompare,
	"|": powBitOr, "&": powBitAnd, "<<": powShift, ">>": powShift,
	"+": powAdd, "-": powAdd, "*": powMul, "/": powMul, "DIV": powMul, "%": powMul, "MOD": powMul, "^": powBitXor,
	"||": powBitXor + 1, "::": powUnary + 1, "!~": powCompare,
}

func (t token) infix() int {
	switch t.kind {
	case word:
		return infix[t.upper]
	case symbol:
		return infix[t.text]
	}
	return 0
}

// expr reads an expression whose operators bind stronger than min.
func (p *parser) expr(min int) (*Node, *Error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxDepth {
		t := p.peek()
		return nil, &Error{From: t.from, To: t.to, Text: "The expression is nested more than 200 deep."}
	}
	left, err := p.prefix()
	if err != nil {
		return nil, err
	}
	for n := 0; ; n++ {
		t := p.peek()
		pow := t.infix()
		if pow == 0 || pow <= min {
			return left, nil
		}
		if n > 2000 {
			return nil, &Error{From: t.from, To: t.to, Text: "The expression has too many operators."}
		}
		if left, err = p.operator(left, t, pow); err != nil {
			return nil, err
		}
	}
}

// operator reads what follows its left side.
func (p *parser) operator(left *Node, t token, pow int) (*Node, *Error) {
	switch {
	case t.is("||"):
		return nil, p.concat(left, t)
	case t.is("::"):
		e := &Error{From: t.from, To: t.to, Text: ":: is PostgreSQL's."}
		return nil, e.fix("Write CAST(%s AS type).", p.text[left.From:left.To])
	case t.is("ILIKE"), t.is("SIMILAR"), t.is("!~"):
		return nil, p.trailing(t)
	case t.is("IS"):
		return p.is(left)
	case t.is("IN"), t.is("BETWEEN"), t.is("LIKE"), t.is("REGEXP"), t.is("RLIKE"):
		p.take()
		return p.predicate(left, t, false)
	case t.is("NOT"):
		p.take()
		next := p.peek()
		for _, k := range []string{"IN", "BETWEEN", "LIKE", "REGEXP", "RLIKE"} {
			if next.is(k) {
				p.take()
				return p.predicate(left, next, true)
			}
		}
		if next.is("ILIKE") || next.is("SIMILAR") {
			return nil, p.trailing(next)
		}
		return nil, p.unexpected("IN, BETWEEN, LIKE or REGEXP")
	}
	p.take()
	if p.peek().is("INTERVAL") && (t.is("+") || t.is("-")) {
		return p.addInterval(left, t)
	}
	name := t.text
	if t.kind == word {
		name = t.upper
	}
	switch name {
	case "&&":
		name = "AND"
	case "!=":
		name = "<>"
	case "MOD":
		name = "%"
	}
	right, err := p.expr(pow)
	if err != nil {
		return nil, err
	}
	return &Node{op: opBinary, Name: name, From: left.From, To: right.To, Args: []*Node{left, right}}, nil
}

// concat refuses a || b, which is OR to MySQL.
func (p *parser) concat(left *Node, t token) *Error {
	e := &Error{From: t.from, To: t.to, Text: "|| joins texts in some databases and is OR in others."}
	p.take()
	right, err := p.expr(powBitXor)
	if err != nil {
		return e.fix("Write CONCAT(a, b), or a OR b.")
	}
	a, b := p.text[left.From:left.To], p.text[right.From:right.To]
	return e.fix("Write CONCAT(%s, %s), or %s OR %s.", a, b, a, b)
}

func (p *parser) is(left *Node) (*Node, *Error) {
	p.take()
	n := &Node{op: opIs, From: left.From, Args: []*Node{left}, Not: p.accept("NOT")}
	t := p.take()
	switch t.upper {
	case "NULL", "TRUE", "FALSE", "UNKNOWN":
		n.Name = t.upper
	case "DISTINCT":
		e := &Error{From: t.from, To: t.to, Text: "IS DISTINCT FROM is not known here."}
		return nil, e.fix("Write a <=> b for equal or both NULL, and NOT (a <=> b) for its contrary.")
	default:
		if t.kind != end {
			p.at--
		}
		return nil, p.unexpected("NULL, TRUE, FALSE or UNKNOWN")
	}
	n.To = t.to
	return n, nil
}

// predicate reads what follows IN, BETWEEN, LIKE and REGEXP.
func (p *parser) predicate(left *Node, t token, not bool) (*Node, *Error) {
	n := &Node{From: left.From, Args: []*Node{left}, Not: not, Name: t.upper}
	add := func(min int) *Error {
		a, err := p.expr(min)
		n.Args = append(n.Args, a)
		return err
	}
	switch t.upper {
	case "IN":
		n.op = opIn
		if err := p.expect("("); err != nil {
			return nil, err
		}
		if p.peek().is("SELECT") {
			return nil, p.subquery()
		}
		for {
			if err := add(0); err != nil {
				return nil, err
			}
			if !p.accept(",") {
				break
			}
		}
		if err := p.expect(")"); err != nil {
			return nil, err
		}
	case "BETWEEN":
		n.op = opBetween
		if err := add(powCompare); err != nil {
			return nil, err
		}
		if err := p.expect("AND"); err != nil {
			return nil, err
		}
		if err := add(powCompare); err != nil {
			return nil, err
		}
	case "LIKE":
		n.op = opLike
		if err := add(powCompare); err != nil {
			return nil, err
		}
		if p.accept("ESCAPE") {
			if err := add(powCompare); err != nil {
				return nil, err
			}
		}
	default: // REGEXP
		n.op, n.Name = opCall, "REGEXP_LIKE"
		if err := add(powCompare); err != nil {
			return nil, err
		}
		n.To, n.Not = p.last(), false
		if !not {
			return n, nil
		}
		return &Node{op: opUnary, Name: "NOT", From: n.From, To: n.To, Args: []*Node{n}}, nil
	}
	n.To = p.last()
	return n, nil
}

func (p *parser) subquery() *Error {
	t := p.peek()
	return &Error{From: t.from, To: t.to, Text: "An expression sees one row and no table, so it holds no SELECT."}
}

// units of intervals.
var units = []string{"MICROSECOND", "SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"}

// unit reads DAY, MONTH, ...
func (p *parser) unit() (string, *Error) {
	t := p.peek()
	if t.kind == word && slices.Contains(units, t.upper) {
		p.take()
		return t.upper, nil
	}
	return "", p.unexpected("a unit (MICROSECOND, SECOND, MINUTE, HOUR, DAY, WEEK, MONTH, QUARTER, YEAR)")
}

// interval reads INTERVAL 3 DAY.
func (p *parser) interval() (*Node, string, *Error) {
	if err := p.expect("INTERVAL"); err != nil {
		return nil, "", err
	}
	if t := p.peek(); t.kind == str && p.toks[p.at+1].kind != word {
		e := &Error{From: t.from, To: t.to, Text: "An interval is written as a number and a unit here."}
		return nil, "", e.fix("Write INTERVAL 3 DAY, say.")
	}
	n, err := p.expr(powCompare)
	if err != nil {
		return nil, "", err
	}
	unit, err := p.unit()
	return n, unit, err
}

func (p *parser) addInterval(left *Node, t token) (*Node, *Error) {
	n, unit, err := p.interval()
	if err != nil {
		return nil, err
	}
	name := "DATE_ADD"
	if t.is("-") {
		name = "DATE_SUB"
	}
	return &Node{op: opCall, Name: name, Unit: unit, From: left.From, To: p.last(), Args: []*Node{left, n}}, nil
}
