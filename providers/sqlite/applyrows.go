package sqlite

import (
	"context"
	"errors"
	"strconv"

	"zombiezen.com/go/sqlite"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

func number(n int) string { return strconv.Itoa(n) }

// key binds the key of row r of keys (its fields at the positions of at, or in order
// where that is nil) to the first parameters. It is false where the table can't hold
// such a value, so that there is no such row.
func (a *applyTable) key(stmt *sqlite.Stmt, keys *row.Batch, r int, at []int) bool {
	for n := range a.keys {
		i := n
		if at != nil {
			i = at[n]
		}
		v, state := keys.Field(r, i)
		if state != row.Value {
			stmt.BindNull(n + 1)
			continue
		}
		if problem := a.keys[n].bind(stmt, n+1, v); problem != "" {
			return false
		}
	}
	return true
}

// set binds the fields of row r, from the given parameter on; those that are Unchanged
// are left out where the statement is one that does not set them.
func (a *applyTable) set(stmt *sqlite.Stmt, rows *row.Batch, r, param int, mask []byte) error {
	for i := range a.columns {
		if mask != nil && mask[i] != '1' {
			continue
		}
		v, state := rows.Field(r, i)
		switch state {
		case row.Null:
			stmt.BindNull(param)
		case row.Unchanged:
			return errors.New("bug in syncform: a whole row with an unchanged field")
		default:
			if problem := a.columns[i].bind(stmt, param, v); problem != "" {
				return &providers.BadRowError{Table: a.t.Name, Key: a.keyOf(rows, r), Column: a.t.Columns[i].Name, Reason: "the value " + problem}
			}
		}
		param++
	}
	return nil
}

// run runs a statement whose values are bound, and says how many rows it changed.
func (a *applyTable) run(stmt *sqlite.Stmt, rows *row.Batch, r int) (int, error) {
	if err := step(stmt); err != nil {
		return 0, a.explain(err, rows, r)
	}
	return a.db.Changes(), nil
}

// Delete removes rows by key.
func (tx *applyTx) Delete(ctx context.Context, t *providers.ApplyTable, keys *row.Batch) (n int64, err error) {
	a, err := tx.table(ctx, t)
	if err != nil {
		return 0, err
	}
	n, err = a.delete(keys)
	return n, because(ctx, err)
}

func (a *applyTable) delete(keys *row.Batch) (n int64, err error) {
	stmt, err := a.prepared(&a.remove, func() string { return "DELETE FROM " + ident(a.t.Name.Name) + " WHERE " + a.where })
	if err != nil {
		return 0, err
	}
	for r := range keys.Rows {
		if !a.key(stmt, keys, r, nil) {
			continue
		}
		changed, err := a.run(stmt, keys, r)
		if err != nil {
			return n, err
		}
		n += int64(changed)
	}
	return n, nil
}

// Upsert writes whole rows. Where no unique index is the key's own, or the key holds a
// NULL, which no index takes for equal, it is an UPDATE, and an INSERT where that finds
// no row.
func (tx *applyTx) Upsert(ctx context.Context, t *providers.ApplyTable, rows *row.Batch) error {
	a, err := tx.table(ctx, t)
	if err != nil {
		return err
	}
	for r := range rows.Rows {
		if err := a.put(rows, r); err != nil {
			return because(ctx, err)
		}
	}
	return nil
}

func (a *applyTable) put(rows *row.Batch, r int) error {
	if a.upserts && !a.nullKey(rows, r) {
		stmt, err := a.prepared(&a.upsert, a.upsertSQL)
		if err != nil {
			return err
		}
		if err := a.set(stmt, rows, r, 1, nil); err != nil {
			return err
		}
		_, err = a.run(stmt, rows, r)
		return err
	}
	found, err := a.update(rows, r, rows, r, a.t.Key, false)
	if err != nil || found {
		return err
	}
	stmt, err := a.prepared(&a.insert, a.insertSQL)
	if err != nil {
		return err
	}
	if err := a.set(stmt, rows, r, 1, nil); err != nil {
		return err
	}
	_, err = a.run(stmt, rows, r)
	return err
}

func (a *applyTable) nullKey(rows *row.Batch, r int) bool {
	for _, i := range a.t.Key {
		if _, state := rows.Field(r, i); state == row.Null {
			return true
		}
	}
	return false
}

// update sets the fields of row r that are not Unchanged where the key of row k of keys
// is there; all says that the key's own fields are set too.
func (a *applyTable) update(rows *row.Batch, r int, keys *row.Batch, k int, at []int, all bool) (found bool, err error) {
	stmt, once, err := a.patch(rows, r, all)
	if err != nil {
		return false, err
	}
	if once {
		defer func() {
			if ferr := stmt.Finalize(); err == nil {
				err = ferr
			}
		}()
	}
	if stmt == nil {
		return a.there(keys, k, at)
	}
	if err := a.set(stmt, rows, r, len(a.keys)+1, a.mask); err != nil {
		return false, err
	}
	if !a.key(stmt, keys, k, at) {
		return false, nil
	}
	n, err := a.run(stmt, rows, r)
	return n > 0, err
}

// there reports whether a row is there.
func (a *applyTable) there(keys *row.Batch, k int, at []int) (bool, error) {
	stmt, err := a.prepared(&a.read, a.readSQL)
	if err != nil || !a.key(stmt, keys, k, at) {
		return false, err
	}
	found, err := stmt.Step()
	return found, errors.Join(err, stmt.Reset())
}

func (a *applyTable) readSQL() string {
	return "SELECT " + idents(a.names()) + " FROM " + ident(a.t.Name.Name) + " WHERE " + a.where
}

// Patch sets fields of rows that are there.
func (tx *applyTx) Patch(ctx context.Context, t *providers.ApplyTable, rows *row.Batch) (missing []int, err error) {
	a, err := tx.table(ctx, t)
	if err != nil {
		return nil, err
	}
	for r := range rows.Rows {
		found, err := a.update(rows, r, rows, r, t.Key, false)
		if err != nil {
			return missing, because(ctx, err)
		}
		if !found {
			missing = append(missing, r)
		}
	}
	return missing, nil
}

// Rekey gives rows other keys, one by one.
func (tx *applyTx) Rekey(ctx context.Context, t *providers.ApplyTable, old, rows *row.Batch) (missing []int, err error) {
	a, err := tx.table(ctx, t)
	if err != nil {
		return nil, err
	}
	for r := range rows.Rows {
		found, err := a.update(rows, r, old, r, nil, true)
		if err != nil {
			return missing, because(ctx, err)
		}
		if !found {
			missing = append(missing, r)
		}
	}
	return missing, nil
}

// ReadRows reads rows by key.
func (tx *applyTx) ReadRows(ctx context.Context, t *providers.ApplyTable, keys *row.Batch) (*row.Batch, error) {
	a, err := tx.table(ctx, t)
	if err != nil {
		return nil, err
	}
	stmt, err := a.prepared(&a.read, a.readSQL)
	if err != nil {
		return nil, because(ctx, err)
	}
	b := row.NewBatch(len(a.columns))
	a.reader.stmt = stmt
	for r := range keys.Rows {
		if !a.key(stmt, keys, r, nil) {
			continue
		}
		if err := a.reader.rest(b); err != nil {
			return nil, because(ctx, err)
		}
	}
	return b, nil
}

// rest adds all the rows that the statement has.
func (r *rowReader) rest(b *row.Batch) error {
	for {
		more, err := r.stmt.Step()
		if err != nil {
			return err
		}
		if !more {
			return r.stmt.Reset()
		}
		if err := r.fields(b); err != nil {
			return errors.Join(err, r.stmt.Reset())
		}
		b.EndRow()
	}
}
