package schema

import "slices"

// UniqueKeys lists the column sets that are unique and never null, besides the primary key.
func (t *Table) UniqueKeys() [][]string {
	var out [][]string
	add := func(parts []KeyPart, deferrable bool) {
		cols := make([]string, len(parts))
		for i, p := range parts {
			c := t.Column(p.Column)
			if c == nil || c.Nullable || p.Prefix != 0 || deferrable {
				return
			}
			cols[i] = p.Column
		}
		out = append(out, cols)
	}
	for _, k := range t.Uniques {
		add(k.Parts, k.Deferrable)
	}
	for _, x := range t.Indexes {
		if x.Unique && x.Where == "" && !x.Invalid {
			add(x.Parts, false)
		}
	}
	return out
}

// Enforces reports whether no two rows can have the same values, none of them NULL, in these
// columns.
func (t *Table) Enforces(cols []string) bool {
	within := func(parts []KeyPart) bool {
		return len(parts) > 0 && !slices.ContainsFunc(parts, func(p KeyPart) bool { return p.Column == "" || !slices.Contains(cols, p.Column) })
	}
	return t.PrimaryKey != nil && within(t.PrimaryKey.Parts) ||
		slices.ContainsFunc(t.Uniques, func(k Key) bool { return within(k.Parts) }) ||
		slices.ContainsFunc(t.Indexes, func(x Index) bool { return x.Unique && x.Where == "" && !x.Invalid && within(x.Parts) })
}

// HasUnique reports whether a unique constraint or index of that name is there.
func (t *Table) HasUnique(name string) bool {
	return slices.ContainsFunc(t.Uniques, func(k Key) bool { return k.Name == name }) || slices.ContainsFunc(t.Indexes, func(x Index) bool { return x.Unique && x.Name == name })
}
