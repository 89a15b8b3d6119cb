package planner

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/syncform/syncform/providers/schema"
)

// mentions reports which of names a piece of SQL may refer to: as an identifier,
// quoted or not, outside of string literals. It errs on the side of yes.
func mentions(sys schema.System, text string, names map[string]bool) (string, bool) {
	if len(names) == 0 {
		return "", false
	}
	folded := make(map[string]string, len(names))
	for n := range names {
		folded[strings.ToLower(n)] = n
	}
	for text != "" {
		var word string
		switch c := text[0]; {
		case c == '\'':
			_, text = quoted(text, '\'', isMySQL(sys))
			continue
		case c == '"':
			word, text = quoted(text, '"', false) // MySQL's expressions come back with back quotes
		case c == '`':
			word, text = quoted(text, '`', false)
		case c == '[' && sys == schema.SQLite:
			word, text = quoted("]"+text[1:], ']', false)
		default:
			word, text = bareWord(text)
		}
		if n, ok := folded[strings.ToLower(word)]; ok && word != "" {
			return n, true
		}
	}
	return "", false
}

// quoted splits off text up to the closing quote; a doubled one stands for itself.
func quoted(text string, quote byte, backslash bool) (string, string) {
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch {
		case backslash && text[i] == '\\':
			i++
		case text[i] != quote:
			b.WriteByte(text[i])
		case i+1 < len(text) && text[i+1] == quote:
			b.WriteByte(quote)
			i++
		default:
			return b.String(), text[i+1:]
		}
	}
	return b.String(), ""
}

// bareWord splits off a run of letters, digits, '_' and '$', or else one character,
// for which the word is "".
func bareWord(text string) (string, string) {
	n := 0
	for n < len(text) {
		r, size := utf8.DecodeRuneInString(text[n:])
		if r != '_' && r != '$' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			if n == 0 {
				return "", text[size:]
			}
			break
		}
		n += size
	}
	return text[:n], text[n:]
}
