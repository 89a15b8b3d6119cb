package lang

import (
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// blk is one block being decoded: its arguments evaluated and checked by its spec.
type blk struct {
	Block
	l      *loader
	spec   *BlockSpec
	labels []string
	env    env
	attrs  hcl.Attributes
	vals   map[string]any // by argument; absent: not set, null, not known, or wrong
	set    map[string]bool
	pairs  map[string][]pair // the entries of maps, as written
	inner  map[string][]*hcl.Block
}

// pair is one entry of a map argument.
type pair struct {
	key, value         string
	keyRange, valRange hcl.Range
}

// open reads a block's body: unknown names, missing and repeated parts are reported,
// every argument is evaluated, checked and converted.
func (l *loader) open(spec *BlockSpec, b *hcl.Block, addr string, e env) *blk {
	e.literal = e.literal || spec.literal
	out := &blk{
		Block: Block{Addr: addr, DeclRange: b.DefRange, ArgRanges: map[string]hcl.Range{}},
		l:     l, spec: spec, labels: b.Labels, env: e,
		vals: map[string]any{}, set: map[string]bool{}, pairs: map[string][]pair{}, inner: map[string][]*hcl.Block{},
	}
	content := l.content(spec, b.Body)
	out.attrs = content.Attributes
	for i := range spec.Arguments {
		out.argument(&spec.Arguments[i])
	}
	if spec.Open {
		out.openArguments()
	}
	out.conflicts()
	for _, in := range content.Blocks {
		if prev := out.inner[in.Type]; len(prev) > 0 && !spec.block(in.Type).Many {
			l.report(errorAt(in.DefRange, sumDuplicate, "This block is already at %s, and %s takes one of them.",
				place(prev[0].DefRange), b.Type))
			continue
		}
		out.inner[in.Type] = append(out.inner[in.Type], in)
	}
	return out
}

// content splits a body by its spec and reports every name that has no place in it.
func (l *loader) content(spec *BlockSpec, body hcl.Body) *hcl.BodyContent {
	schema := &hcl.BodySchema{}
	for _, a := range spec.Arguments {
		schema.Attributes = append(schema.Attributes, hcl.AttributeSchema{Name: a.Name})
	}
	for _, b := range spec.Blocks {
		h := hcl.BlockHeaderSchema{Type: b.Name}
		for _, label := range b.Labels {
			h.LabelNames = append(h.LabelNames, label.Name)
		}
		schema.Blocks = append(schema.Blocks, h)
	}
	content, rest, diags := body.PartialContent(schema)
	l.report(diags...)
	if n, ok := body.(*hclsyntax.Body); ok {
		l.unknownNative(spec, content, n)
	} else {
		l.unknownJSON(spec, content, rest)
	}
	return content
}

// unknownNative reports what native syntax has beyond the spec.
func (l *loader) unknownNative(spec *BlockSpec, content *hcl.BodyContent, body *hclsyntax.Body) {
	arguments, blocks := spec.names()
	for _, name := range slices.Sorted(maps.Keys(body.Attributes)) {
		a := body.Attributes[name]
		switch {
		case spec.argument(name) != nil:
		case spec.Open:
			content.Attributes[name] = a.AsHCLAttribute()
		case spec.block(name) != nil:
			l.report(errorAt(a.NameRange, sumUnknownArg, "%s is a block, without the equals sign: %s { ... }.", name, name))
		default:
			l.report(errorAt(a.NameRange, sumUnknownArg, "%s takes no argument %q.%s", specName(spec), name, allowed(name, "It takes", arguments)))
		}
	}
	for _, b := range body.Blocks {
		switch {
		case spec.block(b.Type) != nil:
		case spec.argument(b.Type) != nil:
			l.report(errorAt(b.TypeRange, sumUnknownBlk, "%s is an argument, with an equals sign: %s = ...", b.Type, b.Type))
		default:
			l.report(errorAt(b.TypeRange, sumUnknownBlk, "%s takes no block %q.%s", specName(spec), b.Type, allowed(b.Type, "It takes", blocks)))
		}
	}
}

// unknownJSON reports what JSON has beyond the spec, where arguments and blocks look
// alike.
func (l *loader) unknownJSON(spec *BlockSpec, content *hcl.BodyContent, rest hcl.Body) {
	more, diags := rest.JustAttributes()
	l.report(diags...)
	arguments, blocks := spec.names()
	for _, name := range slices.Sorted(maps.Keys(more)) {
		if spec.Open {
			content.Attributes[name] = more[name]
			continue
		}
		l.report(errorAt(more[name].NameRange, sumUnknownArg, "%s takes no %q.%s", specName(spec), name,
			allowed(name, "It takes", append(arguments, blocks...))))
	}
}

func specName(s *BlockSpec) string {
	if s.Name == "" {
		return "A configuration"
	}
	return s.Name
}

// argument evaluates one argument.
func (b *blk) argument(a *Argument) {
	attr := b.attrs[a.Name]
	if attr == nil {
		if a.Required {
			b.missing(a.Name)
		}
		return
	}
	b.ArgRanges[a.Name] = attr.Expr.Range()
	b.set[a.Name] = true
	if a.Sensitive {
		b.l.hide(attr.Expr)
	}
	c := &conv{b: b, a: a, rng: attr.Expr.Range()}
	v, status := c.value(attr.Expr)
	switch status {
	case given:
		b.vals[a.Name] = v
	case isNull:
		delete(b.set, a.Name)
		if a.Required {
			b.missing(a.Name)
		}
	}
}

// openArguments evaluates the arguments of a block that takes any name.
func (b *blk) openArguments() {
	for name := range b.attrs {
		if b.spec.argument(name) == nil {
			b.argument(&Argument{Name: name, Type: anyValue})
		}
	}
}

// conflicts reports arguments that exclude each other, naming both places.
func (b *blk) conflicts() {
	for i := range b.spec.Arguments {
		a := &b.spec.Arguments[i]
		if !b.set[a.Name] {
			continue
		}
		for _, other := range a.Conflicts {
			twin := b.spec.argument(other)
			if !b.set[other] || (twin != nil && slices.Contains(twin.Conflicts, a.Name) && other < a.Name) {
				continue // reported from the other side
			}
			b.l.report(errorAt(b.Range(a.Name), sumConflict, "%s and %s (%s) exclude each other. Take one of them out.",
				a.Name, other, place(b.Range(other))))
		}
	}
}

// missing reports an argument that the block needs.
func (b *blk) missing(name string) {
	b.l.report(errorAt(b.DeclRange, sumMissingArg, "%s needs the argument %s.", specName(b.spec), name))
}

// get returns an argument's value, or the zero value where it has none.
func get[T any](b *blk, name string) T {
	v, _ := b.vals[name].(T)
	return v
}

// getOr returns an argument's value, or def where it is not written. Where what is
// written is wrong or not known, it is the zero value.
func getOr[T any](b *blk, name string, def T) T {
	if v, ok := b.vals[name].(T); ok || b.set[name] {
		return v
	}
	return def
}

// ptr returns an argument's value, or nil where it has none.
func ptr[T any](b *blk, name string) *T {
	if v, ok := b.vals[name].(T); ok {
		return &v
	}
	return nil
}

// one opens the nested block of that name, or returns nil.
func (b *blk) one(name string) *blk {
	in := b.inner[name]
	if len(in) == 0 {
		return nil
	}
	return b.l.open(b.spec.block(name), in[0], b.Addr+"."+name, b.env)
}

// many opens the nested blocks of that name; a label that stands twice is reported.
func (b *blk) many(name string) []*blk {
	var out []*blk
	seen := map[string]hcl.Range{}
	spec := b.spec.block(name)
	for _, in := range b.inner[name] {
		addr := b.Addr + "." + name
		if len(in.Labels) > 0 {
			label := in.Labels[0]
			addr = Element(addr, label)
			if strings.TrimSpace(label) == "" {
				b.l.report(errorAt(in.LabelRanges[0], sumName, "The label of %s is empty. Write the name that it stands for.", name))
				continue
			}
			if one := spec.Labels[0].OneOf; one != nil && !slices.Contains(one, label) {
				b.l.report(errorAt(in.LabelRanges[0], sumUnknownVal, "There is no %s %q.%s", name, label, allowed(label, "Write", one)))
				continue
			}
			if at, ok := seen[label]; ok {
				b.l.report(errorAt(in.DefRange, sumDuplicate, "%s %q is already at %s. Put both into one block.", name, label, place(at)))
				continue
			}
			seen[label] = in.DefRange
		}
		out = append(out, b.l.open(spec, in, addr, b.env))
	}
	return out
}
