package lang

import (
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
			l.report(l.cfg.ExpressionError(err, text, rng))
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
func (m *Mapping) MetadataRange(column string) hcl.Range { return m.ValueRange("add_metadata", column) }

// ValueRange is the range of what stands under a key in an argument that is a map.
func (m *Mapping) ValueRange(arg, key string) hcl.Range {
	if r, ok := m.ArgRanges[arg+"="+key]; ok {
		return r
	}
	return m.Range(arg + "." + key)
}

// ExpressionError makes a diagnostic of an error of package expr in a text. rng is where
// the text stands; the diagnostic's range is the very part that is at fault.
func (c *Config) ExpressionError(err error, text string, rng hcl.Range) *hcl.Diagnostic {
	e, ok := err.(*expr.Error)
	if !ok {
		return errorAt(rng, sumExpression, "%s", err)
	}
	return errorAt(c.Within(rng, text, e.From, e.To), sumExpression, "%s", e.Error())
}
