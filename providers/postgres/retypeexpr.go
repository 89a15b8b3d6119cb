package postgres

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// renameIn writes an expression, in the server's normal form, with another name for one
// of the table's columns, and reports whether it names that. to is quoted.
func renameIn(expr, column, to string) (string, bool) {
	var b strings.Builder
	found, last := false, ""
	for rest := expr; rest != ""; {
		n := sqlToken(rest)
		token := rest[:n]
		rest = rest[n:]
		name := token
		if token[0] == '"' {
			name = strings.ReplaceAll(token[1:max(n-1, 1)], `""`, `"`)
		}
		next := strings.TrimLeft(rest, " \n\t")
		isColumn := name == column && (token[0] == '"' || isWordByte(token[0])) && last != "::" && last != "." && last != "COLLATE" && !strings.HasPrefix(next, "(") && !strings.HasPrefix(next, ".")
		if isColumn {
			found, token = true, to
		}
		b.WriteString(token)
		if strings.TrimSpace(token) != "" {
			last = token
		}
	}
	return b.String(), found
}

// sqlToken is how long the first token is: a text, a quoted name, a word, "::" or one
// character of anything else.
func sqlToken(s string) int {
	switch c := s[0]; {
	case c == '\'' || c == '"':
		for i := 1; i < len(s); i++ {
			if s[i] != c {
				continue
			}
			if i+1 < len(s) && s[i+1] == c {
				i++
				continue
			}
			return i + 1
		}
		return len(s)
	case isWordByte(c):
		n := 1
		for n < len(s) && isWordByte(s[n]) {
			n++
		}
		return n
	case strings.HasPrefix(s, "::"):
		return 2
	}
	return 1
}

// digest is a short name for many words.
func digest(words ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(words, "\x00")))
	return hex.EncodeToString(sum[:8])
}
