package expr

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

var regexpFunctions = []function{
	{name: "REGEXP_LIKE", group: "Regular expressions", args: "a, pattern[, flags]", result: "bool", least: 2, most: 3, text: "Whether a part of the text matches; also `a REGEXP pattern`. Flags: i without regard to case, m many lines, n a point matches line ends too.", examples: []Example{{"'abc42' REGEXP '[0-9]+$'", "t"}, {"REGEXP_LIKE('ABC', 'b', 'i')", "t"}}, bind: regexpLike},
	{name: "REGEXP_REPLACE", group: "Regular expressions", args: "a, pattern, by", result: "text", least: 3, most: 3, text: "With every match replaced; $1 in `by` is what the first brackets matched.", examples: []Example{{"REGEXP_REPLACE('+49 (30) 1', '[^0-9]', '')", "49301"}, {"REGEXP_REPLACE('a-b', '(.)-(.)', '$2-$1')", "b-a"}}, bind: regexpReplace},
	{name: "REGEXP_SUBSTR", group: "Regular expressions", args: "a, pattern", result: "text", least: 2, most: 2, text: "The first match; NULL where there is none.", examples: []Example{{"REGEXP_SUBSTR('abc 42 de 7', '[0-9]+')", "42"}}, bind: regexpSubstr},
	{name: "REGEXP_INSTR", group: "Regular expressions", args: "a, pattern", result: "int", least: 2, most: 2, text: "Where the first match begins, counted in characters from 1; 0 where there is none.", examples: []Example{{"REGEXP_INSTR('abc42', '[0-9]')", "4"}}, bind: regexpInstr},
}

// pattern compiles a regular expression; it takes time that grows only with the text,
// so no row can bring a sync to a halt.
func (c *checker) pattern(n *Node, a []*typed, flags string) (*regexp.Regexp, *Error) {
	text, err := c.constantText(n, a[1], "The pattern")
	if err != nil {
		return nil, err
	}
	prefix := ""
	for i, f := range flags {
		switch f {
		case 'i', 'm':
			prefix += string(f)
		case 'n':
			prefix += "s"
		case 'c', 'u':
		default:
			return nil, errorAt(a[2].node, "There is no flag %q: there are i, c, m and n.", flags[i:i+1])
		}
	}
	if prefix != "" {
		prefix = "(?" + prefix + ")"
	}
	re, rerr := regexp.Compile(prefix + unicodeClasses(text))
	if rerr != nil {
		e := errorAt(a[1].node, "'%s' is no regular expression: %s.", text, strings.TrimPrefix(rerr.Error(), "error parsing regexp: "))
		if strings.Contains(text, "(?=") || strings.Contains(text, "(?!") || strings.Contains(text, "(?<") {
			e.Text = "A pattern can't look ahead or behind here: its time would have no bound."
		}
		return nil, e
	}
	return re, nil
}

// classes are what ICU, and so MySQL, means by the classes of characters.
var classes = map[string]string{
	"[:alpha:]": `\p{L}`, "[:upper:]": `\p{Lu}`, "[:lower:]": `\p{Ll}`, "[:digit:]": `\p{Nd}`, "[:alnum:]": `\p{L}\p{Nd}`, "[:space:]": `\t\n\v\f\r\p{Z}`,
	`\w`: `\p{L}\p{M}\p{Nd}\p{Pc}`, `\d`: `\p{Nd}`, `\s`: `\t\n\v\f\r\p{Z}`,
}

// unicodeClasses writes out the classes whose members would else be ASCII's only.
func unicodeClasses(p string) string {
	var b strings.Builder
	depth := 0 // within [...]
	for i := 0; i < len(p); i++ {
		switch c := p[i]; {
		case c == '\\' && i+1 < len(p):
			i++
			small := classes[`\`+strings.ToLower(p[i:i+1])]
			switch upper := p[i] >= 'A' && p[i] <= 'Z'; {
			case small == "" || upper && depth > 0:
				b.WriteString(p[i-1 : i+1])
			case depth > 0:
				b.WriteString(small)
			case upper:
				b.WriteString("[^" + small + "]")
			default:
				b.WriteString("[" + small + "]")
			}
		case c == '[' && depth > 0 && i+1 < len(p) && p[i+1] == ':':
			end := strings.Index(p[i:], ":]")
			if end < 0 || classes[p[i:i+end+2]] == "" {
				b.WriteByte(c)
				continue
			}
			b.WriteString(classes[p[i:i+end+2]])
			i += end + 1
		case c == '[' && depth == 0:
			depth++
			b.WriteByte(c)
			for _, more := range []byte("^]") { // a ] that comes first is no end
				if i+1 < len(p) && p[i+1] == more {
					b.WriteByte(more)
					i++
				}
			}
		case c == ']' && depth > 0:
			depth--
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func regexpLike(c *checker, n *Node, a []*typed) (*typed, *Error) {
	flags := ""
	var err *Error
	if len(a) > 2 {
		if flags, err = c.constantText(n, a[2], "The flags"); err != nil {
			return nil, err
		}
	}
	if a[0], err = c.str(n, a[0]); err != nil {
		return nil, err
	}
	re, err := c.pattern(n, a, flags)
	if err != nil {
		return nil, err
	}
	return c.strict(n, cBool, typBool, a[:1], func(_ *machine, v *value, a []*value) { v.bool(re.Match(a[0].b)) }), nil
}

// replacement turns $1 and \$ into what Expand reads.
func replacement(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			if s[i] == '$' {
				b.WriteByte('$')
			}
			b.WriteByte(s[i])
		case s[i] == '$' && i+1 < len(s) && digit(s[i+1]):
			b.WriteString("${" + s[i+1:i+2] + "}")
			i++
		case s[i] == '$':
			b.WriteString("$$")
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

func regexpReplace(c *checker, n *Node, a []*typed) (*typed, *Error) {
	var err *Error
	if a[0], err = c.str(n, a[0]); err != nil {
		return nil, err
	}
	re, err := c.pattern(n, a, "")
	if err != nil {
		return nil, err
	}
	by, err := c.constantText(n, a[2], "The replacement")
	if err != nil {
		return nil, err
	}
	by = replacement(by)
	for i := 0; i+3 < len(by); i++ {
		if strings.HasPrefix(by[i:], "${") && int(by[i+2]-'0') > re.NumSubexp() && (i == 0 || by[i-1] != '$') {
			return nil, errorAt(a[2].node, "The pattern has %s, so there is no $%c.", plural(re.NumSubexp(), "group"), by[i+2])
		}
	}
	part := c.part(n)
	tmpl := []byte(by)
	return c.strict(n, cText, typText, a[:1], func(m *machine, v *value, a []*value) {
		if !re.Match(a[0].b) {
			v.b = a[0].b
			return
		}
		if v.b = re.ReplaceAll(a[0].b, tmpl); len(v.b) > maxResult {
			m.fail(v, part, tooLarge)
		}
	}), nil
}

func regexpSubstr(c *checker, n *Node, a []*typed) (*typed, *Error) {
	var err *Error
	if a[0], err = c.str(n, a[0]); err != nil {
		return nil, err
	}
	re, err := c.pattern(n, a, "")
	if err != nil {
		return nil, err
	}
	out := c.strict(n, cText, asLong(a[0].typ), a[:1], func(_ *machine, v *value, a []*value) {
		at := re.FindIndex(a[0].b)
		if at == nil {
			v.null = true
			return
		}
		v.b = a[0].b[at[0]:at[1]]
	})
	out.nullable = true
	return out, nil
}

func regexpInstr(c *checker, n *Node, a []*typed) (*typed, *Error) {
	var err *Error
	if a[0], err = c.str(n, a[0]); err != nil {
		return nil, err
	}
	re, err := c.pattern(n, a, "")
	if err != nil {
		return nil, err
	}
	return c.strict(n, cInt, typInt, a[:1], func(_ *machine, v *value, a []*value) {
		v.i = 0
		if at := re.FindIndex(a[0].b); at != nil {
			v.i = int64(utf8.RuneCount(a[0].b[:at[0]])) + 1
		}
	}), nil
}
