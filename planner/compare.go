package planner

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// compare diffs every want with what is there. Tables that look different are given
// to their server's Normalizer, all of one target in one call, and compared again in
// its own spelling.
func (b *builder) compare(ctx context.Context) {
	b.settleNames()
	differ := map[*endpoint][]*want{}
	var order []*endpoint
	for _, w := range b.wants {
		b.ignoreNone(w)
		if w.live == nil {
			continue
		}
		if w.diff(); len(w.work.diffs) == 0 || w.spelled() {
			continue
		}
		if differ[w.target] == nil {
			order = append(order, w.target)
		}
		differ[w.target] = append(differ[w.target], w)
	}
	for _, e := range order {
		b.normalize(ctx, e, differ[e])
	}
	for _, w := range b.wants {
		w.shareColumns(w.live)
	}
}

// settleNames finds the live tables and gives indexes and constraints names that no
// other table of the target has.
func (b *builder) settleNames() {
	spaces := map[string]*namespace{}
	wanted := map[place]bool{}
	for _, w := range b.wants {
		wanted[place{w.target, w.target.foldTable(w.name)}] = true
		if w.live = w.target.table(w.name); w.live == nil && w.mirrors() && w.schemaOnly() {
			w.live = detached(w.target.db, w.name)
		}
		if w.live != nil {
			w.adoptCase()
		}
		n := spaces[w.target.db.Identity]
		if n == nil {
			n = newNamespace(w.target.db)
			spaces[w.target.db.Identity] = n
		}
		n.take(ofRelations, w.name.Schema, w.name.Name, w.name)
	}
	for _, w := range b.wants {
		n := spaces[w.target.db.Identity]
		if !w.mirrors() {
			n.settle(&w.table)
			continue
		}
		n.avoid(w, func(t schema.Name) bool {
			return w.target.table(t) != nil && !wanted[place{w.target, w.target.foldTable(t)}] && !b.goesFirst(w.target, w.target.table(t))
		})
	}
}

// adoptCase takes over how the live table spells its name and its columns' where the
// system makes no difference of upper and lower case.
func (w *want) adoptCase() {
	w.name, w.table.Name = w.live.Name, w.live.Name
	if foldColumn(w.target.db.System, "A") == "A" {
		return
	}
	spell := func(name *string) {
		if c := findColumn(w.target.db.System, w.live, *name); c != nil {
			*name = c.Name
		}
	}
	for i := range w.columns {
		spell(&w.columns[i].name)
	}
	w.table.Columns = slices.Clone(w.table.Columns)
	for i := range w.table.Columns {
		spell(&w.table.Columns[i].Name)
	}
}

// diff compares the want with its live table.
func (w *want) diff() {
	d := differ{sys: w.target.db.System, have: w.live, want: &w.table, compare: w.target.translator.CompareTypes, version: w.target.db.VersionNum, exact: w.cfg.Prune, computes: w.schemaOnly()}
	d.stands = func(live bool, n schema.Name) bool {
		if live {
			return w.target.table(n) != nil
		}
		return w.source.table(n) != nil
	}
	if c, err := providers.As[providers.ExpressionComparer](w.target.conn); err == nil {
		d.same = c.SameExpression
	}
	live, renames := w.renames()
	d.have = live
	w.work.diffs = slices.DeleteFunc(append(renames, diffTable(d)...), w.leftAlone)
}

// leftAlone reports whether the mapping's ignore_changes leaves a difference of a column
// as it is. A column that is missing is made all the same.
func (w *want) leftAlone(d difference) bool {
	switch c := d.change.(type) {
	case schema.ModifyColumn, schema.DropColumn:
	case schema.AddColumn:
		if findColumn(w.target.db.System, w.live, c.Column.Name) == nil {
			return false
		}
	default:
		return false
	}
	return slices.ContainsFunc(w.cfg.IgnoreChanges, func(name string) bool {
		return foldColumn(w.target.db.System, name) == foldColumn(w.target.db.System, d.column)
	})
}

// ignoreNone warns of names in ignore_changes that no column of the table has, neither as
// it is nor as it is to be.
func (b *builder) ignoreNone(w *want) {
	if isWildcard(w.cfg) {
		return // it need not be a column of every table
	}
	sys := w.target.db.System
	for _, name := range w.cfg.IgnoreChanges {
		if findColumn(sys, &w.table, name) != nil || w.live != nil && findColumn(sys, w.live, name) != nil {
			continue
		}
		names := columnNames(&w.table)
		if w.live != nil {
			names = append(names, columnNames(w.live)...)
		}
		at := w.cfg.Range("lifecycle.ignore_changes")
		b.diags = append(b.diags, &hcl.Diagnostic{Severity: hcl.DiagWarning, Summary: sumNoColumn, Subject: &at,
			Detail: fmt.Sprintf("%s: ignore_changes names %q, and table %s of %s has no such column.%s Take it out.", w.addr, name, w.name, w.target.addr, didYouMean(name, names))})
	}
}

// mirrors reports whether the target is an exact copy in the source's own words, so that
// what the source's server says is in its normal form already.
func (w *want) mirrors() bool {
	return w.cfg.Prune && schema.SameFamily(w.source.db.System, w.target.db.System) && w.source.db.VersionNum/10000 == w.target.db.VersionNum/10000
}

// spelled reports whether nothing in the want needs the server's spelling any more.
func (w *want) spelled() bool {
	return w.mirrors() && len(w.cfg.ColumnBlocks) == 0 && len(w.cfg.Indexes) == 0 && len(w.cfg.Key) == 0
}

// normalize has the server spell the tables of wants as it would show them.
func (b *builder) normalize(ctx context.Context, e *endpoint, wants []*want) {
	n, err := providers.As[providers.Normalizer](e.conn)
	if err != nil {
		return // it keeps what it is given as it is
	}
	given := make([]schema.Table, len(wants))
	for i, w := range wants {
		given[i] = w.table
	}
	back, err := n.Normalize(ctx, given)
	switch {
	case errors.Is(err, providers.ErrReadOnly):
		b.note(e.addr, fmt.Sprintf("its login may only read, so it could not be asked how it spells %d tables: defaults and expressions may look different that are not", len(wants)))
		return
	case err == nil && len(back) != len(given):
		err = fmt.Errorf("bug in syncform: %d tables were given and %d came back", len(given), len(back))
	}
	if err != nil {
		d := errorf(sumNormalize, "%s can't be asked how it would spell the tables to be: %s.", e.addr, err)
		d.Subject = &e.declRange
		b.diags = append(b.diags, d)
		return
	}
	for i, w := range wants {
		w.table = back[i]
		w.table.Name = w.name
		w.table.Rows, w.table.Bytes = given[i].Rows, given[i].Bytes
		w.diff()
	}
}
