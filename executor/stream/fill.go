package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/syncform/syncform/lang/expr"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// A column that a source has gained may hold values in rows that no change of the log
// tells of: those of a default that was taken back at once, of a default that came later,
// or of a table that was written anew. The source is read for rows that hold another
// value than the target's new column does, and that is written to the target's rows. It
// is newer than the stream, which wins once it comes there.

// fillRows is how many rows one transaction fills.
const fillRows = 4096

// fill brings the values of columns that m has newly.
func (r *run) fill(ctx context.Context, t *table, m *plan.Mapping, columns []FilledColumn) (err error) {
	n, err := newTable(m, t.record)
	if err != nil {
		return err
	}
	sess, err := r.applier.OpenApply(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sess.Close()) }()
	for _, c := range columns {
		for col := range n.mapping.Columns {
			if n.mapping.Columns[col].Source != c.Source.Name {
				continue
			}
			f := n.filling(c, col)
			if err := r.fillColumn(ctx, sess, n, f); err != nil {
				return fmt.Errorf("bring the values of column %q in rows that were there: %w", c.Source.Name, err)
			}
			if f.rows > 0 {
				r.o.Log.Info("values of rows that were there were brought", "sync", r.spec.Sync, "table", t.apply.Name.String(), "column", c.Source.Name, "rows", f.rows)
			}
		}
	}
	return nil
}

// filling is the work for one column.
type filling struct {
	read  providers.ReadTable // the key and the column
	apply providers.ApplyTable
	all   bool   // the target's rows may hold anything; else they got
	null  bool   // NULL, or
	value []byte // the default, in its normal form
	typ   schema.Type
	rows  int64
}

// filling fills the mapping's column number col, whose source c is.
func (t *table) filling(c FilledColumn, col int) *filling {
	name, typ := c.Source.Name, c.Source.Type
	at := t.field(name)
	f := &filling{
		typ: typ, all: !c.Known, null: c.Source.Default == nil,
		read:  providers.ReadTable{Name: t.read.Name, Only: t.read.Only, Key: t.read.Key},
		apply: providers.ApplyTable{Mapping: t.apply.Mapping, Name: t.apply.Name},
	}
	for i, k := range t.apply.Key {
		f.read.Columns = append(f.read.Columns, t.read.Columns[t.key[i]])
		f.apply.Columns, f.apply.Key = append(f.apply.Columns, t.apply.Columns[k]), append(f.apply.Key, i)
	}
	f.read.Columns, f.apply.Columns = append(f.read.Columns, t.read.Columns[at]), append(f.apply.Columns, t.apply.Columns[col])
	switch {
	case f.all:
	case f.null:
		f.read.Where = []expr.Bound{{Column: name, Type: typ, Op: "IS NOT NULL"}}
	default:
		f.value = row.Normal(nil, typ, []byte(c.Source.Default.Text))
	}
	return f
}

// differs reports whether a row holds another value than the target's has got.
func (f *filling) differs(b *row.Batch, i int, scratch *[]byte) bool {
	if f.all {
		return true
	}
	v, s := b.Field(i, len(f.apply.Key))
	if s != row.Value || f.null {
		return (s == row.Null) != f.null
	}
	*scratch = row.Normal((*scratch)[:0], f.typ, v)
	return string(*scratch) != string(f.value)
}

func (r *run) fillColumn(ctx context.Context, sess providers.ApplySession, t *table, f *filling) error {
	reader, err := providers.As[providers.SnapshotReader](r.source)
	if err != nil {
		return err
	}
	var chunks []providers.Chunk
	err = withSnapshot(ctx, reader, func(snap providers.Snapshot) (err error) {
		chunks, err = snap.Chunks(ctx, f.read, sweepChunk)
		return err
	})
	if err != nil {
		return err
	}
	rows := row.NewBatch(len(f.apply.Columns))
	for _, c := range chunks {
		err := withSnapshot(ctx, reader, func(snap providers.Snapshot) error {
			return r.fillChunk(ctx, sess, t, f, snap, c, rows)
		})
		if err != nil {
			return err
		}
	}
	return r.fillBatch(ctx, sess, t, f, rows)
}

func (r *run) fillChunk(ctx context.Context, sess providers.ApplySession, t *table, f *filling, snap providers.Snapshot, c providers.Chunk, rows *row.Batch) (err error) {
	in, err := snap.Read(ctx, f.read, c, []row.Form{row.FormFields})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	var scratch []byte
	for {
		if err := errors.Join(r.lease.check(), r.o.Soft.Err()); err != nil {
			return err
		}
		if r.pauses() {
			return errPaused
		}
		b, err := in.Next(ctx)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		for i := range b.Rows {
			if f.differs(b, i, &scratch) {
				appendRowOf(rows, b, i)
			}
		}
		b.Release()
		if rows.Rows >= fillRows {
			if err := r.fillBatch(ctx, sess, t, f, rows); err != nil {
				return err
			}
		}
	}
}

// fillBatch writes rows in a transaction, and empties them.
func (r *run) fillBatch(ctx context.Context, sess providers.ApplySession, t *table, f *filling, rows *row.Batch) error {
	if rows.Rows == 0 {
		return nil
	}
	goal, err := r.capturer.Current(ctx, r.spec.Capture)
	if err != nil {
		return fmt.Errorf("read the source's position: %w", err)
	}
	err = r.atPosition(ctx, sess, func(tx providers.ApplyTx) error {
		if _, err := tx.Patch(ctx, &f.apply, rows); err != nil {
			return err
		}
		t.catchUp(goal)
		t.next.LastAt = time.Now().UTC().Format(time.RFC3339Nano)
		return tx.Tables(ctx, r.spec.Sync, []providers.TableRecord{t.next})
	})
	if err != nil {
		return err
	}
	f.rows += int64(rows.Rows)
	rows.Reset()
	return nil
}
