package lang

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// endpointKinds are the kinds that stand for a database, in either role.
var endpointKinds = []string{"source", "target"}

// ref evaluates an argument that names a block, and returns the block's address.
func (l *loader) ref(expr hcl.Expression, a *Argument, e env) (string, status) {
	fail := func(summary, format string, args ...any) (string, status) {
		l.report(errorAt(expr.Range(), summary, format, args...))
		return "", unknown
	}
	if strings.HasSuffix(expr.Range().Filename, ".json") {
		// In JSON a text may be the reference itself, as well as "${...}".
		if t, diags := hcl.AbsTraversalForExpr(expr); !diags.HasErrors() && len(t) > 1 {
			expr = &hclsyntax.ScopeTraversalExpr{Traversal: t, SrcRange: expr.Range()}
		}
	}
	if d := l.missingElement(expr, e); d != nil {
		l.report(d)
		return "", unknown
	}
	v, diags := l.scope.eval(expr, e)
	if l.report(diags...); diags.HasErrors() {
		return "", unknown
	}
	switch {
	case v.ContainsMarked():
		return fail(sumSensitive, "%s names a block, which plans show, so a sensitive value can't decide it.", a.Name)
	case v.IsNull():
		return "", isNull
	case !v.IsKnown():
		return "", unknown
	}
	kinds := "a reference to " + alternatives(a.Kinds)
	if v.Type() == refType {
		r := v.EncapsulatedValue().(*ref)
		if !slices.Contains(a.Kinds, r.kind) {
			return fail(sumRef, "%s is %s; %s is %s.", a.Name, kinds, r.addr, kindName(r.kind))
		}
		return r.addr, given
	}
	if ty := v.Type(); ty.IsObjectType() && allRefs(v) {
		t := "the block"
		if vars := expr.Variables(); len(vars) == 1 {
			t = traversalText(vars[0])
		}
		return fail(sumRef, "%s has for_each and so stands for several. Say which one: %s[each.key], or %s[\"...\"].", t, t, t)
	}
	if v.Type() == cty.String {
		example := shape(a.Kinds[0])
		if t, diags := hclsyntax.ParseTraversalAbs([]byte(v.AsString()), "", hcl.InitialPos); !diags.HasErrors() && len(t) > 1 {
			example = v.AsString()
		}
		return fail(sumRef, "%s is %s, and a reference stands without quotes: %s.", a.Name, kinds, example)
	}
	return fail(sumRef, "%s is %s, written %s; this is %s.", a.Name, kinds, shape(a.Kinds[0]), describe(v))
}

// references evaluates a list of references, or of notifiers, element by element.
func (c *conv) references(expr hcl.Expression) (any, status) {
	elems, diags := hcl.ExprList(expr)
	if diags.HasErrors() {
		return c.computedReferences(expr)
	}
	out, good := []string{}, true
	for _, el := range elems {
		s, st := c.element(el)
		good = st != unknown && c.add(&out, s, st, el.Range()) && good
	}
	if !good {
		return nil, unknown
	}
	if len(out) == 0 {
		return c.fail(sumValue, "%s is empty. Name at least one, or take the argument out.", c.a.Name)
	}
	return out, given
}

// computedReferences evaluates a list that is not written out, such as a for
// expression or values(source.postgresql.tenant).
func (c *conv) computedReferences(expr hcl.Expression) (any, status) {
	v, diags := c.b.l.scope.eval(expr, c.b.env)
	if c.b.l.report(diags...); diags.HasErrors() {
		return nil, unknown
	}
	switch {
	case v.IsNull():
		return nil, isNull
	case !v.IsKnown():
		return nil, unknown
	case v.ContainsMarked():
		return c.fail(sumSensitive, "%s names blocks, which plans show, so a sensitive value can't decide it.", c.a.Name)
	case !v.CanIterateElements() || v.Type().IsObjectType() || v.Type().IsMapType():
		return c.fail(sumRef, "%s is a %s; this is %s.", c.a.Name, c.a.Type, describe(v))
	}
	out := []string{}
	for it := v.ElementIterator(); it.Next(); {
		_, el := it.Element()
		s, st := c.element(hcl.StaticExpr(el, c.rng))
		if st == unknown || !c.add(&out, s, st, c.rng) {
			return nil, unknown
		}
	}
	if len(out) == 0 {
		return c.fail(sumValue, "%s is empty. Name at least one, or take the argument out.", c.a.Name)
	}
	return out, given
}

// element evaluates one element of a list of references.
func (c *conv) element(expr hcl.Expression) (string, status) {
	if c.a.Type == notifiers {
		if v, diags := c.b.l.scope.eval(expr, c.b.env); !diags.HasErrors() && !v.IsMarked() && v.Type() == cty.String && v.IsKnown() && !v.IsNull() {
			if s := v.AsString(); !strings.HasPrefix(s, "notify.") {
				return s, c.b.l.notifyText(s, expr.Range())
			}
		}
	}
	return c.b.l.ref(expr, c.a, c.b.env)
}

// add appends an address that is not there yet.
func (c *conv) add(out *[]string, s string, st status, rng hcl.Range) bool {
	if st == isNull {
		c.b.l.report(errorAt(rng, sumRef, "%s holds a null. Every element is a reference.", c.a.Name))
		return false
	}
	if slices.Contains(*out, s) {
		c.b.l.report(errorAt(rng, sumTwice, "%s names %s twice. Take one of them out.", c.a.Name, s))
		return false
	}
	c.b.ArgRanges[c.a.Name+"."+s] = rng
	*out = append(*out, s)
	return true
}

// missingElement finds source.postgresql.tenant[each.key] where the for_each has no
// such element, for which HCL's own words are about objects and attributes.
func (l *loader) missingElement(expr hcl.Expression, e env) *hcl.Diagnostic {
	if w, ok := expr.(*hclsyntax.TemplateWrapExpr); ok {
		expr = w.Wrapped
	}
	ix, ok := expr.(*hclsyntax.IndexExpr)
	if !ok {
		return nil
	}
	coll, ok := ix.Collection.(*hclsyntax.ScopeTraversalExpr)
	if !ok {
		return nil
	}
	v, diags := l.scope.eval(coll, e)
	k, keyDiags := l.scope.eval(ix.Key, e)
	if diags.HasErrors() || keyDiags.HasErrors() || v.IsMarked() || k.IsMarked() || !v.IsKnown() ||
		!k.IsKnown() || k.IsNull() || k.Type() != cty.String {
		return nil
	}
	name := traversalText(coll.Traversal)
	switch {
	case v.Type() == refType:
		return errorAt(expr.Range(), sumRef, "%s has no for_each, so it has no elements: write %s.", name, name)
	case v.Type().IsObjectType() && allRefs(v) && !v.Type().HasAttribute(k.AsString()):
		return noElement(name, k.AsString(), v, expr.Range())
	}
	return nil
}

// allRefs reports whether an object is what a block with for_each evaluates to.
func allRefs(v cty.Value) bool {
	for _, t := range v.Type().AttributeTypes() {
		if t != refType {
			return false
		}
	}
	return true
}

// alternatives writes kinds as "a source or target".
func alternatives(kinds []string) string {
	return "a " + strings.Join(kinds, " or ")
}

// traversalText writes a traversal as it stands in the file: sync.a.mapping["b"].
func traversalText(t hcl.Traversal) string {
	var b strings.Builder
	for _, step := range t {
		switch s := step.(type) {
		case hcl.TraverseRoot:
			b.WriteString(s.Name)
		case hcl.TraverseAttr:
			b.WriteString("." + s.Name)
		case hcl.TraverseIndex:
			b.WriteString(Element("", stepKey(s)))
		}
	}
	return b.String()
}
