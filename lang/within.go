package lang

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/apparentlymart/go-textseg/v15/textseg"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Within gives the range of a part of a text that stands at rng: of the bytes from
// (including) to (excluding) of its value. Where other values stand in the text
// (${var.x}), a part of one of them is all of it. A text that is put together otherwise
// is its whole range.
func (c *Config) Within(rng hcl.Range, text string, from, to int) hcl.Range {
	f := c.Files[rng.Filename]
	if f == nil || rng.End.Byte > len(f.Bytes) || rng.Start.Byte >= rng.End.Byte {
		return rng
	}
	var pieces []piece
	if strings.HasSuffix(rng.Filename, ".json") {
		src := string(f.Bytes[rng.Start.Byte:rng.End.Byte])
		if len(src) < 2 || src[0] != '"' {
			return rng
		}
		pieces = []piece{{src: rng.Start.Byte + 1, text: src[1 : len(src)-1], kind: jsonText}}
	} else {
		pieces = templatePieces(f, rng)
	}
	pieces = joined(pieces)
	start, _, ok := sourceOf(pieces, len(text), from, false)
	_, end, fine := sourceOf(pieces, len(text), to, true)
	if !ok || !fine || end < start {
		return rng
	}
	if end == start && end < rng.End.Byte {
		end++ // what is missing is missing before this character
	}
	src := f.Bytes[rng.Start.Byte:]
	at := func(n int) hcl.Pos { return advance(rng.Start, string(src[:n-rng.Start.Byte])) }
	return hcl.Range{Filename: rng.Filename, Start: at(start), End: at(end)}
}

// piece is a part of a text as it is written.
type piece struct {
	src  int    // the byte of the file at which it begins
	end  int    // and at which it ends
	text string // as written
	skip int    // bytes of indentation that the value lacks in each line
	line bool   // it begins a line
	kind pieceKind
}

type pieceKind int

const (
	quoted pieceKind = iota
	jsonText
	heredoc
	other // an expression, whose value is not written here
)

// templatePieces takes the template at a place apart; nil where none stands there.
func templatePieces(f *hcl.File, rng hcl.Range) []piece {
	body, ok := f.Body.(*hclsyntax.Body)
	if !ok {
		return nil
	}
	var found *hclsyntax.TemplateExpr
	// The visitor has nothing to report.
	_ = hclsyntax.VisitAll(body, func(n hclsyntax.Node) hcl.Diagnostics {
		if t, ok := n.(*hclsyntax.TemplateExpr); ok && t.SrcRange == rng {
			found = t
		}
		return nil
	})
	if found == nil {
		return nil
	}
	kind := heredoc
	if f.Bytes[rng.Start.Byte] == '"' {
		kind = quoted
	}
	var out []piece
	for _, part := range found.Parts {
		r := part.Range()
		p := piece{src: r.Start.Byte, end: r.End.Byte, text: string(f.Bytes[r.Start.Byte:r.End.Byte]), kind: other}
		if lit, ok := part.(*hclsyntax.LiteralValueExpr); ok && lit.Val.Type() == cty.String {
			p.kind, p.line = kind, kind == heredoc && f.Bytes[p.src-1] == '\n'
			for kind == heredoc && p.skip < len(p.text) && p.valueLen() > len(lit.Val.AsString()) {
				p.skip++
			}
			if p.valueLen() != len(lit.Val.AsString()) {
				return nil
			}
		}
		out = append(out, p)
	}
	return out
}

// joined makes one piece of all from the first value that is not written to the last, as
// only their length together is known.
func joined(pieces []piece) []piece {
	isOther := func(p piece) bool { return p.kind == other }
	first := slices.IndexFunc(pieces, isOther)
	if first < 0 {
		return pieces
	}
	last := len(pieces) - 1
	for !isOther(pieces[last]) {
		last--
	}
	one := pieces[first]
	one.end = pieces[last].end
	return slices.Concat(pieces[:first:first], []piece{one}, pieces[last+1:])
}

// sourceOf finds where byte n of a value of length total stands: at one byte of the file,
// or within a part of it. Where two pieces meet, before says to take the end of the first.
func sourceOf(pieces []piece, total, n int, before bool) (from, to int, ok bool) {
	for i := range pieces {
		if pieces[i].kind != other {
			total -= pieces[i].valueLen()
		}
	}
	for i := range pieces {
		p, size := &pieces[i], total
		if p.kind != other {
			size = p.valueLen()
		}
		if n > size || n == size && !before && i < len(pieces)-1 {
			n -= size
			continue
		}
		if p.kind == other {
			return p.src, p.end, true
		}
		at, ok := p.offset(n)
		return p.src + at, p.src + at, ok
	}
	return 0, 0, false
}

// valueLen is how many bytes the value of what is written has.
func (p *piece) valueLen() int {
	_, n := p.walk(-1)
	return n
}

// offset finds the byte of the piece at which byte n of its value begins.
func (p *piece) offset(n int) (int, bool) {
	at, value := p.walk(n)
	return at, value == n
}

// walk goes n bytes into the piece's value, to its end where n is negative: how far that
// is in what is written, and how many bytes of the value.
func (p *piece) walk(n int) (at, value int) {
	line := p.line
	for {
		for i := 0; line && i < p.skip && at < len(p.text) && (p.text[at] == ' ' || p.text[at] == '\t'); i++ {
			at++
		}
		if at >= len(p.text) || n >= 0 && value >= n {
			return at, value
		}
		rest := p.text[at:]
		line = p.kind == heredoc && rest[0] == '\n'
		switch {
		case p.kind != jsonText && (strings.HasPrefix(rest, "$${") || strings.HasPrefix(rest, "%%{")):
			at += 3
			value += 2
		case p.kind != heredoc && rest[0] == '\\':
			size, width, ok := escape(rest, p.kind == jsonText)
			if !ok {
				return at, -1
			}
			at += size
			value += width
		default:
			_, size := utf8.DecodeRuneInString(rest)
			at += size
			value += size
		}
	}
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

// advance moves a position behind a text.
func advance(p hcl.Pos, text string) hcl.Pos {
	out := hcl.Pos{Line: p.Line, Column: p.Column, Byte: p.Byte + len(text)}
	if lines := strings.Count(text, "\n"); lines > 0 {
		out.Line, out.Column = p.Line+lines, 1
		text = text[strings.LastIndexByte(text, '\n')+1:]
	}
	n, err := textseg.TokenCount([]byte(text), textseg.ScanGraphemeClusters)
	if err != nil {
		n = utf8.RuneCountInString(text)
	}
	out.Column += n
	return out
}
