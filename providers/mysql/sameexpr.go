package mysql

import "strings"

// SameExpression reports whether two expressions differ only in what MySQL itself spells
// otherwise once it has altered a table for any other reason: the character set of a
// plain text (_utf8mb4'x', then _latin1'x') and a negative number (-(5), then -5).
func (c *Conn) SameExpression(a, b string) bool { return a == b || settled(a) == settled(b) }

// settled leaves out the character sets of plain texts and the parentheses of negative numbers.
func settled(text string) string {
	if !strings.Contains(text, "_") && !strings.Contains(text, "-(") {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '\'' || c == '"' || c == '`':
			end := quotedEnd(text, i)
			b.WriteString(text[i:end])
			i = end
		case isWord(c):
			end := i
			for end < len(text) && isWord(text[end]) {
				end++
			}
			if c == '_' && end < len(text) && text[end] == '\'' && isPlain(text[end:quotedEnd(text, end)]) {
				i = end
				break
			}
			b.WriteString(text[i:end])
			i = end
		default:
			b.WriteByte(c)
			i++
			if end := i + 1 + numberLength(text[min(i+1, len(text)):]); c == '-' && i < len(text) && text[i] == '(' && end > i+1 && end < len(text) && text[end] == ')' {
				b.WriteString(text[i+1 : end])
				i = end + 1
			}
		}
	}
	return b.String()
}

// numberLength is how long the number is that text begins with.
func numberLength(text string) int {
	n := 0
	for n < len(text) && (isDigit(text[n]) || text[n] == '.') {
		n++
	}
	return n
}

// quotedEnd is where the quoted text that begins at i has ended.
func quotedEnd(text string, i int) int {
	quote := text[i]
	for i++; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quote != '`':
			i++
		case text[i] == quote && i+1 < len(text) && text[i+1] == quote:
			i++
		case text[i] == quote:
			return i + 1
		}
	}
	return len(text)
}

func isPlain(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return r >= 0x80 }) < 0
}
