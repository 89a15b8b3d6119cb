package planner

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/lang/expr"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers/schema"
)

// computed is the value of a target column that an expression gives.
type computed struct {
	text     string
	rng      hcl.Range
	checked  *expr.Checked
	metadata bool
	over     *schema.Column // the source column in whose place the expression stands; may be nil
}

// condition is one of a mapping's filters.
type condition struct {
	text    string
	rng     hcl.Range
	checked *expr.Checked
}

// expression checks an expression against the table's columns; nil after an error.
func (c *chooser) expression(text string, rng hcl.Range, check func(*expr.Expr, []expr.Column) (*expr.Checked, error)) *expr.Checked {
	e, err := expr.Parse(text)
	if err == nil {
		var x *expr.Checked
		if x, err = check(e, ExpressionColumns(c.w.from)); err == nil {
			return x
		}
	}
	c.b.expressionError(c.w, err, text, rng)
	return nil
}

// ExpressionColumns are the table's columns as expressions see them.
func ExpressionColumns(t *schema.Table) []expr.Column {
	out := make([]expr.Column, len(t.Columns))
	for i, x := range t.Columns {
		out[i] = expr.Column{Name: x.Name, Type: x.Type, Nullable: x.Nullable && !inPrimaryKey(t, x.Name)}
	}
	return out
}

// expressionError reports what is wrong with an expression, at the very place.
func (b *builder) expressionError(w *want, err error, text string, rng hcl.Range) {
	d := b.in.Config.ExpressionError(err, text, rng)
	if e, ok := err.(*expr.Error); ok && e.Column != "" {
		names := columnNames(w.from)
		hint := didYouMean(e.Column, names)
		if hint == "" {
			hint = fmt.Sprintf(" Its columns: %s.", some(names))
		}
		d.Summary, d.Detail = sumNoColumn, fmt.Sprintf("Table %s of %s has no column %q.%s", w.from.Name, w.source.addr, e.Column, hint)
	} else {
		d.Detail = fmt.Sprintf("%s: %s", w.addr, d.Detail)
	}
	b.diags = append(b.diags, d)
}

func plainCheck(e *expr.Expr, cols []expr.Column) (*expr.Checked, error) {
	return e.Check(cols, expr.Options{})
}

func metadataCheck(e *expr.Expr, cols []expr.Column) (*expr.Checked, error) {
	return e.Check(cols, expr.Options{Metadata: true})
}

func conditionCheck(e *expr.Expr, cols []expr.Column) (*expr.Checked, error) {
	return e.Condition(cols, expr.Options{})
}

// exprBlock works in a column block whose value is an expression.
func (c *chooser) exprBlock(cols []column, block *lang.Column, at int) ([]column, bool) {
	x := c.expression(block.Expr, block.Range("expr"), plainCheck)
	if x == nil {
		return cols, false
	}
	next := column{name: block.Name, explicit: true, block: block}
	if at >= 0 {
		next.name = cols[at].name
		c.compute(&next, x, block.Range("expr"), cols[at].source)
		cols[at] = next
		return cols, true
	}
	c.compute(&next, x, block.Range("expr"), nil)
	return append(cols, next), true
}

// compute gives a column the value of an expression; one that is but a column's name
// copies it.
func (c *chooser) compute(to *column, x *expr.Checked, rng hcl.Range, over *schema.Column) {
	if x.Copies() {
		to.source, to.expr = &c.w.from.Columns[x.Columns()[0]], nil
		return
	}
	to.source, to.expr = nil, &computed{text: x.Text(), rng: rng, checked: x, over: over}
}

// transforms works in the transform blocks.
func (c *chooser) transforms(cols []column, excluded map[string]bool) ([]column, bool) {
	ok := true
	first := map[int]*lang.Transform{}
	for _, t := range c.w.cfg.Transforms {
		at, fine := c.transformed(cols, t, excluded)
		if at < 0 {
			ok = ok && fine
			continue
		}
		if f := first[at]; f != nil {
			c.b.errorAt(t.DeclRange, sumTwoColumns, "%s: target column %q is transformed by transform %q too (%s). Put both into one expression.", c.w.addr, cols[at].name, f.Column, placed(f.DeclRange))
			ok = false
			continue
		}
		first[at] = t
		x := c.expression(t.Expr, t.Range("expr"), plainCheck)
		if x == nil {
			ok = false
			continue
		}
		c.compute(&cols[at], x, t.Range("expr"), cols[at].source)
		cols[at].explicit = true
	}
	return cols, ok
}

// transformed finds the column that a transform is for: a target column of that name,
// else the one to which the source column of that name is mapped. It is -1 where there
// is none; fine then says whether that may be, as another table of the wildcard has it.
func (c *chooser) transformed(cols []column, t *lang.Transform, excluded map[string]bool) (at int, fine bool) {
	sys := c.w.target.db.System
	at = slices.IndexFunc(cols, func(x column) bool { return foldColumn(sys, x.name) == foldColumn(sys, t.Column) })
	if at >= 0 {
		c.seen.had(t.DeclRange, t.Column)
		return at, true
	}
	src := findColumn(c.w.source.db.System, c.w.from, t.Column)
	switch {
	case src != nil && excluded[src.Name]:
		c.b.errorAt(t.DeclRange, sumNoColumn, "%s: source column %q is left out by exclude_columns, so there is no target column that its transform could be for. Take it out of exclude_columns, or take the transform out.", c.w.addr, src.Name)
		return -1, false
	case src != nil:
		var targets []int
		for i, x := range cols {
			if x.source == src {
				targets = append(targets, i)
			}
		}
		if len(targets) == 1 {
			c.seen.had(t.DeclRange, t.Column)
			return targets[0], true
		}
		if len(targets) > 1 {
			c.b.errorAt(t.DeclRange, sumTwoColumns, "%s: source column %q goes to several target columns. Name the target column that the transform is for.", c.w.addr, src.Name)
			return -1, false
		}
	}
	if c.wild && src == nil {
		c.seen.lacked(t.DeclRange, t.Column)
		return -1, true
	}
	names := make([]string, len(cols))
	for i, x := range cols {
		names[i] = x.name
	}
	hint := didYouMean(t.Column, append(names, columnNames(c.w.from)...))
	if hint == "" {
		hint = fmt.Sprintf(" The target's columns: %s.", some(names))
	}
	c.b.errorAt(t.DeclRange, sumNoColumn, "%s maps no column to %q, and no source column of that name either.%s For a new column write a column block with expr.", c.w.addr, t.Column, hint)
	return -1, false
}

// metadata adds the columns of add_metadata.
func (c *chooser) metadata(cols []column) ([]column, bool) {
	ok := true
	for _, name := range slices.Sorted(maps.Keys(c.w.cfg.AddMetadata)) {
		rng := c.w.cfg.MetadataRange(name)
		x := c.expression(c.w.cfg.AddMetadata[name], rng, metadataCheck)
		if x == nil {
			ok = false
			continue
		}
		cols = append(cols, column{name: name, explicit: true, expr: &computed{text: x.Text(), rng: rng, checked: x, metadata: true}})
	}
	return cols, ok
}

// chooseFilters sets w.filters. It reports false after an error.
func (b *builder) chooseFilters(w *want) bool {
	c := &chooser{b: b, w: w}
	ok := true
	for _, text := range w.cfg.Filters {
		rng := w.cfg.Range("filters." + text)
		x := c.expression(text, rng, conditionCheck)
		if x == nil {
			ok = false
			continue
		}
		if constant, holds := x.Constant(); constant {
			warn := "is true for every row, so it does nothing. Take it out"
			if !holds {
				warn = "is never true, so no row is copied"
			}
			b.diags = append(b.diags, &hcl.Diagnostic{Severity: hcl.DiagWarning, Summary: sumFilter, Subject: &rng,
				Detail: fmt.Sprintf("%s: the filter %s %s.", w.addr, text, warn)})
		}
		w.filters = append(w.filters, condition{text, rng, x})
	}
	b.neverFiltered(w)
	return ok
}

// neverFiltered warns of filters that no row can meet together.
func (b *builder) neverFiltered(w *want) {
	checked := make([]*expr.Checked, len(w.filters))
	for i, f := range w.filters {
		checked[i] = f.checked
	}
	x := expr.Never(checked, ExpressionColumns(w.from))
	if x == nil {
		return
	}
	f := w.filters[x.Condition]
	why := "as " + x.Why
	switch {
	case x.Other == x.Part:
		why = "as its bounds exclude each other"
	case x.Other != "":
		why = "as no row meets " + x.Other + " too"
	}
	rng := b.in.Config.Within(f.rng, f.text, x.From, x.To)
	b.diags = append(b.diags, &hcl.Diagnostic{Severity: hcl.DiagWarning, Summary: sumFilter, Subject: &rng,
		Detail: fmt.Sprintf("%s: %s is never true, %s, so no row is copied.", w.addr, x.Part, why)})
}

// sumFilter is the summary of what is said of filters.
const sumFilter = "Filter without use"

// checkKey looks at a primary key that the mapping does not carry as it is. It reports
// false after an error.
func (b *builder) checkKey(w *want) bool {
	pk := w.from.PrimaryKey
	if pk == nil || len(w.key) > 0 {
		return true
	}
	for _, name := range pk.Columns() {
		if x := w.transformOf(name); x != nil {
			b.errorAt(x.rng, sumKey, "%s: column %q is of the key of %s, and what the expression makes of it need not tell a row from all others. Map it as it is beside it (a column block with from = %q, and the expression in a column block too), or name another key.", w.addr, name, w.from.Name, name)
			return false
		}
	}
	names := pk.Columns()
	rng := w.cfg.DeclRange
	for _, arg := range []string{"exclude_columns", "columns"} {
		if _, ok := w.cfg.ArgRanges[arg]; ok {
			rng = w.cfg.Range(arg + "." + names[0])
			break
		}
	}
	b.diags = append(b.diags, &hcl.Diagnostic{Severity: hcl.DiagWarning, Summary: sumKey, Subject: &rng,
		Detail: fmt.Sprintf("%s leaves out the key of %s (%s), so the target's rows have none: they can be copied, and verify compares whole rows, but no change can find its row. Map the key too, or name another one.", w.addr, w.from.Name, some(names))})
	return true
}

// transformOf gives the expression that stands in the place of a source column, or nil.
func (w *want) transformOf(source string) *computed {
	for _, c := range w.columns {
		if c.expr != nil && c.expr.over != nil && c.expr.over.Name == source {
			return c.expr
		}
	}
	return nil
}

// computes reports whether rows are more than a projection of the source's.
func (w *want) computes() bool {
	return len(w.filters) > 0 || slices.ContainsFunc(w.columns, func(c column) bool { return c.expr != nil })
}

// needs are the source columns that filters and expressions read.
func (w *want) needs() []string {
	used := map[string]bool{}
	add := func(x *expr.Checked) {
		for _, i := range x.Columns() {
			used[w.from.Columns[i].Name] = true
		}
	}
	for _, f := range w.filters {
		add(f.checked)
	}
	for _, c := range w.columns {
		if c.expr != nil {
			add(c.expr.checked)
		}
	}
	return slices.Sorted(maps.Keys(used))
}

// reads sets what a mapping that computes reads of its source, and its filters.
func (w *want) reads(m *plan.Mapping) {
	if !w.computes() {
		return
	}
	need := map[string]bool{}
	uses := func(x *expr.Checked) {
		for _, i := range x.Columns() {
			need[w.from.Columns[i].Name] = true
		}
	}
	for _, name := range w.key {
		need[name] = true
	}
	for _, c := range m.Columns {
		if c.Expr == "" {
			need[c.Source] = true
		}
	}
	for _, c := range w.columns {
		if c.expr != nil {
			uses(c.expr.checked)
		}
	}
	for _, f := range w.filters {
		m.Filters = append(m.Filters, f.text)
		uses(f.checked)
	}
	for i, x := range ExpressionColumns(w.from) {
		if need[x.Name] || len(need) == 0 && i == 0 { // a row must be read for each that is written
			m.Reads = append(m.Reads, plan.SourceColumn{Name: x.Name, Type: x.Type, Nullable: x.Nullable})
		}
	}
}

// searches reports whether an index that is no key can stand on what expressions make
// of its columns, and renames its parts if so.
func (s *shaper) searches(x *schema.Index) bool {
	if x.Unique || x.Where != "" || len(s.over) == 0 {
		return false
	}
	parts := slices.Clone(x.Parts)
	over := false
	for i, p := range parts {
		to, ok := s.to[p.Column]
		if !ok {
			if to, ok = s.over[p.Column]; !ok || p.Prefix != 0 {
				return false
			}
			over = true
		}
		parts[i].Column = to
	}
	if !over || len(x.Include) > 0 {
		return false
	}
	x.Parts = parts
	return true
}

// elsewhere is a system of another kind than sys, of whose tables sys can say all types.
func elsewhere(sys schema.System) schema.System {
	if sys == schema.PostgreSQL {
		return schema.MySQL
	}
	return schema.PostgreSQL
}

// addComputed puts the columns that expressions give into w.table, which holds the
// others already in the target's words.
func (b *builder) addComputed(w *want) {
	for i := range w.columns {
		c := &w.columns[i]
		if c.expr == nil {
			continue
		}
		col, ok := b.computedColumn(w, c)
		if !ok {
			continue
		}
		at := len(w.table.Columns)
		for _, before := range w.columns[i+1:] {
			if j := slices.IndexFunc(w.table.Columns, func(x schema.Column) bool { return x.Name == before.name }); j >= 0 {
				at = j
				break
			}
		}
		w.table.Columns = slices.Insert(slices.Clone(w.table.Columns), at, col)
	}
}

// computedColumn says a column whose value is an expression in the target's words.
func (b *builder) computedColumn(w *want, c *column) (schema.Column, bool) {
	x := c.expr.checked
	col := schema.Column{Name: c.name, Type: x.Type(), Nullable: x.Nullable() || c.expr.metadata}
	if o := c.expr.over; o != nil {
		col.Comment = o.Comment
	}
	from := &schema.Database{System: elsewhere(w.target.db.System)}
	if col.Type.Native != "" { // a type that the expression only passes on
		if schema.SameFamily(col.Type.System, w.target.db.System) {
			return col, true
		}
		from.System = col.Type.System
	}
	// Other systems' default number of digits of a second is not the expression's.
	if k := col.Type.Kind; (k == schema.Time || k == schema.Timestamp || k == schema.TimestampTZ) && col.Type.Precision == 0 {
		col.Type.Precision = 7
	}
	t, notes := w.target.translator.Translate(from, schema.Table{Name: w.from.Name, Columns: []schema.Column{col}})
	for _, n := range notes {
		text := fmt.Sprintf("column %q: %s", c.name, n.Text)
		if n.Refused {
			b.errorAt(c.expr.rng, sumType, "%s, %s", w.addr, text)
			return col, false
		}
		w.notes = append(w.notes, text)
	}
	if len(t.Columns) != 1 {
		b.errorAt(c.expr.rng, sumType, "%s, column %q: a value of type %s has no column in %s.", w.addr, c.name, expr.TypeText(col.Type), w.target.addr)
		return col, false
	}
	col = t.Columns[0]
	if col.Name != c.name {
		c.name = col.Name
	}
	// A check that only spells the type out is kept with it.
	w.table.Checks = append(slices.Clone(w.table.Checks), t.Checks...)
	return col, true
}
