package planner

import (
	"fmt"
	"strings"

	"github.com/agext/levenshtein"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers/schema"
)

// whyRename is why a check goes and comes back.
const whyRename = "a column that it names is renamed"

// renames gives the live table with the columns under the names that renamed_from asks
// for, and the changes that lead there. A column that has its new name already, or that
// is not there, is none.
func (w *want) renames() (*schema.Table, []difference) {
	live := w.live
	var out []difference
	for _, c := range w.columns {
		if c.block == nil || c.block.RenamedFrom == "" {
			continue
		}
		sys := w.target.db.System
		old := findColumn(sys, live, c.block.RenamedFrom)
		if old == nil || findColumn(sys, live, c.name) != nil || w.table.Column(old.Name) != nil {
			continue
		}
		if sys == schema.MySQL { // it renames no column that a check names
			t := *live
			t.Checks = nil
			for _, k := range live.Checks {
				if _, uses := mentions(sys, k.Expr, map[string]bool{old.Name: true}); uses {
					out = append(out, difference{change: schema.DropCheck{In: w.name, Check: k}, reason: whyRename})
				} else {
					t.Checks = append(t.Checks, k)
				}
			}
			live = &t
		}
		change := schema.RenameColumn{In: w.name, From: old.Name, To: c.name}
		t := *live
		t.Apply(change)
		renameInExpressions(&t, sys, old.Name, c.name)
		live = &t
		out = append(out, difference{change: change, column: c.name, reason: "renamed_from says so"})
		if w.renamed == nil {
			w.renamed = map[string]string{}
		}
		w.renamed[change.From] = change.To
	}
	return live, out
}

// asRenamed gives what was applied under the names that columns have from now on.
func asRenamed(columns []plan.Column, renamed map[string]string) []plan.Column {
	out := make([]plan.Column, len(columns))
	for i, c := range columns {
		if to, ok := renamed[c.Target]; ok {
			c.Target = to
		}
		out[i] = c
	}
	return out
}

// renameInExpressions does what the server does in checks, conditions and computations.
// The slices that the table shares with others are copied first.
func renameInExpressions(t *schema.Table, sys schema.System, from, to string) {
	re := func(text string) string { return renameIn(sys, text, from, to) }
	checks := make([]schema.Check, len(t.Checks))
	for i, k := range t.Checks {
		k.Expr = re(k.Expr)
		checks[i] = k
	}
	indexes := make([]schema.Index, len(t.Indexes))
	for i, x := range t.Indexes {
		x.Where = re(x.Where)
		parts := make([]schema.KeyPart, len(x.Parts))
		for j, p := range x.Parts {
			p.Expr = re(p.Expr)
			parts[j] = p
		}
		x.Parts = parts
		indexes[i] = x
	}
	exclusions := make([]schema.Exclusion, len(t.Exclusions))
	for i, x := range t.Exclusions {
		x.Definition = re(x.Definition)
		exclusions[i] = x
	}
	for i := range t.Columns { // Rename has cloned them
		if g := t.Columns[i].Generated; g != nil {
			t.Columns[i].Generated = &schema.Generated{Expr: re(g.Expr), Stored: g.Stored}
		}
	}
	t.Checks, t.Indexes, t.Exclusions = checks, indexes, exclusions
}

// renameIn replaces an identifier in a piece of SQL, outside of literals.
func renameIn(sys schema.System, text, from, to string) string {
	var b strings.Builder
	for text != "" {
		rest := ""
		switch c := text[0]; {
		case c == '\'':
			_, rest = quoted(text, '\'', isMySQL(sys))
			b.WriteString(text[:len(text)-len(rest)])
		case c == '"' || c == '`':
			var word string
			word, rest = quoted(text, c, false)
			if word == from {
				b.WriteString(string(c) + strings.ReplaceAll(to, string(c), string(c)+string(c)) + string(c))
			} else {
				b.WriteString(text[:len(text)-len(rest)])
			}
		default:
			var word string
			word, rest = bareWord(text)
			if word != "" && foldColumn(sys, word) == foldColumn(sys, from) {
				b.WriteString(to)
			} else {
				b.WriteString(text[:len(text)-len(rest)])
			}
		}
		text = rest
	}
	return b.String()
}

// likelyRenames points out a column that goes and one that comes and could be the same:
// it is never guessed, but said how to write it, as a block to copy where the policy has
// create_mapping.
func (b *builder) likelyRenames(w *want) {
	for _, r := range w.likelyRenames() {
		if rule := w.policy.Rule(plan.RenameColumnRule); rule != nil && rule.CreateMapping {
			from := r.come
			for _, c := range w.columns {
				if c.name == r.come && c.source != nil {
					from = c.source.Name
				}
			}
			b.note(columnAddr(w.addr, r.come), fmt.Sprintf("column %q goes and %q comes, of the same type. If it is the same column, keep its values: write in the sync\nmapping %q {\n  column %q {\n    from         = %q\n    renamed_from = %q\n  }\n}", r.gone, r.come, w.source.label(w.from.Name), r.come, from, r.gone))
			continue
		}
		b.note(columnAddr(w.addr, r.come), fmt.Sprintf("column %q goes and %q comes, of the same type. If it is the same column, keep its values: write a mapping %q with column %q { renamed_from = %q }", r.gone, r.come, w.source.label(w.from.Name), r.come, r.gone))
	}
}

// likelyRename is a column that goes and one that comes that could be the same.
type likelyRename struct{ gone, come string }

func (w *want) likelyRenames() (out []likelyRename) {
	var gone, come []schema.Column
	for _, d := range w.work.diffs {
		switch c := d.change.(type) {
		case schema.DropColumn:
			gone = append(gone, c.Column)
		case schema.AddColumn:
			come = append(come, c.Column)
		}
	}
	for _, k := range w.kept {
		gone = append(gone, k.column)
	}
	for _, g := range gone {
		best, at := "", 0
		for _, c := range come {
			if c.Name == g.Name || !sameType(g.Type, c.Type) || (g.Generated != nil) != (c.Generated != nil) {
				continue
			}
			score := likeness(g.Name, c.Name)
			if len(gone) == 1 && len(come) == 1 {
				score++ // the only one that goes, the only one that comes
			}
			if score > at {
				best, at = c.Name, score
			}
		}
		if best != "" {
			out = append(out, likelyRename{g.Name, best})
		}
	}
	return out
}

// likeness is how alike two names are: 0 for not at all.
func likeness(a, b string) int {
	a, b = strings.ToLower(a), strings.ToLower(b)
	if strings.Contains(a, b) || strings.Contains(b, a) {
		return 3
	}
	if d := levenshtein.Distance(a, b, nil); d*2 <= max(len(a), len(b)) {
		return 2
	}
	return 0
}
