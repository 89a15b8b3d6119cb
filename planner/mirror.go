package planner

import (
	"maps"
	"slices"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// A mirror (prune = true) is exact: what the source lacks goes, and names, comments
// and options are the source's.

// mirrorOptions is what the source says, but for where the table's file lies, which is
// the target's own matter.
func mirrorOptions(have, want map[string]string) map[string]string {
	place, ok := have["tablespace"]
	if _, said := want["tablespace"]; !ok || said {
		return want
	}
	out := map[string]string{"tablespace": place}
	for k, v := range want {
		out[k] = v
	}
	return out
}

const (
	whyGone    = "the source lacks it"
	whyThere   = "the source has it"
	whyOther   = "the source has it otherwise"
	whyRenamed = "the source calls it so"
)

// gone marks the removal of an object that can be made again from its definition.
func (d *differ) gone(c schema.Change, what string) {
	d.add(difference{change: c, reason: whyGone, risky: true, hazards: []providers.Hazard{hazard(hazardDropObject, "%s goes", what)}})
}

// mirrorKind is how one kind of named thing is dropped, made, renamed and commented on.
type mirrorKind[T any] struct {
	word    string // for the hazard
	of      string // SetComment.Kind
	have    []T
	want    []T
	name    func(*T) string
	comment func(*T) string
	same    func(a, b *T) bool
	drop    func(T) schema.Change
	make    func(T) schema.Change
	renames bool // the system can rename it
	index   func(*T) indexed
}

// indexed is what PostgreSQL changes in place of an index, its own or a key's.
type indexed struct {
	options map[string]string
	comment string // of the index behind a key
}

// mirrorList compares one kind of constraints or indexes exactly.
func mirrorList[T any](d *differ, k mirrorKind[T]) {
	in := d.have.Name
	found := pair(k.have, k.want, func(x *T) string { return d.fold(k.name(x)) }, k.same)
	replace := func(have, want T) {
		d.add(difference{change: k.drop(have), reason: whyOther})
		d.addLast(difference{change: k.make(want), reason: whyOther})
	}
	for _, x := range found.extra {
		d.gone(k.drop(x), named(k.word, k.name(&x)))
	}
	for _, r := range found.replaced {
		replace(r[0], r[1])
	}
	for _, r := range found.likes {
		have, want := k.name(&r[0]), k.name(&r[1])
		switch {
		case want == "" || d.fold(have) == d.fold(want):
		case !k.renames || have == "" || k.comment(&r[0]) != k.comment(&r[1]) && isMySQL(d.sys):
			replace(r[0], r[1])
			continue
		case k.of == "index":
			d.add(difference{change: schema.RenameIndex{In: in, From: have, To: want}, reason: whyRenamed})
		default:
			d.add(difference{change: schema.RenameConstraint{In: in, From: have, To: want}, reason: whyRenamed})
		}
	}
	for _, r := range append(found.pairs, found.likes...) {
		if text := k.comment(&r[1]); text != k.comment(&r[0]) {
			switch {
			case d.sys == schema.PostgreSQL:
				d.addLast(difference{change: schema.SetComment{In: in, Kind: k.of, Name: k.name(&r[1]), Text: text}, reason: whyOther})
			case k.of == "index":
				replace(r[0], r[1])
			}
		}
	}
	for _, x := range found.missing {
		d.addLast(difference{change: k.make(x), reason: whyThere})
	}
	if k.index != nil && d.sys == schema.PostgreSQL {
		for _, r := range append(found.pairs, found.likes...) {
			d.index(k.name(&r[1]), k.index(&r[0]), k.index(&r[1]))
		}
	}
}

// index compares what can be changed of an index that stays.
func (d *differ) index(name string, have, want indexed) {
	if !maps.Equal(have.options, want.options) {
		d.addLast(difference{change: schema.SetStorage{In: d.have.Name, Index: name, From: have.options, To: want.options}, reason: whyOther})
	}
	if have.comment != want.comment {
		d.addLast(difference{change: schema.SetComment{In: d.have.Name, Kind: "key index", Name: name, Text: want.comment}, reason: whyOther})
	}
}

func keyIndex(k *schema.Key) indexed { return indexed{k.Options, k.IndexComment} }

func named(kind, name string) string {
	if name == "" {
		return kind
	}
	return kind + " " + name
}

// mirrorConstraints compares keys, indexes, checks and foreign keys, exactly.
func (d *differ) mirrorConstraints() {
	in := d.have.Name
	postgres := d.sys == schema.PostgreSQL
	mirrorList(d, mirrorKind[schema.ForeignKey]{
		word: "foreign key", of: "constraint", have: d.have.ForeignKeys, want: d.want.ForeignKeys, renames: postgres,
		name: func(k *schema.ForeignKey) string { return k.Name }, comment: func(k *schema.ForeignKey) string { return k.Comment },
		same: d.sameForeignKey,
		drop: func(k schema.ForeignKey) schema.Change { return schema.DropForeignKey{In: in, Key: k} },
		make: func(k schema.ForeignKey) schema.Change { return schema.AddForeignKey{In: in, Key: k} },
	})
	mirrorList(d, mirrorKind[schema.Check]{
		word: "check", of: "constraint", have: d.have.Checks, want: d.want.Checks, renames: postgres,
		name: func(k *schema.Check) string { return k.Name }, comment: func(k *schema.Check) string { return k.Comment },
		same: d.sameCheck,
		drop: func(k schema.Check) schema.Change { return schema.DropCheck{In: in, Check: k} },
		make: func(k schema.Check) schema.Change { return schema.AddCheck{In: in, Check: k} },
	})
	mirrorList(d, mirrorKind[schema.Exclusion]{
		word: "exclusion constraint", of: "constraint", have: d.have.Exclusions, want: d.want.Exclusions, renames: true,
		name: func(k *schema.Exclusion) string { return k.Name }, comment: func(k *schema.Exclusion) string { return k.Comment },
		same: func(a, b *schema.Exclusion) bool { return a.Definition == b.Definition },
		drop: func(k schema.Exclusion) schema.Change { return schema.DropExclusion{In: in, Exclusion: k} },
		make: func(k schema.Exclusion) schema.Change { return schema.AddExclusion{In: in, Exclusion: k} },
	})
	mirrorList(d, mirrorKind[schema.Index]{
		word: "index", of: "index", have: d.have.Indexes, want: d.want.Indexes, renames: d.sys != schema.SQLite,
		name: func(k *schema.Index) string { return k.Name }, comment: func(k *schema.Index) string { return k.Comment },
		same:  d.mirrorIndex,
		drop:  func(k schema.Index) schema.Change { return schema.DropIndex{In: in, Index: k} },
		make:  func(k schema.Index) schema.Change { return schema.AddIndex{In: in, Index: k} },
		index: func(k *schema.Index) indexed { return indexed{options: withoutPlace(k.Options)} },
	})
	mirrorList(d, mirrorKind[schema.Key]{
		word: "unique constraint", of: "constraint", have: d.have.Uniques, want: d.want.Uniques, renames: postgres,
		name: func(k *schema.Key) string { return k.Name }, comment: func(k *schema.Key) string { return k.Comment },
		same:  d.sameKey,
		drop:  func(k schema.Key) schema.Change { return schema.DropUnique{In: in, Key: k} },
		make:  func(k schema.Key) schema.Change { return schema.AddUnique{In: in, Key: k} },
		index: keyIndex,
	})
	d.mirrorPrimaryKey()
}

// mirrorIndex is sameIndex where options that only the live index has count too.
func (d *differ) mirrorIndex(a, b *schema.Index) bool {
	if d.sys == schema.PostgreSQL && d.have.Partition == nil { // storage parameters are changed in place
		x, y := *a, *b
		x.Options, y.Options = nil, nil
		place := b.Options["tablespace"]
		return d.sameIndex(&x, &y) && a.Invalid == b.Invalid && (place == "" || place == a.Options["tablespace"])
	}
	return d.sameIndex(a, b) && a.Invalid == b.Invalid && covers(b.Options, mirrorOptions(nil, a.Options))
}

// withoutPlace are options but for where the file lies.
func withoutPlace(options map[string]string) map[string]string {
	if _, ok := options["tablespace"]; !ok {
		return options
	}
	options = maps.Clone(options)
	delete(options, "tablespace")
	return options
}

func (d *differ) mirrorPrimaryKey() {
	in, have, want := d.have.Name, d.have.PrimaryKey, d.want.PrimaryKey
	switch {
	case have == nil && want == nil:
	case have == nil:
		d.addLast(difference{change: schema.AddPrimaryKey{In: in, Key: *want}, reason: whyThere})
	case want == nil:
		d.add(difference{change: schema.DropPrimaryKey{In: in, Key: *have}, reason: whyGone, risky: true,
			hazards: []providers.Hazard{hazard(hazardPrimaryKey, "primary key (%s) goes%s", some(have.Columns()), about(d.have.Rows))}})
	case d.sameKey(have, want):
		switch {
		case d.sys == schema.PostgreSQL && want.Name != "" && have.Name != want.Name:
			d.add(difference{change: schema.RenameConstraint{In: in, From: have.Name, To: want.Name}, reason: whyRenamed})
			fallthrough
		case d.sys == schema.PostgreSQL && have.Comment != want.Comment:
			if have.Comment != want.Comment {
				d.addLast(difference{change: schema.SetComment{In: in, Kind: "constraint", Name: want.Name, Text: want.Comment}, reason: whyOther})
			}
		}
		if d.sys == schema.PostgreSQL && want.Name != "" {
			d.index(want.Name, keyIndex(have), keyIndex(want))
		}
	default:
		why := []providers.Hazard{hazard(hazardPrimaryKey, "primary key (%s) -> (%s)%s", some(have.Columns()), some(want.Columns()), about(d.have.Rows))}
		d.add(difference{change: schema.DropPrimaryKey{In: in, Key: *have}, reason: "the source has another", hazards: why, risky: true})
		d.addLast(difference{change: schema.AddPrimaryKey{In: in, Key: *want}, reason: "the source has another", hazards: why, risky: true})
	}
}

// dropColumns takes away what the source lacks, once the others are as they should be.
func (d *differ) dropColumns() {
	wanted := make(map[string]bool, len(d.want.Columns))
	for i := range d.want.Columns {
		wanted[d.fold(d.want.Columns[i].Name)] = true
	}
	for _, c := range d.have.Columns {
		if wanted[d.fold(c.Name)] {
			continue
		}
		d.add(difference{
			change: schema.DropColumn{In: d.have.Name, Column: c}, column: c.Name, reason: whyGone, risky: true, early: c.Generated != nil,
			hazards: []providers.Hazard{hazard(hazardDropColumn, "column %s goes with its values%s", c.Name, about(d.have.Rows))},
		})
	}
}

// places gives added columns their place, and moves those that stand elsewhere: as few
// as can be.
func (d *differ) places() {
	live := map[string]int{} // position among the live columns that stay
	n := 0
	for _, c := range d.have.Columns {
		goes := slices.ContainsFunc(d.out, func(x difference) bool {
			drop, ok := x.change.(schema.DropColumn)
			return ok && drop.Column.Name == c.Name
		})
		if !goes && slices.ContainsFunc(d.want.Columns, func(w schema.Column) bool { return d.fold(w.Name) == d.fold(c.Name) }) {
			live[d.fold(c.Name)] = n
			n++
		}
	}
	var order []int
	for _, w := range d.want.Columns {
		if at, ok := live[d.fold(w.Name)]; ok {
			order = append(order, at)
		}
	}
	stays := longestRising(order)
	// Computed columns are added and moved when all that they may name is there.
	waits := func(c *schema.Column) bool {
		at, there := live[d.fold(c.Name)]
		return c.Generated != nil && d.computes && (!there || !stays[at])
	}
	var moves []difference
	for i := range d.want.Columns {
		w := &d.want.Columns[i]
		at, there := live[d.fold(w.Name)]
		if there && stays[at] {
			continue
		}
		place := &schema.Place{}
		for j := i - 1; j >= 0 && place.After == ""; j-- {
			if waits(w) || !waits(&d.want.Columns[j]) {
				place.After = d.want.Columns[j].Name
			}
		}
		moves = append(moves, d.place(w, place))
	}
	d.add(moves...)
}

// place takes the change that makes a column, or makes one that moves it, and puts the
// place into it.
func (d *differ) place(w *schema.Column, place *schema.Place) difference {
	for i := range d.out {
		if c, ok := d.out[i].change.(schema.AddColumn); ok && d.fold(c.Column.Name) == d.fold(w.Name) {
			x := d.out[i]
			c.Place = place
			x.change = c
			d.out = slices.Delete(d.out, i, i+1)
			return x
		}
	}
	as := *w // as it is once it was changed
	for i := range d.have.Columns {
		if c := &d.have.Columns[i]; d.fold(c.Name) == d.fold(w.Name) {
			as = d.merge(*c, *w)
		}
	}
	return difference{change: schema.ModifyColumn{In: d.have.Name, From: as, To: as, Place: place}, column: as.Name, reason: "the source has it at this place"}
}

// longestRising marks the values of the longest rising subsequence.
func longestRising(list []int) map[int]bool {
	best := make([]int, len(list))
	from := make([]int, len(list))
	last := -1
	for i := range list {
		best[i], from[i] = 1, -1
		for j := range i {
			if list[j] < list[i] && best[j]+1 > best[i] {
				best[i], from[i] = best[j]+1, j
			}
		}
		if last < 0 || best[i] > best[last] {
			last = i
		}
	}
	out := map[int]bool{}
	for ; last >= 0; last = from[last] {
		out[list[last]] = true
	}
	return out
}
