package postgres

import (
	"context"
	"encoding/binary"
	"fmt"
	"unicode/utf8"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// message decodes one message of pgoutput, protocol 1, straight into the batch.
func (f *slotFollower) message(ctx context.Context, m []byte) error {
	if len(m) == 0 {
		return errMessage
	}
	r := wire{m[1:]}
	switch m[0] {
	case 'B':
		commit := r.uint64()
		r.take(8)
		f.coming, f.inside, f.noted = sentTransaction{lsn(commit), r.uint32()}, true, false
		if r.b == nil {
			return errMessage
		}
	case 'C':
		r.take(1 + 8)
		end, at := r.uint64(), r.uint64()
		f.inside = false
		if r.b == nil {
			return errMessage
		}
		f.next = lsn(end)
		return f.collector.Commit(ctx, serverTime(at), f.advance, f.wait)
	case 'R':
		return f.relation(ctx, r)
	case 'I', 'U', 'D':
		id := r.uint32()
		t, known := f.relations[id]
		switch {
		case !known:
			return fmt.Errorf("bug in syncform: a change of relation %d, which was not described", id)
		case t == nil:
			return nil
		}
		f.note()
		return f.change(ctx, t, m[0], r)
	case 'T':
		n := int(r.uint32())
		r.take(1)
		for range n {
			t := f.relations[r.uint32()]
			if r.b == nil {
				return errMessage
			}
			if t == nil || !f.capture.Deletes {
				continue
			}
			f.note()
			f.collector.Changes()
			if err := f.collector.Added(ctx, row.Change{Op: row.Truncate, Relation: t.relation, New: row.None, Old: row.None}, f.wait); err != nil {
				return err
			}
		}
	}
	return nil // an origin, a type, a logical message
}

// note keeps a transaction that changes something of ours.
func (f *slotFollower) note() {
	if !f.noted {
		f.sent.add(f.coming)
		f.noted = true
	}
}

// change decodes an insert, update or delete.
func (f *slotFollower) change(ctx context.Context, t *streamedTable, kind byte, r wire) error {
	ch := row.Change{Op: row.Insert, Relation: t.relation, New: row.None, Old: row.None}
	c := f.collector.Changes()
	first := c.Begin()
	part := r.byte()
	if part == 'K' || part == 'O' {
		if err := f.tuple(c, t, &r, part == 'K', row.None); err != nil {
			return err
		}
		ch.Old = first
		part = r.byte()
	}
	switch kind {
	case 'U':
		ch.Op = row.Update
	case 'D':
		ch.Op = row.Delete
		if !f.capture.Deletes {
			return nil
		}
		if ch.Old == row.None {
			return errMessage
		}
		return f.collector.Added(ctx, ch, f.wait)
	}
	if part != 'N' {
		return errMessage
	}
	ch.New = c.Begin()
	if err := f.tuple(c, t, &r, false, ch.Old); err != nil {
		return err
	}
	if ch.Old != row.None && !t.before && sameKey(c, t, ch.Old, ch.New) {
		ch.Old = row.None // the log has it, and nobody asked for it
	}
	return f.collector.Added(ctx, ch, f.wait)
}

// sameKey compares the key's fields of two rows.
func sameKey(c *row.Changes, t *streamedTable, a, b int) bool {
	for _, i := range t.key {
		v, vs := c.Field(a, i)
		w, ws := c.Field(b, i)
		if ws == row.Unchanged || vs == row.Unchanged {
			continue
		}
		if vs != ws || string(v) != string(w) {
			return false
		}
	}
	return true
}

// tuple appends a row's fields. Of a key only the key's columns are there, the others
// come as NULL. A field that is unchanged is taken from the row before where that has it.
func (f *slotFollower) tuple(c *row.Changes, t *streamedTable, r *wire, key bool, before int) error {
	n := int(r.uint16())
	if n != len(t.columns) || r.b == nil {
		return errMessage
	}
	for i := range t.columns {
		col := &t.columns[i]
		kind := r.byte()
		var v []byte
		if kind == 't' || kind == 'b' {
			v = r.take(int(r.uint32()))
		}
		if r.b == nil {
			return errMessage
		}
		switch {
		case !col.wanted || key && !col.identity:
			c.EndField(row.Unchanged)
		case kind == 'n':
			c.EndField(row.Null)
		case kind == 'u':
			if before == row.None {
				c.EndField(row.Unchanged)
				continue
			}
			old, state := c.Field(before, i)
			c.Data = append(c.Data, old...)
			c.EndField(state)
		case kind != 't':
			return errMessage
		case f.checkUTF8 && !utf8.Valid(v):
			return t.bad(i, "the value is not UTF-8; the database's encoding is SQL_ASCII, so its server does not know what it is: repair the value, or move it as bytea")
		case col.decode == nil:
			c.Append(v)
		default:
			var err error
			if c.Data, err = col.decode(c.Data, v); err != nil {
				return t.bad(i, err.Error())
			}
			c.EndField(row.Value)
		}
	}
	return nil
}

func (t *streamedTable) bad(i int, reason string) error {
	return &providers.BadRowError{Table: t.relation.Name, Column: t.relation.Columns[i].Name, Reason: reason}
}

// wire reads a message's parts; b is nil once more was asked for than there is.
type wire struct{ b []byte }

func (w *wire) take(n int) []byte {
	if n < 0 || n > len(w.b) || w.b == nil {
		w.b = nil
		return nil
	}
	v := w.b[:n:n]
	w.b = w.b[n:]
	return v
}

func (w *wire) byte() byte {
	if v := w.take(1); v != nil {
		return v[0]
	}
	return 0
}

func (w *wire) uint16() uint16 {
	if v := w.take(2); v != nil {
		return binary.BigEndian.Uint16(v)
	}
	return 0
}

func (w *wire) uint32() uint32 {
	if v := w.take(4); v != nil {
		return binary.BigEndian.Uint32(v)
	}
	return 0
}

func (w *wire) uint64() uint64 {
	if v := w.take(8); v != nil {
		return binary.BigEndian.Uint64(v)
	}
	return 0
}

func (w *wire) cstring() string {
	for i, c := range w.b {
		if c == 0 {
			return string(w.take(i + 1)[:i])
		}
	}
	w.b = nil
	return ""
}
