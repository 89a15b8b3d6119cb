package planner

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/providers/schema"
)

// column is one column of a target table to be.
type column struct {
	source   *schema.Column // nil: the target has it alone
	name     string         // in the target
	explicit bool           // the configuration names it
	block    *lang.Column   // what the configuration says of it; may be nil
	expr     *computed      // its value, where an expression gives it; source is nil then
}

// chooser picks the columns of one mapping. A wildcard's names need not be in every
// table, but in one of them: seen collects those that were.
type chooser struct {
	b    *builder
	w    *want
	wild bool
	seen mentioned
}

// chooseColumns sets w.columns, in the source's order, then those that only the
// target has. It reports false after an error.
func (b *builder) chooseColumns(w *want) bool {
	c := &chooser{b: b, w: w, wild: isWildcard(w.cfg), seen: b.seen(w.cfg)}
	renames, all, ok := c.renames()
	excluded := map[string]bool{}
	for _, name := range w.cfg.ExcludeColumns {
		col, fine := c.column(name, "exclude_columns")
		ok = ok && fine
		if col == nil {
			continue
		}
		if _, twice := renames[col.Name]; twice {
			b.errorAt(w.cfg.Range("exclude_columns."+name), sumTwoColumns, "%s: source column %q is left out here and mapped by columns (%s). Take one of them out.", w.addr, col.Name, placed(c.mappedAt(col)))
			ok = false
		}
		excluded[col.Name] = true
	}
	if name := w.cfg.IncrementalKey; name != "" {
		_, fine := c.column(name, "incremental_key")
		ok = ok && fine
	}
	if !c.claims() || !ok {
		return false // what is computed of them would be told of in error
	}
	var cols []column
	for i := range w.from.Columns {
		col := &w.from.Columns[i]
		targets, named := renames[col.Name]
		switch {
		case excluded[col.Name]:
		case named:
			for _, t := range targets {
				cols = append(cols, column{source: col, name: t, explicit: true})
			}
		case all:
			cols = append(cols, column{source: col, name: col.Name})
		}
	}
	for _, block := range w.cfg.ColumnBlocks {
		next, fine := c.block(cols, block, excluded)
		ok = ok && fine
		if fine {
			cols = next
		}
	}
	for _, more := range []func([]column) ([]column, bool){
		func(cols []column) ([]column, bool) { return c.transforms(cols, excluded) }, c.metadata,
	} {
		next, fine := more(cols)
		cols, ok = next, ok && fine
	}
	w.columns = cols
	return c.distinct() && ok
}

// renames gives the target names of each source column that `columns` names, and
// whether all others are mapped too. ok is false after an error.
func (c *chooser) renames() (out map[string][]string, all, ok bool) {
	out, ok = map[string][]string{}, true
	if !c.w.cfg.ColumnsSet && c.w.cfg.Columns == nil {
		return out, true, true
	}
	for _, from := range slices.Sorted(maps.Keys(c.w.cfg.Columns)) {
		if from == "*" {
			all = true
			continue
		}
		col, fine := c.column(from, "columns")
		ok = ok && fine
		if col != nil {
			out[col.Name] = append(out[col.Name], c.w.cfg.Columns[from])
		}
	}
	return out, all, ok
}

// mappedAt is where columns names a source column.
func (c *chooser) mappedAt(col *schema.Column) hcl.Range {
	for name := range c.w.cfg.Columns {
		if findColumn(c.w.source.db.System, c.w.from, name) == col {
			return c.w.cfg.Range("columns." + name)
		}
	}
	return c.w.cfg.Range("columns")
}

// column finds a source column that an argument names. In a wildcard's table it may
// be missing: nil, true.
func (c *chooser) column(name, arg string) (*schema.Column, bool) {
	if col := findColumn(c.w.source.db.System, c.w.from, name); col != nil {
		c.seen.had(c.w.cfg.Range(arg+"."+name), name)
		return col, true
	}
	if c.wild {
		c.seen.lacked(c.w.cfg.Range(arg+"."+name), name)
		return nil, true
	}
	c.b.noColumn(c.w, c.w.cfg.Range(arg+"."+name), name)
	return nil, false
}

// noColumn reports a source column that is not there.
func (b *builder) noColumn(w *want, at hcl.Range, name string) {
	names := columnNames(w.from)
	hint := didYouMean(name, names)
	if hint == "" {
		hint = fmt.Sprintf(" Its columns: %s.", some(names))
	}
	b.errorAt(at, sumNoColumn, "Table %s of %s has no column %q.%s", w.from.Name, w.source.addr, name, hint)
}

// block works what a column block says into cols.
func (c *chooser) block(cols []column, block *lang.Column, excluded map[string]bool) ([]column, bool) {
	sys := c.w.target.db.System
	at := slices.IndexFunc(cols, func(x column) bool { return foldColumn(sys, x.name) == foldColumn(sys, block.Name) })
	switch {
	case block.Expr != "":
		return c.exprBlock(cols, block, at)
	case block.From != "":
		return c.from(cols, block)
	}
	if at >= 0 {
		cols[at].block = block
		c.seen.had(block.DeclRange, block.Name)
		return cols, true
	}
	if src := findColumn(c.w.source.db.System, c.w.from, block.Name); src != nil && !excluded[src.Name] {
		c.seen.had(block.DeclRange, block.Name)
		return insert(cols, c.w.from, column{source: src, name: block.Name, explicit: true, block: block}), true
	}
	if block.Type != "" {
		return append(cols, column{name: block.Name, explicit: true, block: block}), true
	}
	if c.wild {
		c.seen.lacked(block.DeclRange, block.Name)
		return cols, true
	}
	names := make([]string, len(cols))
	for i, x := range cols {
		names[i] = x.name
	}
	c.b.errorAt(block.DeclRange, sumNoColumn, "%s maps no column to %q.%s Say with from which source column it is, or give a type for one that only the target has.", c.w.addr, block.Name, didYouMean(block.Name, names))
	return cols, false
}

// from works in a block that names its source column: in place of the columns that
// would have stood there by themselves.
func (c *chooser) from(cols []column, block *lang.Column) ([]column, bool) {
	src := findColumn(c.w.source.db.System, c.w.from, block.From)
	if src == nil {
		if c.wild {
			c.seen.lacked(block.Range("from"), block.From)
			return cols, true
		}
		c.b.noColumn(c.w, block.Range("from"), block.From)
		return cols, false
	}
	c.seen.had(block.Range("from"), block.From)
	sys := c.w.target.db.System
	cols = slices.DeleteFunc(cols, func(x column) bool {
		return !x.explicit && (x.source == src || foldColumn(sys, x.name) == foldColumn(sys, block.Name)) ||
			x.source == src && x.name == block.Name
	})
	return insert(cols, c.w.from, column{source: src, name: block.Name, explicit: true, block: block}), true
}

// insert puts a column where its source column stands among the others'.
func insert(cols []column, from *schema.Table, c column) []column {
	place := func(x column) int {
		if x.source == nil {
			return len(from.Columns)
		}
		return slices.IndexFunc(from.Columns, func(y schema.Column) bool { return y.Name == x.source.Name })
	}
	at := slices.IndexFunc(cols, func(x column) bool { return place(x) > place(c) })
	if at < 0 {
		return append(cols, c)
	}
	return slices.Insert(cols, at, c)
}

// distinct checks that there are columns, each of a name of its own.
func (c *chooser) distinct() bool {
	if len(c.w.columns) == 0 && (len(c.w.from.Columns) > 0 || !c.w.schemaOnly()) {
		c.b.errorAt(c.w.cfg.Range("columns"), sumNoColumn, "%s maps no column of %s.", c.w.addr, c.w.from.Name)
		return false
	}
	seen := make(map[string]*column, len(c.w.columns))
	ok := true
	for i := range c.w.columns {
		x := &c.w.columns[i]
		name := foldColumn(c.w.target.db.System, x.name)
		if y := seen[name]; y != nil {
			at, other := x, y
			if y.explicit && !x.explicit {
				at, other = y, x // the one that somebody wrote
			}
			c.b.errorAt(c.at(at), sumTwoColumns, "%s maps both %s and %s to the column %q. Give one of them another name, or leave one out.", c.w.addr, at.from(), c.fromAt(other), at.name)
			ok = false
		}
		seen[name] = x
	}
	return ok
}

// at is where the configuration asks for a column.
func (c *chooser) at(x *column) hcl.Range {
	switch {
	case x.block != nil:
		return x.block.DeclRange
	case x.expr != nil:
		return x.expr.rng
	case x.source != nil:
		return c.w.cfg.Range("columns." + x.source.Name)
	}
	return c.w.cfg.Range("columns")
}

// fromAt is from with the place, where the configuration has one.
func (c *chooser) fromAt(x *column) string {
	if !x.explicit {
		return x.from()
	}
	return fmt.Sprintf("%s (%s)", x.from(), placed(c.at(x)))
}

// from names where a column comes from, for a message.
func (c *column) from() string {
	switch {
	case c.expr != nil && c.expr.metadata:
		return "add_metadata"
	case c.expr != nil:
		return "an expression"
	case c.source == nil:
		return fmt.Sprintf("a column block %q", c.name)
	}
	return fmt.Sprintf("%q", c.source.Name)
}

// findColumn returns the column of that name as the system compares names, or nil.
func findColumn(sys schema.System, t *schema.Table, name string) *schema.Column {
	if c := t.Column(name); c != nil || sys == schema.PostgreSQL {
		return c
	}
	for i := range t.Columns {
		if strings.EqualFold(t.Columns[i].Name, name) {
			return &t.Columns[i]
		}
	}
	return nil
}

func columnNames(t *schema.Table) []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}
