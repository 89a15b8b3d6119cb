package lang

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// collect takes the top-level blocks of all files, in order, and checks their labels.
func (l *loader) collect(files []*hcl.File) {
	root := BlockSpec{Blocks: Blocks()}
	for _, f := range files {
		for _, b := range l.content(&root, f.Body).Blocks {
			good := true
			for i, label := range root.block(b.Type).Labels {
				good = l.checkLabel(b, i, label) && good
			}
			if good {
				l.top = append(l.top, b)
			}
		}
	}
}

// checkLabel checks one label of a block: an identifier, and one of those allowed.
func (l *loader) checkLabel(b *hcl.Block, i int, label Label) bool {
	s, rng := b.Labels[i], b.LabelRanges[i]
	switch {
	case label.OneOf != nil && !slices.Contains(label.OneOf, s):
		l.report(errorAt(rng, sumUnknownVal, "There is no %s %q.%s", b.Type, s, allowed(s, "Write", label.OneOf)))
		return false
	case !label.Free && !hclsyntax.ValidIdentifier(s):
		l.report(errorAt(rng, sumName, "%q can't be a name: references need letters, digits, _ and -, beginning with a letter.", s))
		return false
	}
	return true
}

// declare makes every address known before anything is evaluated, so that the order
// of blocks and files never matters.
func (l *loader) declare() {
	for _, b := range l.top {
		if b.Type == variableSpec.Name {
			l.declareVariable(b)
		}
	}
	l.readInputs()
	for _, v := range l.cfg.Variables {
		l.settle(l.vars[v.Name])
	}
	for _, b := range l.top {
		l.declareBlock(b)
	}
}

// declareBlock registers one block and what decodes it.
func (l *loader) declareBlock(b *hcl.Block) {
	addr := strings.Join(append([]string{b.Type}, b.Labels...), ".")
	later := func(decode func()) { l.decoders = append(l.decoders, decode) }
	plain := func(decode func(*hcl.Block, string)) {
		if l.once(addr, b.DefRange) {
			l.blockNode(b.Type, addr, b.DefRange, nil)
			later(func() { decode(b, addr) })
		}
	}
	switch b.Type {
	case "locals":
		l.declareLocals(b)
	case "source", "target":
		if l.once(addr, b.DefRange) {
			insts := l.blockNode(b.Type, addr, b.DefRange, forEachOf(b))
			later(func() { l.endpoint(b, addr, insts()) })
		}
	case "sync":
		if l.once(addr, b.DefRange) {
			l.declareSync(b, addr)
		}
	case "output":
		if l.once(addr, b.DefRange) {
			l.outputBlocks = append(l.outputBlocks, b)
		}
	case "secret_manager":
		plain(l.secretManager)
	case "schema_policy":
		plain(l.schemaPolicy)
	case "conflict_policy":
		plain(l.conflictPolicy)
	case "notify":
		plain(l.notifier)
	case "migration":
		if l.once(addr, b.DefRange) {
			later(func() { l.migration(b, addr) })
		}
	case "monitoring":
		if l.once(addr, b.DefRange) {
			later(func() { l.monitoring(b, addr) })
		}
	case "moved":
		later(func() { l.moved(b) })
	case "removed":
		later(func() { l.removed(b) })
	}
}

// forEachOf returns a block's for_each, or nil. What is wrong with the body is
// reported when it is decoded.
func forEachOf(b *hcl.Block) *hcl.Attribute {
	content, _, _ := b.Body.PartialContent(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "for_each"}}})
	if content == nil {
		return nil
	}
	return content.Attributes["for_each"]
}

// decode decodes the blocks in order.
func (l *loader) decode() {
	for _, d := range l.decoders {
		d()
	}
}
