package expr

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"hash/crc32"
	"strconv"
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

var hashFunctions = []function{
	{name: "MD5", group: "Hashes and encodings", args: "a", result: "varchar(32)", least: 1, most: 1, text: "Of text or bytes, in hexadecimal digits.", examples: []Example{{"MD5('a')", "0cc175b9c0f1b6a831c399e269772661"}},
		bind: hash(32, func(dst, b []byte) []byte { s := md5.Sum(b); return hex.AppendEncode(dst, s[:]) })},
	{name: "SHA1", aliases: []string{"SHA"}, group: "Hashes and encodings", args: "a", result: "varchar(40)", least: 1, most: 1, text: "Of text or bytes, in hexadecimal digits.", examples: []Example{{"SHA1('a')", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"}},
		bind: hash(40, func(dst, b []byte) []byte { s := sha1.Sum(b); return hex.AppendEncode(dst, s[:]) })},
	{name: "SHA2", group: "Hashes and encodings", args: "a, bits", result: "varchar", least: 2, most: 2, text: "Of text or bytes, in hexadecimal digits; bits are 224, 256, 384 or 512, and 0 is 256.", examples: []Example{{"SHA2('a', 224)", "abd37534c7d9a2efb9465de931cd7055ffdb8879563ae98078d6d6d5"}}, bind: sha2},
	{name: "CRC32", group: "Hashes and encodings", args: "a", result: "bigint", least: 1, most: 1, text: "The checksum of text or bytes.", examples: []Example{{"CRC32('a')", "3904355907"}}, bind: func(c *checker, n *Node, a []*typed) (*typed, *Error) {
		if err := each(n, a, c.data); err != nil {
			return nil, err
		}
		return c.strict(n, cInt, typBig, a, func(_ *machine, v *value, a []*value) { v.i = int64(crc32.ChecksumIEEE(a[0].b)) }), nil
	}},
	{name: "HEX", group: "Hashes and encodings", args: "a", result: "text", least: 1, most: 1, text: "Of text or bytes, two digits per byte; of a whole number its digits to base 16.", examples: []Example{{"HEX('ab')", "6162"}, {"HEX(255)", "FF"}}, bind: hexOf},
	{name: "UNHEX", group: "Hashes and encodings", args: "a", result: "bytes", least: 1, most: 1, text: "The inverse of HEX for bytes.", examples: []Example{{"CAST(UNHEX('6162') AS CHAR)", "ab"}}, bind: unhex},
	{name: "TO_BASE64", group: "Hashes and encodings", args: "a", result: "text", least: 1, most: 1, text: "Text or bytes in base 64, in lines of 76 characters.", examples: []Example{{"TO_BASE64('abc')", "YWJj"}}, bind: toBase64},
	{name: "FROM_BASE64", group: "Hashes and encodings", args: "a", result: "bytes", least: 1, most: 1, text: "The inverse of TO_BASE64.", examples: []Example{{"CAST(FROM_BASE64('YWJj') AS CHAR)", "abc"}}, bind: fromBase64},
}

// hash binds a function of text or bytes whose result has n characters.
func hash(n int, f func(dst, b []byte) []byte) func(*checker, *Node, []*typed) (*typed, *Error) {
	return func(c *checker, node *Node, a []*typed) (*typed, *Error) {
		if err := each(node, a, c.data); err != nil {
			return nil, err
		}
		return c.strict(node, cText, varchar(n), a, func(m *machine, v *value, a []*value) {
			at := len(m.arena)
			m.arena = f(m.arena, a[0].b)
			m.keep(v, at)
		}), nil
	}
}

func sha2(c *checker, n *Node, a []*typed) (*typed, *Error) {
	if a[1].value == nil || a[1].class != cInt || a[1].value.null {
		return nil, errorAt(a[1].node, "The bits of SHA2 are 224, 256, 384 or 512.")
	}
	var h func(*checker, *Node, []*typed) (*typed, *Error)
	switch a[1].value.i {
	case 224:
		h = hash(56, func(dst, b []byte) []byte { s := sha256.Sum224(b); return hex.AppendEncode(dst, s[:]) })
	case 0, 256:
		h = hash(64, func(dst, b []byte) []byte { s := sha256.Sum256(b); return hex.AppendEncode(dst, s[:]) })
	case 384:
		h = hash(96, func(dst, b []byte) []byte { s := sha512.Sum384(b); return hex.AppendEncode(dst, s[:]) })
	case 512:
		h = hash(128, func(dst, b []byte) []byte { s := sha512.Sum512(b); return hex.AppendEncode(dst, s[:]) })
	default:
		return nil, errorAt(a[1].node, "The bits of SHA2 are 224, 256, 384 or 512.")
	}
	return h(c, n, a[:1])
}

func hexOf(c *checker, n *Node, a []*typed) (*typed, *Error) {
	if a[0].class == cInt {
		return c.strict(n, cText, varchar(16), a, func(m *machine, v *value, a []*value) {
			at := len(m.arena)
			m.arena = strconv.AppendUint(m.arena, uint64(a[0].i), 16)
			for i := at; i < len(m.arena); i++ {
				if m.arena[i] >= 'a' {
					m.arena[i] -= 32
				}
			}
			m.keep(v, at)
		}), nil
	}
	if err := each(n, a, c.data); err != nil {
		return nil, err
	}
	l := 2 * textLength(a[0].class, a[0].typ)
	if a[0].class == cText {
		l *= 4
	}
	return c.strict(n, cText, varchar(l), a, func(m *machine, v *value, a []*value) {
		const digits = "0123456789ABCDEF"
		at := len(m.arena)
		for _, b := range a[0].b {
			m.arena = append(m.arena, digits[b>>4], digits[b&15])
		}
		m.keep(v, at)
	}), nil
}

func unhex(c *checker, n *Node, a []*typed) (*typed, *Error) {
	if err := each(n, a, c.str); err != nil {
		return nil, err
	}
	part := c.part(n)
	return c.strict(n, cBytes, varbinary(textLength(cText, a[0].typ)), a, func(m *machine, v *value, a []*value) {
		at := len(m.arena)
		b := a[0].b
		if len(b)%2 == 1 {
			hi, ok := hexValue(b[0])
			if !ok {
				m.fail(v, part, "the text holds no hexadecimal digits")
				return
			}
			m.arena, b = append(m.arena, hi), b[1:]
		}
		for i := 0; i < len(b); i += 2 {
			hi, ok1 := hexValue(b[i])
			lo, ok2 := hexValue(b[i+1])
			if !ok1 || !ok2 {
				m.fail(v, part, "the text holds no hexadecimal digits")
				return
			}
			m.arena = append(m.arena, hi<<4|lo)
		}
		m.keep(v, at)
	}), nil
}

func hexValue(c byte) (byte, bool) {
	i := strings.IndexByte("0123456789abcdef", c|32)
	if c < '0' || i < 0 {
		return 0, false
	}
	return byte(i), true
}

func toBase64(c *checker, n *Node, a []*typed) (*typed, *Error) {
	if err := each(n, a, c.data); err != nil {
		return nil, err
	}
	return c.strict(n, cText, typText, a, func(m *machine, v *value, a []*value) {
		at := len(m.arena)
		for b := a[0].b; len(b) > 0; {
			line := b[:min(len(b), 57)]
			if b = b[len(line):]; len(m.arena) > at {
				m.arena = append(m.arena, '\n')
			}
			m.arena = base64.StdEncoding.AppendEncode(m.arena, line)
		}
		m.keep(v, at)
	}), nil
}

func fromBase64(c *checker, n *Node, a []*typed) (*typed, *Error) {
	if err := each(n, a, c.str); err != nil {
		return nil, err
	}
	part := c.part(n)
	return c.strict(n, cBytes, schema.Type{Kind: schema.Blob}, a, func(m *machine, v *value, a []*value) {
		at := len(m.arena)
		for _, b := range a[0].b {
			if b != ' ' && b != '\t' {
				m.arena = append(m.arena, b)
			}
		}
		mid := len(m.arena)
		var err error
		if m.arena, err = base64.StdEncoding.AppendDecode(m.arena, m.arena[at:mid]); err != nil {
			m.fail(v, part, "the text is no base 64")
			return
		}
		m.keep(v, mid)
	}), nil
}
