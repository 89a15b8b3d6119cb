package postgres

import (
	"crypto/sha256"
	"encoding/hex"
	"unicode/utf8"
)

// maxName is NAMEDATALEN less one: longer names are cut by the server without a word.
const maxName = 63

// fit makes a name short enough; what is cut off leaves a hash, so that different
// names stay different.
func fit(name string) string {
	if len(name) <= maxName {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return cutBytes(name, maxName-9) + "_" + hex.EncodeToString(sum[:4])
}

// clip shortens base so that suffix fits behind it, as the server does when it names a
// constraint.
func clip(base, suffix string) string { return cutBytes(base, maxName-len(suffix)) + suffix }

func cutBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// objectName is the name that the server gives a constraint or index which has none:
// table_columns_label, the longer part cut first.
func objectName(table, columns, label string) string {
	room := maxName - len(label) - 1
	if columns != "" {
		room--
	}
	a, b := len(table), len(columns)
	for a+b > room {
		if a > b {
			a--
		} else {
			b--
		}
	}
	name := cutBytes(table, a)
	if columns != "" {
		name += "_" + cutBytes(columns, b)
	}
	return name + "_" + label
}
