package lang

import (
	"cmp"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

var localsSpec = BlockSpec{
	Name: "locals",
	Open: true,
	Text: "Names for values that are used in several places. May stand more than once.",
}

// declareLocals registers the values of a locals block.
func (l *loader) declareLocals(b *hcl.Block) {
	attrs, diags := b.Body.JustAttributes()
	l.report(diags...)
	inOrder := slices.SortedFunc(maps.Values(attrs), func(a, b *hcl.Attribute) int {
		return cmp.Compare(a.Range.Start.Byte, b.Range.Start.Byte)
	})
	for _, a := range inOrder {
		addr := "local." + a.Name
		if !l.once(addr, a.NameRange) {
			continue
		}
		n := &node{kind: "local", addr: addr, rng: a.Expr.Range()}
		n.make = func() cty.Value {
			v, diags := l.scope.eval(a.Expr, env{})
			if l.report(diags...); diags.HasErrors() {
				return cty.DynamicVal
			}
			return v
		}
		l.scope.add(n)
		l.locals = append(l.locals, n)
	}
}

// evaluateLocals evaluates all locals, those that nothing uses too.
func (l *loader) evaluateLocals() {
	for _, n := range l.locals {
		l.scope.resolve(n)
	}
}
