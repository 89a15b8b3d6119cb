package postgres

import (
	"context"
	"slices"
	"strconv"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// maxColumns of a table at the server.
const maxColumns = 1600

// tempTable takes rows by COPY, from where one statement brings them to the table. It is
// made once per session and empty at the end of each transaction.
type tempTable struct {
	name    string // quoted; "" until it is made
	ordinal string // quoted: a column for the number of the row, "" where there is none
	dirty   bool   // rows of this transaction may be in it
}

// temp makes a temporary table ready.
func (tx *applyTx) temp(k *applyTable, t *tempTable, columns []providers.WriteColumn, ordinal bool) {
	p := &tx.pipe
	if t.name == "" {
		tx.temps++
		names := make([]string, len(columns))
		for i, c := range columns {
			names[i] = c.Name
		}
		t.name = `pg_temp."_sync_rows_` + strconv.Itoa(tx.temps) + `"`
		list := quoteAll(names)
		if ordinal && len(columns) < maxColumns {
			free := "row"
			for slices.Contains(names, free) {
				free += "_"
			}
			t.ordinal = quote(free)
			list += ", 0 AS " + t.ordinal
		}
		p.exec("CREATE TEMPORARY TABLE "+t.name+" ON COMMIT DELETE ROWS AS SELECT "+list+" FROM "+k.ref+" WITH NO DATA", call{on: k})
		tx.made = append(tx.made, t)
	} else if t.dirty {
		p.exec("TRUNCATE "+t.name, call{on: k})
	}
	if !t.dirty {
		t.dirty = true
		tx.used = append(tx.used, t)
	}
}

// copyLines begins a COPY, sends what line appends for each of n rows, and ends it.
// called is the name by which errors of the server call the table into.
func (tx *applyTx) copyLines(ctx context.Context, k *applyTable, into, called, columns string, n int, line func(out []byte, r int) ([]byte, error)) error {
	p := &tx.pipe
	if p.failed != nil {
		return p.failed
	}
	p.exec("COPY "+into+" ("+columns+") FROM STDIN", call{on: k, copies: called})
	out := k.encode.out[:0]
	for r := range n {
		var err error
		if out, err = line(out, r); err != nil {
			p.copyFail()
			k.encode.out = nil
			if other := p.sync(ctx); p.s.pg.IsClosed() {
				return other
			}
			p.failed = err
			return err
		}
		if len(out) >= row.TargetBytes {
			if err := p.data(ctx, out); err != nil {
				return err
			}
			out = out[:0]
		}
	}
	k.encode.out = out
	if len(out) > 0 {
		if err := p.data(ctx, out); err != nil {
			return err
		}
	}
	p.copyDone()
	return nil
}

// called is the name by which errors call a temporary table.
func (t *tempTable) called() string { return t.name[len(`pg_temp."`) : len(t.name)-1] }

// lineOf appends the fields of row r at columns, encoded by e's column of the same index.
func lineOf(out []byte, e *fieldEncoder, b *row.Batch, r int, at, columns []int) ([]byte, error) {
	for n, i := range at {
		if n > 0 {
			out = append(out, '\t')
		}
		v, state := b.Field(r, i)
		if state != row.Value {
			out = append(out, '\\', 'N')
			continue
		}
		var err error
		if out, err = e.field(out, b, r, columns[n], v); err != nil {
			return out, err
		}
	}
	return out, nil
}

// copyKeys brings keys into the table's temporary table of keys.
func (tx *applyTx) copyKeys(ctx context.Context, k *applyTable, keys *row.Batch) error {
	tx.temp(k, k.keys, k.encodeKey.load.Columns, false)
	return tx.copyLines(ctx, k, k.keys.name, k.keys.called(), quoteAll(k.load.Key), keys.Rows, func(out []byte, r int) ([]byte, error) {
		out, err := lineOf(out, k.encodeKey, keys, r, k.keyAt, k.keyAt)
		return append(out, '\n'), err
	})
}

// copyRows brings rows into the table's temporary table.
func (tx *applyTx) copyRows(ctx context.Context, k *applyTable, rows *row.Batch) error {
	tx.temp(k, k.rows, k.Columns, true)
	return tx.copyWhole(ctx, k, k.rows.name, k.rows.called(), rows)
}

func (tx *applyTx) copyWhole(ctx context.Context, k *applyTable, into, called string, rows *row.Batch) error {
	names := make([]string, len(k.Columns))
	all := make([]int, len(k.Columns))
	for i, c := range k.Columns {
		names[i], all[i] = c.Name, i
	}
	return tx.copyLines(ctx, k, into, called, quoteAll(names), rows.Rows, func(out []byte, r int) ([]byte, error) {
		out, err := lineOf(out, k.encode, rows, r, all, all)
		return append(out, '\n'), err
	})
}

// Insert writes rows of new keys by COPY, straight into the table: a third of the
// server's work for an upsert.
func (tx *applyTx) Insert(ctx context.Context, t *providers.ApplyTable, rows *row.Batch) error {
	k, err := tx.table(ctx, t)
	if err != nil || rows.Rows == 0 {
		return err
	}
	if rows.Rows < bulkRows || !k.arbiter || !k.canCopy {
		return tx.Upsert(ctx, t, rows)
	}
	if err := tx.copyWhole(ctx, k, quoteName(k.Name), k.Name.Name, rows); err != nil {
		return err
	}
	if err := tx.pipe.flush(ctx); err != nil {
		return err
	}
	return tx.settle(ctx)
}

func (tx *applyTx) upsertBulk(ctx context.Context, k *applyTable, rows *row.Batch) error {
	if err := tx.copyRows(ctx, k, rows); err != nil {
		return err
	}
	names := make([]string, len(k.Columns))
	for i, c := range k.Columns {
		names[i] = c.Name
	}
	insert := k.insertInto() + " SELECT " + quoteAll(names) + " FROM " + k.rows.name
	if k.replaces() {
		tx.pipe.exec("DELETE FROM "+k.ref+" t USING "+k.rows.name+" s WHERE "+k.joins("t", "s"), call{on: k})
	} else {
		insert += k.onConflict()
	}
	tx.pipe.exec(insert, call{on: k})
	if err := tx.pipe.flush(ctx); err != nil {
		return err
	}
	return tx.settle(ctx)
}

// patchBulk writes rows that set the same fields together. Where a row's key is not
// there is asked first, for a key without a unique index may hit several.
func (tx *applyTx) patchBulk(ctx context.Context, k *applyTable, rows *row.Batch) (missing []int, err error) {
	groups := map[*patch][]int{}
	var order []*patch
	for r := range rows.Rows {
		u := k.patchOf(rows, r, false)
		if groups[u] == nil {
			order = append(order, u)
		}
		groups[u] = append(groups[u], r)
	}
	for _, u := range order {
		at := append(slices.Clone(u.columns), k.Key...)
		var names []string
		for _, i := range at {
			names = append(names, k.Columns[i].Name)
		}
		tx.temp(k, k.rows, k.Columns, true)
		group := groups[u]
		if err := tx.copyLines(ctx, k, k.rows.name, k.rows.called(), quoteAll(names)+", "+k.rows.ordinal, len(group), func(out []byte, n int) ([]byte, error) {
			out, err := lineOf(out, k.encode, rows, group[n], at, at)
			return append(strconv.AppendInt(append(out, '\t'), int64(group[n]), 10), '\n'), err
		}); err != nil {
			return nil, err
		}
		var hit int64
		if len(u.columns) > 0 {
			tx.pipe.exec("UPDATE "+k.ref+" t SET "+u.set+" FROM "+k.rows.name+" s WHERE "+k.joins("t", "s"), call{on: k, count: &hit})
			if err := tx.pipe.sync(ctx); err != nil {
				return nil, err
			}
		}
		if k.arbiter && hit == int64(len(group)) {
			continue
		}
		gone, err := tx.query(ctx, "SELECT s."+k.rows.ordinal+" FROM "+k.rows.name+" s WHERE NOT EXISTS (SELECT FROM "+k.ref+" t WHERE "+k.joins("t", "s")+")")
		if err != nil {
			return nil, err
		}
		for _, g := range gone {
			n, err := strconv.Atoi(g[0])
			if err != nil {
				return nil, err
			}
			missing = append(missing, n)
		}
	}
	slices.Sort(missing)
	return missing, nil
}
