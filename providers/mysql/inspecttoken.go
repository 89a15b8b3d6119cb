package mysql

import (
	"fmt"
	"strings"
)

// tokenKind says what a token of a server's DDL is.
type tokenKind byte

const (
	endToken    tokenKind = iota
	wordToken             // a bare word: keyword, type, charset, bare name
	nameToken             // a name in backquotes, unquoted
	stringToken           // a string, unescaped
	numberToken           // digits with point, exponent, or 0x.., as written
	markToken             // any other single character
)

type token struct {
	kind       tokenKind
	text       string // unquoted
	start, end int    // in the source
}

// is compares a word without regard to case, or a mark.
func (t token) is(word string) bool {
	return (t.kind == wordToken || t.kind == markToken) && strings.EqualFold(t.text, word)
}

// tokens reads what SHOW CREATE TABLE prints, and types as users write them. The
// wrappers of versioned comments (/*!80023 ... */, /*M!100301 ... */) are passed over,
// so that what stands in them counts.
type tokens struct {
	src string
	pos int
	cur token
	err error
}

func newTokens(src string) *tokens {
	t := &tokens{src: src}
	t.next()
	return t
}

// next moves to the next token and returns the one before.
func (t *tokens) next() token {
	before := t.cur
	t.skipSpace()
	start := t.pos
	t.cur = token{kind: endToken, start: start, end: start}
	if start >= len(t.src) {
		return before
	}
	switch c := t.src[start]; {
	case c == '`':
		t.quoted('`', nameToken, false)
	case c == '\'' || c == '"':
		t.quoted(c, stringToken, true)
	case isDigit(c) || c == '.' && start+1 < len(t.src) && isDigit(t.src[start+1]):
		t.number()
	case isWord(c):
		for t.pos < len(t.src) && isWord(t.src[t.pos]) {
			t.pos++
		}
		t.cur = token{wordToken, t.src[start:t.pos], start, t.pos}
	default:
		t.pos++
		t.cur = token{markToken, t.src[start:t.pos], start, t.pos}
	}
	return before
}

func (t *tokens) skipSpace() {
	for t.pos < len(t.src) {
		rest := t.src[t.pos:]
		switch {
		case strings.IndexByte(" \t\r\n", rest[0]) >= 0:
			t.pos++
		case strings.HasPrefix(rest, "/*!"), strings.HasPrefix(rest, "/*M!"):
			t.pos += strings.IndexByte(rest, '!') + 1
			for t.pos < len(t.src) && isDigit(t.src[t.pos]) {
				t.pos++
			}
		case strings.HasPrefix(rest, "*/"):
			t.pos += 2
		default:
			return
		}
	}
}

// quoted reads up to the closing quote; a doubled quote stands for itself.
func (t *tokens) quoted(quote byte, kind tokenKind, escapes bool) {
	start := t.pos
	var b strings.Builder
	for t.pos++; t.pos < len(t.src); t.pos++ {
		c := t.src[t.pos]
		switch {
		case c == quote && t.pos+1 < len(t.src) && t.src[t.pos+1] == quote:
			t.pos++
			b.WriteByte(quote)
		case c == quote:
			t.pos++
			t.cur = token{kind, b.String(), start, t.pos}
			return
		case c == '\\' && escapes && t.pos+1 < len(t.src):
			t.pos++
			b.WriteByte(unescape(t.src[t.pos]))
		default:
			b.WriteByte(c)
		}
	}
	t.fail("a quote that is not closed")
	t.cur = token{kind, b.String(), start, t.pos}
}

func unescape(c byte) byte {
	switch c {
	case '0':
		return 0
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'b':
		return '\b'
	case 'Z':
		return 0x1a
	}
	return c
}

func (t *tokens) number() {
	start := t.pos
	if strings.HasPrefix(t.src[start:], "0x") {
		t.pos += 2
		for t.pos < len(t.src) && isHex(t.src[t.pos]) {
			t.pos++
		}
	} else {
		for t.pos < len(t.src) {
			c := t.src[t.pos]
			sign := (c == '+' || c == '-') && (t.src[t.pos-1] == 'e' || t.src[t.pos-1] == 'E')
			if !isDigit(c) && c != '.' && c != 'e' && c != 'E' && !sign {
				break
			}
			t.pos++
		}
	}
	// A bare name may begin with digits (`PARTITION 1a`).
	for t.pos < len(t.src) && isWord(t.src[t.pos]) {
		t.pos++
	}
	t.cur = token{numberToken, t.src[start:t.pos], start, t.pos}
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isHex(c byte) bool { return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }

func isWord(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '$' || c >= 0x80
}

// accept moves past the words if they stand here.
func (t *tokens) accept(words ...string) bool {
	back := *t
	for _, w := range words {
		if !t.cur.is(w) {
			*t = back
			return false
		}
		t.next()
	}
	return true
}

// expect moves past the words, which must stand here.
func (t *tokens) expect(words ...string) {
	if !t.accept(words...) {
		t.fail("expected " + strings.Join(words, " "))
	}
}

// name moves past a name, quoted or bare.
func (t *tokens) name() string {
	if t.cur.kind != nameToken && t.cur.kind != wordToken && t.cur.kind != numberToken {
		t.fail("expected a name")
	}
	return t.next().text
}

// fail remembers the first thing that could not be read.
func (t *tokens) fail(what string) {
	if t.err == nil {
		t.err = fmt.Errorf("%s at byte %d", what, t.cur.start)
	}
	// Nothing more is read: the loops over tokens end.
	t.pos, t.cur = len(t.src), token{kind: endToken, start: len(t.src), end: len(t.src)}
}

func (t *tokens) end() bool { return t.cur.kind == endToken }

// parens moves past a parenthesis, which must stand here, and returns what is in
// it as it is written.
func (t *tokens) parens() string {
	if !t.cur.is("(") {
		t.fail("expected (")
		return ""
	}
	start := t.cur.end
	for depth := 0; ; {
		switch {
		case t.end():
			t.fail("a parenthesis that is not closed")
			return ""
		case t.cur.is("("):
			depth++
		case t.cur.is(")"):
			depth--
		}
		at := t.cur.start
		t.next()
		if depth == 0 {
			return strings.TrimSpace(t.src[start:at])
		}
	}
}
