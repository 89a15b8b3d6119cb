package lang

import (
	"strconv"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// each is the element of for_each that a block stands for; nil where it has none.
type each struct{ key, val cty.Value }

// follow returns each.key or each.value.
func (e *each) follow(name string, rng hcl.Range) (cty.Value, *hcl.Diagnostic) {
	switch {
	case name != "key" && name != "value":
		return cty.NilVal, errorAt(rng, sumRefNothing, "There is no each.%s.%s", name,
			allowed(name, "There is", []string{"key", "value"}))
	case e == nil:
		return cty.NilVal, errorAt(rng, sumRef, "each.%s stands for an element of for_each, and this block has no for_each.", name)
	case name == "key":
		return e.key, nil
	}
	return e.val, nil
}

// instance is a block as it stands for one element, or the block itself.
type instance struct {
	addr string
	each *each
	// virtual instances are checked and thrown away: their elements are not known.
	virtual bool
}

// Element returns the address of an element of a block with for_each:
// sync.tenant["a"].
func Element(addr, key string) string { return addr + "[" + strconv.Quote(key) + "]" }

// MappingAddr returns the address of a mapping: sync.warehouse.mapping["users"].
func MappingAddr(sync, label string) string { return Element(sync+".mapping", label) }

// instances evaluates a block's for_each.
func (l *loader) instances(addr string, attr *hcl.Attribute) []instance {
	if attr == nil {
		return []instance{{addr: addr}}
	}
	unknown := []instance{{addr: Element(addr, "…"), virtual: true,
		each: &each{key: cty.UnknownVal(cty.String), val: cty.DynamicVal}}}
	rng := attr.Expr.Range()
	v, diags := l.scope.eval(attr.Expr, env{})
	if l.report(diags...); diags.HasErrors() {
		return unknown
	}
	ty := v.Type()
	switch {
	case v.IsMarked():
		l.report(errorAt(rng, sumForEach,
			"The elements of for_each become addresses, which plans show, so for_each can't be a sensitive value."))
		return unknown
	case !v.IsKnown():
		return unknown
	case v.IsNull():
		l.report(errorAt(rng, sumForEach, "for_each is null. Write a map, or a set of texts; an empty one makes no block."))
		return unknown
	case ty.IsTupleType() || ty.IsListType():
		l.report(errorAt(rng, sumForEach, "for_each is a map or a set of texts; this is a list. Write toset([...])."))
		return unknown
	case !ty.IsMapType() && !ty.IsObjectType() && !ty.IsSetType():
		l.report(errorAt(rng, sumForEach, "for_each is a map or a set of texts; this is %s.", describe(v)))
		return unknown
	}
	out := []instance{}
	for it := v.ElementIterator(); it.Next(); {
		key, val := it.Element()
		if ty.IsSetType() {
			if key = val; !val.IsKnown() {
				return unknown
			}
			if val.IsNull() || val.Type() != cty.String {
				l.report(errorAt(rng, sumForEach, "for_each is a map or a set of texts; this set holds %s.", describe(val)))
				return unknown
			}
		}
		out = append(out, instance{addr: Element(addr, key.AsString()), each: &each{key: key, val: val}})
	}
	return out
}

// blockNode registers a block that can be referred to, and returns what gives its
// instances.
func (l *loader) blockNode(kind, addr string, rng hcl.Range, forEach *hcl.Attribute) func() []instance {
	var insts []instance
	n := &node{kind: kind, addr: addr, rng: rng, forEach: forEach != nil}
	n.make = func() cty.Value {
		insts = l.instances(addr, forEach)
		if forEach == nil {
			return refVal(kind, addr)
		}
		vals := map[string]cty.Value{}
		for _, in := range insts {
			if in.virtual {
				return cty.DynamicVal
			}
			vals[in.each.key.AsString()] = refVal(kind, in.addr)
		}
		return cty.ObjectVal(vals)
	}
	l.scope.add(n)
	return func() []instance { l.scope.resolve(n); return insts }
}
