package expr

import (
	"strings"
	"unicode/utf8"
)

// kind of a token.
type kind uint8

const (
	end    kind = iota
	word        // a name or keyword without quotes
	quoted      // a name in back quotes
	str         // 'text', its escapes undone
	number
	symbol // an operator, a comma, a bracket
)

// token is one piece of the text.
type token struct {
	kind     kind
	text     string // of a word as written; of a symbol the symbol
	upper    string // of a word, in upper case
	from, to int
}

// is reports whether the token is that keyword or symbol.
func (t token) is(s string) bool {
	return t.kind == word && t.upper == s || t.kind == symbol && t.text == s
}

// maxText and maxDepth bound what Parse takes on.
const (
	maxText  = 64 << 10
	maxDepth = 200
)

type lexer struct {
	in  string
	pos int
}

// lex cuts the text into tokens; the last is of kind end.
func lex(in string) ([]token, *Error) {
	if len(in) > maxText {
		return nil, &Error{From: maxText, To: len(in), Text: "The expression is longer than 64 kB."}
	}
	if i := invalid(in); i >= 0 {
		return nil, &Error{From: i, To: i + 1, Text: "The expression is no valid UTF-8."}
	}
	l := &lexer{in: in}
	var out []token
	for {
		t, err := l.next()
		if err != nil {
			return nil, err
		}
		out = append(out, t)
		if t.kind == end {
			return out, nil
		}
	}
}

// invalid gives the place of the first byte that is no UTF-8, or -1.
func invalid(s string) int {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				return i
			}
		}
		if r == 0 {
			return i
		}
	}
	return -1
}

// symbols, the longer ones first.
var symbols = []string{"->>", "<=>", "->", "||", "&&", "::", ":=", "<=", ">=", "<>", "!=", "<<", ">>", "!~",
	"=", "<", ">", "+", "-", "*", "/", "%", "^", "&", "|", "~", "!", "(", ")", ",", ".", ":", "@", "?", ";", "[", "]", "{", "}"}

func (l *lexer) next() (token, *Error) {
	if err := l.space(); err != nil {
		return token{}, err
	}
	from := l.pos
	if from == len(l.in) {
		return token{kind: end, from: from, to: from}, nil
	}
	c := l.in[from]
	switch {
	case c == '\'':
		return l.str()
	case c == '"':
		return token{}, l.doubleQuoted()
	case c == '`':
		return l.backQuoted()
	case digit(c), c == '.' && from+1 < len(l.in) && digit(l.in[from+1]):
		return l.number()
	case nameByte(c):
		for l.pos < len(l.in) && nameByte(l.in[l.pos]) {
			l.pos++
		}
		text := l.in[from:l.pos]
		return token{kind: word, text: text, upper: strings.ToUpper(text), from: from, to: l.pos}, nil
	}
	for _, s := range symbols {
		if strings.HasPrefix(l.in[from:], s) {
			l.pos += len(s)
			return token{kind: symbol, text: s, from: from, to: l.pos}, nil
		}
	}
	_, n := utf8.DecodeRuneInString(l.in[from:])
	return token{}, &Error{From: from, To: from + n, Text: "The character " + l.in[from:from+n] + " has no meaning here."}
}

// space skips blanks and comments.
func (l *lexer) space() *Error {
	for l.pos < len(l.in) {
		rest := l.in[l.pos:]
		switch {
		case strings.IndexByte(" \t\r\n\f\v", rest[0]) >= 0:
			l.pos++
		case strings.HasPrefix(rest, "/*"):
			n := strings.Index(rest[2:], "*/")
			if n < 0 {
				return &Error{From: l.pos, To: l.pos + 2, Text: "The comment that begins here has no end."}
			}
			l.pos += n + 4
		case strings.HasPrefix(rest, "-- "), strings.HasPrefix(rest, "--\n"), rest[0] == '#':
			n := strings.IndexByte(rest, '\n')
			if n < 0 {
				n = len(rest)
			}
			l.pos += n
		default:
			return nil
		}
	}
	return nil
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func nameByte(c byte) bool {
	return c == '_' || c == '$' || digit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf
}

func (l *lexer) number() (token, *Error) {
	from := l.pos
	if l.in[l.pos] == '0' && l.pos+2 < len(l.in) && (l.in[l.pos+1] == 'x' || l.in[l.pos+1] == 'b') && hexDigit(l.in[l.pos+2]) {
		for l.pos++; l.pos < len(l.in) && nameByte(l.in[l.pos]); l.pos++ {
		}
		e := &Error{From: from, To: l.pos, Text: "A number is written in decimal digits here."}
		return token{}, e.fix("For bytes write X'...'.")
	}
	digits := func() {
		for l.pos < len(l.in) && digit(l.in[l.pos]) {
			l.pos++
		}
	}
	digits()
	if l.pos < len(l.in) && l.in[l.pos] == '.' {
		l.pos++
		digits()
	}
	if l.pos < len(l.in) && (l.in[l.pos] == 'e' || l.in[l.pos] == 'E') {
		back := l.pos
		l.pos++
		if l.pos < len(l.in) && (l.in[l.pos] == '+' || l.in[l.pos] == '-') {
			l.pos++
		}
		if l.pos == len(l.in) || !digit(l.in[l.pos]) {
			l.pos = back
		}
		digits()
	}
	if l.pos < len(l.in) && nameByte(l.in[l.pos]) {
		for l.pos < len(l.in) && nameByte(l.in[l.pos]) {
			l.pos++
		}
		text := l.in[from:l.pos]
		if strings.Contains(text, ".") {
			return token{}, &Error{From: from, To: l.pos, Text: text + " is no number."}
		}
		return token{kind: word, text: text, upper: strings.ToUpper(text), from: from, to: l.pos}, nil
	}
	return token{kind: number, text: l.in[from:l.pos], from: from, to: l.pos}, nil
}

func hexDigit(c byte) bool { return digit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }

// str reads a text in quotes. An escape that MySQL would drop in silence is an error,
// as it was hardly meant.
func (l *lexer) str() (token, *Error) {
	from := l.pos
	var b strings.Builder
	for l.pos++; l.pos < len(l.in); l.pos++ {
		switch c := l.in[l.pos]; c {
		case '\'':
			if l.pos+1 < len(l.in) && l.in[l.pos+1] == '\'' {
				b.WriteByte('\'')
				l.pos++
				continue
			}
			l.pos++
			return token{kind: str, text: b.String(), from: from, to: l.pos}, nil
		case '\\':
			if l.pos+1 == len(l.in) {
				continue
			}
			l.pos++
			e := l.in[l.pos]
			switch e {
			case '\\', '\'', '"':
				b.WriteByte(e)
			case 'n':
				b.WriteByte('\n')
			case 't':
				b.WriteByte('\t')
			case 'r':
				b.WriteByte('\r')
			case 'b':
				b.WriteByte('\b')
			case 'Z':
				b.WriteByte(26)
			case '%', '_': // for LIKE, which undoes it
				b.WriteByte('\\')
				b.WriteByte(e)
			case '0':
				return token{}, &Error{From: l.pos - 1, To: l.pos + 1, Text: "A text can't hold a zero byte."}
			default:
				_, n := utf8.DecodeRuneInString(l.in[l.pos:])
				esc := l.in[l.pos : l.pos+n]
				err := &Error{From: l.pos - 1, To: l.pos + n, Text: `The escape \` + esc + " has no meaning in a text."}
				return token{}, err.fix(`For a backslash write \\ (in a quoted string of HCL \\\\).`)
			}
		default:
			b.WriteByte(c)
		}
	}
	return token{}, &Error{From: from, To: len(l.in), Text: "The text that begins here has no closing quote."}
}

func (l *lexer) doubleQuoted() *Error {
	from := l.pos
	n := strings.IndexByte(l.in[from+1:], '"')
	if n < 0 {
		return &Error{From: from, To: len(l.in), Text: "A double quote has no meaning here.", Fix: "Write 'x' for a text and `x` for a name."}
	}
	x := l.in[from+1 : from+1+n]
	e := &Error{From: from, To: from + n + 2, Text: `"` + x + `" is a name to some databases and a text to others.`}
	return e.fix("Write '%s' for the text, and `%s` for the column.", strings.ReplaceAll(x, "'", "''"), x)
}

func (l *lexer) backQuoted() (token, *Error) {
	from := l.pos
	var b strings.Builder
	for l.pos++; l.pos < len(l.in); l.pos++ {
		if l.in[l.pos] != '`' {
			b.WriteByte(l.in[l.pos])
			continue
		}
		if l.pos+1 < len(l.in) && l.in[l.pos+1] == '`' {
			b.WriteByte('`')
			l.pos++
			continue
		}
		l.pos++
		return token{kind: quoted, text: b.String(), from: from, to: l.pos}, nil
	}
	return token{}, &Error{From: from, To: len(l.in), Text: "The name that begins here has no closing back quote."}
}
