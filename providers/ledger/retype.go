package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode/utf8"
)

// RetypePrefix starts the name of every column, index and constraint that a change of a
// column's type makes beside the old ones, and that no finished change leaves.
const RetypePrefix = "_sync_new_"

// Retyped names the column that is to take the place of one whose type changes, or
// anything else that is made for it: at most 63 bytes, and different for different names.
func Retyped(name string) string {
	const most = 63
	if len(RetypePrefix)+len(name) <= most {
		return RetypePrefix + name
	}
	sum := sha256.Sum256([]byte(name))
	end := most - len(RetypePrefix) - 9
	for !utf8.RuneStart(name[end]) {
		end--
	}
	return RetypePrefix + name[:end] + "_" + hex.EncodeToString(sum[:4])
}

// IsRetyped reports whether a name is one of those.
func IsRetyped(name string) bool { return strings.HasPrefix(name, RetypePrefix) }
