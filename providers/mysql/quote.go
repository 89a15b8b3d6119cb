package mysql

import (
	"encoding/hex"
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// ident quotes a name for SQL.
func ident(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// idents quotes names and joins them with commas.
func idents(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = ident(n)
	}
	return strings.Join(quoted, ", ")
}

// tableIdent quotes a table's name; Schema is another database's name, or empty.
func tableIdent(n schema.Name) string {
	if n.Schema == "" {
		return ident(n.Name)
	}
	return ident(n.Schema) + "." + ident(n.Name)
}

// literal writes text as an SQL string. Sessions are utf8mb4 and have backslash
// escapes (session.go).
func literal(s string) string { return string(appendLiteral(nil, []byte(s))) }

// appendLiteral appends 'text' with every byte escaped that ends or changes it.
func appendLiteral(dst, s []byte) []byte {
	dst = append(dst, '\'')
	start := 0
	for i, c := range s {
		var e byte
		switch c {
		case '\'', '\\':
			e = c
		case 0:
			e = '0'
		case '\n':
			e = 'n'
		case '\r':
			e = 'r'
		case 0x1a:
			e = 'Z'
		default:
			continue
		}
		dst = append(dst, s[start:i]...)
		if c == '\'' {
			dst = append(dst, '\'', '\'')
		} else {
			dst = append(dst, '\\', e)
		}
		start = i + 1
	}
	dst = append(dst, s[start:]...)
	return append(dst, '\'')
}

// hexLiteral writes bytes as x'..'.
func hexLiteral(b string) string { return "x'" + hex.EncodeToString([]byte(b)) + "'" }
