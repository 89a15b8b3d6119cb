package planner

import (
	"reflect"
	"slices"

	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers/schema"
)

const whyNoMore = "it is no longer wanted"

// relax takes away what an earlier apply put on a table to keep rows out (unique keys and
// indexes, checks, exclusions, foreign keys), and what is wanted no more: the source has
// dropped it, or the mapping can't carry it now. Left there, it would refuse rows that the
// source holds. What others made stays, and so do plain indexes. Where prune takes all away
// that the source lacks, this part of it need not be approved.
func (b *builder) relax() {
	for _, w := range b.wants {
		if w.prev == nil || w.live == nil || w.prev.Status == state.Creating || w.prev.Traits == nil || w.cfg.Prune && w.schemaOnly() {
			continue
		}
		if gone := w.relaxed(); w.cfg.Prune {
			w.agree(gone)
		} else {
			w.work.diffs = append(gone, w.work.diffs...)
		}
	}
}

// agree lets prune take away without asking what goes without it, too.
func (w *want) agree(gone []difference) {
	for i := range w.work.diffs {
		d := &w.work.diffs[i]
		if d.risky && slices.ContainsFunc(gone, func(g difference) bool { return reflect.DeepEqual(g.change, d.change) }) {
			d.risky = false
		}
	}
}

func (w *want) relaxed() (out []difference) {
	d := differ{sys: w.target.db.System, have: w.live, want: &w.table}
	ours := func(trait string) bool { return w.prev.Traits[trait] != "" && w.traits()[trait] == "" }
	goes := func(c schema.Change) { out = append(out, difference{change: c, reason: whyNoMore}) }
	in := w.live.Name
	for _, k := range w.live.ForeignKeys {
		// Of those without a name, one of the same columns is this one as it was.
		was := ours(foreignKeyTrait(&k)) || k.Name == "" && w.prev.Traits[foreignKeyTrait(&k)] != ""
		if was && !slices.ContainsFunc(w.table.ForeignKeys, func(x schema.ForeignKey) bool { return d.sameForeignKey(&k, &x) }) {
			goes(schema.DropForeignKey{In: in, Key: k})
			if x := w.indexOf(d, k); x != nil {
				goes(schema.DropIndex{In: in, Index: *x})
			}
		}
	}
	for _, k := range w.live.Checks {
		if ours(checkTrait(&k)) && !slices.ContainsFunc(w.table.Checks, func(x schema.Check) bool { return d.sameCheck(&k, &x) }) {
			goes(schema.DropCheck{In: in, Check: k})
		}
	}
	for _, x := range w.live.Exclusions {
		if ours(exclusionTrait(&x)) && !slices.ContainsFunc(w.table.Exclusions, func(y schema.Exclusion) bool { return x.Definition == y.Definition }) {
			goes(schema.DropExclusion{In: in, Exclusion: x})
		}
	}
	for _, x := range w.live.Indexes {
		if x.Unique && ours(indexTrait(&x)) && !slices.ContainsFunc(w.table.Indexes, func(y schema.Index) bool { return d.sameIndex(&x, &y) }) {
			goes(schema.DropIndex{In: in, Index: x})
		}
	}
	for _, k := range w.live.Uniques {
		if ours(uniqueTrait(&k)) && !slices.ContainsFunc(w.table.Uniques, func(x schema.Key) bool { return d.sameKey(&k, &x) }) {
			goes(schema.DropUnique{In: in, Key: k})
		}
	}
	return out
}

// indexOf is the index that MySQL made, under its name, for a foreign key of ours that
// goes, unless something else wants or needs it.
func (w *want) indexOf(d differ, k schema.ForeignKey) *schema.Index {
	if !isMySQL(d.sys) {
		return nil
	}
	for i := range w.live.Indexes {
		x := &w.live.Indexes[i]
		if x.Unique || d.fold(x.Name) != d.fold(k.Name) || len(x.Parts) != len(k.Columns) || !w.leads(columnsOf(x.Parts), k.Columns) || w.prev.Traits[indexTrait(x)] != "" {
			continue
		}
		wanted := slices.ContainsFunc(w.table.Indexes, func(y schema.Index) bool { return d.sameIndex(x, &y) })
		needed := slices.ContainsFunc(w.live.ForeignKeys, func(o schema.ForeignKey) bool {
			return o.Name != k.Name && w.leads(columnsOf(x.Parts), o.Columns) && !w.served(x.Name, o.Columns)
		})
		if !wanted && !needed {
			return x
		}
	}
	return nil
}
