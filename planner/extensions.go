package planner

import (
	"slices"

	"github.com/syncform/syncform/providers/schema"
)

// extensions asks for the extensions that a new table rests on in the source.
func (n *needs) extensions(w *want) {
	if !schema.SameFamily(n.source.System, n.target.System) {
		return
	}
	for i := range n.source.Extensions {
		if e := &n.source.Extensions[i]; slices.Contains(e.Tables, w.from.Name) {
			n.extension(w, e)
		}
	}
}

func (n *needs) extension(w *want, e *schema.Extension) {
	switch {
	case n.target.Extension(e.Name) != nil || n.seen["extension "+e.Name]:
	case slices.Contains(n.target.Available, e.Name):
		n.schema(w, e.Schema)
		n.add(w, "extension "+e.Name, schema.AddExtension{Name: e.Name, Schema: e.Schema}, "a table rests on it")
	default:
		n.seen["extension "+e.Name] = true
		n.b.errorAt(w.cfg.DeclRange, sumType, "%s: table %s rests on the extension %s, which the server of %s does not have at hand. Install its package there, declare the columns otherwise (column block, type), or leave them out (exclude_columns).",
			w.addr, w.from.Name, e.Name, w.target.addr)
	}
}

// madeType asks for a type that the target lacks and that syncform can make: one of an
// extension, a composite or a range; false where it can't.
func (n *needs) madeType(w *want, t schema.Type) bool {
	if !schema.SameFamily(n.source.System, n.target.System) {
		return false
	}
	if e := n.source.ExtensionOf(t.Name); e != nil {
		n.extension(w, e)
		return true
	}
	c := n.source.Composite(t.Name)
	if c == nil {
		return false
	}
	n.schema(w, c.Name.Schema)
	if n.seen["type "+c.Name.String()] {
		return true
	}
	if c.Definition == "" {
		n.typ(w, c.Of[0])
		return true
	}
	d := needed{difference{change: schema.AddComposed{Type: *c}, reason: "a column has this type"}, w}
	n.seen["type "+c.Name.String()] = true
	for _, t := range c.Of {
		if n.of != nil {
			n.of(w, t)
		} else {
			n.typ(w, t)
		}
	}
	if n.of != nil {
		n.composed = append(n.composed, d)
	} else {
		n.changes = append(n.changes, d)
	}
	return true
}

// sameComposed refuses a composite or range type that is another at the target.
func (n *needs) sameComposed(w *want, name schema.Name) {
	from, to := n.source.Composite(name), n.target.Composite(name)
	key := "type " + name.String()
	if from == nil || to == nil || from.Definition == to.Definition || n.seen[key] || !schema.SameFamily(n.source.System, n.target.System) {
		return
	}
	n.seen[key] = true
	n.b.errorAt(w.cfg.DeclRange, sumType, "%s: %s of table %s is of type %s, which is %s in the source and %s in %s; syncform does not change such a type. Change it there (ALTER TYPE), or leave the column out (exclude_columns).",
		w.addr, columnOfType(w, name), w.from.Name, name, from.Definition, to.Definition, w.target.addr)
}
