package planner

import (
	"fmt"
	"slices"

	"github.com/syncform/syncform/providers/schema"
)

// chooseKey sets w.key, the source columns that tell a row from all others: what the
// mapping says, else the primary key, else a unique key without nulls. It may be
// empty. It reports false after an error.
func (b *builder) chooseKey(w *want) bool {
	mapped := make(map[string]bool, len(w.columns))
	for _, c := range w.columns {
		if c.source != nil {
			mapped[c.source.Name] = true
		}
	}
	if len(w.cfg.Key) > 0 {
		return b.givenKey(w)
	}
	all := func(cols []string) bool {
		return !slices.ContainsFunc(cols, func(c string) bool { return !mapped[c] })
	}
	if pk := w.from.PrimaryKey; pk != nil && all(pk.Columns()) {
		w.key = pk.Columns()
		return true
	}
	for _, cols := range w.from.UniqueKeys() {
		if all(cols) && (w.key == nil || len(cols) < len(w.key)) {
			w.key = cols
		}
	}
	return true
}

// rekeyed says why the rows in the target may not be those of the source: the source's key
// is another than the one by which the stream has told rows apart until now. Where it was
// the wider one, rows that it holds apart became one; where it was the narrower one, what
// the stream still brings of before is of several rows.
func (w *want) rekeyed() string {
	p := w.prev
	if p == nil || len(w.cfg.Key) > 0 || p.SourceTable != w.from.Name || len(p.SourceKey) == 0 || len(w.key) == 0 {
		return ""
	}
	if sorted(p.SourceKey) == sorted(w.key) || slices.ContainsFunc(p.SourceKey, func(c string) bool { return w.from.Column(c) == nil }) {
		return "" // a column that was renamed, or is gone: what becomes of it says what becomes of the rows
	}
	return fmt.Sprintf("the source's rows are told apart by %s now, and the stream has told them apart by %s", some(w.key), some(p.SourceKey))
}

func sorted(names []string) string {
	return fmt.Sprintf("%q", slices.Sorted(slices.Values(names)))
}

// givenKey takes the mapping's own key: source columns, or target columns where no
// source column of that name is mapped.
func (b *builder) givenKey(w *want) bool {
	for _, name := range w.cfg.Key {
		at := w.cfg.Range("key." + name)
		c := w.keyColumn(name)
		over := w.computedKey(name)
		switch {
		case c == nil && over != nil:
			b.errorAt(over.rng, sumKey, "%s: column %q is of the mapping's key, and what the expression makes of it need not tell a row from all others. Map it as it is beside it (a column block with from, and the expression in a column block too), or take another key.", w.addr, name)
			return false
		case c == nil && findColumn(w.source.db.System, w.from, name) != nil:
			b.errorAt(at, sumKey, "%s: the key's column %q is not mapped, so the target could not find a row by it.", w.addr, name)
			return false
		case c == nil:
			b.noColumn(w, at, name)
			return false
		case c.Nullable && !inPrimaryKey(w.from, c.Name):
			b.errorAt(at, sumKey, "%s: the key's column %q may be null in %s, and a row whose key is null can't be told from others. Declare it NOT NULL there, or take another key.", w.addr, name, w.from.Name)
			return false
		case slices.Contains(w.key, c.Name):
			b.errorAt(at, sumKey, "%s: the key names the column %q twice.", w.addr, name)
			return false
		}
		w.key = append(w.key, c.Name)
	}
	return true
}

// computedKey gives the expression that stands in the place of a column that a key
// names, or nil.
func (w *want) computedKey(name string) *computed {
	for _, c := range w.columns {
		if c.expr != nil && (c.name == name || c.expr.over != nil && foldColumn(w.source.db.System, c.expr.over.Name) == foldColumn(w.source.db.System, name)) {
			return c.expr
		}
	}
	return nil
}

func (w *want) keyColumn(name string) *schema.Column {
	sys := w.source.db.System
	for _, c := range w.columns {
		if c.source != nil && foldColumn(sys, c.source.Name) == foldColumn(sys, name) {
			return c.source
		}
	}
	for _, c := range w.columns {
		if c.source != nil && c.name == name {
			return c.source
		}
	}
	return nil
}

func inPrimaryKey(t *schema.Table, col string) bool {
	return t.PrimaryKey != nil && slices.Contains(t.PrimaryKey.Columns(), col)
}

// ensureKey gives the target table a key where the mapping names one that the source
// does not enforce, so that a row that is there twice is an error and not two rows.
func (w *want) ensureKey() {
	if len(w.cfg.Key) == 0 {
		return
	}
	names := w.targetKey()
	parts := make([]schema.KeyPart, len(names))
	for i, n := range names {
		parts[i].Column = n
	}
	if w.table.PrimaryKey == nil {
		w.table.PrimaryKey = &schema.Key{Parts: parts}
		if !slices.ContainsFunc(w.from.UniqueKeys(), func(cols []string) bool { return sameSet(cols, w.key) }) {
			w.notes = append(w.notes, fmt.Sprintf("the key (%s) becomes the target's primary key, and %s does not enforce it: the load stops where two rows share it", some(w.cfg.Key), w.from.Name))
		}
		return
	}
	if sameSet(w.table.PrimaryKey.Columns(), names) {
		return
	}
	for _, cols := range w.table.UniqueKeys() {
		if sameSet(cols, names) {
			return
		}
	}
	name := w.table.Name.Name
	for _, n := range names {
		name += "_" + n
	}
	w.table.Indexes = append(w.table.Indexes, schema.Index{Name: cutName(name, "key"), Unique: true, Parts: parts})
	w.notes = append(w.notes, fmt.Sprintf("the target gets a unique index of the key (%s), which %s does not enforce", some(w.cfg.Key), w.from.Name))
}

// targetKey gives the key's columns under the target's names.
func (w *want) targetKey() []string {
	out := make([]string, 0, len(w.key))
	for _, k := range w.key {
		for _, c := range w.columns {
			if c.source != nil && c.source.Name == k {
				out = append(out, c.name)
				break
			}
		}
	}
	return out
}

func sameSet(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for _, x := range a {
		if !slices.Contains(b, x) {
			return false
		}
	}
	return true
}
