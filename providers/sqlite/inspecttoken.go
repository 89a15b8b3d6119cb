package sqlite

import "strings"

// tokenKind is what a token of SQL text is.
type tokenKind byte

const (
	tokenEnd     tokenKind = iota
	tokenWord              // a bare identifier or keyword
	tokenName              // "x", `x` or [x]
	tokenString            // 'x'
	tokenNumber            // 1, 1.5e3, 0x1F
	tokenBlob              // x'1f'
	tokenComment           // -- x, /* x */
	tokenOther             // one character, or || and the like as single ones
)

// token is one token of SQL text; text is as written, start and end are byte offsets.
type token struct {
	kind       tokenKind
	text       string
	start, end int
}

// is reports whether the token is that keyword.
func (t token) is(keyword string) bool {
	return t.kind == tokenWord && strings.EqualFold(t.text, keyword)
}

// name gives the identifier that the token spells: SQLite also takes a string for one.
func (t token) name() string {
	if len(t.text) < 2 {
		return t.text
	}
	switch t.kind {
	case tokenName:
		q := t.text[len(t.text)-1:]
		inner := t.text[1 : len(t.text)-1]
		if q == "]" {
			return inner
		}
		return strings.ReplaceAll(inner, q+q, q)
	case tokenString:
		return strings.ReplaceAll(t.text[1:len(t.text)-1], "''", "'")
	}
	return t.text
}

// tokenize cuts SQL text that SQLite has accepted into tokens, comments included,
// white space left out.
func tokenize(sql string) []token {
	var out []token
	for i := 0; i < len(sql); {
		start := i
		kind := tokenOther
		switch c := sql[i]; {
		case c == ' ' || c >= '\t' && c <= '\r':
			i++
			continue
		case c == '-' && strings.HasPrefix(sql[i:], "--"):
			kind = tokenComment
			if n := strings.IndexByte(sql[i:], '\n'); n >= 0 {
				i += n
			} else {
				i = len(sql)
			}
		case c == '/' && strings.HasPrefix(sql[i:], "/*"):
			kind = tokenComment
			if n := strings.Index(sql[i+2:], "*/"); n >= 0 {
				i += n + 4
			} else {
				i = len(sql)
			}
		case c == '\'':
			kind, i = tokenString, quoted(sql, i, '\'')
		case c == '"' || c == '`':
			kind, i = tokenName, quoted(sql, i, c)
		case c == '[':
			kind = tokenName
			if n := strings.IndexByte(sql[i:], ']'); n >= 0 {
				i += n + 1
			} else {
				i = len(sql)
			}
		case (c == 'x' || c == 'X') && i+1 < len(sql) && sql[i+1] == '\'':
			kind, i = tokenBlob, quoted(sql, i+1, '\'')
		case wordByte(c) && !digit(c):
			kind = tokenWord
			for i < len(sql) && wordByte(sql[i]) {
				i++
			}
		case digit(c), c == '.' && i+1 < len(sql) && digit(sql[i+1]):
			kind = tokenNumber
			for i < len(sql) && (wordByte(sql[i]) || sql[i] == '.' ||
				(sql[i] == '+' || sql[i] == '-') && (sql[i-1] == 'e' || sql[i-1] == 'E') && !strings.HasPrefix(strings.ToLower(sql[start:]), "0x")) {
				i++
			}
		default:
			i++
		}
		out = append(out, token{kind, sql[start:i], start, i})
	}
	return out
}

// quoted gives the end of what is quoted from i on; the quote doubled stands for itself.
func quoted(sql string, i int, quote byte) int {
	for i++; i < len(sql); i++ {
		if sql[i] != quote {
			continue
		}
		if i+1 < len(sql) && sql[i+1] == quote {
			i++
			continue
		}
		return i + 1
	}
	return len(sql)
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func wordByte(c byte) bool {
	return c == '_' || c == '$' || c >= 0x80 || digit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
