package postgres

import (
	"context"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// bulkRows is from how many rows on a batch goes by COPY; fewer are statements of their
// own, all sent at once.
const bulkRows = 24

func (k *applyTable) bulk(b *row.Batch) bool { return b.Rows >= bulkRows && k.canTemp }

// Delete removes rows by their key.
func (tx *applyTx) Delete(ctx context.Context, t *providers.ApplyTable, keys *row.Batch) (n int64, err error) {
	k, err := tx.table(ctx, t)
	if err != nil || keys.Rows == 0 {
		return 0, err
	}
	if k.bulk(keys) {
		if err := tx.copyKeys(ctx, k, keys); err != nil {
			return 0, err
		}
		tx.pipe.exec("DELETE FROM "+k.ref+" t USING "+k.keys.name+" s WHERE "+k.joins("t", "s"), call{on: k, count: &n})
	} else {
		for r := range keys.Rows {
			if err := tx.send(ctx, k, k.remove, call{count: &n, keyAt: k.keyAt, params: k.Key}, func(p *pipe, from int) error { return k.keyParams(p, keys, r, from) }, len(k.Key)); err != nil {
				return 0, err
			}
		}
	}
	err = tx.pipe.sync(ctx)
	return n, err
}

// send queues one prepared statement; params appends its n parameters.
func (tx *applyTx) send(ctx context.Context, k *applyTable, st *statement, c call, params func(p *pipe, from int) error, n int) error {
	p := &tx.pipe
	if p.failed != nil {
		return p.failed
	}
	if err := p.room(ctx); err != nil {
		return err
	}
	from, before := len(p.out), st.sent
	c.parsed = p.prepare(st)
	start, bind := p.bind(st.name, n)
	if err := params(p, from); err != nil {
		p.out, st.sent = p.out[:from], before
		return err
	}
	c.on, c.bind = k, bind
	p.run(start, c)
	return nil
}

func (k *applyTable) keyParams(p *pipe, keys *row.Batch, r, from int) error {
	for i := range k.Key {
		if err := p.field(k.encodeKey, keys, r, i, i, from); err != nil {
			return err
		}
	}
	return nil
}

func (k *applyTable) rowParams(p *pipe, rows *row.Batch, r, from int) error {
	for i := range k.Columns {
		if err := p.field(k.encode, rows, r, i, i, from); err != nil {
			return err
		}
	}
	return nil
}

// Upsert writes whole rows.
func (tx *applyTx) Upsert(ctx context.Context, t *providers.ApplyTable, rows *row.Batch) error {
	k, err := tx.table(ctx, t)
	if err != nil || rows.Rows == 0 {
		return err
	}
	if k.bulk(rows) {
		return tx.upsertBulk(ctx, k, rows)
	}
	for r := range rows.Rows {
		st := k.upsert
		if k.replaces() {
			st = k.insert
			keyFields := func(p *pipe, from int) error {
				for i, at := range k.Key {
					if err := p.field(k.encodeKey, rows, r, at, i, from); err != nil {
						return err
					}
				}
				return nil
			}
			if err := tx.send(ctx, k, k.remove, call{keyAt: k.keyAt, params: k.Key}, keyFields, len(k.Key)); err != nil {
				return err
			}
		}
		if err := tx.send(ctx, k, st, call{keyAt: k.Key, params: k.all}, func(p *pipe, from int) error { return k.rowParams(p, rows, r, from) }, len(k.Columns)); err != nil {
			return err
		}
	}
	return tx.settle(ctx)
}

// parameter finds one of a Bind's parameters; nil is NULL.
func parameter(params []byte, n int) (v []byte, ok bool) {
	for ; ; n-- {
		if len(params) < 4 {
			return nil, false
		}
		size := int32(binary.BigEndian.Uint32(params))
		params = params[4:]
		if size >= 0 && int(size) > len(params) {
			return nil, false
		}
		if size >= 0 {
			v, params = params[:size:size], params[size:]
		} else {
			v = nil
		}
		if n == 0 {
			return v, true
		}
	}
}

// patch is an UPDATE of some columns.
type patch struct {
	columns   []int
	params    []int // columns, then the key's
	statement *statement
	keyAt     []int
	set       string // from the temporary table s
}

// patchOf gives the UPDATE of the fields of row r that are set; nil where none is.
func (k *applyTable) patchOf(b *row.Batch, r int, withKey bool) *patch {
	mask := make([]byte, 0, 64)
	var columns []int
	for i := range k.Columns {
		_, state := b.Field(r, i)
		if state == row.Unchanged || !withKey && k.isKeyColumn(i) {
			mask = append(mask, '0')
			continue
		}
		mask = append(mask, '1')
		columns = append(columns, i)
	}
	if withKey {
		mask = append(mask, 'k')
	}
	p := k.patches[string(mask)]
	if p == nil {
		p = &patch{columns: columns, params: append(slices.Clone(columns), k.Key...)}
		var set, fromTemp []string
		for n, i := range columns {
			name := quote(k.Columns[i].Name)
			set = append(set, name+" = $"+strconv.Itoa(n+1))
			fromTemp = append(fromTemp, name+" = s."+name)
		}
		for n := range k.Key {
			p.keyAt = append(p.keyAt, len(columns)+n)
		}
		p.statement = &statement{sql: "UPDATE " + k.ref + " SET " + strings.Join(set, ", ") + " WHERE " + k.isKey(len(columns)+1)}
		if len(columns) == 0 { // nothing is set, but whether the row is there must be said
			p.statement.sql = "SELECT 1 FROM " + k.ref + " WHERE " + k.isKey(1)
		}
		p.set = strings.Join(fromTemp, ", ")
		k.patches[string(mask)] = p
	}
	return p
}

func (k *applyTable) isKeyColumn(i int) bool {
	for _, at := range k.Key {
		if at == i {
			return true
		}
	}
	return false
}

// Patch sets the fields that are known, and says which rows are not there.
func (tx *applyTx) Patch(ctx context.Context, t *providers.ApplyTable, rows *row.Batch) (missing []int, err error) {
	k, err := tx.table(ctx, t)
	if err != nil || rows.Rows == 0 {
		return nil, err
	}
	if k.always {
		return tx.replaceRows(ctx, k, nil, rows)
	}
	if k.bulk(rows) && len(k.Columns) < maxColumns {
		return tx.patchBulk(ctx, k, rows)
	}
	for r := range rows.Rows {
		u := k.patchOf(rows, r, false)
		params := func(p *pipe, from int) error {
			for _, i := range u.columns {
				if err := p.field(k.encode, rows, r, i, i, from); err != nil {
					return err
				}
			}
			for i, at := range k.Key {
				if err := p.field(k.encodeKey, rows, r, at, i, from); err != nil {
					return err
				}
			}
			return nil
		}
		if err := tx.send(ctx, k, u.statement, call{keyAt: u.keyAt, params: u.params, miss: &missing, index: r}, params, len(u.columns)+len(k.Key)); err != nil {
			return nil, err
		}
	}
	if err := tx.pipe.sync(ctx); err != nil {
		return nil, err
	}
	return missing, nil
}

// Rekey updates rows to another key, one by one.
func (tx *applyTx) Rekey(ctx context.Context, t *providers.ApplyTable, old, rows *row.Batch) (missing []int, err error) {
	k, err := tx.table(ctx, t)
	if err != nil || rows.Rows == 0 {
		return nil, err
	}
	if k.always || k.keyAlways {
		return tx.replaceRows(ctx, k, old, rows)
	}
	for r := range rows.Rows {
		u := k.patchOf(rows, r, true)
		params := func(p *pipe, from int) error {
			for _, i := range u.columns {
				if err := p.field(k.encode, rows, r, i, i, from); err != nil {
					return err
				}
			}
			return k.keyParams(p, old, r, from)
		}
		if err := tx.send(ctx, k, u.statement, call{keyAt: u.keyAt, params: u.params, miss: &missing, index: r}, params, len(u.columns)+len(k.Key)); err != nil {
			return nil, err
		}
	}
	if err := tx.pipe.sync(ctx); err != nil {
		return nil, err
	}
	return missing, nil
}
