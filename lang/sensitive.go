package lang

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// mark is the type of the marks that values carry.
type mark string

// Sensitive marks a value that must not be printed, planned, logged, hashed or
// written to a file. Whatever is computed from it carries the mark too.
const Sensitive = mark("sensitive")

// IsSensitive reports whether the value, or any part of it, is sensitive.
func IsSensitive(v cty.Value) bool { return v != cty.NilVal && v.ContainsMarked() }

// Reveal takes the marks off, for handing a value to the system that it is for.
func Reveal(v cty.Value) cty.Value {
	if v == cty.NilVal {
		return v
	}
	bare, _ := v.UnmarkDeep()
	return bare
}

// secretsOf remembers every text in a sensitive value.
func (l *loader) secretsOf(v cty.Value) {
	// The callback returns no error, so the walk has none.
	_ = cty.Walk(Reveal(v), func(_ cty.Path, v cty.Value) (bool, error) {
		if v.Type() == cty.String && v.IsKnown() && !v.IsNull() {
			l.secret(v.AsString())
		}
		return true, nil
	})
}

// hide remembers that the literals of an expression must not be shown with a
// diagnostic. Those that only name where a secret is may.
func (l *loader) hide(expr hcl.Expression) {
	if call, ok := expr.(*hclsyntax.FunctionCallExpr); ok && (call.Name == "env" || call.Name == "file") {
		return
	}
	rng := expr.Range()
	l.hidden[rng.Filename] = append(l.hidden[rng.Filename], rng)
}

// blankSensitive puts stars over the hidden literals in the sources that diagnostics
// are shown with. Lengths stay, so that ranges do.
func (l *loader) blankSensitive() {
	for name, ranges := range l.hidden {
		f := l.cfg.Files[name]
		if f == nil {
			continue
		}
		src := bytes.Clone(f.Bytes)
		json := strings.HasSuffix(name, ".json")
		for _, rng := range ranges {
			if !rng.CanSliceBytes(src) {
				continue
			}
			part := src[rng.Start.Byte:rng.End.Byte]
			if json {
				blankJSON(part)
			} else {
				blankTokens(part, rng)
			}
		}
		l.cfg.Files[name] = &hcl.File{Bytes: src, Body: f.Body}
	}
}

// blankTokens blanks the texts of an expression in native syntax.
func blankTokens(part []byte, rng hcl.Range) {
	// What can't be lexed comes back as invalid tokens, which are left alone: the parser
	// has refused the file already.
	tokens, _ := hclsyntax.LexExpression(bytes.Clone(part), rng.Filename, hcl.InitialPos)
	for _, t := range tokens {
		if t.Type == hclsyntax.TokenQuotedLit || t.Type == hclsyntax.TokenStringLit || t.Type == hclsyntax.TokenNumberLit {
			blank(part[t.Range.Start.Byte:t.Range.End.Byte])
		}
	}
}

// blankJSON blanks everything but the quotes around a JSON text.
func blankJSON(part []byte) {
	if len(part) > 2 && !bytes.HasPrefix(part, []byte(`"${`)) {
		blank(part[1 : len(part)-1])
	}
}

// blank puts stars over everything but line ends.
func blank(b []byte) {
	for i := range b {
		if b[i] != '\n' && b[i] != '\r' {
			b[i] = '*'
		}
	}
}

// secretLine finds what is likely a secret in a file that does not parse.
var secretLine = regexp.MustCompile(`(?i)"?[a-z0-9_]*(?:password|secret|token|connection|url|key|pwd)[a-z0-9_]*"?[ \t]*[=:][ \t]*("[^\n]*)`)

// blankUnparsed blanks the values of arguments with a sensitive name, in a file whose
// blocks can't be told apart because its syntax is wrong.
func blankUnparsed(src []byte) []byte {
	out := bytes.Clone(src)
	for _, at := range secretLine.FindAllSubmatchIndex(out, -1) {
		blank(out[at[2]:at[3]])
	}
	return out
}
