package postgres

import (
	"context"
	"encoding/binary"
	"errors"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// ReadRows reads whole rows and locks them.
func (tx *applyTx) ReadRows(ctx context.Context, t *providers.ApplyTable, keys *row.Batch) (*row.Batch, error) {
	k, err := tx.table(ctx, t)
	if err != nil {
		return nil, err
	}
	got := row.NewBatch(len(k.Columns))
	take := func(body []byte) error { return k.take(got, body) }
	if k.bulk(keys) {
		if err := tx.copyKeys(ctx, k, keys); err != nil {
			return nil, err
		}
		tx.pipe.exec("SELECT "+k.columnsOf("t")+" FROM "+k.ref+" t JOIN "+k.keys.name+" s ON "+k.joins("t", "s")+" FOR UPDATE OF t", call{on: k, rows: take})
	} else {
		for r := range keys.Rows {
			if err := tx.send(ctx, k, k.read, call{keyAt: k.keyAt, params: k.Key, rows: take}, func(p *pipe, from int) error { return k.keyParams(p, keys, r, from) }, len(k.Key)); err != nil {
				return nil, err
			}
		}
	}
	if err := tx.pipe.sync(ctx); err != nil {
		return nil, err
	}
	return got, nil
}

func (k *applyTable) columnsOf(alias string) string {
	sql := ""
	for i, c := range k.Columns {
		if i > 0 {
			sql += ", "
		}
		sql += alias + "." + quote(c.Name)
	}
	return sql
}

// take adds a row that the server sent.
func (k *applyTable) take(b *row.Batch, body []byte) error {
	return dataRow(body, len(k.decoders), func(i int, v []byte) error {
		if v == nil {
			b.AppendNull()
			return nil
		}
		if k.decoders[i] == nil {
			b.Append(v)
			return nil
		}
		var err error
		if b.Data, err = k.decoders[i](b.Data, v); err != nil {
			return &providers.BadRowError{Table: k.Name, Column: k.Columns[i].Name, Reason: err.Error()}
		}
		b.EndField(row.Value)
		return nil
	}, b.EndRow)
}

var errDataRow = errors.New("bug in syncform: a row of the server that can't be read")

// dataRow takes a DataRow message apart; NULL is nil.
func dataRow(body []byte, width int, field func(i int, v []byte) error, end func()) error {
	if len(body) < 2 || int(binary.BigEndian.Uint16(body)) != width {
		return errDataRow
	}
	body = body[2:]
	for i := range width {
		if len(body) < 4 {
			return errDataRow
		}
		n := int32(binary.BigEndian.Uint32(body))
		body = body[4:]
		var v []byte
		if n >= 0 {
			if int(n) > len(body) {
				return errDataRow
			}
			v, body = body[:n:n], body[n:]
		}
		if err := field(i, v); err != nil {
			return err
		}
	}
	end()
	return nil
}

// replaceRows does what Patch and Rekey do where an identity column takes no UPDATE: the
// row is read, deleted and inserted. old is nil for a Patch.
func (tx *applyTx) replaceRows(ctx context.Context, k *applyTable, old, rows *row.Batch) (missing []int, err error) {
	key, whole := row.NewBatch(len(k.Key)), row.NewBatch(len(k.Columns))
	for r := range rows.Rows {
		key.Reset()
		for i, at := range k.Key {
			if old != nil {
				copyField(key, old, r, i)
			} else {
				copyField(key, rows, r, at)
			}
		}
		key.EndRow()
		there, err := tx.ReadRows(ctx, k.ApplyTable, key)
		if err != nil {
			return nil, err
		}
		if there.Rows == 0 {
			missing = append(missing, r)
			continue
		}
		whole.Reset()
		for i := range k.Columns {
			if _, state := rows.Field(r, i); state == row.Unchanged {
				copyField(whole, there, 0, i)
			} else {
				copyField(whole, rows, r, i)
			}
		}
		whole.EndRow()
		if _, err := tx.Delete(ctx, k.ApplyTable, key); err != nil {
			return nil, err
		}
		if err := tx.send(ctx, k, k.insert, call{keyAt: k.Key, params: k.all}, func(p *pipe, from int) error { return k.rowParams(p, whole, 0, from) }, len(k.Columns)); err != nil {
			return nil, err
		}
		if err := tx.pipe.sync(ctx); err != nil {
			return nil, err
		}
	}
	return missing, nil
}

func copyField(to, from *row.Batch, r, i int) {
	v, state := from.Field(r, i)
	to.Data = append(to.Data, v...)
	to.EndField(state)
}
