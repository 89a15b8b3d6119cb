package postgres

import "strings"

const (
	castArray    = "((ARRAY["
	castArrayEnd = "])::text[])"
	varcharCast  = "::character varying"
)

// steady gives the spelling that an expression has once it was written and read a
// second time. The server's own is not always that: v IN ('a', 'b') over a varchar
// comes out as ANY ((ARRAY['a'::character varying, ...])::text[]), which, given back,
// comes out as ANY (ARRAY[('a'::character varying)::text, ...]) for good.
func steady(expr string) string {
	if !strings.Contains(expr, castArray) {
		return expr
	}
	var b strings.Builder
	for {
		start := strings.Index(expr, castArray)
		if start < 0 {
			return b.String() + expr
		}
		items, rest, ok := varcharItems(expr[start+len(castArray):])
		if !ok {
			b.WriteString(expr[:start+len(castArray)])
			expr = expr[start+len(castArray):]
			continue
		}
		b.WriteString(expr[:start] + "(ARRAY[")
		for i, item := range items {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString("(" + item + ")::text")
		}
		b.WriteString("])")
		expr = rest
	}
}

// varcharItems reads constants of type varchar up to the end of the array and its cast.
func varcharItems(in string) (items []string, rest string, ok bool) {
	for {
		if !strings.HasPrefix(in, "'") {
			return nil, "", false
		}
		text, after, ok := quotedToken(in, '\'')
		if !ok || !strings.HasPrefix(after, varcharCast) {
			return nil, "", false
		}
		items = append(items, literal(text)+varcharCast)
		in = after[len(varcharCast):]
		if rest, ok := strings.CutPrefix(in, castArrayEnd); ok {
			return items, rest, true
		}
		if in, ok = strings.CutPrefix(in, ", "); !ok {
			return nil, "", false
		}
	}
}

// SameExpression reports whether the server means the same by both, though it may have
// read one of them a second time.
func (c *Conn) SameExpression(a, b string) bool { return a == b || steady(a) == steady(b) }

// asWritten gives the words that the server spells as it has spelled expr: a list of
// varchars keeps its own type, which it would lose when it is read again.
func asWritten(expr string) string {
	var b strings.Builder
	for {
		start := strings.Index(expr, castArray)
		if start < 0 {
			return b.String() + expr
		}
		inner := expr[start+len(castArray):]
		_, rest, ok := varcharItems(inner)
		if !ok {
			b.WriteString(expr[:start+len(castArray)])
			expr = inner
			continue
		}
		items := inner[:len(inner)-len(rest)-len(castArrayEnd)]
		b.WriteString(expr[:start] + "(((ARRAY[" + items + "])::character varying[])::text[])")
		expr = rest
	}
}
