package expr

import (
	"bytes"
	"encoding/binary"
	"unicode"
	"unicode/utf8"

	"github.com/syncform/syncform/providers/schema"
)

// maxResult bounds the text that a function may make of a row.
const maxResult = 64 << 20

const tooLarge = "the result is longer than 64 MB"

var textFunctions = []function{
	{name: "CONCAT", group: "Text", args: "a, b, ...", result: "text", least: 1, most: -1, bind: concat,
		text: "The texts one behind the other; NULL where one of them is.", examples: []Example{{"CONCAT('a', 'b', 1)", "ab1"}, {"CONCAT('a', NULL)", "NULL"}}},
	{name: "CONCAT_WS", group: "Text", args: "separator, a, b, ...", result: "text", least: 2, most: -1, bind: concatWS,
		text: "The texts that are not NULL, with the separator between them.", examples: []Example{{"CONCAT_WS(', ', 'a', NULL, 'b')", "a, b"}}},
	{name: "UPPER", aliases: []string{"UCASE"}, group: "Text", args: "a", result: "text", least: 1, most: 1, bind: ofText(asLong, upper),
		text: "In capital letters.", examples: []Example{{"UPPER('née')", "NÉE"}}},
	{name: "LOWER", aliases: []string{"LCASE"}, group: "Text", args: "a", result: "text", least: 1, most: 1, bind: ofText(asLong, lower),
		text: "In small letters.", examples: []Example{{"LOWER('A@B.Com')", "a@b.com"}}},
	{name: "TRIM", group: "Text", args: "[BOTH | LEADING | TRAILING [what] FROM] a", result: "text", least: 1, most: 2, bind: trim,
		text: "Without blanks, or another text, at its ends.", examples: []Example{{"TRIM('  a ')", "a"}, {"TRIM(LEADING '0' FROM '007')", "7"}}},
	{name: "LTRIM", group: "Text", args: "a", result: "text", least: 1, most: 1, bind: ofText(asLong, func(_ *machine, v *value, b []byte) { v.b = bytes.TrimLeft(b, " ") }),
		text: "Without blanks in front.", examples: []Example{{"LTRIM('  a ')", "a "}}},
	{name: "RTRIM", group: "Text", args: "a", result: "text", least: 1, most: 1, bind: ofText(asLong, func(_ *machine, v *value, b []byte) { v.b = bytes.TrimRight(b, " ") }),
		text: "Without blanks behind.", examples: []Example{{"RTRIM('  a ')", "  a"}}},
	{name: "SUBSTRING", aliases: []string{"SUBSTR", "MID"}, group: "Text", args: "a, from[, length]", result: "text", least: 2, most: 3, bind: substring,
		text: "A part, counted in characters from 1, or from the end where `from` is below zero. Also `SUBSTRING(a FROM 2 FOR 3)`.", examples: []Example{{"SUBSTRING('abcdef', 2, 3)", "bcd"}, {"SUBSTRING('abcdef', -2)", "ef"}}},
	{name: "LEFT", group: "Text", args: "a, n", result: "text", least: 2, most: 2, bind: leftRight(true), text: "The first n characters.", examples: []Example{{"LEFT('abc', 2)", "ab"}}},
	{name: "RIGHT", group: "Text", args: "a, n", result: "text", least: 2, most: 2, bind: leftRight(false), text: "The last n characters.", examples: []Example{{"RIGHT('abc', 2)", "bc"}}},
	{name: "REPLACE", group: "Text", args: "a, what, by", result: "text", least: 3, most: 3, bind: replace, text: "With every `what` replaced.", examples: []Example{{"REPLACE('a-b-c', '-', '')", "abc"}}},
	{name: "LPAD", group: "Text", args: "a, n, with", result: "text", least: 3, most: 3, bind: pad(true), text: "Filled in front, or cut, to n characters.", examples: []Example{{"LPAD(42, 5, '0')", "00042"}}},
	{name: "RPAD", group: "Text", args: "a, n, with", result: "text", least: 3, most: 3, bind: pad(false), text: "Filled behind, or cut, to n characters.", examples: []Example{{"RPAD('ab', 4, '.')", "ab.."}}},
	{name: "REPEAT", group: "Text", args: "a, n", result: "text", least: 2, most: 2, bind: repeat, text: "n times.", examples: []Example{{"REPEAT('ab', 3)", "ababab"}}},
	{name: "REVERSE", group: "Text", args: "a", result: "text", least: 1, most: 1, bind: ofText(asLong, reverse), text: "From the last character to the first.", examples: []Example{{"REVERSE('abc')", "cba"}}},
	{name: "SUBSTRING_INDEX", group: "Text", args: "a, separator, n", result: "text", least: 3, most: 3, bind: substringIndex,
		text: "What stands before the n-th separator, or behind the n-th from the end where n is below zero.", examples: []Example{{"SUBSTRING_INDEX('a.b.c', '.', 2)", "a.b"}, {"SUBSTRING_INDEX('x@y.z', '@', -1)", "y.z"}}},
	{name: "CHAR_LENGTH", aliases: []string{"CHARACTER_LENGTH"}, group: "Text", args: "a", result: "int", least: 1, most: 1, bind: length((*checker).str, utf8.RuneCount), text: "How many characters.", examples: []Example{{"CHAR_LENGTH('née')", "3"}}},
	{name: "LENGTH", aliases: []string{"OCTET_LENGTH"}, group: "Text", args: "a", result: "int", least: 1, most: 1, bind: length((*checker).data, func(b []byte) int { return len(b) }), text: "How many bytes.", examples: []Example{{"LENGTH('née')", "4"}}},
	{name: "LOCATE", group: "Text", args: "what, a[, from]", result: "int", least: 2, most: 3, bind: locate, text: "Where `what` stands first, counted in characters from 1; 0 where it does not. Also `POSITION(what IN a)`.", examples: []Example{{"LOCATE('b', 'abc')", "2"}}},
	{name: "INSTR", group: "Text", args: "a, what", result: "int", least: 2, most: 2, bind: func(c *checker, n *Node, a []*typed) (*typed, *Error) {
		return locate(c, n, []*typed{a[1], a[0]})
	}, text: "LOCATE with its arguments the other way round.", examples: []Example{{"INSTR('abc', 'c')", "3"}}},
}

// isASCII reports whether every byte is a character.
func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func upper(m *machine, v *value, b []byte) { fold(m, v, b, 'a', unicode.ToUpper) }

func lower(m *machine, v *value, b []byte) { fold(m, v, b, 'A', unicode.ToLower) }

// fold writes letters in the other case: the 26 from first on, or, where there are others
// than ASCII's, what other makes of them.
func fold(m *machine, v *value, b []byte, first byte, other func(rune) rune) {
	at := len(m.arena)
	m.arena = append(m.arena, b...)
	text := m.arena[at:]
	if !foldASCII(text, first) {
		m.arena = m.arena[:at]
		for _, r := range string(b) {
			m.arena = utf8.AppendRune(m.arena, other(r))
		}
	}
	m.keep(v, at)
}

// foldASCII turns the case of the 26 letters from first on; false: there are other than
// ASCII's characters, and text is of no use any more.
func foldASCII(text []byte, first byte) bool {
	// Eight bytes at a time: a sum sets a byte's highest bit where it is at or past its limit.
	const ones = 0x0101010101010101
	from, past := ones*uint64(0x80-first), ones*uint64(0x80-first-26)
	i := 0
	for ; i+8 <= len(text); i += 8 {
		w := binary.LittleEndian.Uint64(text[i:])
		if w&(0x80*ones) != 0 {
			return false
		}
		w ^= ((w + from) ^ (w + past)) & (0x80 * ones) >> 2
		binary.LittleEndian.PutUint64(text[i:], w)
	}
	for ; i < len(text); i++ {
		c := text[i]
		if c >= utf8.RuneSelf {
			return false
		}
		if c >= first && c < first+26 {
			text[i] = c ^ 0x20
		}
	}
	return true
}

func concat(c *checker, n *Node, a []*typed) (*typed, *Error) {
	if err := each(n, a, c.str); err != nil {
		return nil, err
	}
	part := c.part(n)
	return c.strict(n, cText, varchar(lengthOf(a, 0)), a, func(m *machine, v *value, a []*value) {
		at := len(m.arena)
		for _, x := range a {
			m.arena = append(m.arena, x.b...)
		}
		if len(m.arena)-at > maxResult {
			m.fail(v, part, tooLarge)
			return
		}
		m.keep(v, at)
	}), nil
}

// lengthOf adds the lengths of texts, with what stands between them; 0: no limit.
func lengthOf(a []*typed, between int) int {
	n := between * max(len(a)-1, 0)
	for _, x := range a {
		l := textLength(cText, x.typ)
		if l == 0 {
			return 0
		}
		n += l
	}
	return n
}

func concatWS(c *checker, n *Node, a []*typed) (*typed, *Error) {
	if err := each(n, a, c.str); err != nil {
		return nil, err
	}
	sep := textLength(cText, a[0].typ)
	l := lengthOf(a[1:], sep)
	if sep == 0 {
		l = 0
	}
	out := c.loose(n, cText, varchar(l), a[0].nullable, a, nil)
	out.make = func() eval {
		fs, slots := slots(a)
		return func(m *machine, v *value) {
			for i, f := range fs { // each may write into the arena: all before the result begins
				if f != nil {
					f(m, slots[i])
				}
			}
			if slots[0].null {
				v.null = true
				return
			}
			at, more := len(m.arena), false
			for _, x := range slots[1:] {
				if x.null {
					continue
				}
				if more {
					m.arena = append(m.arena, slots[0].b...)
				}
				more = true
				m.arena = append(m.arena, x.b...)
			}
			m.keep(v, at)
		}
	}
	return out, nil
}

func trim(c *checker, n *Node, a []*typed) (*typed, *Error) {
	if err := each(n, a, c.str); err != nil {
		return nil, err
	}
	left, right := n.Unit != "TRAILING", n.Unit != "LEADING"
	return c.strict(n, cText, asLong(a[0].typ), a, func(_ *machine, v *value, a []*value) {
		b, what := a[0].b, blank
		if len(a) > 1 {
			what = a[1].b
		}
		for left && len(what) > 0 && bytes.HasPrefix(b, what) {
			b = b[len(what):]
		}
		for right && len(what) > 0 && bytes.HasSuffix(b, what) {
			b = b[:len(b)-len(what)]
		}
		v.b = b
	}), nil
}

var blank = []byte(" ")

// from gives b from its n-th character on, counted from 0.
func from(b []byte, n int64) []byte {
	if n <= 0 {
		return b
	}
	if n >= int64(len(b)) && isASCII(b) {
		return nil
	}
	for ; n > 0 && len(b) > 0; n-- {
		_, size := utf8.DecodeRune(b)
		b = b[size:]
	}
	return b
}

// first gives the first n characters of b.
func first(b []byte, n int64) []byte {
	if n <= 0 {
		return nil
	}
	if n >= int64(len(b)) {
		return b
	}
	return b[:len(b)-len(from(b, n))]
}

func substring(c *checker, n *Node, a []*typed) (*typed, *Error) {
	var err *Error
	if a[0], err = c.str(n, a[0]); err != nil {
		return nil, err
	}
	if err := each(n, a[1:], c.wholeArg); err != nil {
		return nil, err
	}
	t := asLong(a[0].typ)
	if len(a) > 2 && a[2].value != nil && !a[2].value.null && a[2].value.i > 0 && (t.Length == 0 || a[2].value.i < int64(t.Length)) {
		t = varchar(int(min(a[2].value.i, maxVarchar+1)))
	}
	return c.strict(n, cText, t, a, func(_ *machine, v *value, a []*value) {
		b, at := a[0].b, a[1].i
		switch {
		case at > 0:
			b = from(b, at-1)
		case at == 0:
			b = nil
		default:
			count := int64(utf8.RuneCount(b))
			if -at > count {
				b = nil
			} else {
				b = from(b, count+at)
			}
		}
		if len(a) > 2 {
			b = first(b, a[2].i)
		}
		v.b = b
	}), nil
}

func leftRight(left bool) func(*checker, *Node, []*typed) (*typed, *Error) {
	return func(c *checker, n *Node, a []*typed) (*typed, *Error) {
		var err *Error
		if a[0], err = c.str(n, a[0]); err != nil {
			return nil, err
		}
		if a[1], err = c.wholeArg(n, a[1]); err != nil {
			return nil, err
		}
		t := asLong(a[0].typ)
		if a[1].value != nil && !a[1].value.null && a[1].value.i > 0 && (t.Length == 0 || a[1].value.i < int64(t.Length)) {
			t = varchar(int(min(a[1].value.i, maxVarchar+1)))
		}
		return c.strict(n, cText, t, a, func(_ *machine, v *value, a []*value) {
			if left {
				v.b = first(a[0].b, a[1].i)
				return
			}
			v.b = nil
			if a[1].i > 0 {
				v.b = from(a[0].b, int64(utf8.RuneCount(a[0].b))-a[1].i)
			}
		}), nil
	}
}

func replace(c *checker, n *Node, a []*typed) (*typed, *Error) {
	if err := each(n, a, c.str); err != nil {
		return nil, err
	}
	l := textLength(cText, a[0].typ)
	if what, by := a[1], a[2]; what.value == nil || by.value == nil || utf8.RuneCount(by.value.b) > max(utf8.RuneCount(what.value.b), 0) {
		l = 0
	}
	part := c.part(n)
	return c.strict(n, cText, varchar(l), a, func(m *machine, v *value, a []*value) {
		b, what := a[0].b, a[1].b
		if len(what) == 0 {
			v.b = b
			return
		}
		at := len(m.arena)
		for {
			i := bytes.Index(b, what)
			if i < 0 {
				break
			}
			m.arena = append(append(m.arena, b[:i]...), a[2].b...)
			b = b[i+len(what):]
			if len(m.arena)-at > maxResult {
				m.fail(v, part, tooLarge)
				return
			}
		}
		m.arena = append(m.arena, b...)
		m.keep(v, at)
	}), nil
}

func pad(left bool) func(*checker, *Node, []*typed) (*typed, *Error) {
	return func(c *checker, n *Node, a []*typed) (*typed, *Error) {
		var err *Error
		for i, f := range []func(*Node, *typed) (*typed, *Error){c.str, c.wholeArg, c.str} {
			if a[i], err = f(n, a[i]); err != nil {
				return nil, err
			}
		}
		t := typText
		if a[1].value != nil && !a[1].value.null {
			t = varchar(int(max(min(a[1].value.i, maxVarchar+1), 1)))
		}
		part := c.part(n)
		out := c.strict(n, cText, t, a, func(m *machine, v *value, a []*value) {
			b, want, with := a[0].b, a[1].i, a[2].b
			have := int64(utf8.RuneCount(b))
			switch {
			case want < 0:
				v.null = true
				return
			case want <= have:
				v.b = first(b, want)
				return
			case want > maxResult:
				m.fail(v, part, tooLarge)
				return
			case len(with) == 0:
				v.b = nil
				return
			}
			at := len(m.arena)
			if !left {
				m.arena = append(m.arena, b...)
			}
			each := int64(utf8.RuneCount(with))
			for n := want - have; n > 0; n -= each {
				m.arena = append(m.arena, first(with, n)...)
			}
			if left {
				m.arena = append(m.arena, b...)
			}
			m.keep(v, at)
		})
		out.nullable = out.nullable || a[1].value == nil || a[1].value.i < 0
		return out, nil
	}
}

func repeat(c *checker, n *Node, a []*typed) (*typed, *Error) {
	var err *Error
	if a[0], err = c.str(n, a[0]); err != nil {
		return nil, err
	}
	if a[1], err = c.wholeArg(n, a[1]); err != nil {
		return nil, err
	}
	part := c.part(n)
	return c.strict(n, cText, typText, a, func(m *machine, v *value, a []*value) {
		at := len(m.arena)
		if a[1].i > 0 && int64(len(a[0].b)) > maxResult/a[1].i {
			m.fail(v, part, tooLarge)
			return
		}
		for n := a[1].i; n > 0 && len(a[0].b) > 0; n-- {
			m.arena = append(m.arena, a[0].b...)
		}
		m.keep(v, at)
	}), nil
}

func reverse(m *machine, v *value, b []byte) {
	at := len(m.arena)
	for len(b) > 0 {
		_, size := utf8.DecodeLastRune(b)
		m.arena = append(m.arena, b[len(b)-size:]...)
		b = b[:len(b)-size]
	}
	m.keep(v, at)
}

func substringIndex(c *checker, n *Node, a []*typed) (*typed, *Error) {
	var err *Error
	for i, f := range []func(*Node, *typed) (*typed, *Error){c.str, c.str, c.wholeArg} {
		if a[i], err = f(n, a[i]); err != nil {
			return nil, err
		}
	}
	return c.strict(n, cText, asLong(a[0].typ), a, func(_ *machine, v *value, a []*value) {
		b, sep, n := a[0].b, a[1].b, a[2].i
		if len(sep) == 0 || n == 0 {
			v.b = nil
			return
		}
		v.b = b
		if n > 0 {
			at := 0
			for ; n > 0; n-- {
				i := bytes.Index(b[at:], sep)
				if i < 0 {
					return
				}
				if n == 1 {
					v.b = b[:at+i]
					return
				}
				at += i + len(sep)
			}
			return
		}
		rest := b
		for ; n < 0; n++ {
			i := bytes.LastIndex(rest, sep)
			if i < 0 {
				return
			}
			if n == -1 {
				v.b = b[i+len(sep):]
			}
			rest = rest[:i]
		}
	}), nil
}

func length(arg func(*checker, *Node, *typed) (*typed, *Error), count func([]byte) int) func(*checker, *Node, []*typed) (*typed, *Error) {
	return func(c *checker, n *Node, a []*typed) (*typed, *Error) {
		var err *Error
		if a[0], err = arg(c, n, a[0]); err != nil {
			return nil, err
		}
		return c.strict(n, cInt, typInt, a, func(_ *machine, v *value, a []*value) { v.i = int64(count(a[0].b)) }), nil
	}
}

func locate(c *checker, n *Node, a []*typed) (*typed, *Error) {
	if err := each(n, a[:2], c.str); err != nil {
		return nil, err
	}
	if err := each(n, a[2:], c.wholeArg); err != nil {
		return nil, err
	}
	return c.strict(n, cInt, schema.Type{Kind: schema.Int, Bits: 32}, a, func(_ *machine, v *value, a []*value) {
		what, b, skip := a[0].b, a[1].b, int64(0)
		v.i = 0
		if len(a) > 2 {
			skip = a[2].i - 1
			if skip < 0 || skip > int64(utf8.RuneCount(b)) {
				return
			}
			b = from(b, skip)
		}
		if i := bytes.Index(b, what); i >= 0 {
			v.i = skip + int64(utf8.RuneCount(b[:i])) + 1
		}
	}), nil
}
