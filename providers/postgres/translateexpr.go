package postgres

import (
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// expression says an expression of MySQL or SQLite here, where every word of it means
// the same in both: columns of numbers and dates, numbers, comparisons, + - *, AND, OR,
// NOT, IN, BETWEEN, IS NULL; texts only where the source compares them by their bytes.
// ok is false for all else: better a note than another meaning. want is the kind that
// the whole must have.
func (tr *translation) expression(expr string, want schema.Kind) (string, bool) {
	e := exprTranslator{tr: tr, in: expr}
	tokens, ok := e.tokens()
	if !ok || len(tokens) == 0 || e.logic != (want == schema.Bool) && want != "" {
		return "", false
	}
	out := strings.Join(tokens, " ")
	for _, r := range [][2]string{{"( ", "("}, {" )", ")"}, {" ,", ","}} {
		out = strings.ReplaceAll(out, r[0], r[1])
	}
	if !balanced(tokens) {
		return "", false
	}
	if !strings.HasPrefix(out, "(") || !strings.HasSuffix(out, ")") || !wrapped(tokens) {
		out = "(" + out + ")"
	}
	return out, true
}

type exprTranslator struct {
	tr    *translation
	in    string
	logic bool // a comparison or a logical word was seen
	texts bool // a text was seen
	cols  []schema.Column
}

// sameWords mean the same everywhere.
var sameWords = words("and or not in between is null true false")

func (e *exprTranslator) tokens() ([]string, bool) {
	var out []string
	for {
		e.in = strings.TrimLeft(e.in, " \t\r\n")
		if e.in == "" {
			return out, e.textsAllowed()
		}
		t, ok := e.token()
		if !ok {
			return nil, false
		}
		out = append(out, t)
	}
}

func (e *exprTranslator) token() (string, bool) {
	switch c := e.in[0]; {
	case c == '`' || c == '"' && e.tr.from.System == schema.SQLite || c == '[' && e.tr.from.System == schema.SQLite:
		return e.quoted(c)
	case c == '\'':
		return e.text()
	case c >= '0' && c <= '9':
		n := 0
		for n < len(e.in) && (e.in[n] >= '0' && e.in[n] <= '9' || e.in[n] == '.') {
			n++
		}
		t := e.in[:n]
		if e.in = e.in[n:]; e.in != "" && isWordByte(e.in[0]) {
			return "", false // 0x1F, 1e5
		}
		return t, isPlainNumber(t)
	case isWordByte(c):
		return e.word()
	}
	for _, op := range []string{"<=", ">=", "<>", "!=", "==", "=", "<", ">", "+", "-", "*", "(", ")", ","} {
		if rest, ok := strings.CutPrefix(e.in, op); ok {
			if op == "<" && strings.HasPrefix(rest, "<") || op == ">" && strings.HasPrefix(rest, ">") || op == "-" && strings.HasPrefix(rest, ">") || op == "-" && strings.HasPrefix(rest, "-") {
				return "", false
			}
			e.in = rest
			switch op {
			case "!=":
				op = "<>"
			case "==":
				op = "="
			}
			if strings.ContainsAny(op, "<>=") {
				e.logic = true
			}
			return op, true
		}
	}
	return "", false
}

func isWordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c >= 0x80 || c == '$'
}

func (e *exprTranslator) quoted(open byte) (string, bool) {
	end := string(open)
	if open == '[' {
		end = "]"
	}
	i := strings.Index(e.in[1:], end)
	if i < 0 {
		return "", false
	}
	name := e.in[1 : 1+i]
	e.in = e.in[2+i:]
	if strings.HasPrefix(e.in, end) && open != '[' { // a doubled quote
		return "", false
	}
	return e.column(name)
}

func (e *exprTranslator) word() (string, bool) {
	n := 0
	for n < len(e.in) && isWordByte(e.in[n]) {
		n++
	}
	w := e.in[:n]
	e.in = e.in[n:]
	if lower := strings.ToLower(w); sameWords[lower] {
		e.logic = true
		return strings.ToUpper(lower), true
	}
	if strings.HasPrefix(w, "_") && strings.HasPrefix(e.in, "'") { // _utf8mb4'...'
		return e.text()
	}
	return e.column(w)
}

func (e *exprTranslator) column(name string) (string, bool) {
	for _, c := range e.tr.source.Columns {
		if !strings.EqualFold(c.Name, name) {
			continue
		}
		t, err := e.tr.columnType(c)
		if err != nil || c.Generated != nil {
			return "", false
		}
		switch t.Kind {
		case schema.Int, schema.Decimal, schema.Date, schema.Timestamp:
		case schema.Char, schema.Varchar, schema.Text:
			e.texts = true
		default:
			return "", false
		}
		e.cols = append(e.cols, c)
		return quoteIfNeeded(fit(c.Name)), true
	}
	return "", false
}

func (e *exprTranslator) text() (string, bool) {
	e.texts = true
	i := strings.IndexByte(e.in[1:], '\'')
	if i < 0 {
		return "", false
	}
	t := e.in[:i+2]
	e.in = e.in[i+2:]
	if strings.HasPrefix(e.in, "'") || strings.Contains(t, `\`) {
		return "", false
	}
	return t, true
}

// textsAllowed: MySQL's usual collations take 'a' for 'A', and dates for texts.
func (e *exprTranslator) textsAllowed() bool {
	if !e.texts {
		return true
	}
	for _, c := range e.cols {
		binary := strings.HasSuffix(c.Collation, "_bin") || e.tr.from.System == schema.SQLite && (c.Collation == "" || strings.EqualFold(c.Collation, "BINARY"))
		if !c.Type.IsText() || !binary {
			return false
		}
	}
	return true
}

func balanced(tokens []string) bool {
	depth := 0
	for _, t := range tokens {
		switch t {
		case "(":
			depth++
		case ")":
			depth--
		}
		if depth < 0 {
			return false
		}
	}
	return depth == 0
}

// wrapped reports whether the first parenthesis is closed by the last one.
func wrapped(tokens []string) bool {
	depth := 0
	for i, t := range tokens {
		switch t {
		case "(":
			depth++
		case ")":
			depth--
		}
		if depth == 0 && i < len(tokens)-1 {
			return false
		}
	}
	return true
}
