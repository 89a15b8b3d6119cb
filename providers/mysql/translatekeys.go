package mysql

import (
	"fmt"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// columnTypes gives the type of each column of a table of another system: declared
// by itself, then narrowed to what keys can hold, then to what a row can.
func (s *server) columnTypes(from *schema.Database, t *schema.Table) map[string]declared {
	types := make(map[string]declared, len(t.Columns))
	for _, c := range t.Columns {
		of := c.Type
		if (of.Kind == schema.JSON || of.Kind == schema.JSONB) && t.PrimaryKey != nil && slices.Contains(t.PrimaryKey.Columns(), c.Name) {
			of = schema.Type{Kind: schema.Text} // the server has no key of JSON
		}
		types[c.Name] = s.declare(of, c.Collation)
	}
	for _, key := range wholeKeys(t) {
		narrowKey(types, key)
	}
	s.narrowRow(types, t)
	return types
}

// wholeKeys lists the column lists that must stand whole in a key: primary, unique
// and foreign keys.
func wholeKeys(t *schema.Table) [][]string {
	var keys [][]string
	add := func(parts []schema.KeyPart) {
		var names []string
		for _, p := range parts {
			if p.Column == "" {
				return
			}
			names = append(names, p.Column)
		}
		keys = append(keys, names)
	}
	if t.PrimaryKey != nil {
		add(t.PrimaryKey.Parts)
	}
	for _, u := range t.Uniques {
		add(u.Parts)
	}
	for _, x := range t.Indexes {
		if x.Unique && x.Where == "" {
			add(x.Parts)
		}
	}
	for _, f := range t.ForeignKeys {
		keys = append(keys, f.Columns)
	}
	return keys
}

// narrowKey makes the columns of one key fit into 3,072 bytes.
func narrowKey(types map[string]declared, key []string) {
	fixed, wide := 0, []string{}
	for _, name := range key {
		d := types[name]
		switch d.Kind {
		case schema.Text, schema.Blob, schema.Varchar, schema.Varbinary:
			wide = append(wide, name)
		default:
			fixed += keyBytes(d) + 1
		}
	}
	slices.SortStableFunc(wide, func(a, b string) int { return wideBytes(types[a]) - wideBytes(types[b]) })
	for i, name := range wide {
		share := (maxKeyBytes - fixed) / (len(wide) - i)
		d := types[name]
		if wideBytes(d) > share {
			binary := d.Kind == schema.Blob || d.Kind == schema.Varbinary
			n := max(share-2, 1)
			if !binary {
				n = max((share-2)/charBytes(d.charset), 1)
			}
			if share == maxKeyBytes { // the whole key: nothing else counts
				n = maxKeyBytes
				if !binary {
					n /= charBytes(d.charset)
				}
			}
			d.Kind, d.Length = schema.Varchar, n
			d.Native = fmt.Sprintf("varchar(%d)", n)
			unit := "characters"
			if binary {
				d.Kind, d.Native, unit = schema.Varbinary, fmt.Sprintf("varbinary(%d)", n), "bytes"
			}
			d.note = fmt.Sprintf("a key holds at most %d %s of it here, so the column does too; a longer value is refused when it comes", n, unit)
			types[name] = d
		}
		fixed += wideBytes(d)
	}
}

// wideBytes is what a text or binary column would count of a key.
func wideBytes(d declared) int {
	if isLong(d.Type) {
		return 1 << 30
	}
	return rowBytes(d)
}

// narrowRow makes the row fit into 65,535 bytes: the widest columns outside keys are
// stored apart from it.
func (s *server) narrowRow(types map[string]declared, t *schema.Table) {
	keyed := map[string]bool{}
	for _, key := range wholeKeys(t) {
		for _, name := range key {
			keyed[name] = true
		}
	}
	total := 0
	for _, c := range t.Columns {
		total += rowBytes(types[c.Name]) + 1
	}
	for total > maxRowBytes {
		widest := ""
		for _, c := range t.Columns {
			d := types[c.Name]
			if (d.Kind == schema.Varchar || d.Kind == schema.Varbinary) && !keyed[c.Name] && (widest == "" || rowBytes(d) > rowBytes(types[widest])) {
				widest = c.Name
			}
		}
		if widest == "" {
			return // the server will say what is too much
		}
		d := types[widest]
		total -= rowBytes(d)
		if d.Kind == schema.Varchar {
			d.Type = s.typeOf("text", nil, nil, false, false, "")
		} else {
			d.Type = s.typeOf("blob", nil, nil, false, false, "")
		}
		d.note = "a row holds at most 65,535 bytes besides long text, so the column is stored apart from it"
		total += rowBytes(d)
		types[widest] = d
	}
}

// plainParts keeps of a key's parts what the server knows.
func (tr *translation) plainParts(parts []schema.KeyPart) []schema.KeyPart {
	out := make([]schema.KeyPart, len(parts))
	for i, p := range parts {
		out[i] = schema.KeyPart{Column: p.Column, Desc: p.Desc && tr.server.descending()}
	}
	return out
}

// descending reports whether indexes keep columns in descending order.
func (s *server) descending() bool { return !s.mariadb() || s.num >= 100800 }

func (tr *translation) unique(u schema.Key) {
	x := schema.Index{Name: u.Name, Unique: true, Parts: u.Parts, Include: u.Include, NullsNotDistinct: u.NullsNotDistinct, Comment: u.Comment}
	if u.Deferrable {
		tr.note(object("constraint", u.Name), "it is checked at every row here, not at the end of the transaction")
	}
	tr.index(x)
}

func (tr *translation) index(x schema.Index) {
	name := object("index", x.Name)
	if x.Name == "" {
		var columns []string
		for _, p := range x.Parts {
			columns = append(columns, p.Column)
		}
		x.Name = short(strings.Join(columns, "_") + "_key")
	}
	leftOut := func(why string) { tr.note(name, "%s, so it is left out", why) }
	switch {
	case x.Invalid:
		leftOut("it is invalid at the source")
		return
	case x.Where != "":
		leftOut("there are no partial indexes here")
		return
	case x.Method != "" && x.Method != "btree" && x.Method != "hash":
		leftOut("there are no " + x.Method + " indexes here")
		return
	}
	out := schema.Index{Name: x.Name, Unique: x.Unique, Comment: x.Comment, Parts: tr.plainParts(x.Parts)}
	budget, whole := maxKeyBytes, true
	for i, p := range x.Parts {
		c := tr.out.Column(p.Column)
		switch {
		case p.Expr != "":
			leftOut("its expression is written in the words of " + string(tr.from.System))
			return
		case c == nil || c.Type.Kind == schema.JSON || c.Type.Kind == schema.Geometry:
			leftOut(fmt.Sprintf("column %s can't be indexed here", p.Column))
			return
		}
		d := declared{Type: c.Type, charset: c.Charset}
		share := budget / (len(x.Parts) - i)
		if n := keyBytes(d); n == 0 || n > share && !x.Unique {
			n = min(share-4, 768)
			if !c.Type.IsBinary() {
				n = max(min((share-4)/charBytes(c.Charset), 191), 1)
			}
			out.Parts[i].Prefix, whole = n, false
			budget -= share
		} else {
			budget -= n + 1
		}
	}
	if !whole && out.Unique {
		leftOut("a unique index can't hold the whole of its columns here")
		return
	}
	if !whole {
		tr.note(name, "it holds only the beginning of long values here")
	}
	if len(x.Include) > 0 {
		tr.note(name, "it includes columns %s besides; here it does not", strings.Join(x.Include, ", "))
	}
	if x.NullsNotDistinct {
		tr.note(name, "NULLs are always distinct here")
	}
	tr.out.Indexes = append(tr.out.Indexes, out)
}
