package planner

import (
	"fmt"
	"slices"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// difference is one change that would bring a table nearer to what is wanted.
type difference struct {
	change  schema.Change
	column  string // the column it is about, for the address
	hazards []providers.Hazard
	reason  string
	info    string
	// risky differences may lose rows or values, or fail on those that are there: they
	// are held unless the table has no rows that stay.
	risky bool
	// afterRows ones wait for a load of the table, where there is one.
	afterRows bool
	// waits is the column whose change is held, and which this one needs.
	// early ones, of mode schema, free what other changes need.
	early  bool
	done   bool // it is among the actions already
	waits  string
	policy string // why a schema policy holds it
	// consented says that the policy's own word lets the change be made.
	consented bool
	// swapped ones wait until the table is emptied for rows that were loaded beside it.
	swapped bool
	manual  bool   // held, and only the configuration can release it
	said    string // what a schema policy says of a change that it leaves: told, not held
	// other marks a column that is so different that a table that is not ours can't be
	// taken over.
	other bool
}

// differ compares a table as it is with the table as it is to be. Objects of the live
// table that nobody asked for are left alone: columns, indexes, constraints, options,
// comments.
type differ struct {
	sys     schema.System
	have    *schema.Table
	want    *schema.Table
	compare func(from, to schema.Type) schema.Narrowing
	same    func(a, b string) bool // of expressions; nil: by their text
	version int
	stands  func(live bool, n schema.Name) bool // whether a table of that name stands by itself; nil: none does
	// exact makes the live table a mirror: what nobody asked for goes, and names, comments
	// and, where the system can, the order of columns count.
	exact bool
	// computes says that the server computes generated columns, for no rows are copied.
	computes bool
	now      schema.Table // the live table with the options and the comment that it is to have
	out      []difference
	parts    []difference // that the table gets, with what they have of its columns
	last     []difference // what is made once columns are as they should be
}

// diffTable lists the changes that lead from have to want, in an order in which they
// can run.
func diffTable(d differ) []difference {
	d.table()
	d.constraints() // those that go stand before the columns' changes
	d.columns()
	d.add(d.parts...)
	if isMySQL(d.sys) {
		d.repartition()
	}
	if d.exact && d.sys == schema.PostgreSQL {
		d.marks()
	}
	return append(d.out, d.last...)
}

func (d *differ) add(x ...difference) { d.out = append(d.out, x...) }

// addLast adds what is made of columns, which the table must have by then, and rows.
func (d *differ) addLast(x difference) {
	x.afterRows = true
	if _, key := x.change.(schema.AddPrimaryKey); key && isMySQL(d.sys) {
		// MySQL takes a unique index for the primary key where there is none, and rows are
		// kept in the order of the key.
		d.last = slices.Insert(d.last, 0, x)
		return
	}
	d.last = append(d.last, x)
}

// expr compares two expressions in the server's words.
func (d *differ) expr(a, b string) bool { return a == b || d.same != nil && d.same(a, b) }

func (d *differ) fold(name string) string { return foldColumn(d.sys, name) }

// table compares what belongs to the table itself.
func (d *differ) table() {
	to := *d.have
	to.Options = overlay(d.have.Options, d.want.Options)
	if d.exact {
		to.Options = mirrorOptions(d.have.Options, d.want.Options)
	}
	if d.want.Comment != "" || d.exact {
		to.Comment = d.want.Comment
	}
	if d.exact && d.sys == schema.PostgreSQL && !slices.Equal(d.have.Inherits, d.want.Inherits) {
		to.Inherits = d.want.Inherits
	}
	if !slices.Equal(to.Inherits, d.have.Inherits) || to.Comment != d.have.Comment || len(to.Options) != len(d.have.Options) || !covers(d.have.Options, to.Options) {
		d.add(difference{change: schema.ModifyTable{From: *d.have, To: to}, reason: "the source has it so"})
	}
	d.now = to
	if !isMySQL(d.sys) {
		d.partitioning()
	}
}

// overlay returns base with what over says.
func overlay(base, over map[string]string) map[string]string {
	if covers(base, over) {
		return base
	}
	out := make(map[string]string, len(base)+len(over))
	for k, v := range base {
		out[k] = v
	}
	for k, v := range over {
		out[k] = v
	}
	return out
}

// covers reports whether have says all that want does.
func covers(have, want map[string]string) bool {
	for k, v := range want {
		if h, ok := have[k]; !ok || h != v {
			return false
		}
	}
	return true
}

// partitioning compares how the table is cut: partitions that are missing can be
// made, another cut means another table.
func (d *differ) partitioning() {
	have, want := d.have.Partition, d.want.Partition
	if want == nil && (have == nil || !d.exact) {
		return
	}
	if have == nil || want == nil || have.Strategy != want.Strategy || have.Definition != want.Definition {
		from, to := d.now, d.now
		from.Partition, to.Partition = have, want
		d.add(difference{
			change: schema.ModifyTable{From: from, To: to}, risky: true,
			reason:  "the source is partitioned otherwise",
			hazards: []providers.Hazard{hazard(hazardPartition, "partitioned by %s; the source is partitioned by %s", definition(have), definition(want))},
		})
		return
	}
	if d.exact && d.sys == schema.PostgreSQL {
		d.mirrorPartitions(d.have.Name, have, want)
		return
	}
	merged, added := have.With(*want)
	if len(added) > 0 {
		from, to := d.now, d.now
		from.Partition, to.Partition = have, &merged
		d.add(difference{
			change: schema.ModifyTable{From: from, To: to}, reason: "the source has more partitions",
			info: fmt.Sprintf("%d more partitions", len(added)),
		})
	}
}

func definition(p *schema.Partitioning) string {
	if p == nil {
		return "nothing"
	}
	return p.Definition
}

// columns compares the columns by name.
func (d *differ) columns() {
	byName := make(map[string]*schema.Column, len(d.have.Columns))
	for i := range d.have.Columns {
		byName[d.fold(d.have.Columns[i].Name)] = &d.have.Columns[i]
	}
	for i := range d.want.Columns {
		w := &d.want.Columns[i]
		h := byName[d.fold(w.Name)]
		if h == nil {
			d.addColumn(*w)
			continue
		}
		d.column(h, w)
	}
	if d.exact {
		if isMySQL(d.sys) {
			d.places()
		}
		d.dropColumns()
	}
}

// addColumn adds a missing column. Rows that are there get nothing from it: one that
// may not be null, or whose default is computed, gets that once the rows have their
// values.
func (d *differ) addColumn(c schema.Column) {
	first := c
	if d.computes && (c.Default != nil || !isMySQL(d.sys)) {
		// Rows that are there get the default; without one the server refuses NOT NULL.
	} else if c.Generated == nil && c.Identity == nil {
		if c.Default != nil && !c.Default.Literal {
			first.Default = nil
		}
		first.Nullable = c.Nullable || first.Default == nil
	}
	d.add(difference{change: schema.AddColumn{In: d.have.Name, Column: first}, column: c.Name, reason: "the source has it"})
	if !sameColumn(&first, &c) {
		d.add(difference{
			change: schema.ModifyColumn{In: d.have.Name, From: first, To: c}, column: c.Name,
			afterRows: true, reason: "every row has its value by then",
		})
	}
}
