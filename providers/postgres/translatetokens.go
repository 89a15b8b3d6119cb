package postgres

import (
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// exprToken is a word, an identifier in quotes, a number, a text or an operator, by
// the letters w, i, n, s, o.
type exprToken struct {
	kind byte
	text string
}

// exprTokens takes an expression of MySQL or SQLite apart; nil where something in it is
// none of the above.
func exprTokens(in string, from schema.System) []exprToken {
	var out []exprToken
	for {
		in = strings.TrimLeft(in, " \t\r\n")
		if in == "" {
			return out
		}
		t, rest, ok := nextToken(in, from)
		if !ok {
			return nil
		}
		if t.kind != 0 {
			out = append(out, t)
		}
		in = rest
	}
}

func nextToken(in string, from schema.System) (t exprToken, rest string, ok bool) {
	switch c := in[0]; {
	case c == '\'':
		text, rest, ok := quotedToken(in, '\'')
		return exprToken{'s', text}, rest, ok && !strings.Contains(text, `\`)
	case c == '`', c == '"' && from == schema.SQLite:
		text, rest, ok := quotedToken(in, c)
		return exprToken{'i', text}, rest, ok
	case c == '[' && from == schema.SQLite:
		text, rest, ok := strings.Cut(in[1:], "]")
		return exprToken{'i', text}, rest, ok
	case c >= '0' && c <= '9':
		n := 0
		for n < len(in) && (in[n] >= '0' && in[n] <= '9' || in[n] == '.') {
			n++
		}
		return exprToken{'n', in[:n]}, in[n:], isPlainNumber(in[:n]) && (n == len(in) || !isWordByte(in[n])) // not 0x1F, 1e5
	case isWordByte(c):
		n := 0
		for n < len(in) && isWordByte(in[n]) {
			n++
		}
		if c == '_' && strings.HasPrefix(in[n:], "'") {
			return exprToken{}, in[n:], true // _utf8mb4'...'
		}
		return exprToken{'w', in[:n]}, in[n:], true
	}
	// The longest first, so that <=> is not taken for <= and >.
	for _, op := range []string{"<=>", "->>", "<<", ">>", "||", "->", "<=", ">=", "<>", "!=", "==", "--", "=", "<", ">", "+", "-", "*", "(", ")", ","} {
		if rest, found := strings.CutPrefix(in, op); found {
			return exprToken{'o', op}, rest, true
		}
	}
	return exprToken{}, "", false
}

func isWordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c >= 0x80 || c == '$'
}

// quotedToken reads up to the closing quote; a doubled one stands for itself.
func quotedToken(in string, quote byte) (text, rest string, ok bool) {
	var b strings.Builder
	for i := 1; i < len(in); i++ {
		if in[i] != quote {
			b.WriteByte(in[i])
			continue
		}
		if i+1 < len(in) && in[i+1] == quote {
			b.WriteByte(quote)
			i++
			continue
		}
		return b.String(), in[i+1:], true
	}
	return "", "", false
}
