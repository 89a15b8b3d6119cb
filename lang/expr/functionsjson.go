package expr

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/syncform/syncform/providers/schema"
)

var jsonFunctions = []function{
	{name: "JSON_EXTRACT", group: "JSON", args: "a, path", result: "json", least: 2, most: 2, text: "The part at a path, as JSON; also `a -> path`. A path is `$`, then `.name`, `.\"any name\"`, `[0]`, `[last]`.", examples: []Example{{`JSON_EXTRACT('{"a": [1, 2]}', '$.a[1]')`, "2"}}, bind: jsonExtract},
	{name: "->>", group: "JSON", args: "a ->> path", result: "text", least: 2, most: 2, text: "The part at a path, as text: a string without its quotes. Unlike in MySQL, and as in PostgreSQL, JSON's null is NULL.", examples: []Example{{`CAST('{"a": "b"}' AS JSON) ->> '$.a'`, "b"}, {`CAST('{"a": null}' AS JSON) ->> '$.a'`, "NULL"}}, bind: jsonText(false)},
	{name: "JSON_VALUE", group: "JSON", args: "a, path", result: "text", least: 2, most: 2, text: "As ->>, and NULL where the part is an object or array.", examples: []Example{{`JSON_VALUE('{"a": 1}', '$.a')`, "1"}}, bind: jsonText(true)},
	{name: "JSON_UNQUOTE", group: "JSON", args: "a", result: "text", least: 1, most: 1, text: "JSON as text: a string without its quotes.", examples: []Example{{`JSON_UNQUOTE('"a"')`, "a"}}, bind: jsonUnquote},
	{name: "JSON_LENGTH", group: "JSON", args: "a[, path]", result: "int", least: 1, most: 2, text: "How many elements; 1 for what is no object and no array.", examples: []Example{{`JSON_LENGTH('[1, 2, 3]')`, "3"}}, bind: jsonLength},
	{name: "JSON_VALID", group: "JSON", args: "a", result: "bool", least: 1, most: 1, text: "Whether a text is JSON.", examples: []Example{{"JSON_VALID('{')", "f"}}, bind: jsonValid},
	{name: "JSON_OBJECT", group: "JSON", args: "name, a, name, b, ...", result: "json", least: 0, most: -1, text: "An object of names and values.", examples: []Example{{"JSON_OBJECT('a', 1, 'b', NULL)", `{"a": 1, "b": null}`}}, bind: jsonObject},
	{name: "JSON_ARRAY", group: "JSON", args: "a, b, ...", result: "json", least: 0, most: -1, text: "An array of values.", examples: []Example{{"JSON_ARRAY(1, 'x')", `[1, "x"]`}}, bind: jsonArray},
}

func validJSON(b []byte) bool { return json.Valid(b) }

// doc makes an argument JSON; a text is read as JSON, row by row.
func (c *checker) doc(n *Node, a *typed) (*typed, *Error) {
	switch {
	case a.class == cJSON:
		return a, nil
	case a.class == cNull:
		return c.as(a, cJSON, typJSON), nil
	case a.class == cText:
		part := c.part(a.node)
		t := c.strict(a.node, cJSON, typJSON, []*typed{a}, func(m *machine, v *value, a []*value) {
			if v.b = a[0].b; !validJSON(v.b) {
				m.fail(v, part, "the text is no JSON")
			}
		})
		return c.fold(t)
	}
	return nil, errorAt(a.node, "%s takes JSON, and %s is %s.", n.Name, c.part(a.node), c.is2(a))
}

func jsonExtract(c *checker, n *Node, a []*typed) (*typed, *Error) {
	doc, path, err := c.docAndPath(n, a)
	if err != nil {
		return nil, err
	}
	out := c.strict(n, cJSON, typJSON, []*typed{doc}, func(m *machine, v *value, a []*value) {
		var ok bool
		if v.b, ok = path.find(a[0].b); !ok {
			v.null = true
		}
	})
	out.nullable = true
	return out, nil
}

func (c *checker) docAndPath(n *Node, a []*typed) (*typed, jsonPath, *Error) {
	doc, err := c.doc(n, a[0])
	if err != nil {
		return nil, nil, err
	}
	text, err := c.constantText(n, a[1], "The path")
	if err != nil {
		return nil, nil, err
	}
	path, bad := parsePath(text)
	if bad != "" {
		e := errorAt(a[1].node, "'%s' is no path: %s.", text, bad)
		if len(text) > 0 && text[0] != '$' {
			e.Fix = "Write '$." + text + "'."
		}
		return nil, nil, e
	}
	return doc, path, nil
}

// jsonText is ->>, and JSON_VALUE for scalars only.
func jsonText(scalar bool) func(*checker, *Node, []*typed) (*typed, *Error) {
	return func(c *checker, n *Node, a []*typed) (*typed, *Error) {
		doc, path, err := c.docAndPath(n, a)
		if err != nil {
			return nil, err
		}
		out := c.strict(n, cText, typText, []*typed{doc}, func(m *machine, v *value, a []*value) {
			b, ok := path.find(a[0].b)
			if !ok || string(b) == "null" || scalar && (b[0] == '{' || b[0] == '[') {
				v.null = true
				return
			}
			m.unquote(v, b)
		})
		out.nullable = true
		return out, nil
	}
}

func jsonUnquote(c *checker, n *Node, a []*typed) (*typed, *Error) {
	if a[0].class == cText { // a text that is no JSON string stays as it is
		return c.strict(n, cText, asLong(a[0].typ), a, func(m *machine, v *value, a []*value) {
			if v.b = a[0].b; len(v.b) > 1 && v.b[0] == '"' && validJSON(v.b) {
				m.unquote(v, v.b)
			}
		}), nil
	}
	doc, err := c.doc(n, a[0])
	if err != nil {
		return nil, err
	}
	return c.strict(n, cText, typText, []*typed{doc}, func(m *machine, v *value, a []*value) { m.unquote(v, trimSpace(a[0].b)) }), nil
}

func jsonLength(c *checker, n *Node, a []*typed) (*typed, *Error) {
	path := jsonPath{}
	doc, err := c.doc(n, a[0])
	if err != nil {
		return nil, err
	}
	if len(a) > 1 {
		if doc, path, err = c.docAndPath(n, a); err != nil {
			return nil, err
		}
	}
	out := c.strict(n, cInt, typInt, []*typed{doc}, func(_ *machine, v *value, a []*value) {
		b, ok := path.find(a[0].b)
		if !ok {
			v.null = true
			return
		}
		v.i = countJSON(b)
	})
	out.nullable = out.nullable || len(a) > 1
	return out, nil
}

func jsonValid(c *checker, n *Node, a []*typed) (*typed, *Error) {
	if a[0].class != cText && a[0].class != cJSON {
		return nil, errorAt(a[0].node, "JSON_VALID takes text, and %s is %s.", c.part(a[0].node), c.is2(a[0]))
	}
	return c.strict(n, cBool, typBool, a, func(_ *machine, v *value, a []*value) { v.bool(validJSON(a[0].b)) }), nil
}

func jsonObject(c *checker, n *Node, a []*typed) (*typed, *Error) {
	if len(a)%2 == 1 {
		return nil, errorAt(n, "JSON_OBJECT takes pairs of a name and a value.")
	}
	seen := map[string]bool{}
	for i := 0; i < len(a); i += 2 {
		name, err := c.constantText(n, a[i], "A name")
		if err != nil {
			return nil, err
		}
		if seen[name] {
			return nil, errorAt(a[i].node, "The name '%s' stands twice.", name)
		}
		seen[name] = true
	}
	return c.jsonOf(n, a, '{', '}')
}

func jsonArray(c *checker, n *Node, a []*typed) (*typed, *Error) { return c.jsonOf(n, a, '[', ']') }

// jsonOf builds an object or array.
func (c *checker) jsonOf(n *Node, a []*typed, open, closing byte) (*typed, *Error) {
	for i := range a {
		if a[i].class == cBytes || a[i].class == cOpaque {
			return nil, errorAt(a[i].node, "%s has no form in JSON.", describeType(a[i].typ)).fix("Write HEX(%s) for bytes, or CAST(%s AS CHAR).", c.part(a[i].node), c.part(a[i].node))
		}
	}
	part := c.part(n)
	out := c.loose(n, cJSON, typJSON, false, slices.Clone(a), nil)
	out.make = func() eval {
		fs, slots := slots(a)
		return func(m *machine, v *value) {
			for i, f := range fs {
				if f != nil {
					f(m, slots[i])
				}
			}
			at := len(m.arena)
			m.arena = append(m.arena, open)
			for i, x := range slots {
				switch {
				case i > 0 && open == '{' && i%2 == 1:
					m.arena = append(m.arena, ": "...)
				case i > 0:
					m.arena = append(m.arena, ", "...)
				}
				var reason string
				if m.arena, reason = appendJSON(m.arena, x, a[i].class, a[i].typ); reason != "" {
					m.fail(v, part, reason)
					return
				}
			}
			m.arena = append(m.arena, closing)
			m.keep(v, at)
		}
	}
	return out, nil
}

// appendJSON writes a value as JSON.
func appendJSON(dst []byte, v *value, k class, t schema.Type) ([]byte, string) {
	if v.null {
		return append(dst, "null"...), ""
	}
	switch k {
	case cBool:
		return strconv.AppendBool(dst, v.i != 0), ""
	case cJSON:
		return append(dst, v.b...), ""
	case cInt, cDecimal:
		return appendText(dst, v, k, &t), ""
	case cFloat:
		at := len(dst)
		if dst = appendFloatText(dst, v.f, floatBits(t)); dst[at] == 'N' || dst[at] == 'I' || len(dst) > at+1 && dst[at+1] == 'I' {
			return dst, "JSON has no " + string(dst[at:])
		}
		return dst, ""
	}
	dst = append(dst, '"')
	at := len(dst)
	if k == cText {
		dst = append(dst, v.b...)
	} else {
		dst = appendText(dst, v, k, &t)
	}
	for i := at; i < len(dst); i++ {
		if ch := dst[i]; ch < ' ' || ch == '"' || ch == '\\' {
			raw := slices.Clone(dst[i:])
			dst = dst[:i]
			for _, ch := range raw {
				switch {
				case ch == '"' || ch == '\\':
					dst = append(dst, '\\', ch)
				case ch < ' ':
					dst = fmt.Appendf(dst, "\\u%04x", ch)
				default:
					dst = append(dst, ch)
				}
			}
			break
		}
	}
	return append(dst, '"'), ""
}
