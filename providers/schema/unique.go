package schema

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
