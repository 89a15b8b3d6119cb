package lang

import (
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/syncform/syncform/providers/attr"
)

// attrTypes are the types of providers' attributes in the language's words.
var attrTypes = map[attr.Type]ArgType{
	attr.String: text, attr.Int: wholeNum, attr.Bool: boolean, attr.StringList: texts,
	attr.StringMap: textMap, attr.Endpoint: reference, attr.Any: anyValue,
}

// endpointSpec makes the source or target block of a provider from its schema.
func endpointSpec(p attr.Provider, role Role) BlockSpec {
	spec := BlockSpec{
		Name:   string(role),
		Labels: []Label{{Name: "provider"}, {Name: "name"}},
		Arguments: append([]Argument{
			{Name: "for_each", Type: later, Text: "A map, or a set of texts: the block stands once per element, as each.key and each.value."},
		}, providerArguments(p.Attributes)...),
		Blocks: []BlockSpec{credentialsSpec},
		Text:   p.Text,
	}
	if p.Name == "" {
		spec.Text = "A database, or another system, that rows come from or go to. Every SQL system plays both roles."
	}
	for _, b := range p.Blocks {
		spec.Blocks = append(spec.Blocks, BlockSpec{Name: b.Name, Arguments: providerArguments(b.Attributes), Text: b.Text})
	}
	return spec
}

// providerArguments turns a provider's attributes into arguments.
func providerArguments(attrs []attr.Attribute) []Argument {
	var out []Argument
	for _, a := range attrs {
		arg := Argument{Name: a.Name, Type: attrTypes[a.Type], Required: a.Required, Default: a.Default, OneOf: a.OneOf,
			Sensitive: a.Sensitive, Marked: true, Conflicts: a.Conflicts, Text: a.Text}
		switch {
		case arg.Type == reference:
			arg.Kinds = endpointKinds
		case arg.Type == wholeNum && a.Name == "port":
			arg.Min, arg.Max = 1, 65535
		}
		out = append(out, arg)
	}
	return out
}

// provider returns the schema of a provider: one of this build, or one that the
// language knows and no build has yet.
func (l *loader) provider(name string) (attr.Provider, bool) {
	if p, ok := l.opts.Providers[name]; ok {
		return p, true
	}
	p, ok := laterProviders[name]
	return p, ok
}

// endpoint decodes a source or target block, once per element.
func (l *loader) endpoint(b *hcl.Block, addr string, insts []instance) {
	name := b.Labels[0]
	p, ok := l.provider(name)
	if !ok {
		names := slices.Sorted(maps.Keys(l.opts.Providers))
		for _, later := range slices.Sorted(maps.Keys(laterProviders)) {
			if !slices.Contains(names, later) {
				names = append(names, later)
			}
		}
		l.report(errorAt(b.LabelRanges[0], sumUnknownVal, "There is no provider %q.%s", name, allowed(name, "Write", names)))
		return
	}
	role := Role(b.Type)
	if (role == Source && !p.Source) || (role == Target && !p.Target) {
		other := Source
		if role == Source {
			other = Target
		}
		l.report(errorAt(b.LabelRanges[0], sumUnknownVal, "%s can't be a %s. Write %s %q.", name, role, other, name))
		return
	}
	spec := endpointSpec(p, role)
	for _, in := range insts {
		blk := l.open(&spec, b, in.addr, env{each: in.each})
		e := &Endpoint{Block: blk.Block, Role: role, Provider: name, Name: b.Labels[1],
			Attrs: blk.ctyValues(), Blocks: map[string]map[string]cty.Value{}, Credentials: l.credentials(blk)}
		for _, a := range spec.Arguments {
			if v, ok := e.Attrs[a.Name]; ok && a.Type == reference && v.IsKnown() {
				e.Scratch = v.AsString()
			}
		}
		for _, nested := range p.Blocks {
			if in := blk.one(nested.Name); in != nil {
				e.Blocks[nested.Name] = in.ctyValues()
			}
		}
		if !in.virtual {
			l.cfg.Endpoints = append(l.cfg.Endpoints, e)
		}
	}
}

// Arguments returns the block's arguments as plain Go values, sensitive ones revealed:
// string, int64, bool, []string, map[string]string, or what JSON would decode to for an
// argument of any type. It is for handing them to the provider, never for showing.
func (e *Endpoint) Arguments() map[string]any {
	out := make(map[string]any, len(e.Attrs))
	for name, v := range e.Attrs {
		out[name] = Plain(v)
	}
	return out
}

// Plain turns a value into plain Go, revealed: nil, string, int64 (float64 where it is
// no whole number), bool, []string, map[string]string; other lists and maps as []any
// and map[string]any. What is not known is nil.
func Plain(v cty.Value) any {
	v = Reveal(v)
	if v == cty.NilVal || !v.IsKnown() || v.IsNull() {
		return nil
	}
	ty := v.Type()
	switch {
	case ty == cty.String:
		return v.AsString()
	case ty == cty.Bool:
		return v.True()
	case ty == cty.Number:
		return plainNumber(v)
	case ty == refType:
		return v.EncapsulatedValue().(*ref).addr
	case ty == cty.List(cty.String) || ty == cty.Set(cty.String):
		out := []string{}
		for it := v.ElementIterator(); it.Next(); {
			_, e := it.Element()
			s, _ := Plain(e).(string)
			out = append(out, s)
		}
		return out
	case ty == cty.Map(cty.String):
		out := map[string]string{}
		for it := v.ElementIterator(); it.Next(); {
			k, e := it.Element()
			out[k.AsString()], _ = Plain(e).(string)
		}
		return out
	case ty.IsListType() || ty.IsSetType() || ty.IsTupleType():
		out := []any{}
		for it := v.ElementIterator(); it.Next(); {
			_, e := it.Element()
			out = append(out, Plain(e))
		}
		return out
	case ty.IsMapType() || ty.IsObjectType():
		out := map[string]any{}
		for it := v.ElementIterator(); it.Next(); {
			k, e := it.Element()
			out[k.AsString()] = Plain(e)
		}
		return out
	}
	return nil
}

func plainNumber(v cty.Value) any {
	f := v.AsBigFloat()
	if f.IsInt() {
		if n, acc := f.Int64(); acc == 0 {
			return n
		}
	}
	n, _ := f.Float64()
	return n
}
