package view

import (
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers/schema"
)

// object names what a change drops or makes, if it has a name; dropped says which.
func object(c schema.Change) (kind, name string, dropped, ok bool) {
	switch c := c.(type) {
	case schema.DropCheck:
		return "check", c.Check.Name, true, c.Check.Name != ""
	case schema.AddCheck:
		return "check", c.Check.Name, false, c.Check.Name != ""
	case schema.DropIndex:
		return "index", c.Index.Name, true, c.Index.Name != ""
	case schema.AddIndex:
		return "index", c.Index.Name, false, c.Index.Name != ""
	case schema.DropUnique:
		return "unique", c.Key.Name, true, c.Key.Name != ""
	case schema.AddUnique:
		return "unique", c.Key.Name, false, c.Key.Name != ""
	case schema.DropForeignKey:
		return "foreign key", c.Key.Name, true, c.Key.Name != ""
	case schema.AddForeignKey:
		return "foreign key", c.Key.Name, false, c.Key.Name != ""
	case schema.DropExclusion:
		return "exclusion", c.Exclusion.Name, true, c.Exclusion.Name != ""
	case schema.AddExclusion:
		return "exclusion", c.Exclusion.Name, false, c.Exclusion.Name != ""
	case schema.DropPrimaryKey:
		return "primary key", "", true, true
	case schema.AddPrimaryKey:
		return "primary key", "", false, true
	}
	return "", "", false, false
}

// pairs finds, by the action that makes an object, the action of the same table that
// drops it first: together they change it. Both wait, or neither does.
func pairs(actions []*plan.Action) map[*plan.Action]*plan.Action {
	type key struct{ kind, name string }
	drops := map[key]*plan.Action{}
	out := map[*plan.Action]*plan.Action{}
	for _, a := range actions {
		if a.Change == nil || a.Kind == plan.NoteKind {
			continue
		}
		kind, name, dropped, ok := object(a.Change)
		if !ok {
			continue
		}
		k := key{kind, name}
		if dropped {
			drops[k] = a
			continue
		}
		if d := drops[k]; d != nil && (d.Held == "") == (a.Held == "") {
			out[a] = d
			delete(drops, k)
		}
	}
	return out
}

// replaced words a pair inside one line, or as a long text below it.
func replaced(from, to schema.Change) (text string, more []textChange) {
	kind, name, _, _ := object(to)
	head := named(kind, name)
	a, b := definitionOf(from), definitionOf(to)
	switch {
	case a == b:
		return head + "  made anew", nil
	case tooLong(a, b):
		return head, []textChange{{"definition", a, b}}
	}
	return head + "  " + a + " -> " + b, nil
}

// definitionOf is what an object is, without its kind and name.
func definitionOf(c schema.Change) string {
	switch c := c.(type) {
	case schema.DropCheck:
		return c.Check.Expr
	case schema.AddCheck:
		return c.Check.Expr
	case schema.DropIndex:
		return indexParts(c.Index)
	case schema.AddIndex:
		return indexParts(c.Index)
	case schema.DropUnique:
		return parts(c.Key.Parts)
	case schema.AddUnique:
		return parts(c.Key.Parts)
	case schema.DropPrimaryKey:
		return parts(c.Key.Parts)
	case schema.AddPrimaryKey:
		return parts(c.Key.Parts)
	case schema.DropForeignKey:
		return foreignKeyParts(c.Key)
	case schema.AddForeignKey:
		return foreignKeyParts(c.Key)
	case schema.DropExclusion:
		return c.Exclusion.Definition
	case schema.AddExclusion:
		return c.Exclusion.Definition
	}
	return ""
}
