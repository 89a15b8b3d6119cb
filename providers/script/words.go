package script

import "strings"

// Words gives the first n bare words of a statement in upper case, quotes, comments
// and punctuation passed over: what the statement is, but not of what.
func Words(text string, n int) []string {
	var out []string
	for i := 0; i < len(text) && len(out) < n; {
		switch c := text[i]; {
		case strings.HasPrefix(text[i:], "--"):
			i += lineEnd(text[i:])
		case strings.HasPrefix(text[i:], "/*"):
			end := strings.Index(text[i+2:], "*/")
			if end < 0 {
				return out
			}
			i += end + 4
		case c == '\'' || c == '"' || c == '`':
			end := strings.IndexByte(text[i+1:], c)
			if end < 0 {
				return out
			}
			i += end + 2
		case isWordByte(c):
			j := i
			for j < len(text) && isWordByte(text[j]) {
				j++
			}
			out = append(out, strings.ToUpper(text[i:j]))
			i = j
		default:
			i++
		}
	}
	return out
}
