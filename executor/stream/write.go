package stream

import (
	"context"
	"fmt"
	"slices"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// batches are the rows of one table on their way into one transaction, kept for reuse.
type batches struct {
	deletes, upserts, patches, bases, reread row.Batch
	patched, based, asked                    []int32 // entries, by row of patches, bases, reread
}

func (b *batches) reset(t *table) {
	for _, x := range []*row.Batch{&b.deletes, &b.upserts, &b.patches, &b.bases, &b.reread} {
		x.Reset()
		x.Form = row.FormFields
	}
	keys, columns := len(t.apply.Key), len(t.apply.Columns)
	b.deletes.Width, b.bases.Width, b.reread.Width = keys, keys, len(t.read.Key)
	b.upserts.Width, b.patches.Width = columns, columns
	b.patched, b.based, b.asked = b.patched[:0], b.based[:0], b.asked[:0]
}

// flush writes what is pending: what was emptied first, then each table's net effect.
// anew takes every row that is written away before, so that no unique value of one can
// be in the way of another's.
func (r *run) flush(ctx context.Context, tx providers.ApplyTx, anew bool) error {
	var emptied []*providers.ApplyTable
	for _, t := range r.tables {
		if t.work.emptied {
			emptied = append(emptied, &t.apply)
		}
	}
	if len(emptied) > 0 {
		if err := tx.Truncate(ctx, emptied); err != nil {
			return err
		}
	}
	for _, t := range r.tables {
		if len(t.work.entries) == 0 {
			continue
		}
		if err := r.flushTable(ctx, tx, t, anew); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) flushTable(ctx context.Context, tx providers.ApplyTx, t *table, anew bool) error {
	b, p, columns := &r.batches, &t.work, len(t.apply.Columns)
	b.reset(t)
	for i := range p.entries {
		n, e := int32(i), &p.entries[i]
		switch {
		case e.fate == gone:
			appendKeyRow(&b.deletes, p.keys.get(n))
		case !e.part:
			e.appendRow(&b.upserts, columns)
			if anew {
				appendKeyRow(&b.deletes, p.keys.get(n))
			}
		case e.base == n && !anew:
			e.appendRow(&b.patches, columns)
			b.patched = append(b.patched, n)
		case e.base >= 0 && (t.live() || e.base == n):
			// While the table catches up, what stands under another key may be another row.
			appendKeyRow(&b.bases, p.keys.get(e.base))
			b.based = append(b.based, n)
			if anew {
				appendKeyRow(&b.deletes, p.keys.get(n))
			}
		default:
			b.asked = append(b.asked, n)
		}
	}
	if err := r.lendBases(ctx, tx, t); err != nil {
		return err
	}
	if b.deletes.Rows > 0 {
		if _, err := tx.Delete(ctx, &t.apply, &b.deletes); err != nil {
			return err
		}
	}
	if b.patches.Rows > 0 {
		missing, err := tx.Patch(ctx, &t.apply, &b.patches)
		if err != nil {
			return err
		}
		for _, i := range missing {
			b.asked = append(b.asked, b.patched[i])
		}
	}
	if err := r.askAgain(ctx, tx, t); err != nil {
		return err
	}
	if b.upserts.Rows > 0 {
		return tx.Upsert(ctx, &t.apply, &b.upserts)
	}
	return nil
}

// lendBases completes rows by those that the target holds under other keys.
func (r *run) lendBases(ctx context.Context, tx providers.ApplyTx, t *table) error {
	b, p := &r.batches, &t.work
	if len(b.based) == 0 {
		return nil
	}
	have, err := tx.ReadRows(ctx, &t.apply, &b.bases)
	if err != nil {
		return err
	}
	defer have.Release()
	at := rowsByKey(have, t.apply.Key)
	for _, n := range b.based {
		e := &p.entries[n]
		i, ok := at[string(p.keys.get(e.base))]
		if !ok {
			b.asked = append(b.asked, n)
			continue
		}
		for col := range t.apply.Columns {
			v, s := e.bind.field(e.ch, e.first, col)
			if s == row.Unchanged {
				v, s = have.Field(i, col)
			}
			b.upserts.Data = append(b.upserts.Data, v...)
			b.upserts.EndField(s)
		}
		b.upserts.EndRow()
	}
	return nil
}

// rowsByKey finds the rows of a batch by their encoded key.
func rowsByKey(b *row.Batch, key []int) map[string]int {
	at := make(map[string]int, b.Rows)
	var k []byte
	for i := range b.Rows {
		k = k[:0]
		for _, col := range key {
			v, s := b.Field(i, col)
			k = appendKey(k, v, s)
		}
		at[string(k)] = i
	}
	return at
}

// askAgain reads rows from the source that neither the events nor the target hold whole.
// What it reads is newer than the stream, so the table is not live until the stream has
// come there.
func (r *run) askAgain(ctx context.Context, tx providers.ApplyTx, t *table) error {
	b, p := &r.batches, &t.work
	if len(b.asked) == 0 {
		return nil
	}
	from := sourceKey(t.mapping)
	for _, n := range b.asked {
		e := &p.entries[n]
		for _, col := range from {
			v, s := e.bind.field(e.ch, e.first, col)
			b.reread.Data = append(b.reread.Data, v...)
			b.reread.EndField(s)
		}
		b.reread.EndRow()
	}
	now, err := r.capturer.ReadKeys(ctx, t.read, &b.reread)
	if err != nil {
		return &sourceError{fmt.Errorf("read rows of table %s again: %w", t.read.Name, err)}
	}
	defer now.Release()
	goal, err := r.capturer.Current(ctx, r.spec.Capture)
	if err != nil {
		return &sourceError{fmt.Errorf("read the source's position: %w", err)}
	}
	t.catchUp(goal)
	at := rowsByKey(now, from)
	var lacking row.Batch
	lacking.Form, lacking.Width = row.FormFields, len(t.apply.Key)
	var k []byte
	for j, n := range b.asked {
		k = k[:0]
		for col := range from {
			v, s := b.reread.Field(j, col)
			k = appendKey(k, v, s)
		}
		i, ok := at[string(k)]
		if !ok {
			appendKeyRow(&lacking, p.keys.get(n))
			continue
		}
		for col := range t.apply.Columns {
			v, s := now.Field(i, col)
			b.upserts.Data = append(b.upserts.Data, v...)
			b.upserts.EndField(s)
		}
		b.upserts.EndRow()
	}
	if lacking.Rows > 0 {
		_, err = tx.Delete(ctx, &t.apply, &lacking)
	}
	return err
}

// sourceKey gives the positions of the source's key among the mapping's columns.
func sourceKey(m *plan.Mapping) []int {
	at := make([]int, len(m.SourceKey))
	for i, k := range m.SourceKey {
		at[i] = slices.IndexFunc(m.Columns, func(c plan.Column) bool { return c.Source == k })
	}
	return at
}

// sourceError is a failure of the source in the middle of a target's transaction.
type sourceError struct{ err error }

func (e *sourceError) Error() string { return e.err.Error() }

// Unwrap returns what the provider said.
func (e *sourceError) Unwrap() error { return e.err }
