package lang

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

var movedSpec = BlockSpec{
	Name: "moved",
	Arguments: []Argument{
		{Name: "from", Type: address, Required: true, Text: "The old address of a sync or mapping."},
		{Name: "to", Type: address, Required: true, Text: "Its address now."},
	},
	Text: "A sync or mapping that has another address now: what was applied is kept.",
}

var removedSpec = BlockSpec{
	Name: "removed",
	Arguments: []Argument{
		{Name: "from", Type: address, Required: true, Text: "The address of a sync or mapping that is no longer there."},
		{Name: "destroy", Type: boolean, Default: "false", Text: "Whether what it made is taken down; if not, it is left and forgotten."},
	},
	Text: "What becomes of a sync or mapping that left the configuration.",
}

// location is the address of a sync or mapping.
type location struct {
	text    string // sync.tenant["a"].mapping["users"]
	sync    string // sync.tenant["a"]
	block   string // sync.tenant
	mapping string // the label; "" for the whole sync
}

// address reads an address, which is not evaluated: what it names may be gone.
func (c *conv) address(expr hcl.Expression) (any, status) {
	t, diags := hcl.AbsTraversalForExpr(expr)
	if !diags.HasErrors() {
		if loc, ok := locate(t); ok {
			return loc, given
		}
	}
	return c.fail(sumRef, `%s is the address of a sync or mapping: sync.NAME, sync.NAME["KEY"], or sync.NAME.mapping["TABLE"].`, c.a.Name)
}

// locate reads sync.NAME, with an element of for_each and a mapping behind it or not.
func locate(t hcl.Traversal) (location, bool) {
	var loc location
	name, ok := at(t, 1).(hcl.TraverseAttr)
	if !ok || t.RootName() != "sync" {
		return loc, false
	}
	loc.block = "sync." + name.Name
	loc.sync = loc.block
	rest := t[2:]
	if ix, ok := at(rest, 0).(hcl.TraverseIndex); ok {
		loc.sync = Element(loc.block, stepKey(ix))
		rest = rest[1:]
	}
	loc.text = loc.sync
	if len(rest) == 0 {
		return loc, true
	}
	m, ok := rest[0].(hcl.TraverseAttr)
	ix, ok2 := at(rest, 1).(hcl.TraverseIndex)
	if !ok || !ok2 || m.Name != "mapping" || len(rest) > 2 || stepKey(ix) == "" {
		return loc, false
	}
	loc.mapping = stepKey(ix)
	loc.text = MappingAddr(loc.sync, loc.mapping)
	return loc, true
}

// moved decodes a moved block.
func (l *loader) moved(b *hcl.Block) {
	blk := l.open(&movedSpec, b, "moved", env{})
	from, ok := blk.vals["from"].(location)
	to, ok2 := blk.vals["to"].(location)
	if !ok || !ok2 {
		return
	}
	l.cfg.Moved = append(l.cfg.Moved, &Moved{Block: blk.Block, From: from.text, To: to.text})
	l.leaves(from, blk)
	l.afterSyncs = append(l.afterSyncs, func() {
		switch {
		case (from.mapping == "") != (to.mapping == ""):
			l.report(errorAt(blk.Range("to"), sumRef, "A sync moves to a sync, and a mapping to a mapping."))
		case from.text == to.text:
			l.report(errorAt(blk.Range("to"), sumRef, "from and to are the same address."))
		case l.declared(from):
			l.report(errorAt(blk.Range("from"), sumRef, "%s is still declared, so it did not move. Take the block out, or rename what is declared.", from.text))
		case !l.declared(to) && !(to.mapping != "" && l.syncs[to.block] != nil && l.syncs[to.block].wild):
			l.report(errorAt(blk.Range("to"), sumRefNothing, "There is no %s.%s", to.text, l.nearestLocation(to)))
		}
	})
}

// removed decodes a removed block.
func (l *loader) removed(b *hcl.Block) {
	blk := l.open(&removedSpec, b, "removed", env{})
	from, ok := blk.vals["from"].(location)
	if !ok {
		return
	}
	l.cfg.Removed = append(l.cfg.Removed, &Removed{Block: blk.Block, From: from.text, Destroy: get[bool](blk, "destroy")})
	l.leaves(from, blk)
	l.afterSyncs = append(l.afterSyncs, func() {
		if l.declared(from) {
			l.report(errorAt(blk.Range("from"), sumRef, "%s is still declared, so it is not removed. Take one of the two blocks out.", from.text))
		}
	})
}

// leaves refuses a second moved or removed block of one address.
func (l *loader) leaves(from location, blk *blk) {
	rng := blk.Range("from")
	if first, ok := l.left[from.text]; ok {
		l.report(errorAt(rng, sumTwice, "What becomes of %s is said at %s already. Take one of them out.", from.text, place(first)))
		return
	}
	l.left[from.text] = rng
}

// declared reports whether the configuration has that sync or mapping. Tables that a
// wildcard stands for are not known here; of those, any may be.
func (l *loader) declared(loc location) bool {
	decl := l.syncs[loc.block]
	if decl == nil {
		return false
	}
	inst := slices.ContainsFunc(decl.insts, func(in instance) bool { return in.addr == loc.sync || in.virtual })
	if loc.mapping == "" {
		return inst || loc.sync == loc.block
	}
	s := l.cfg.Sync(loc.sync)
	return s != nil && slices.ContainsFunc(s.Mappings, func(m *Mapping) bool { return m.Label == loc.mapping })
}

// nearestLocation suggests a declared address.
func (l *loader) nearestLocation(loc location) string {
	var all []string
	for _, s := range l.cfg.Syncs {
		if loc.mapping == "" {
			all = append(all, s.Addr)
		}
		for _, m := range s.Mappings {
			if loc.mapping != "" {
				all = append(all, m.Addr)
			}
		}
	}
	if n := nearest(loc.text, all); n != "" {
		return " Did you mean " + n + "?"
	}
	if len(all) > 0 {
		return " Declared: " + strings.Join(firstFew(all), ", ") + "."
	}
	return ""
}
