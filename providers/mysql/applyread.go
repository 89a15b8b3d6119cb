package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// ReadRows reads rows, locked.
func (x *applyTx) ReadRows(ctx context.Context, t *providers.ApplyTable, keys *row.Batch) (*row.Batch, error) {
	a, err := x.target(ctx, t)
	if err != nil {
		return nil, err
	}
	return x.readRows(ctx, a, a.read, keys)
}

func (x *applyTx) readRows(ctx context.Context, a *applyTarget, t providers.ReadTable, keys *row.Batch) (*row.Batch, error) {
	head, err := selectRows(t, providers.Chunk{})
	if err != nil {
		return nil, err
	}
	out := row.NewBatch(len(t.Columns))
	err = x.eachKeys(a, head+" WHERE ", " FOR UPDATE", keys, a.keyFields(), func(int, int) error {
		err := x.session.appendRows(ctx, out, t, string(x.out))
		x.opened(err)
		return err
	})
	if err != nil {
		return nil, classify(fmt.Errorf("read table %s: %w", a.of.Name, err))
	}
	return out, nil
}

// appendRows runs a query and appends its rows as canonical text.
func (s *session) appendRows(ctx context.Context, out *row.Batch, t providers.ReadTable, text string) (err error) {
	rows, err := s.open(ctx, text)
	if err != nil {
		return err
	}
	defer func() { err = contextError(ctx, errors.Join(err, rows.Close())) }()
	// The statement that opens a transaction may stand in front.
	for more, ok := rows.(driver.RowsNextResultSet); ok && len(rows.Columns()) == 0 && more.HasNextResultSet(); {
		if err := more.NextResultSet(); err != nil {
			return err
		}
	}
	read := newRowText(t)
	dest := make([]driver.Value, max(len(t.Columns), 1))
	for {
		if err := rows.Next(dest); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if err := read.append(out, dest); err != nil {
			return err
		}
	}
}

// rowText turns the rows of a query into canonical text.
type rowText struct {
	table  providers.ReadTable
	fields []field
}

func newRowText(t providers.ReadTable) *rowText {
	r := &rowText{table: t, fields: make([]field, len(t.Columns))}
	for i, c := range t.Columns {
		r.fields[i] = fieldOf(c, false)
		if r.fields[i].shape == shapeBool {
			r.fields[i].shape = shapeLooseBool
		}
	}
	return r
}

func (r *rowText) append(out *row.Batch, dest []driver.Value) error {
	for i := range r.fields {
		if dest[i] == nil {
			out.AppendNull()
			continue
		}
		var why string
		if out.Data, why = r.fields[i].append(out.Data, dest[i]); why != "" {
			return &providers.BadRowError{Table: r.table.Name, Column: r.table.Columns[i].Name, Reason: why}
		}
		out.EndField(row.Value)
	}
	out.EndRow()
	return nil
}

// Evict deletes the rows of other keys that hold a unique value of rows.
func (x *applyTx) Evict(ctx context.Context, t *providers.ApplyTable, rows *row.Batch) (*row.Batch, error) {
	a, err := x.target(ctx, t)
	if err != nil {
		return nil, err
	}
	keyTable := providers.ReadTable{Name: t.Name, Key: a.read.Key}
	for _, k := range a.key {
		keyTable.Columns = append(keyTable.Columns, a.read.Columns[k])
	}
	out := row.NewBatch(len(a.key))
	if len(a.uniques) == 0 {
		return out, nil
	}
	head, err := selectRows(keyTable, providers.Chunk{})
	if err != nil {
		return nil, err
	}
	for r := range rows.Rows {
		for _, unique := range a.uniques {
			x.out = append(append(x.out[:0], x.opening...), head+" WHERE "...)
			holds := true
			for _, u := range unique {
				_, state := rows.Field(r, u.column)
				if state != row.Value { // NULL is equal to nothing
					holds = false
					break
				}
				if u.prefix > 0 {
					if x.out, err = x.appendPrefix(a, rows, r, u); err != nil {
						return nil, err
					}
					x.out = append(x.out, " AND "...)
					continue
				}
				if x.out, err = a.appendEqual(x.out, rows, r, u.column, u.column); err != nil {
					return nil, err
				}
				x.out = append(x.out, " AND "...)
			}
			if !holds {
				continue
			}
			x.out = append(x.out, "NOT "...)
			if x.out, err = a.appendKey(x.out, rows, r, a.key); err != nil {
				return nil, err
			}
			x.out = append(x.out, " FOR UPDATE"...)
			found := row.NewBatch(len(a.key))
			err := x.session.appendRows(ctx, found, keyTable, string(x.out))
			x.opened(err)
			if err != nil {
				return nil, classify(fmt.Errorf("read table %s: %w", t.Name, err))
			}
			if found.Rows == 0 {
				continue
			}
			if _, err := x.Delete(ctx, t, found); err != nil {
				return nil, err
			}
			for k := range found.Rows {
				for i := range a.key {
					v, state := found.Field(k, i)
					if state == row.Value {
						out.Append(v)
					} else {
						out.AppendNull()
					}
				}
				out.EndRow()
			}
		}
	}
	return out, nil
}

// appendPrefix compares what counts of a column in an index of its beginning.
func (x *applyTx) appendPrefix(a *applyTarget, rows *row.Batch, r int, u uniquePart) ([]byte, error) {
	out := fmt.Appendf(x.out, "LEFT(%s, %d) = LEFT(", ident(a.of.Columns[u.column].Name), u.prefix)
	out, err := a.appendValue(out, rows, r, u.column, u.column)
	return fmt.Appendf(out, ", %d)", u.prefix), err
}

// ReadKeys reads rows of a source as they are now.
func (c *Conn) ReadKeys(ctx context.Context, t providers.ReadTable, keys *row.Batch) (out *row.Batch, err error) {
	err = c.with(ctx, func(s *session) (err error) {
		out, err = c.readKeysOn(ctx, s, t, keys)
		return err
	})
	return out, err
}

func (c *Conn) readKeysOn(ctx context.Context, s *session, t providers.ReadTable, keys *row.Batch) (*row.Batch, error) {
	fail := func(err error) (*row.Batch, error) {
		return nil, classify(fmt.Errorf("read table %s by key: %w", t.Name, err))
	}
	head, err := selectRows(t, providers.Chunk{})
	if err != nil {
		return fail(err)
	}
	at := &providers.ApplyTable{Name: t.Name}
	a := &applyTarget{of: at}
	columns, err := keyColumns(t)
	if err != nil {
		return fail(err)
	}
	for i, column := range columns {
		w := providers.WriteColumn{Name: column.Name, Type: column.Type, Source: column.As}
		a.key = append(a.key, i)
		at.Columns = append(at.Columns, w)
		a.fields = append(a.fields, writeFieldOf(c.server, w, columnFact{nullable: true, charset: "utf8mb4"}))
	}
	a.load = providers.Load{Table: t.Name, Columns: at.Columns, Key: t.Key}
	out := row.NewBatch(len(t.Columns))
	fields := a.keyFields()
	for from := 0; from < keys.Rows; {
		text := append([]byte(head), " WHERE "...)
		to := from
		for to < keys.Rows && to-from < keysPerStatement && len(text) < statementBytes/2 {
			if to > from {
				text = append(text, " OR "...)
			}
			if text, err = a.appendKey(text, keys, to, fields); err != nil {
				return nil, err
			}
			to++
		}
		if err := s.appendRows(ctx, out, t, string(text)); err != nil {
			return fail(err)
		}
		from = to
	}
	return out, nil
}
