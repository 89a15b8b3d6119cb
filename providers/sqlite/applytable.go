package sqlite

import (
	"context"
	"slices"
	"strings"

	"zombiezen.com/go/sqlite"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// applyTable is what a session knows of a table that it writes, with its statements on
// the session's connection.
type applyTable struct {
	t       *providers.ApplyTable
	db      *sqlite.Conn
	columns []writeColumn
	keys    []writeColumn // those of the key
	where   string        // of the key, each column's parameter ?1, ?2, ...
	upserts bool          // a unique index is the key's own: INSERT ... ON CONFLICT serves
	rekeys  bool          // the key's columns are written over too: a collation may take other text for the same
	uniques []uniqueKey

	remove, insert, upsert, read *sqlite.Stmt
	patches                      map[string]*sqlite.Stmt // UPDATE by which fields it sets
	mask                         []byte
	reader                       rowReader
}

// table looks a table up, once for a session.
func (tx *applyTx) table(ctx context.Context, t *providers.ApplyTable) (*applyTable, error) {
	if err := tx.alive(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if a := tx.s.tables[t]; a != nil {
		return a, nil
	}
	facts, table, err := factsOf(tx.db, t.Name)
	if err != nil {
		return nil, because(ctx, err)
	}
	a := &applyTable{t: t, db: tx.db, patches: map[string]*sqlite.Stmt{}, uniques: uniqueKeys(table)}
	var cond []string
	read := providers.ReadTable{Name: t.Name}
	for _, c := range t.Columns {
		a.columns = append(a.columns, newWriteColumn(c))
		col := providers.ReadColumn{Name: c.Name, Type: c.Type, As: c.Source}
		read.Columns = append(read.Columns, col)
		a.reader.columns = append(a.reader.columns, newReadColumn(col))
	}
	for n, i := range t.Key {
		c := t.Columns[i]
		a.keys = append(a.keys, a.columns[i])
		a.reader.key = append(a.reader.key, keyPart{c.Name, i})
		read.Key = append(read.Key, c.Name)
		is := " = ?"
		if facts.nullable[c.Name] {
			is = " IS ?" // SQLite's primary keys may hold NULL
		}
		cond = append(cond, ident(c.Name)+is+number(n+1))
		if col := table.Column(c.Name); col == nil || col.Collation != "" {
			a.rekeys = true
		}
	}
	a.where = strings.Join(cond, " AND ")
	a.reader.table = read
	a.upserts = slices.ContainsFunc(a.uniques, func(u uniqueKey) bool { return u.plain && sameSet(u.columns, read.Key) })
	tx.s.tables[t] = a
	return a, nil
}

func sameSet(a, b []string) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(s string) bool { return !slices.Contains(b, s) })
}

// prepared gives the statement of *s, which it prepares where that has not been done.
func (a *applyTable) prepared(s **sqlite.Stmt, sql func() string) (*sqlite.Stmt, error) {
	if *s == nil {
		stmt, err := a.db.Prepare(sql())
		if err != nil {
			return nil, err
		}
		*s = stmt
	}
	return *s, nil
}

// marks gives n parameters from the given number on.
func marks(from, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("?" + number(from+i))
	}
	return b.String()
}

func (a *applyTable) names() []string {
	names := make([]string, len(a.t.Columns))
	for i, c := range a.t.Columns {
		names[i] = c.Name
	}
	return names
}

func (a *applyTable) insertSQL() string {
	return "INSERT OR ABORT INTO " + ident(a.t.Name.Name) + " (" + idents(a.names()) + ") VALUES (" + marks(1, len(a.t.Columns)) + ")"
}

func (a *applyTable) upsertSQL() string {
	var set []string
	for i, c := range a.t.Columns {
		if a.rekeys || !slices.Contains(a.t.Key, i) {
			set = append(set, ident(c.Name)+" = excluded."+ident(c.Name))
		}
	}
	do := "NOTHING"
	if len(set) > 0 {
		do = "UPDATE SET " + strings.Join(set, ", ")
	}
	return a.insertSQL() + " ON CONFLICT (" + idents(a.reader.table.Key) + ") DO " + do
}

// maxPatches is how many kinds of UPDATE are kept prepared for a table.
const maxPatches = 32

// patch gives the UPDATE that sets the fields of row r which are not Unchanged, of the
// row whose key stands in the first parameters; nil where there are none. once says that
// the caller finalizes it.
func (a *applyTable) patch(rows *row.Batch, r int, all bool) (stmt *sqlite.Stmt, once bool, err error) {
	a.mask = a.mask[:0]
	sets := false
	for i := range a.columns {
		m := byte('0')
		if _, state := rows.Field(r, i); state != row.Unchanged && (all || a.rekeys || !slices.Contains(a.t.Key, i)) {
			m, sets = '1', true
		}
		a.mask = append(a.mask, m)
	}
	if !sets {
		return nil, false, nil
	}
	if stmt := a.patches[string(a.mask)]; stmt != nil {
		return stmt, false, nil
	}
	var set []string
	for i, c := range a.t.Columns {
		if a.mask[i] == '1' {
			set = append(set, ident(c.Name)+" = ?"+number(len(a.keys)+1+len(set)))
		}
	}
	sql := "UPDATE OR ABORT " + ident(a.t.Name.Name) + " SET " + strings.Join(set, ", ") + " WHERE " + a.where
	if len(a.patches) >= maxPatches {
		stmt, _, err = a.db.PrepareTransient(sql)
		return stmt, true, err
	}
	if stmt, err = a.db.Prepare(sql); err != nil {
		return nil, false, err
	}
	a.patches[string(a.mask)] = stmt
	return stmt, false, nil
}

// uniqueKey is a set of values that only one row of a table may have.
type uniqueKey struct {
	table   *schema.Table
	name    string
	parts   []schema.KeyPart
	columns []string // of plain
	where   string
	plain   bool   // of columns alone, in their own collations, of all rows
	message string // how SQLite's error names it
}

func uniqueKeys(t *schema.Table) []uniqueKey {
	var out []uniqueKey
	add := func(name string, parts []schema.KeyPart, where string, index bool) {
		u := uniqueKey{table: t, name: name, parts: parts, where: where, plain: where == ""}
		var fields []string
		for _, p := range parts {
			if p.Expr != "" || p.Collation != "" {
				u.plain = false
			}
			u.columns = append(u.columns, p.Column)
			fields = append(fields, t.Name.Name+"."+p.Column)
		}
		u.message = strings.Join(fields, ", ")
		if index && slices.ContainsFunc(parts, func(p schema.KeyPart) bool { return p.Expr != "" }) {
			u.message = "index '" + name + "'"
		}
		out = append(out, u)
	}
	if k := t.PrimaryKey; k != nil {
		add(k.Name, k.Parts, "", false)
	}
	for _, k := range t.Uniques {
		add(k.Name, k.Parts, "", false)
	}
	for _, x := range t.Indexes {
		if x.Unique {
			add(x.Name, x.Parts, x.Where, true)
		}
	}
	return out
}
