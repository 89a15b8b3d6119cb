package expr

import (
	"bytes"
	"unicode/utf8"
)

// likePart is a character, any character, or any text.
type likePart struct {
	kind byte // 'c', '_', '%'
	text []byte
}

// like is LIKE and NOT LIKE.
func (c *checker) like(n *Node) (*typed, *Error) {
	a, err := c.all(n.Args)
	if err != nil {
		return nil, err
	}
	n2 := *n
	n2.Name = "LIKE"
	if err := each(&n2, a, c.str); err != nil {
		return nil, err
	}
	escape := rune('\\')
	if len(a) > 2 {
		if a[2].value == nil || utf8.RuneCount(a[2].value.b) > 1 {
			return nil, errorAt(a[2].node, "ESCAPE names one character in quotes.")
		}
		escape = 0
		if len(a[2].value.b) > 0 {
			escape, _ = utf8.DecodeRune(a[2].value.b)
		}
	}
	not := n.Not
	if p := a[1]; p.value != nil && !p.value.null {
		match := compileLike(parseLike(p.value.b, escape))
		return c.strict(n, cBool, typBool, a[:1], func(_ *machine, v *value, a []*value) { v.bool(match(a[0].b) != not) }), nil
	}
	return c.strict(n, cBool, typBool, a[:2], func(_ *machine, v *value, a []*value) {
		v.bool(matchLike(parseLike(a[1].b, escape), a[0].b) != not)
	}), nil
}

func parseLike(p []byte, escape rune) []likePart {
	var out []likePart
	for len(p) > 0 {
		r, size := utf8.DecodeRune(p)
		ch := p[:size]
		p = p[size:]
		switch {
		case r == escape && escape != 0 && len(p) > 0:
			_, size := utf8.DecodeRune(p)
			ch, p = p[:size], p[size:]
		case r == '%':
			if len(out) == 0 || out[len(out)-1].kind != '%' {
				out = append(out, likePart{kind: '%'})
			}
			continue
		case r == '_':
			out = append(out, likePart{kind: '_'})
			continue
		}
		if k := len(out) - 1; k >= 0 && out[k].kind == 'c' {
			out[k].text = append(out[k].text, ch...)
		} else {
			out = append(out, likePart{'c', append([]byte(nil), ch...)})
		}
	}
	return out
}

// compileLike finds the simple patterns.
func compileLike(p []likePart) func(b []byte) bool {
	shape := ""
	for _, x := range p {
		shape += string(x.kind)
	}
	switch shape {
	case "":
		return func(b []byte) bool { return len(b) == 0 }
	case "c":
		return func(b []byte) bool { return bytes.Equal(b, p[0].text) }
	case "%":
		return func([]byte) bool { return true }
	case "c%":
		return func(b []byte) bool { return bytes.HasPrefix(b, p[0].text) }
	case "%c":
		return func(b []byte) bool { return bytes.HasSuffix(b, p[1].text) }
	case "%c%":
		return func(b []byte) bool { return bytes.Contains(b, p[1].text) }
	}
	return func(b []byte) bool { return matchLike(p, b) }
}

// matchLike goes back only to the last %, so it takes no more than |p| × |b| steps.
func matchLike(p []likePart, b []byte) bool {
	i, star := 0, -1
	var mark []byte
	for {
		switch {
		case i < len(p) && p[i].kind == '%':
			star, mark = i, b
			i++
			continue
		case i < len(p) && p[i].kind == '_' && len(b) > 0:
			_, size := utf8.DecodeRune(b)
			b = b[size:]
			i++
			continue
		case i < len(p) && p[i].kind == 'c' && bytes.HasPrefix(b, p[i].text):
			b = b[len(p[i].text):]
			i++
			continue
		case i == len(p) && len(b) == 0:
			return true
		}
		if star < 0 || len(mark) == 0 {
			return false
		}
		_, size := utf8.DecodeRune(mark)
		mark = mark[size:]
		b, i = mark, star+1
	}
}
