package planner

import (
	"slices"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers/schema"
)

// In mode "schema" no rows are copied: the target's tables become what the source's
// are, and with a wildcard its named types and sequences too. What the tables hold
// stays, so the order is another one than a load's: what stands in the way goes first.

func (w *want) schemaOnly() bool { return w.sync.Mode == "schema" }

// decideSchema settles a want of mode schema.
func (w *want) decideSchema() {
	w.work.mapping = w.planMapping()
	w.work.create = w.live == nil
	if w.work.create {
		w.work.reason = "the table is new"
	}
}

// writeSchema plans all that the wants of mode schema ask for at one target.
func (s *script) writeSchema(wants, gone []*want) {
	s.serial = true
	o := s.b.gatherObjects(s, wants)
	s.retypes(wants, o)

	s.doAll(o.schemas)
	for _, w := range wants {
		s.some(w, leavesTable)
	}
	for _, w := range wants {
		s.some(w, isRename)
		for _, d := range w.work.release {
			s.foreignKey(w, d, d.change.(schema.DropForeignKey).Key.RefTable)
		}
	}
	// What stands in the way: foreign keys first, for they hold keys and indexes.
	for _, w := range wants {
		s.some(w, func(d *difference) bool { _, ok := d.change.(schema.DropForeignKey); return ok })
	}
	s.letGo(gone, wants)
	s.dropForeignKeysOf(gone)
	for _, w := range wants {
		s.some(w, isDropPartition)
	}
	for _, w := range wants {
		s.some(w, isDropConstraint)
	}
	for _, w := range wants {
		s.some(w, s.freesName)
	}
	s.doAll(o.before)
	for _, w := range reverseDependency(gone) {
		s.do(w, plan.Contract, tableGone(w))
	}
	for _, w := range wants {
		s.some(w, func(d *difference) bool { return isRenameOfPart(d) })
	}
	s.doAll(o.make)
	s.create(wants)
	// A logged table can't refer to an unlogged one.
	byKeys := byDependency(wants)
	for _, w := range byKeys {
		s.some(w, func(d *difference) bool { from, to := unlogged(d); return from && !to })
	}
	for i := range byKeys {
		s.some(byKeys[len(byKeys)-1-i], func(d *difference) bool { from, to := unlogged(d); return !from && to })
	}
	for _, w := range wants {
		s.some(w, func(d *difference) bool { return !d.afterRows && !isDropColumn(d) && !computesAnew(d) })
		s.some(w, func(d *difference) bool { return !d.afterRows && !isDropColumn(d) })
	}
	s.doAll(o.change)
	s.doAll(o.own)
	for _, w := range wants {
		if w.work.create {
			s.primaryKey(w)
			s.keys(w)
		} else {
			s.some(w, func(d *difference) bool { return isModifyColumn(d) })
			s.some(w, func(d *difference) bool { return !isForeignKey(d) && !isDropColumn(d) })
		}
	}
	for _, w := range wants {
		if w.work.create && !s.target.stepper.ForeignKeysWithTable() {
			s.foreignKeys(w)
		}
	}
	for _, w := range wants {
		s.some(w, isForeignKey)
	}
	for _, w := range wants {
		s.some(w, func(*difference) bool { return true })
		s.renumber(w)
	}
	s.doAll(o.drop)
	made := map[*want]bool{}
	for _, w := range wants {
		s.b.likelyRenames(w)
		made[w] = w.work.create
		s.tell(w, made)
	}
}

// some does the differences of an existing table that are of a kind and not done yet.
func (s *script) some(w *want, of func(*difference) bool) {
	if w.work.create {
		return
	}
	for i := range w.work.diffs {
		d := &w.work.diffs[i]
		if d.done || !of(d) {
			continue
		}
		d.done = true
		if k, ok := d.change.(schema.AddForeignKey); ok {
			s.foreignKey(w, *d, k.Key.RefTable)
			continue
		}
		s.do(w, plan.Expand, *d)
	}
}

func (s *script) doAll(list []needed) {
	for _, n := range list {
		s.do(n.w, plan.Expand, n.difference)
	}
}

func unlogged(d *difference) (from, to bool) {
	c, ok := d.change.(schema.ModifyTable)
	return ok && c.From.Options["unlogged"] != "", ok && c.To.Options["unlogged"] != ""
}

// leavesTable marks partitions that become tables of their own, with the foreign keys
// that they have from their table.
func leavesTable(d *difference) bool {
	_, ok := d.change.(schema.DetachPartition)
	return ok && d.reason != whyBounds
}

// isDropPartition marks partitions that go, be it for a moment, once no foreign key rests on them.
func isDropPartition(d *difference) bool {
	switch d.change.(type) {
	case schema.DropPartition, schema.DetachPartition:
		return true
	}
	return false
}

func isRename(d *difference) bool {
	_, ok := d.change.(schema.RenameColumn)
	return ok || d.reason == whyRename
}

func isRenameOfPart(d *difference) bool {
	switch d.change.(type) {
	case schema.RenameIndex, schema.RenameConstraint:
		return true
	}
	return false
}

func isDropConstraint(d *difference) bool {
	switch d.change.(type) {
	case schema.DropCheck, schema.DropExclusion, schema.DropIndex, schema.DropUnique, schema.DropPrimaryKey:
		return true
	}
	return false
}

func isDropColumn(d *difference) bool {
	_, ok := d.change.(schema.DropColumn)
	return ok && !d.early
}

// computesAnew marks what may name columns that the plan adds; and what hides a column,
// for one must be left to see.
func computesAnew(d *difference) bool {
	switch c := d.change.(type) {
	case schema.ModifyTable:
		return d.reason == whyParts
	case schema.ModifyColumn:
		return c.To.Generated != nil || c.To.Invisible && !c.From.Invisible
	case schema.AddColumn:
		return c.Column.Generated != nil
	}
	return false
}

func isModifyColumn(d *difference) bool {
	_, ok := d.change.(schema.ModifyColumn)
	return ok
}

func isForeignKey(d *difference) bool {
	_, ok := d.change.(schema.AddForeignKey)
	return ok
}

// freesName marks what must go before sequences are made: an identity has a sequence
// of its own, by the name that a serial's would have; and computed columns, which hold
// the columns that they name.
func (s *script) freesName(d *difference) bool { return d.early }

// renumber sets what begins to number a column past the rows that are there.
func (s *script) renumber(w *want) {
	if w.live == nil || w.live.Rows == 0 {
		return
	}
	for i := range w.table.Columns {
		c := &w.table.Columns[i]
		was := findColumn(s.target.db.System, w.live, c.Name)
		if was == nil || numbers(was) == numbers(c) || numbers(c) == "" {
			continue
		}
		if slices.ContainsFunc(w.work.diffs, func(d difference) bool { return d.held() && d.column == c.Name }) {
			continue
		}
		s.do(w, plan.Expand, difference{change: schema.AdvanceSequences{To: w.work.result}, reason: "another sequence numbers its rows from here on"})
		return
	}
}

// numbers says what numbers a column, "" for nothing.
func numbers(c *schema.Column) string {
	switch {
	case c.Identity != nil:
		return "identity"
	case c.Default != nil && !c.Default.Literal && len(c.Default.Text) > 8 && c.Default.Text[:8] == "nextval(":
		return c.Default.Text
	}
	return ""
}
