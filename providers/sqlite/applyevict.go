package sqlite

import (
	"context"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// Evict deletes the rows of other keys that hold a unique value of rows.
func (tx *applyTx) Evict(ctx context.Context, t *providers.ApplyTable, rows *row.Batch) (*row.Batch, error) {
	a, err := tx.table(ctx, t)
	if err != nil {
		return nil, err
	}
	evicted := row.NewBatch(len(a.keys))
	for i := range a.uniques {
		if err := a.evict(&a.uniques[i], rows, evicted); err != nil {
			return nil, because(ctx, err)
		}
	}
	return evicted, nil
}

// evict deletes what collides in one unique key.
func (a *applyTable) evict(u *uniqueKey, rows, evicted *row.Batch) (err error) {
	if u.plain && sameSet(u.columns, a.reader.table.Key) {
		return nil // the rows' own
	}
	stmt, _, err := a.db.PrepareTransient(a.evictSQL(u))
	if err != nil {
		return err
	}
	defer func() {
		if ferr := stmt.Finalize(); err == nil {
			err = ferr
		}
	}()
	reader := rowReader{table: a.reader.table, stmt: stmt, key: make([]keyPart, len(a.t.Key))}
	reader.table.Columns = nil
	for n, i := range a.t.Key {
		reader.table.Columns = append(reader.table.Columns, a.reader.table.Columns[i])
		reader.columns = append(reader.columns, a.reader.columns[i])
		reader.key[n] = keyPart{a.t.Columns[i].Name, n}
	}
	for r := range rows.Rows {
		if !u.plain && slices.Contains(rows.States[r*rows.Width:(r+1)*rows.Width], row.Unchanged) {
			continue // which columns an expression needs nobody has told
		}
		for i := range min(len(a.columns), stmt.BindParamCount()) {
			v, state := rows.Field(r, i)
			if state != row.Value || a.columns[i].bind(stmt, i+1, v) != "" {
				stmt.BindNull(i + 1) // which is equal to nothing, as what can't be stored
			}
		}
		if err := reader.rest(evicted); err != nil {
			return a.explain(err, rows, r)
		}
	}
	return nil
}

// evictSQL deletes the rows that have the unique value of the row in the parameters,
// and another key.
func (a *applyTable) evictSQL(u *uniqueKey) string {
	key := make([]string, len(a.t.Key))
	for n, i := range a.t.Key {
		key[n] = a.t.Columns[i].Name
	}
	names := a.names()
	value := func(column string) string {
		if i := slices.Index(names, column); i >= 0 {
			return "?" + number(i+1)
		}
		return ""
	}
	return "DELETE FROM " + ident(a.t.Name.Name) + " WHERE " + u.collides(key, value) + " RETURNING " + idents(key)
}

// collides is the condition of rows that have the unique value of another row, and
// another key. value writes a column of that row, "" where it is not known; what the
// unique key is of it, SQLite computes.
func (u *uniqueKey) collides(key []string, value func(column string) string) string {
	var list []string
	for _, c := range u.table.Columns { // all of them, for a name that is missing would be the other row's
		v := value(c.Name)
		if v == "" {
			v = "NULL"
		}
		list = append(list, v+" AS "+ident(c.Name))
	}
	from := " FROM (SELECT " + strings.Join(list, ", ") + "))"
	var cond []string
	for _, p := range u.parts {
		expr := p.Expr
		if expr == "" {
			expr = ident(p.Column)
		}
		collate := ""
		if p.Collation != "" {
			collate = " COLLATE " + ident(p.Collation)
		}
		if v := value(p.Column); p.Expr == "" && v != "" {
			cond = append(cond, expr+collate+" = "+v)
			continue
		}
		theirs := expr
		if c := u.table.Column(p.Column); c != nil && c.Generated != nil {
			theirs = c.Generated.Expr
		}
		cond = append(cond, "("+expr+")"+collate+" = (SELECT "+theirs+from)
	}
	if u.where != "" {
		cond = append(cond, "("+u.where+")", "(SELECT "+u.where+from)
	}
	var same []string
	for _, k := range key {
		same = append(same, ident(k)+" IS "+value(k))
	}
	return strings.Join(cond, " AND ") + " AND NOT (" + strings.Join(same, " AND ") + ")"
}
