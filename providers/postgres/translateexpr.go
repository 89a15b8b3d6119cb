package postgres

import (
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// expression says an expression of MySQL or SQLite here, where every word of it means
// the same in both: columns of numbers and days, numbers, comparisons, + - *, AND, OR,
// NOT, IN, BETWEEN, IS NULL; texts only where the source compares them by their bytes.
// ok is false for all else: better a note than another meaning. want is the kind of
// the column or of the condition that it is for; "" takes any.
func (tr *translation) expression(expr string, want schema.Kind) (string, bool) {
	p := &exprParser{tr: tr, tokens: exprTokens(expr, tr.from.System)}
	if p.tokens == nil {
		return "", false
	}
	out, kind, ok := p.or()
	if !ok || len(p.tokens) > 0 || kind == exprText && len(p.columns) == 0 {
		return "", false
	}
	switch want {
	case "":
	case schema.Bool:
		ok = kind == exprBool
	case schema.Int, schema.Decimal:
		ok = kind == exprNumber
	case schema.Text, schema.Varchar:
		ok = kind == exprText
	default:
		ok = false
	}
	if !ok {
		return "", false
	}
	if !strings.HasPrefix(out, "(") && kind != exprText {
		out = "(" + out + ")"
	}
	return out, true
}

// exprKind is what an expression gives.
type exprKind int

const (
	exprNumber exprKind = iota + 1
	exprText
	exprDay
	exprBool
)

type exprParser struct {
	tr      *translation
	tokens  []exprToken
	columns []schema.Column
	depth   int
}

// is takes a word or an operator if it is next.
func (p *exprParser) is(text string) bool {
	if len(p.tokens) > 0 && (p.tokens[0].kind == 'o' || p.tokens[0].kind == 'w') && strings.EqualFold(p.tokens[0].text, text) {
		p.tokens = p.tokens[1:]
		return true
	}
	return false
}

func (p *exprParser) or() (string, exprKind, bool)  { return p.chain("OR", p.and) }
func (p *exprParser) and() (string, exprKind, bool) { return p.chain("AND", p.not) }

// chain reads conditions between AND or OR, and puts parentheses around them as the
// server would.
func (p *exprParser) chain(word string, next func() (string, exprKind, bool)) (string, exprKind, bool) {
	first, kind, ok := next()
	if !ok {
		return "", 0, false
	}
	parts := []string{first}
	for p.is(word) {
		s, k, ok := next()
		if !ok || k != exprBool || kind != exprBool {
			return "", 0, false
		}
		parts = append(parts, s)
	}
	if len(parts) == 1 {
		return first, kind, true
	}
	return "(" + strings.Join(parts, " "+word+" ") + ")", exprBool, true
}

func (p *exprParser) not() (string, exprKind, bool) {
	if !p.is("NOT") {
		return p.predicate()
	}
	s, k, ok := p.not()
	return "(NOT " + s + ")", exprBool, ok && k == exprBool
}

var comparisons = map[string]string{"=": "=", "==": "=", "<>": "<>", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}

func (p *exprParser) predicate() (string, exprKind, bool) {
	left, kind, ok := p.sum()
	if !ok || len(p.tokens) == 0 || kind == exprBool {
		return left, kind, ok
	}
	if op := comparisons[p.tokens[0].text]; op != "" && p.tokens[0].kind == 'o' {
		p.tokens = p.tokens[1:]
		right, k, ok := p.sum()
		return "(" + left + " " + op + " " + right + ")", exprBool, ok && k == kind
	}
	if p.is("IS") {
		word := " IS NULL)"
		if p.is("NOT") {
			word = " IS NOT NULL)"
		}
		return "(" + left + word, exprBool, p.is("NULL")
	}
	not := ""
	if p.is("NOT") {
		not = "NOT "
	}
	switch {
	case p.is("BETWEEN"):
		low, k1, ok1 := p.sum()
		and := p.is("AND")
		high, k2, ok2 := p.sum()
		return "(" + left + " " + not + "BETWEEN " + low + " AND " + high + ")", exprBool, ok1 && and && ok2 && k1 == kind && k2 == kind
	case p.is("IN"):
		list, ok := p.list(kind)
		return "(" + left + " " + not + "IN (" + list + "))", exprBool, ok
	case not != "":
		return "", 0, false
	}
	return left, kind, true
}

func (p *exprParser) list(kind exprKind) (string, bool) {
	if !p.is("(") {
		return "", false
	}
	var items []string
	for {
		s, k, ok := p.sum()
		if !ok || k != kind {
			return "", false
		}
		items = append(items, s)
		if p.is(")") {
			return strings.Join(items, ", "), true
		}
		if !p.is(",") {
			return "", false
		}
	}
}

func (p *exprParser) sum() (string, exprKind, bool) {
	return p.arithmetic([]string{"+", "-"}, p.product)
}
func (p *exprParser) product() (string, exprKind, bool) {
	return p.arithmetic([]string{"*"}, p.primary)
}

func (p *exprParser) arithmetic(ops []string, next func() (string, exprKind, bool)) (string, exprKind, bool) {
	left, kind, ok := next()
	for ok {
		op := ""
		for _, o := range ops {
			if p.is(o) {
				op = o
				break
			}
		}
		if op == "" {
			break
		}
		right, k, rok := next()
		ok = rok && k == exprNumber && kind == exprNumber
		left = "(" + left + " " + op + " " + right + ")"
	}
	return left, kind, ok
}

func (p *exprParser) primary() (string, exprKind, bool) {
	if p.depth++; p.depth > 100 {
		return "", 0, false
	}
	defer func() { p.depth-- }()
	switch {
	case p.is("("):
		s, k, ok := p.or()
		return s, k, ok && p.is(")")
	case p.is("-"):
		s, k, ok := p.primary()
		return "(- " + s + ")", k, ok && k == exprNumber
	case len(p.tokens) == 0:
		return "", 0, false
	}
	t := p.tokens[0]
	p.tokens = p.tokens[1:]
	switch t.kind {
	case 'n':
		return t.text, exprNumber, true
	case 's':
		return literal(t.text), exprText, p.textsAllowed()
	case 'w', 'i':
		return p.column(t.text)
	}
	return "", 0, false
}

func (p *exprParser) column(name string) (string, exprKind, bool) {
	for _, c := range p.tr.source.Columns {
		if !strings.EqualFold(c.Name, name) {
			continue
		}
		t, err := p.tr.columnType(c)
		if err != nil || c.Generated != nil {
			return "", 0, false
		}
		p.columns = append(p.columns, c)
		s := quoteIfNeeded(fit(c.Name))
		switch t.Kind {
		case schema.Int, schema.Decimal:
			return s, exprNumber, true
		case schema.Date, schema.Timestamp:
			return s, exprDay, true
		case schema.Varchar, schema.Text:
			return s, exprText, p.textsAllowed()
		}
		return "", 0, false
	}
	return "", 0, false
}

// textsAllowed: MySQL's usual collations take 'a' for 'A'.
func (p *exprParser) textsAllowed() bool {
	for _, c := range p.columns {
		if !c.Type.IsText() {
			continue
		}
		binary := strings.HasSuffix(c.Collation, "_bin")
		if p.tr.from.System == schema.SQLite {
			binary = c.Collation == "" || strings.EqualFold(c.Collation, "BINARY")
		}
		if !binary {
			return false
		}
	}
	return true
}
