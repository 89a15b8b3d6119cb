package expr

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonPath is $ with steps.
type jsonPath []jsonStep

// jsonStep is .name, [n] or [last-n].
type jsonStep struct {
	name  string
	index int
	array bool
	last  bool
}

// parsePath reads a path; it returns what is wrong with it, or "".
func parsePath(s string) (jsonPath, string) {
	if !strings.HasPrefix(s, "$") {
		return nil, "it begins with $"
	}
	var out jsonPath
	for at := 1; at < len(s); {
		switch s[at] {
		case ' ':
			at++
		case '.':
			at++
			if at < len(s) && s[at] == '"' {
				end := strings.IndexByte(s[at+1:], '"')
				if end < 0 {
					return nil, "a quote has no end"
				}
				out = append(out, jsonStep{name: s[at+1 : at+1+end]})
				at += end + 2
				continue
			}
			from := at
			for at < len(s) && nameByte(s[at]) {
				at++
			}
			switch {
			case at == from && at < len(s) && s[at] == '*':
				return nil, "* stands for many parts, and one is needed"
			case at == from:
				return nil, "a name is missing behind the point"
			}
			out = append(out, jsonStep{name: s[from:at]})
		case '[':
			end := strings.IndexByte(s[at:], ']')
			if end < 0 {
				return nil, "a bracket has no end"
			}
			inner := strings.ReplaceAll(s[at+1:at+end], " ", "")
			step := jsonStep{array: true}
			if rest, ok := strings.CutPrefix(inner, "last"); ok {
				step.last = true
				if inner = strings.TrimPrefix(rest, "-"); inner == "" && rest == "" {
					inner = "0"
				}
			}
			n, err := strconv.Atoi(inner)
			if err != nil || n < 0 {
				return nil, "in brackets stands a number from 0 on, or last"
			}
			step.index = n
			out = append(out, step)
			at += end + 1
		default:
			return nil, "behind $ stand .name and [0]"
		}
	}
	return out, ""
}

// find gives the part of a valid document at the path.
func (p jsonPath) find(b []byte) ([]byte, bool) {
	b = trimSpace(b)
	for _, s := range p {
		var ok bool
		if b, ok = s.of(b); !ok {
			return nil, false
		}
	}
	return b, len(b) > 0
}

func (s jsonStep) of(b []byte) ([]byte, bool) {
	if len(b) == 0 {
		return nil, false
	}
	if s.array {
		if b[0] != '[' { // a scalar is the one element of itself
			return b, s.index == 0 && len(b) > 0
		}
		n := s.index
		if s.last {
			n = int(countJSON(b)) - 1 - s.index
		}
		var found []byte
		i := 0
		eachJSON(b, func(_, v []byte) bool {
			if i == n {
				found = v
				return false
			}
			i++
			return true
		})
		return found, found != nil
	}
	if b[0] != '{' {
		return nil, false
	}
	var found []byte
	eachJSON(b, func(key, v []byte) bool {
		if sameKey(key, s.name) {
			found = v // the last of equal names counts
		}
		return true
	})
	return found, found != nil
}

// sameKey compares a key, in its quotes, with a name.
func sameKey(key []byte, name string) bool {
	inner := key[1 : len(key)-1]
	for _, c := range inner {
		if c == '\\' {
			return string(appendUnquoted(nil, key)) == name
		}
	}
	return string(inner) == name
}

// eachJSON visits the elements of an object or array of a valid document, until f says
// no. The key is nil in an array.
func eachJSON(b []byte, f func(key, v []byte) bool) {
	object := b[0] == '{'
	i := skipSpace(b, 1)
	for i < len(b) && b[i] != '}' && b[i] != ']' {
		var key []byte
		if object {
			end := skipJSON(b, i)
			key = b[i:end]
			if i = skipSpace(b, end); i < len(b) && b[i] == ':' {
				i = skipSpace(b, i+1)
			}
		}
		end := skipJSON(b, i)
		if end <= i || !f(key, b[i:end]) {
			return
		}
		if i = skipSpace(b, end); i < len(b) && b[i] == ',' {
			i = skipSpace(b, i+1)
		}
	}
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// skipJSON gives the end of the value that begins at i.
func skipJSON(b []byte, i int) int {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '"':
			for i++; i < len(b) && b[i] != '"'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth < 0 {
				return i
			}
		case ',', ':', ' ', '\n', '\t', '\r':
			if depth == 0 {
				return i
			}
			i++
			continue
		default:
			if depth == 0 { // a number or word
				for i < len(b) && !strings.ContainsRune(",:}] \n\t\r", rune(b[i])) {
					i++
				}
				return i
			}
			i++
			continue
		}
		if i++; depth == 0 {
			return min(i, len(b))
		}
	}
	return len(b)
}

func countJSON(b []byte) int64 {
	if len(b) == 0 || b[0] != '{' && b[0] != '[' {
		return 1
	}
	n := int64(0)
	eachJSON(b, func(_, _ []byte) bool { n++; return true })
	return n
}

// unquote makes text of JSON: a string without its quotes and escapes.
func (m *machine) unquote(v *value, b []byte) {
	v.null, v.b = false, b
	if len(b) < 2 || b[0] != '"' {
		return
	}
	v.b = b[1 : len(b)-1]
	for _, c := range v.b {
		if c == '\\' {
			at := len(m.arena)
			m.arena = appendUnquoted(m.arena, b)
			m.keep(v, at)
			return
		}
	}
}

func appendUnquoted(dst, b []byte) []byte {
	b = b[1 : len(b)-1]
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' || i+1 == len(b) {
			dst = append(dst, b[i])
			continue
		}
		i++
		switch b[i] {
		case 'n':
			dst = append(dst, '\n')
		case 't':
			dst = append(dst, '\t')
		case 'r':
			dst = append(dst, '\r')
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'u':
			r := hex4(b, i+1)
			i += 4
			if utf16.IsSurrogate(r) && i+6 < len(b)+1 && i+2 < len(b) && b[i+1] == '\\' && b[i+2] == 'u' {
				if full := utf16.DecodeRune(r, hex4(b, i+3)); full != utf8.RuneError {
					r = full
					i += 6
				}
			}
			dst = utf8.AppendRune(dst, r)
		default:
			dst = append(dst, b[i])
		}
	}
	return dst
}

func hex4(b []byte, i int) (r rune) {
	for _, c := range b[min(i, len(b)):min(i+4, len(b))] {
		h, _ := hexValue(c)
		r = r<<4 | rune(h)
	}
	return r
}
