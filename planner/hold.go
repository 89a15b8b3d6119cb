package planner

import (
	"fmt"
	"slices"

	"github.com/syncform/syncform/providers/schema"
)

// held reports whether a change is shown and not applied.
func (d *difference) held() bool {
	return d.risky || d.waits != "" || d.policy != "" || d.said != ""
}

// holdDependents holds what can't be made while other changes are held: keys, indexes
// and checks of a column whose own change waits, and, in MySQL, a column that becomes
// a text while an index of it stands.
func (w *want) holdDependents() {
	for held := -1; ; {
		n := 0
		for i := range w.work.diffs {
			if w.work.diffs[i].held() {
				n++
			}
		}
		if n == held {
			return
		}
		held = n
		w.holdMore() // what is held now may hold others
	}
}

func (w *want) holdMore() {
	diffs := w.work.diffs
	if isMySQL(w.target.db.System) {
		for i := range diffs {
			w.holdIndexed(&diffs[i])
		}
		numberedOnce(diffs)
	}
	for i := range diffs {
		w.holdKeyed(&diffs[i])
	}
	waiting := map[string]bool{}
	for i := range diffs {
		d := &diffs[i]
		if add, ok := d.change.(schema.AddColumn); ok && d.held() {
			waiting[add.Column.Name] = true
		}
		m, ok := d.change.(schema.ModifyColumn)
		switch {
		case !ok:
		case !d.held() && waiting[m.To.Name]: // the rest of a change whose first part is held
			d.waits = waitsFor(m.To.Name)
		case d.held() && !sameType(m.From.Type, m.To.Type):
			waiting[m.To.Name] = true
		}
	}
	for i := range diffs {
		d := &diffs[i]
		if len(waiting) == 0 || d.held() || d.reason == whyNoMore {
			continue
		}
		if col, ok := uses(w.target.db.System, d.change, waiting); ok {
			d.waits = waitsFor(col)
		}
	}
	// What is replaced goes and comes together.
	for i := range diffs {
		if diffs[i].waits == "" {
			continue
		}
		name, index := replaces(diffs[i].change), indexName(diffs[i].change)
		for j := range diffs {
			if x := diffs[j].change; !diffs[j].held() && (name != "" && replaces(x) == name || index != "" && indexName(x) == index) {
				diffs[j].waits = diffs[i].waits
			}
		}
	}
}

func waitsFor(col string) string {
	return fmt.Sprintf("it waits for the change of column %q, which is held", col)
}

// holdIndexed holds a change to a type that MySQL does not index, or not at that
// length, where an index of the whole column stands that the plan does not take away.
func (w *want) holdIndexed(d *difference) {
	m, ok := d.change.(schema.ModifyColumn)
	if !ok || d.held() || sameType(m.From.Type, m.To.Type) {
		return
	}
	for _, x := range w.live.Indexes {
		whole := slices.ContainsFunc(x.Parts, func(p schema.KeyPart) bool { return p.Column == m.To.Name && p.Prefix == 0 })
		goes := slices.ContainsFunc(w.work.diffs, func(o difference) bool {
			drop, ok := o.change.(schema.DropIndex)
			return ok && drop.Index.Name == x.Name && !o.held()
		})
		switch {
		case !whole || goes || x.Method == "fulltext":
		case !indexable(m.To.Type):
			d.waits = fmt.Sprintf("index %q of the target stands on the column, and a %s is indexed by a prefix only: drop that index by hand", x.Name, m.To.Type)
		case indexBytes(w.live, x, &m) > maxIndexBytes && indexBytes(w.live, x, nil) <= maxIndexBytes:
			d.waits = fmt.Sprintf("index %q of the target stands on the column, and would be longer than the %d bytes that the server allows: drop that index by hand", x.Name, maxIndexBytes)
		}
	}
}

// numberedOnce has a column cease to number rows before another begins to: MySQL lets a
// table have one of them.
func numberedOnce(diffs []difference) {
	ends := func(d difference) bool {
		m, ok := d.change.(schema.ModifyColumn)
		return ok && m.From.Identity != nil && m.To.Identity == nil
	}
	last := slices.IndexFunc(diffs, ends)
	if last < 0 {
		return
	}
	for i := range diffs {
		begins := false
		switch c := diffs[i].change.(type) {
		case schema.AddColumn:
			begins = c.Column.Identity != nil
		case schema.ModifyColumn:
			begins = c.From.Identity == nil && c.To.Identity != nil
		}
		switch {
		case !begins || diffs[i].held():
		case diffs[last].held():
			diffs[i].waits = waitsFor(diffs[last].column)
		case i < last:
			d := diffs[last]
			copy(diffs[i+1:last+1], diffs[i:last])
			diffs[i] = d
			return
		}
	}
}

// holdKeyed holds that a column may be NULL while the primary key that has it stays, and
// that it goes while a change of that key is held.
func (w *want) holdKeyed(d *difference) {
	if d.held() || w.live.PrimaryKey == nil {
		return
	}
	goes := slices.IndexFunc(w.work.diffs, func(o difference) bool { _, ok := o.change.(schema.DropPrimaryKey); return ok })
	if goes >= 0 && !w.work.diffs[goes].held() {
		return
	}
	name := ""
	switch c := d.change.(type) {
	case schema.ModifyColumn:
		if !c.From.Nullable && c.To.Nullable {
			name = c.From.Name
		}
	case schema.DropColumn:
		if goes >= 0 {
			name = c.Column.Name
		}
	}
	if name != "" && slices.Contains(w.live.PrimaryKey.Columns(), name) {
		d.waits = "it is in the primary key of the target, which stays"
		if goes >= 0 {
			d.waits = "it waits for the change of the primary key, which is held"
		}
	}
}

// maxIndexBytes is how long an entry of an InnoDB index may be.
const maxIndexBytes = 3072

// indexBytes gives about how long an index's entries may be, once a column is changed.
func indexBytes(t *schema.Table, x schema.Index, m *schema.ModifyColumn) int {
	sum := 0
	for _, p := range x.Parts {
		c := t.Column(p.Column)
		if m != nil && p.Column == m.To.Name {
			c = &m.To
		}
		switch {
		case c == nil:
		case c.Type.Kind == schema.Decimal:
			sum += c.Type.Precision/9*4 + 8
		case !c.Type.IsText() && !c.Type.IsBinary():
			sum += 8
		case p.Prefix > 0:
			sum += p.Prefix * width(c)
		default:
			sum += c.Type.Length * width(c)
		}
	}
	return sum
}

// width is the bytes that a character of a column may take.
func width(c *schema.Column) int {
	switch {
	case c.Type.IsBinary() || c.Charset == "latin1" || c.Charset == "ascii" || c.Charset == "binary":
		return 1
	case c.Charset == "utf8mb3" || c.Charset == "utf8":
		return 3
	}
	return 4
}

// indexable reports whether MySQL indexes a whole column of the type.
func indexable(t schema.Type) bool {
	switch t.Kind {
	case schema.Text, schema.Blob, schema.JSON, schema.JSONB, schema.Geometry:
		return false
	}
	return true
}

// uses reports which of the columns a change of keys, indexes, checks or computed columns names.
func uses(sys schema.System, c schema.Change, cols map[string]bool) (string, bool) {
	list := func(names []string) (string, bool) {
		if i := slices.IndexFunc(names, func(n string) bool { return cols[n] }); i >= 0 {
			return names[i], true
		}
		return "", false
	}
	parts := func(parts []schema.KeyPart, include []string, where string) (string, bool) {
		text := where
		names := slices.Clone(include)
		for _, p := range parts {
			names = append(names, p.Column)
			text += " " + p.Expr
		}
		if col, ok := list(names); ok {
			return col, true
		}
		return mentions(sys, text, cols)
	}
	switch c := c.(type) {
	case schema.AddColumn:
		if c.Column.Generated != nil {
			return mentions(sys, c.Column.Generated.Expr, cols)
		}
	case schema.ModifyColumn:
		if c.To.Generated != nil {
			return mentions(sys, c.To.Generated.Expr, cols)
		}
	case schema.AddPrimaryKey:
		return parts(c.Key.Parts, c.Key.Include, "")
	case schema.AddUnique:
		return parts(c.Key.Parts, c.Key.Include, "")
	case schema.DropUnique:
		return parts(c.Key.Parts, c.Key.Include, "")
	case schema.AddIndex:
		return parts(c.Index.Parts, c.Index.Include, c.Index.Where)
	case schema.DropIndex:
		return parts(c.Index.Parts, c.Index.Include, c.Index.Where)
	case schema.AddForeignKey:
		return list(c.Key.Columns)
	case schema.DropForeignKey:
		return list(c.Key.Columns)
	case schema.AddCheck:
		return mentions(sys, c.Check.Expr, cols)
	case schema.DropCheck:
		return mentions(sys, c.Check.Expr, cols)
	case schema.AddExclusion:
		return mentions(sys, c.Exclusion.Definition, cols)
	case schema.DropExclusion:
		return mentions(sys, c.Exclusion.Definition, cols)
	}
	return "", false
}

// replaces gives what a drop and an add of one name have in common, "" for others.
func replaces(c schema.Change) string {
	switch kind, name := keyed(c); {
	case kind == ofPrimaryKey || kind == "":
		return kind
	default:
		return kind + " " + name
	}
}

// indexName gives the name of the index that a change makes or drops: no two of a table
// have the same, of whatever kind.
func indexName(c schema.Change) string {
	switch kind, name := keyed(c); kind {
	case ofPrimaryKey, "unique", "index", "exclusion":
		return name
	}
	return ""
}

const ofPrimaryKey = "primary key"

// keyed names what a change makes or drops of a table; "" for other changes.
func keyed(c schema.Change) (kind, name string) {
	switch c := c.(type) {
	case schema.AddColumn:
		return "column", c.Column.Name
	case schema.DropColumn:
		return "column", c.Column.Name
	case schema.AddPrimaryKey:
		return ofPrimaryKey, c.Key.Name
	case schema.DropPrimaryKey:
		return ofPrimaryKey, c.Key.Name
	case schema.AddUnique:
		return "unique", c.Key.Name
	case schema.DropUnique:
		return "unique", c.Key.Name
	case schema.AddIndex:
		return "index", c.Index.Name
	case schema.DropIndex:
		return "index", c.Index.Name
	case schema.AddForeignKey:
		return "foreign key", c.Key.Name
	case schema.DropForeignKey:
		return "foreign key", c.Key.Name
	case schema.AddCheck:
		return "check", c.Check.Name
	case schema.DropCheck:
		return "check", c.Check.Name
	case schema.AddExclusion:
		return "exclusion", c.Exclusion.Name
	case schema.DropExclusion:
		return "exclusion", c.Exclusion.Name
	}
	return "", ""
}
