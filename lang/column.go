package lang

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

var columnSpec = BlockSpec{
	Name:   "column",
	Labels: []Label{{Name: "target column", Free: true}},
	Arguments: []Argument{
		{Name: "from", Type: text, Conflicts: []string{"expr"}, Text: "The source column."},
		{Name: "expr", Type: text, Conflicts: []string{"from"}, Text: "SQL over source columns."},
		{Name: "type", Type: text, Text: "The type, in the words of the target's system."},
		{Name: "default", Type: scalar, Text: "The default in the target; null for none."},
		{Name: "nullable", Type: boolean, Text: "Whether the target's column takes NULL."},
		{Name: "renamed_from", Type: text, Text: "The name that the target's column had, so that the plan renames it."},
	},
	Many: true,
	Text: "Everything that can be said of one target column.",
}

var indexSpec = BlockSpec{
	Name:   "index",
	Labels: []Label{{Name: "name", Free: true}},
	Arguments: []Argument{
		{Name: "columns", Type: texts, Required: true, Text: "Target columns, in the index's order."},
		{Name: "unique", Type: boolean, Default: "false", Text: "Whether it holds no two equal rows."},
		{Name: "where", Type: text, Text: "The condition of a partial index, in the words of the target's system."},
		{Name: "method", Type: text, Text: "The index's method, in the words of the target's system."},
	},
	Many: true,
	Text: "An index of the target's table, beyond those of the source.",
}

// column decodes a column block.
func (l *loader) column(blk *blk) *Column {
	c := &Column{Block: blk.Block, Name: blk.labels[0], From: get[string](blk, "from"), Expr: get[string](blk, "expr"),
		Type: get[string](blk, "type"), Default: cty.NilVal, Nullable: ptr[bool](blk, "nullable"), RenamedFrom: get[string](blk, "renamed_from")}
	if v, ok := blk.vals["default"].(cty.Value); ok {
		c.Default = v
	}
	if c.RenamedFrom == c.Name && c.RenamedFrom != "" {
		l.report(errorAt(c.Range("renamed_from"), sumValue, "renamed_from is the name that the column had before, not the one it has."))
	}
	return c
}

// index decodes an index block.
func index(blk *blk) *Index {
	return &Index{Block: blk.Block, Name: blk.labels[0], Columns: get[[]string](blk, "columns"),
		Unique: get[bool](blk, "unique"), Where: get[string](blk, "where"), Method: get[string](blk, "method")}
}

// says is a place where a mapping says what a target column's value is.
type says struct {
	by  string // `columns`, `column "x"`, ...
	rng hcl.Range
}

// checkColumns finds what a mapping says twice of a target column, or of a source
// column and against it.
func (l *loader) checkColumns(blk *blk, m *Mapping) {
	value := map[string]says{} // by target column: where its value comes from
	claim := func(target string, s says) {
		if first, ok := value[target]; ok {
			l.report(errorAt(s.rng, sumTwice, "The value of target column %q is said by %s and by %s (%s). Take one of them out.",
				target, s.by, first.by, place(first.rng)))
			return
		}
		value[target] = s
	}
	explicit := map[string]hcl.Range{} // source columns that are mapped by name
	for _, p := range blk.pairs["columns"] {
		switch {
		case p.key == "*" && p.value == "*":
			continue
		case p.key == "*" || p.value == "*":
			l.report(errorAt(p.valRange, sumValue, `In columns, * stands only as "*" = "*": all columns under their own names.`))
			continue
		}
		explicit[p.key] = p.keyRange
		claim(p.value, says{"columns, from source column " + quote(p.key), p.valRange})
	}
	for _, p := range blk.pairs["add_metadata"] {
		claim(p.key, says{"add_metadata", p.keyRange})
	}
	for _, c := range m.ColumnBlocks {
		switch {
		case c.From != "":
			explicit[c.From] = c.Range("from")
			claim(c.Name, says{"its column block, from source column " + quote(c.From), c.Range("from")})
		case c.Expr != "":
			claim(c.Name, says{"its column block, by expr", c.Range("expr")})
		case value[c.Name].by == "add_metadata":
			claim(c.Name, says{"its column block", c.DeclRange})
		}
	}
	for _, name := range m.ExcludeColumns {
		if at, ok := explicit[name]; ok {
			l.report(errorAt(m.Range("exclude_columns."+name), sumTwice, "Source column %q is left out here and mapped at %s. Take one of them out.", name, place(at)))
		}
	}
	if m.ColumnsSet && m.Columns != nil && len(m.Columns) == 0 && len(m.ColumnBlocks) == 0 {
		l.report(errorAt(m.Range("columns"), sumValue, `columns is empty, so no column would be copied. Take it out to copy all of them, or write "*" = "*".`))
	}
	l.checkTransforms(m, value)
	l.checkRenames(m)
}

// checkTransforms finds transforms of columns whose value is computed already, and
// two of one column.
func (l *loader) checkTransforms(m *Mapping, value map[string]says) {
	first := map[string]hcl.Range{}
	for _, t := range m.Transforms {
		target, ok := transformTarget(m, t.Column)
		if !ok {
			l.report(errorAt(t.DeclRange, sumRef, "Source column %q goes to several target columns. Name the target column that the transform is for.", t.Column))
			continue
		}
		if at, ok := first[target]; ok {
			l.report(errorAt(t.DeclRange, sumTwice, "Target column %q is transformed at %s already. Put both into one expression.", target, place(at)))
			continue
		}
		first[target] = t.DeclRange
		if s, ok := value[target]; ok && (strings.HasSuffix(s.by, "by expr") || s.by == "add_metadata") {
			l.report(errorAt(t.DeclRange, sumTwice, "The value of target column %q is said by this transform and by %s (%s). Take one of them out.", target, s.by, place(s.rng)))
		}
	}
}

// transformTarget returns the target column that a transform means: the one of that
// name, else that of a source column that is mapped exactly once. It is false where
// the source column is mapped more than once.
func transformTarget(m *Mapping, label string) (string, bool) {
	if slices.Contains(targetNames(m), label) {
		return label, true
	}
	var targets []string
	if t, ok := m.Columns[label]; ok {
		targets = append(targets, t)
	}
	for _, c := range m.ColumnBlocks {
		if c.From == label {
			targets = append(targets, c.Name)
		}
	}
	switch len(targets) {
	case 0:
		return label, true
	case 1:
		return targets[0], true
	}
	return "", false
}

// checkRenames refuses two columns that were one.
func (l *loader) checkRenames(m *Mapping) {
	first := map[string]*Column{}
	for _, c := range m.ColumnBlocks {
		if c.RenamedFrom == "" {
			continue
		}
		if f := first[c.RenamedFrom]; f != nil {
			l.report(errorAt(c.Range("renamed_from"), sumTwice, "Column %q is said to have been %q too (%s).", f.Name, c.RenamedFrom, place(f.Range("renamed_from"))))
			continue
		}
		first[c.RenamedFrom] = c
	}
}

func quote(s string) string { return `"` + s + `"` }
