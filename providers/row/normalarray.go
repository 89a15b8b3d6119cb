package row

import (
	"bytes"

	"github.com/syncform/syncform/providers/schema"
)

// normalArray writes PostgreSQL's array literal with each element in its normal
// form, quoted only where it must be. What is not such a literal is appended as
// it is.
func normalArray(dst []byte, t schema.Type, v []byte) []byte {
	elem := schema.Type{Kind: schema.Other}
	if t.Elem != nil {
		elem = *t.Elem
	}
	p := arrayParser{in: v, elem: elem}
	// Lower bounds other than 1 stand in front: [0:2]={...}
	if len(v) > 0 && v[0] == '[' {
		eq := bytes.IndexByte(v, '=')
		if eq < 0 {
			return append(dst, v...)
		}
		p.pos = eq + 1
	}
	start := len(dst)
	out := append(dst, v[:p.pos]...)
	out, ok := p.list(out, 0)
	if !ok || p.pos != len(v) {
		return append(out[:start], v...)
	}
	return out
}

type arrayParser struct {
	in      []byte
	pos     int
	elem    schema.Type
	scratch []byte
	normal  []byte
}

// maxDimensions is past PostgreSQL's MAXDIM of 6.
const maxDimensions = 16

func (p *arrayParser) list(dst []byte, depth int) ([]byte, bool) {
	if p.pos == len(p.in) || p.in[p.pos] != '{' || depth > maxDimensions {
		return dst, false
	}
	p.pos++
	dst = append(dst, '{')
	if p.pos < len(p.in) && p.in[p.pos] == '}' {
		p.pos++
		return append(dst, '}'), true
	}
	for p.pos < len(p.in) {
		var ok bool
		if p.in[p.pos] == '{' {
			dst, ok = p.list(dst, depth+1)
		} else {
			dst, ok = p.element(dst)
		}
		if !ok || p.pos == len(p.in) {
			return dst, false
		}
		c := p.in[p.pos]
		p.pos++
		switch c {
		case '}':
			return append(dst, '}'), true
		case ',':
			dst = append(dst, ',')
		default:
			return dst, false
		}
	}
	return dst, false
}

func (p *arrayParser) element(dst []byte) ([]byte, bool) {
	text, null, ok := p.token()
	if !ok {
		return dst, false
	}
	if null {
		return append(dst, "NULL"...), true
	}
	if p.elem.IsBinary() {
		p.normal = append(p.normal[:0], bytes.ToLower(text)...)
	} else {
		p.normal = Normal(p.normal[:0], p.elem, text)
	}
	return AppendArrayElement(dst, p.normal), true
}

// token reads one element without its quotes and escapes.
func (p *arrayParser) token() (text []byte, null, ok bool) {
	p.scratch = p.scratch[:0]
	if p.in[p.pos] == '"' {
		for p.pos++; p.pos < len(p.in); p.pos++ {
			switch c := p.in[p.pos]; c {
			case '"':
				p.pos++
				return p.scratch, false, true
			case '\\':
				if p.pos++; p.pos == len(p.in) {
					return nil, false, false
				}
				p.scratch = append(p.scratch, p.in[p.pos])
			default:
				p.scratch = append(p.scratch, c)
			}
		}
		return nil, false, false
	}
	start := p.pos
	for p.pos < len(p.in) {
		switch p.in[p.pos] {
		case ',', '}':
			text = p.in[start:p.pos]
			return text, bytes.EqualFold(text, []byte("NULL")), len(text) > 0
		case '{', '"', '\\':
			return nil, false, false
		}
		p.pos++
	}
	return nil, false, false
}

// AppendArrayElement appends one element of an array literal, in quotes where
// PostgreSQL puts them.
func AppendArrayElement(dst, v []byte) []byte {
	if !quotedInArray(v) {
		return append(dst, v...)
	}
	dst = append(dst, '"')
	for _, c := range v {
		if c == '"' || c == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}

func quotedInArray(v []byte) bool {
	if len(v) == 0 || bytes.EqualFold(v, []byte("NULL")) {
		return true
	}
	return bytes.ContainsAny(v, "{}\",\\ \t\n\v\f\r")
}
