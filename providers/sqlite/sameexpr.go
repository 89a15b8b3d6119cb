package sqlite

import "strings"

// SameExpression reports whether two expressions differ only in the quotes around
// names, which a rename leaves behind.
func (c *Conn) SameExpression(a, b string) bool { return a == b || unquoted(a) == unquoted(b) }

// unquoted takes the quotes off names that need none. Text in single quotes stays.
func unquoted(expr string) string {
	var b strings.Builder
	for i := 0; i < len(expr); {
		switch c := expr[i]; c {
		case '\'', '"':
			end := strings.IndexByte(expr[i+1:], c)
			if end < 0 {
				return b.String() + expr[i:]
			}
			text := expr[i : i+end+2]
			if c == '"' && plainName(text[1:len(text)-1]) {
				text = text[1 : len(text)-1]
			}
			b.WriteString(text)
			i += end + 2
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String()
}

func plainName(s string) bool {
	if s == "" || s[0] >= '0' && s[0] <= '9' || strings.HasPrefix(strings.ToLower(s), "current_") {
		return false
	}
	for _, c := range []byte(s) {
		if c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}
