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
// and another key. What the unique key is of that row, SQLite computes.
func (a *applyTable) evictSQL(u *uniqueKey) string {
	columns := make([]string, len(a.t.Columns))
	for i, c := range a.t.Columns {
		columns[i] = "?" + number(i+1) + " AS " + ident(c.Name)
	}
	from := " FROM (SELECT " + strings.Join(columns, ", ") + "))"
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
		at := slices.IndexFunc(a.t.Columns, func(c providers.WriteColumn) bool { return c.Name == p.Column })
		if p.Expr == "" && at >= 0 {
			cond = append(cond, expr+collate+" = ?"+number(at+1))
			continue
		}
		cond = append(cond, "("+expr+")"+collate+" = (SELECT "+expr+from)
	}
	if u.where != "" {
		cond = append(cond, "("+u.where+")", "(SELECT "+u.where+from)
	}
	var same, key []string
	for _, i := range a.t.Key {
		name := ident(a.t.Columns[i].Name)
		same = append(same, name+" IS ?"+number(i+1))
		key = append(key, name)
	}
	return "DELETE FROM " + ident(a.t.Name.Name) + " WHERE " + strings.Join(cond, " AND ") +
		" AND NOT (" + strings.Join(same, " AND ") + ") RETURNING " + strings.Join(key, ", ")
}
