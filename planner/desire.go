package planner

import (
	"slices"

	"github.com/syncform/syncform/providers/schema"
)

// desireSync gives every want of one sync its target table: shaped, with foreign keys
// and parents among the mapped tables, said in the target's words, with what the
// configuration says of it worked in.
func (b *builder) desireSync(wants []*want) {
	bySource := make(map[schema.Name]*want, len(wants))
	for _, w := range wants {
		if _, twice := bySource[w.from.Name]; !twice {
			bySource[w.from.Name] = w
		}
	}
	shaped := make([]schema.Table, len(wants))
	for i, w := range wants {
		shaped[i] = shape(w)
		shaped[i].ForeignKeys = w.foreignKeys(bySource)
	}
	inherit(wants, shaped, bySource)
	if len(wants) == 0 {
		return
	}
	from := renamed(wants, shaped, bySource)
	for i, w := range wants {
		b.tellIfAsked(w.addr, w.cfg, func() { b.translate(w, from, shaped[i]) })
		w.shareColumns(w.target.table(w.name))
	}
	b.referToNewNames(wants)
	acceptable(wants)
}

// renamed is the source as the shaped tables see it: what they refer to, and the
// sequences that number them, stand under the names that they have by now.
func renamed(wants []*want, shaped []schema.Table, bySource map[schema.Name]*want) *schema.Database {
	db := *wants[0].source.db
	db.Tables = shaped
	db.Sequences = slices.Clone(db.Sequences)
	for i := range db.Sequences {
		q := &db.Sequences[i]
		if w := bySource[q.OwnerTable]; w != nil {
			q.OwnerTable, q.OwnerColumn = w.name, w.targetOf(q.OwnerColumn)
		}
	}
	return &db
}

// inherit keeps PostgreSQL's inheritance where all parents are mapped by the same
// names into the same system, and makes parents of mapped children be read alone.
func inherit(wants []*want, shaped []schema.Table, bySource map[schema.Name]*want) {
	for i, w := range wants {
		if len(w.from.Inherits) == 0 {
			continue
		}
		keep := schema.SameFamily(w.source.db.System, w.target.db.System)
		parents := make([]schema.Name, len(w.from.Inherits))
		for j, p := range w.from.Inherits {
			parent := bySource[p]
			if parent == nil {
				keep = false
				continue
			}
			parents[j] = parent.name
			keep = keep && !renames(parent) && !renames(w)
			readAlone(parent, bySource)
		}
		if keep {
			shaped[i].Inherits = parents
		} else {
			w.notes = append(w.notes, "the target's table stands by itself: inheritance is kept only between PostgreSQL databases, with all parents mapped and no column renamed or left out")
		}
	}
}

// readAlone marks a table and its mapped ancestors, whose rows must not be counted to
// them again.
func readAlone(w *want, bySource map[schema.Name]*want) {
	if w.only {
		return
	}
	w.only = true
	for _, p := range w.from.Inherits {
		if parent := bySource[p]; parent != nil {
			readAlone(parent, bySource)
		}
	}
}

// renames reports whether any column is left out or has another name.
func renames(w *want) bool {
	if len(w.columns) != len(w.from.Columns) {
		return true
	}
	for _, c := range w.columns {
		if c.source == nil || c.source.Name != c.name {
			return true
		}
	}
	return false
}

// translate sets w.table to the shaped table in the target's words; from holds all that
// the sync maps, shaped.
func (b *builder) translate(w *want, from *schema.Database, t schema.Table) {
	t.Columns = slices.Clone(t.Columns) // the source's own, maybe: what becomes of them is the target's
	out, notes := w.target.translator.Translate(from, t)
	for _, n := range notes {
		text := n.Text
		if n.Object != "" {
			text = n.Object + ": " + text
		}
		if n.Refused {
			b.errorAt(w.cfg.DeclRange, sumType, "%s: table %s of %s, %s", w.addr, w.from.Name, w.source.addr, text)
		}
		w.notes = append(w.notes, text)
	}
	w.adoptNames(t, &out)
	w.asked, w.name, w.table = w.name, out.Name, out
	for i := range w.table.Columns {
		// A key's column is never null, whatever the source declares; SQLite alone holds
		// nulls in keys.
		if w.target.db.System != schema.SQLite && inPrimaryKey(&w.table, w.table.Columns[i].Name) {
			w.table.Columns[i].Nullable = false
		}
	}
	b.addComputed(w)
	b.override(w)
	w.ensureKey()
}

// adoptNames takes over the column names that the translation had to change.
func (w *want) adoptNames(in schema.Table, out *schema.Table) {
	if len(in.Columns) != len(out.Columns) {
		return // a column was refused, which is an error already
	}
	for i := range in.Columns {
		if in.Columns[i].Name == out.Columns[i].Name {
			continue
		}
		for j := range w.columns {
			if w.columns[j].name == in.Columns[i].Name {
				w.columns[j].name = out.Columns[i].Name
				if w.cut == nil {
					w.cut = map[string]string{}
				}
				w.cut[in.Columns[i].Name] = out.Columns[i].Name
			}
		}
	}
}

// referToNewNames makes foreign keys and parents name tables and columns as their
// translation left them.
func (b *builder) referToNewNames(wants []*want) {
	byAsked := map[schema.Name]*want{}
	for _, w := range wants {
		byAsked[w.asked] = w
	}
	for _, w := range wants {
		for i := range w.table.ForeignKeys {
			k := &w.table.ForeignKeys[i]
			ref := byAsked[k.RefTable]
			if ref == nil {
				continue
			}
			k.RefTable = ref.name
			for j, name := range k.RefColumns {
				if new, ok := ref.cut[name]; ok {
					k.RefColumns[j] = new
				}
			}
		}
		for i, p := range w.table.Inherits {
			if parent := byAsked[p]; parent != nil {
				w.table.Inherits[i] = parent.name
			}
		}
	}
}
