package expr

// call reads a function's arguments; its opening bracket is taken.
func (p *parser) call(t token, n *Node) (*Node, *Error) {
	n.op, n.Name, n.Text = opCall, t.upper, ""
	var err *Error
	switch t.upper {
	case "CAST":
		err = p.cast(n, "AS")
	case "CONVERT":
		err = p.cast(n, ",")
	case "EXTRACT":
		if n.Unit, err = p.unit(); err == nil {
			if err = p.expect("FROM"); err == nil {
				err = p.args(n)
			}
		}
	case "TIMESTAMPDIFF", "TIMESTAMPADD":
		if n.Unit, err = p.unit(); err == nil {
			if err = p.expect(","); err == nil {
				err = p.args(n)
			}
		}
	case "DATE_ADD", "DATE_SUB", "ADDDATE", "SUBDATE":
		err = p.dateAdd(n)
	case "TRIM":
		err = p.trim(n)
	case "SUBSTRING", "SUBSTR", "MID":
		n.Name = "SUBSTRING"
		err = p.substring(n)
	case "POSITION":
		err = p.position(n)
	default:
		err = p.args(n)
	}
	if err != nil {
		return nil, err
	}
	if err := p.expect(")"); err != nil {
		return nil, err
	}
	n.To = p.last()
	return n, nil
}

func (p *parser) add(n *Node, min int) *Error {
	a, err := p.expr(min)
	if err != nil {
		return err
	}
	n.Args = append(n.Args, a)
	return nil
}

// args reads arguments up to the closing bracket.
func (p *parser) args(n *Node) *Error {
	if p.peek().is(")") {
		return nil
	}
	if t := p.peek(); t.is("*") || t.is("DISTINCT") {
		return &Error{From: t.from, To: t.to, Text: "An expression sees one row, so there is nothing to count or sum."}
	}
	for {
		if err := p.add(n, 0); err != nil {
			return err
		}
		if !p.accept(",") {
			return nil
		}
	}
}

func (p *parser) dateAdd(n *Node) *Error {
	if err := p.add(n, 0); err != nil {
		return err
	}
	if err := p.expect(","); err != nil {
		return err
	}
	if n.Name == "ADDDATE" {
		n.Name = "DATE_ADD"
	} else if n.Name == "SUBDATE" {
		n.Name = "DATE_SUB"
	}
	if !p.peek().is("INTERVAL") {
		return p.unexpected("an interval, such as INTERVAL 3 DAY,")
	}
	a, unit, err := p.interval()
	if err != nil {
		return err
	}
	n.Args, n.Unit = append(n.Args, a), unit
	return nil
}

// trim reads [{BOTH | LEADING | TRAILING} [what] FROM] text.
func (p *parser) trim(n *Node) *Error {
	n.Unit = "BOTH"
	t := p.peek()
	side := t.is("BOTH") || t.is("LEADING") || t.is("TRAILING")
	if side {
		n.Unit = t.upper
		p.take()
		if p.accept("FROM") {
			return p.add(n, 0)
		}
	}
	if err := p.add(n, 0); err != nil {
		return err
	}
	if !side && !p.peek().is("FROM") {
		return nil
	}
	if err := p.expect("FROM"); err != nil {
		return err
	}
	if err := p.add(n, 0); err != nil {
		return err
	}
	n.Args[0], n.Args[1] = n.Args[1], n.Args[0]
	return nil
}

// substring reads text, from, length or text FROM from FOR length.
func (p *parser) substring(n *Node) *Error {
	if err := p.add(n, 0); err != nil {
		return err
	}
	if !p.accept("FROM") {
		if p.accept(",") {
			return p.args(n)
		}
		return nil
	}
	if err := p.add(n, 0); err != nil {
		return err
	}
	if p.accept("FOR") {
		return p.add(n, 0)
	}
	return nil
}

// position reads what IN text, as LOCATE(what, text).
func (p *parser) position(n *Node) *Error {
	n.Name = "LOCATE"
	if err := p.add(n, powCompare); err != nil {
		return err
	}
	if err := p.expect("IN"); err != nil {
		return err
	}
	return p.add(n, 0)
}

// cast reads a CAST's value and type.
func (p *parser) cast(n *Node, by string) *Error {
	n.op, n.Name = opCast, "CAST"
	if err := p.add(n, 0); err != nil {
		return err
	}
	if by == "," && p.peek().is("USING") {
		t := p.peek()
		return &Error{From: t.from, To: t.to, Text: "All text is UTF-8 here.", Fix: "Take CONVERT ... USING out."}
	}
	if err := p.expect(by); err != nil {
		return err
	}
	t := p.peek()
	to, ok := castNames[t.upper]
	if t.kind != word || !ok {
		e := p.unexpected("a type")
		return e.fix("The types of CAST are CHAR, BINARY, SIGNED, UNSIGNED, DECIMAL(p, s), DOUBLE, FLOAT, DATE, TIME, DATETIME and JSON.")
	}
	p.take()
	n.Cast = castTo{name: to, length: -1}
	c := &n.Cast
	if to == "DECIMAL" {
		c.precision = 10
	}
	switch {
	case to == "SIGNED" || to == "UNSIGNED":
		_ = p.accept("INTEGER") || p.accept("INT")
	case t.is("DOUBLE"):
		p.accept("PRECISION")
	case t.is("CHARACTER"):
		p.accept("VARYING")
	}
	if !p.accept("(") {
		return nil
	}
	v, err := p.digits()
	if err != nil {
		return err
	}
	at := p.toks[p.at-1]
	bad := func(text string) *Error { return &Error{From: at.from, To: at.to, Text: text} }
	switch to {
	case "CHAR", "BINARY":
		c.length = v
	case "DECIMAL":
		if c.precision = v; v < 1 || v > 65 {
			return bad("A DECIMAL has 1 to 65 digits.")
		}
		if p.accept(",") {
			if c.scale, err = p.digits(); err != nil {
				return err
			}
			at = p.toks[p.at-1]
			if c.scale > 30 || c.scale > v {
				return bad("A DECIMAL has at most 30 digits behind the point, and no more than in all.")
			}
		}
	case "DATETIME", "TIME":
		if c.precision = v; v > 6 {
			return bad("Seconds have at most 6 digits behind the point.")
		}
	default:
		return bad("This type takes no length.")
	}
	return p.expect(")")
}

// castNames are the names that CAST takes, and what they mean.
var castNames = map[string]string{
	"CHAR": "CHAR", "NCHAR": "CHAR", "VARCHAR": "CHAR", "CHARACTER": "CHAR", "TEXT": "CHAR", "BINARY": "BINARY", "BYTEA": "BINARY",
	"SIGNED": "SIGNED", "INT": "SIGNED", "INTEGER": "SIGNED", "BIGINT": "SIGNED", "UNSIGNED": "UNSIGNED",
	"DECIMAL": "DECIMAL", "NUMERIC": "DECIMAL", "DEC": "DECIMAL", "DOUBLE": "DOUBLE", "REAL": "DOUBLE", "FLOAT": "FLOAT",
	"DATE": "DATE", "TIME": "TIME", "DATETIME": "DATETIME", "TIMESTAMP": "DATETIME", "JSON": "JSON", "JSONB": "JSON",
}
