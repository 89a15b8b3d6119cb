package lang

import (
	"strings"
	"unicode/utf8"

	"github.com/apparentlymart/go-textseg/v15/textseg"
	"github.com/hashicorp/hcl/v2"

	"github.com/syncform/syncform/lang/expr"
)

// sumExpression is the summary of what is wrong with a SQL expression.
const sumExpression = "Unsuitable expression"

// checkExpressions finds what is wrong with a mapping's expressions whatever the
// tables' columns are.
func (l *loader) checkExpressions(m *Mapping) {
	check := func(text string, rng hcl.Range, o expr.Options) {
		if text == "" {
			return
		}
		e, err := expr.Parse(text)
		if err == nil {
			err = e.Verify(o)
		}
		if err != nil {
			l.report(l.cfg.ExpressionError(err, rng))
		}
	}
	for _, t := range m.Transforms {
		check(t.Expr, t.Range("expr"), expr.Options{})
	}
	for _, c := range m.ColumnBlocks {
		check(c.Expr, c.Range("expr"), expr.Options{})
	}
	for _, f := range m.Filters {
		check(f, m.Range("filters."+f), expr.Options{})
	}
	for name, text := range m.AddMetadata {
		check(text, m.MetadataRange(name), expr.Options{Metadata: true})
	}
}

// MetadataRange is the range of the expression of a column of add_metadata.
func (m *Mapping) MetadataRange(column string) hcl.Range {
	if r, ok := m.ArgRanges["add_metadata="+column]; ok {
		return r
	}
	return m.Range("add_metadata." + column)
}

// ExpressionError makes a diagnostic of an error of package expr. rng is where the
// expression stands; the diagnostic's range is the very part that is at fault.
func (c *Config) ExpressionError(err error, rng hcl.Range) *hcl.Diagnostic {
	e, ok := err.(*expr.Error)
	if !ok {
		return errorAt(rng, sumExpression, "%s", err)
	}
	return errorAt(c.Within(rng, e.From, e.To), sumExpression, "%s", e.Error())
}

// Within gives the range of a part of a text that stands in quotes at rng: of the bytes
// from (including) to (excluding) of its value. Where the text is put together from
// other values, or is no plain text in quotes, that is the whole of rng.
func (c *Config) Within(rng hcl.Range, from, to int) hcl.Range {
	f := c.Files[rng.Filename]
	if f == nil || rng.End.Byte > len(f.Bytes) || rng.Start.Byte >= rng.End.Byte {
		return rng
	}
	src := string(f.Bytes[rng.Start.Byte:rng.End.Byte])
	json := strings.HasSuffix(rng.Filename, ".json")
	if len(src) < 2 || src[0] != '"' || src[len(src)-1] != '"' {
		return rng
	}
	start, ok := sourceOffset(src, from, json)
	if !ok {
		return rng
	}
	end, ok := sourceOffset(src, to, json)
	if !ok {
		return rng
	}
	if end == start && end < len(src) {
		end++ // what is missing is missing before this character
	}
	return hcl.Range{Filename: rng.Filename, Start: advance(rng.Start, src[:start]), End: advance(rng.Start, src[:end])}
}

// sourceOffset finds in a quoted text, as it is written, the byte at which byte n of
// its value begins.
func sourceOffset(src string, n int, json bool) (int, bool) {
	at, value := 1, 0
	for value < n {
		if at >= len(src)-1 {
			return 0, false
		}
		rest := src[at : len(src)-1]
		switch {
		case strings.HasPrefix(rest, "$${"), strings.HasPrefix(rest, "%%{"):
			at += 3
			value += 2
		case strings.HasPrefix(rest, "${"), strings.HasPrefix(rest, "%{"):
			return 0, false
		case rest[0] == '\\':
			size, width, ok := escape(rest, json)
			if !ok {
				return 0, false
			}
			at += size
			value += width
		default:
			_, size := utf8.DecodeRuneInString(rest)
			at += size
			value += size
		}
	}
	return at, value == n
}

// escape gives how long an escape is, as written and in the text's value.
func escape(s string, json bool) (size, width int, ok bool) {
	if len(s) < 2 {
		return 0, 0, false
	}
	digits := map[byte]int{'u': 4, 'U': 8}[s[1]]
	if digits == 0 {
		return 2, 1, true
	}
	if len(s) < 2+digits || json {
		return 0, 0, false // JSON's may be half of a pair
	}
	r := rune(0)
	for _, c := range s[2 : 2+digits] {
		r = r<<4 | rune(strings.IndexRune("0123456789abcdef", c|32))
	}
	return 2 + digits, utf8.RuneLen(r), utf8.RuneLen(r) > 0
}

// advance moves a position behind a text that stands in one line.
func advance(p hcl.Pos, text string) hcl.Pos {
	n, err := textseg.TokenCount([]byte(text), textseg.ScanGraphemeClusters)
	if err != nil {
		n = utf8.RuneCountInString(text)
	}
	return hcl.Pos{Line: p.Line, Column: p.Column + n, Byte: p.Byte + len(text)}
}
