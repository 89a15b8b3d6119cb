package sqlite

import (
	"encoding/hex"
	"strings"
)

// ident quotes a name for SQL.
func ident(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// idents quotes names and joins them with commas.
func idents(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = ident(n)
	}
	return strings.Join(quoted, ", ")
}

// quoteText writes text as an SQL string. It must not hold a NUL, at which SQLite
// ends the statement.
func quoteText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// quoteBlob writes bytes as an SQL blob.
func quoteBlob(b []byte) string { return "X'" + strings.ToUpper(hex.EncodeToString(b)) + "'" }
