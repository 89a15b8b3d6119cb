package planner

import (
	"fmt"
	"slices"

	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/providers/schema"
)

// functions refuses what would call a function that the source's table rests on and the
// target lacks: syncform makes no functions, and the server would refuse the change in
// the middle of the apply.
func (n *needs) functions(w *want) {
	if !schema.SameFamily(n.source.System, n.target.System) {
		return
	}
	for _, f := range n.source.Functions {
		key := "function " + f.Name.String()
		if !slices.Contains(f.Tables, w.from.Name) || n.seen[key] || n.target.HasFunction(f.Name) || n.b.scripted(w.target, f.Name.Name) {
			continue
		}
		if part := w.calls(f.Name.Name); part != "" {
			n.seen[key] = true
			n.b.errorAt(w.cfg.DeclRange, sumType, "%s: %s of table %s calls function %s of the source, which %s does not have, and syncform makes no functions. Create it there (a migration block runs before the tables are made), or leave the column out (exclude_columns) or declare it otherwise (column block).",
				w.addr, part, w.from.Name, f.Name, w.target.addr)
		}
	}
}

// scripted reports whether a script that runs before the tables are made names it.
func (b *builder) scripted(e *endpoint, name string) bool {
	return slices.ContainsFunc(b.in.Config.Migrations, func(m *lang.Migration) bool {
		_, yes := mentions(schema.PostgreSQL, m.Up, map[string]bool{name: true})
		return yes && m.When == "before" && b.endpoints[m.Target] == e
	})
}

// calls words what is to be made of the want's table and names the function; "": nothing.
func (w *want) calls(name string) string {
	if w.work.create {
		return callsOf(&w.work.result, name)
	}
	var t schema.Table
	for _, d := range w.work.diffs {
		if d.held() {
			continue
		}
		switch c := d.change.(type) {
		case schema.AddColumn:
			t.Columns = append(t.Columns, c.Column)
		case schema.ModifyColumn:
			t.Columns = append(t.Columns, c.To)
		case schema.AddCheck:
			t.Checks = append(t.Checks, c.Check)
		case schema.AddIndex:
			t.Indexes = append(t.Indexes, c.Index)
		case schema.AddExclusion:
			t.Exclusions = append(t.Exclusions, c.Exclusion)
		}
	}
	return callsOf(&t, name)
}

func callsOf(t *schema.Table, name string) string {
	names := map[string]bool{name: true}
	in := func(text string) bool {
		_, yes := mentions(schema.PostgreSQL, text, names)
		return yes
	}
	for _, c := range t.Columns {
		switch {
		case c.Generated != nil && in(c.Generated.Expr):
			return fmt.Sprintf("computed column %q", c.Name)
		case c.Default != nil && !c.Default.Literal && in(c.Default.Text):
			return fmt.Sprintf("the default of column %q", c.Name)
		}
	}
	for _, c := range t.Checks {
		if in(c.Expr) {
			return fmt.Sprintf("check %q", c.Name)
		}
	}
	for _, x := range t.Indexes {
		if in(x.Where) || slices.ContainsFunc(x.Parts, func(p schema.KeyPart) bool { return in(p.Expr) }) {
			return fmt.Sprintf("index %q", x.Name)
		}
	}
	for _, x := range t.Exclusions {
		if in(x.Definition) {
			return fmt.Sprintf("exclusion %q", x.Name)
		}
	}
	if t.Partition != nil && in(t.Partition.Definition) {
		return "the partitioning"
	}
	return ""
}
