package planner

import (
	"maps"
	"slices"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// pairing is the result of comparing two lists of named things: those of want that
// are not there, and those that are there under the same name but differ.
type pairing[T any] struct {
	missing  []T
	replaced [][2]T // have, want
	likes    [][2]T // have, want: the same under another name
	pairs    [][2]T // have, want: the same under the same name
	extra    []T    // of have, nobody's like
}

// pair finds for each wanted thing its like: the one of its name, which must be the
// same, else any that is the same, for a name that the system chose, or that had to be
// another, makes no difference.
func pair[T any](have, want []T, name func(*T) string, same func(a, b *T) bool) pairing[T] {
	var out pairing[T]
	if len(want) == 0 {
		out.extra = have
		return out
	}
	byName := make(map[string]int, len(have))
	for i := range have {
		if n := name(&have[i]); n != "" {
			byName[n] = i
		}
	}
	used := make([]bool, len(have))
	var rest []int
	for i := range want {
		j, ok := byName[name(&want[i])]
		if !ok || used[j] {
			rest = append(rest, i)
			continue
		}
		used[j] = true
		if !same(&have[j], &want[i]) {
			out.replaced = append(out.replaced, [2]T{have[j], want[i]})
		} else {
			out.pairs = append(out.pairs, [2]T{have[j], want[i]})
		}
	}
	for _, i := range rest {
		like := -1
		for j := range have {
			if !used[j] && same(&have[j], &want[i]) {
				like = j
				break
			}
		}
		if like < 0 {
			out.missing = append(out.missing, want[i])
		} else {
			used[like] = true
			out.likes = append(out.likes, [2]T{have[like], want[i]})
		}
	}
	for j := range have {
		if !used[j] {
			out.extra = append(out.extra, have[j])
		}
	}
	return out
}

// constraints compares keys, indexes, checks and foreign keys. One that differs under
// the same name is dropped and made anew, which takes no row away.
func (d *differ) constraints() {
	in := d.have.Name
	if d.exact {
		d.mirrorConstraints()
		return
	}
	d.primaryKey()
	const why, changed = "the source has it", "the source has it otherwise"

	keys := pair(d.have.Uniques, d.want.Uniques, func(k *schema.Key) string { return d.fold(k.Name) }, d.sameKey)
	for _, r := range keys.replaced {
		d.add(difference{change: schema.DropUnique{In: in, Key: r[0]}, reason: changed})
		d.addLast(difference{change: schema.AddUnique{In: in, Key: r[1]}, reason: changed})
	}
	for _, k := range keys.missing {
		d.addLast(difference{change: schema.AddUnique{In: in, Key: k}, reason: why})
	}

	sound := slices.DeleteFunc(slices.Clone(d.have.Indexes), func(x schema.Index) bool { return x.Invalid })
	indexes := pair(sound, d.want.Indexes, func(x *schema.Index) string { return d.fold(x.Name) }, d.sameIndex)
	for _, r := range indexes.replaced {
		d.add(difference{change: schema.DropIndex{In: in, Index: r[0]}, reason: changed})
		d.addLast(difference{change: schema.AddIndex{In: in, Index: r[1]}, reason: changed})
	}
	for _, x := range indexes.missing {
		if i := slices.IndexFunc(d.have.Indexes, func(h schema.Index) bool { return h.Invalid && d.fold(h.Name) == d.fold(x.Name) }); i >= 0 {
			d.add(difference{change: schema.DropIndex{In: in, Index: d.have.Indexes[i]}, reason: "a build that failed left it invalid"})
		}
		d.addLast(difference{change: schema.AddIndex{In: in, Index: x}, reason: why})
	}

	checks := pair(d.have.Checks, d.want.Checks, func(c *schema.Check) string { return d.fold(c.Name) }, d.sameCheck)
	for _, r := range checks.replaced {
		d.add(difference{change: schema.DropCheck{In: in, Check: r[0]}, reason: changed})
		d.addLast(difference{change: schema.AddCheck{In: in, Check: r[1]}, reason: changed})
	}
	for _, c := range checks.missing {
		d.addLast(difference{change: schema.AddCheck{In: in, Check: c}, reason: why})
	}

	exclusions := pair(d.have.Exclusions, d.want.Exclusions, func(x *schema.Exclusion) string { return x.Name },
		func(a, b *schema.Exclusion) bool { return a.Definition == b.Definition })
	for _, r := range exclusions.replaced {
		d.add(difference{change: schema.DropExclusion{In: in, Exclusion: r[0]}, reason: changed})
		d.addLast(difference{change: schema.AddExclusion{In: in, Exclusion: r[1]}, reason: changed})
	}
	for _, x := range exclusions.missing {
		d.addLast(difference{change: schema.AddExclusion{In: in, Exclusion: x}, reason: why})
	}

	foreign := pair(d.have.ForeignKeys, d.want.ForeignKeys, func(k *schema.ForeignKey) string { return d.fold(k.Name) }, d.sameForeignKey)
	for _, r := range foreign.replaced {
		d.add(difference{change: schema.DropForeignKey{In: in, Key: r[0]}, reason: changed})
		d.addLast(difference{change: schema.AddForeignKey{In: in, Key: r[1]}, reason: changed})
	}
	for _, k := range foreign.missing {
		d.addLast(difference{change: schema.AddForeignKey{In: in, Key: k}, reason: why})
	}
}

// primaryKey adds a missing primary key; another one is a risk.
func (d *differ) primaryKey() {
	have, want := d.have.PrimaryKey, d.want.PrimaryKey
	if want == nil {
		return
	}
	in := d.have.Name
	if have == nil {
		d.addLast(difference{change: schema.AddPrimaryKey{In: in, Key: *want}, reason: "the source has it"})
		return
	}
	if d.sameParts(have.Parts, want.Parts) && slices.Equal(have.Include, want.Include) && have.Deferrable == want.Deferrable && have.Deferred == want.Deferred && (have.WithoutOverlaps == want.WithoutOverlaps || d.sys != schema.PostgreSQL) {
		return
	}
	why := []providers.Hazard{hazard(hazardPrimaryKey, "primary key (%s) -> (%s)%s", some(have.Columns()), some(want.Columns()), about(d.have.Rows))}
	d.add(difference{change: schema.DropPrimaryKey{In: in, Key: *have}, reason: "the source has another", hazards: why, risky: true})
	d.addLast(difference{change: schema.AddPrimaryKey{In: in, Key: *want}, reason: "the source has another", hazards: why, risky: true})
}

func (d *differ) sameKey(a, b *schema.Key) bool {
	return d.sameParts(a.Parts, b.Parts) && slices.Equal(a.Include, b.Include) && a.NullsNotDistinct == b.NullsNotDistinct &&
		a.Deferrable == b.Deferrable && a.Deferred == b.Deferred && (d.sys != schema.PostgreSQL || a.WithoutOverlaps == b.WithoutOverlaps && (!d.exact || d.have.Partition == nil || maps.Equal(a.Options, b.Options)))
}

func (d *differ) sameIndex(a, b *schema.Index) bool {
	return a.Unique == b.Unique && a.Method == b.Method && d.expr(a.Where, b.Where) && a.NullsNotDistinct == b.NullsNotDistinct &&
		a.Invisible == b.Invisible && d.sameParts(a.Parts, b.Parts) && slices.Equal(a.Include, b.Include) && covers(a.Options, b.Options)
}

func (d *differ) sameParts(have, want []schema.KeyPart) bool {
	return slices.EqualFunc(have, want, func(a, b schema.KeyPart) bool {
		return d.fold(a.Column) == d.fold(b.Column) && d.expr(a.Expr, b.Expr) && a.Prefix == b.Prefix && a.Desc == b.Desc &&
			samePointee(a.NullsFirst, b.NullsFirst) && (a.Collation == b.Collation || b.Collation == "" && isMySQL(d.sys)) && a.OpClass == b.OpClass
	})
}

func (d *differ) sameCheck(a, b *schema.Check) bool {
	return d.expr(a.Expr, b.Expr) && a.NoInherit == b.NoInherit && a.NotValid == b.NotValid && a.NotEnforced == b.NotEnforced
}

func (d *differ) sameForeignKey(a, b *schema.ForeignKey) bool {
	folded := func(x, y string) bool { return d.fold(x) == d.fold(y) }
	table := func(n schema.Name) schema.Name {
		if d.sys == schema.SQLite {
			n.Name = d.fold(n.Name)
		}
		return n
	}
	refs := len(a.RefColumns) == 0 || len(b.RefColumns) == 0 || slices.EqualFunc(a.RefColumns, b.RefColumns, folded)
	return refs && slices.EqualFunc(a.Columns, b.Columns, folded) && table(a.RefTable) == table(b.RefTable) &&
		d.action(a.OnDelete) == d.action(b.OnDelete) && d.action(a.OnUpdate) == d.action(b.OnUpdate) &&
		slices.EqualFunc(a.SetColumns, b.SetColumns, folded) && a.Match == b.Match &&
		a.Deferrable == b.Deferrable && a.Deferred == b.Deferred && a.NotValid == b.NotValid && a.NotEnforced == b.NotEnforced && a.Period == b.Period
}

// action gives the one word for what a foreign key does.
func (d *differ) action(s string) string {
	if s == "" || s == "RESTRICT" && isMySQL(d.sys) && !d.exact {
		return "NO ACTION"
	}
	return s
}
