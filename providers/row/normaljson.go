package row

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// maxJSONDepth keeps hostile nesting from using up the stack; PostgreSQL and
// MySQL (100) refuse documents long before that.
const maxJSONDepth = 10_000

// normalJSON writes a document in its one normal form. What is not JSON is
// appended as it is.
func normalJSON(dst, v []byte, lastWins bool) []byte {
	p := jsonParser{in: v, lastWins: lastWins}
	out, ok := p.value(dst, 0)
	if p.space(); !ok || p.pos != len(p.in) {
		return append(dst, v...)
	}
	return out
}

type jsonParser struct {
	in       []byte
	pos      int
	lastWins bool
}

func (p *jsonParser) space() {
	for p.pos < len(p.in) {
		switch p.in[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

// next skips space and takes c if it is next.
func (p *jsonParser) next(c byte) bool {
	p.space()
	if p.pos < len(p.in) && p.in[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

func (p *jsonParser) value(dst []byte, depth int) ([]byte, bool) {
	p.space()
	if p.pos == len(p.in) || depth > maxJSONDepth {
		return dst, false
	}
	switch c := p.in[p.pos]; c {
	case '{':
		return p.object(dst, depth)
	case '[':
		return p.array(dst, depth)
	case '"':
		return p.str(dst)
	case 't':
		return p.word(dst, "true")
	case 'f':
		return p.word(dst, "false")
	case 'n':
		return p.word(dst, "null")
	}
	start := p.pos
	for p.pos < len(p.in) && bytes.IndexByte([]byte("+-.0123456789eE"), p.in[p.pos]) >= 0 {
		p.pos++
	}
	text := p.in[start:p.pos]
	n, ok := parseNumber(text, true)
	if !ok {
		// An exponent past all limits is kept as written.
		return append(dst, text...), hugeExponent(text)
	}
	return n.appendJSONNumber(dst), true
}

func hugeExponent(text []byte) bool {
	e := bytes.IndexAny(text, "eE")
	if e < 0 {
		return false
	}
	if _, ok := parseNumber(text[:e], true); !ok {
		return false
	}
	exp := bytes.TrimLeft(text[e+1:], "+-")
	return len(text[e+1:])-len(exp) <= 1 && len(exp) >= 18 && bytes.Trim(exp, "0123456789") == nil
}

func (p *jsonParser) word(dst []byte, w string) ([]byte, bool) {
	if !bytes.HasPrefix(p.in[p.pos:], []byte(w)) {
		return dst, false
	}
	p.pos += len(w)
	return append(dst, w...), true
}

func (p *jsonParser) array(dst []byte, depth int) ([]byte, bool) {
	p.pos++
	dst = append(dst, '[')
	if p.next(']') {
		return append(dst, ']'), true
	}
	for {
		var ok bool
		if dst, ok = p.value(dst, depth+1); !ok {
			return dst, false
		}
		if p.next(']') {
			return append(dst, ']'), true
		}
		if !p.next(',') {
			return dst, false
		}
		dst = append(dst, ',')
	}
}

// member is a key and its value as they stand in a buffer, both in normal form.
type member struct{ start, colon, end int }

func (p *jsonParser) object(dst []byte, depth int) ([]byte, bool) {
	p.pos++
	dst = append(dst, '{')
	if p.next('}') {
		return append(dst, '}'), true
	}
	begin := len(dst)
	var members []member
	sorted := true
	for {
		var ok bool
		m := member{start: len(dst)}
		if p.space(); p.pos == len(p.in) || p.in[p.pos] != '"' {
			return dst, false
		}
		if dst, ok = p.str(dst); !ok || !p.next(':') {
			return dst, false
		}
		m.colon = len(dst)
		dst = append(dst, ':')
		if dst, ok = p.value(dst, depth+1); !ok {
			return dst, false
		}
		m.end = len(dst)
		if n := len(members); n > 0 && bytes.Compare(dst[members[n-1].start:members[n-1].colon], dst[m.start:m.colon]) >= 0 {
			sorted = false
		}
		members = append(members, m)
		if p.next('}') {
			break
		}
		if !p.next(',') {
			return dst, false
		}
		dst = append(dst, ',')
	}
	if sorted {
		return append(dst, '}'), true
	}
	raw := bytes.Clone(dst[begin:])
	key := func(m member) []byte { return raw[m.start-begin : m.colon-begin] }
	slices.SortStableFunc(members, func(a, b member) int { return bytes.Compare(key(a), key(b)) })
	dst = dst[:begin]
	for i, m := range members {
		if p.lastWins && i+1 < len(members) && bytes.Equal(key(m), key(members[i+1])) {
			continue
		}
		if len(dst) > begin {
			dst = append(dst, ',')
		}
		dst = append(dst, raw[m.start-begin:m.end-begin]...)
	}
	return append(dst, '}'), true
}

// str reads a string and writes it with no more escapes than JSON asks for.
func (p *jsonParser) str(dst []byte) ([]byte, bool) {
	p.pos++
	dst = append(dst, '"')
	for p.pos < len(p.in) {
		c := p.in[p.pos]
		p.pos++
		switch {
		case c == '"':
			return append(dst, '"'), true
		case c == '\\':
			r, ok := p.escape()
			if !ok {
				return dst, false
			}
			dst = appendJSONRune(dst, r)
		case c < 0x20:
			return dst, false
		default:
			dst = append(dst, c)
		}
	}
	return dst, false
}

// escape reads what follows a backslash. Half of a surrogate pair comes back as
// it is, above utf8's reach.
func (p *jsonParser) escape() (rune, bool) {
	if p.pos == len(p.in) {
		return 0, false
	}
	c := p.in[p.pos]
	p.pos++
	switch c {
	case '"', '\\', '/':
		return rune(c), true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	case 'u':
		high, ok := p.hex4()
		if !ok || high < 0xD800 || high > 0xDBFF {
			return high, ok
		}
		if bytes.HasPrefix(p.in[p.pos:], []byte(`\u`)) {
			back := p.pos
			p.pos += 2
			if low, ok := p.hex4(); ok && low >= 0xDC00 && low <= 0xDFFF {
				return (high-0xD800)<<10 + (low - 0xDC00) + 0x10000, true
			}
			p.pos = back
		}
		return high, true
	}
	return 0, false
}

func (p *jsonParser) hex4() (rune, bool) {
	if len(p.in)-p.pos < 4 {
		return 0, false
	}
	var r rune
	for _, c := range p.in[p.pos : p.pos+4] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	p.pos += 4
	return r, true
}

func appendJSONRune(dst []byte, r rune) []byte {
	const digits = "0123456789abcdef"
	switch {
	case r == '"' || r == '\\':
		return append(dst, '\\', byte(r))
	case r < 0x20 || r >= 0xD800 && r <= 0xDFFF:
		return append(dst, '\\', 'u', digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15])
	}
	return utf8.AppendRune(dst, r)
}
