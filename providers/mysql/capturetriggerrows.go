package mysql

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// note is what a page says of one row.
type note struct {
	op     row.Op
	before string
}

// page hands on the rows of a page, each once.
func (d *drainer) page(ctx context.Context, s *session, rows [][]string) error {
	type of struct {
		table *drainTable
		order []string
		notes map[string]*note
	}
	var order []*of
	by := map[*drainTable]*of{}
	for _, r := range rows {
		if r[2] == noteMark {
			id, err := strconv.ParseInt(r[0], 10, 64)
			if err != nil {
				return err
			}
			d.next.Mark = max(d.next.Mark, id)
			continue
		}
		t := d.tables[r[1]]
		if t == nil {
			continue // no longer followed
		}
		o := by[t]
		if o == nil {
			o = &of{table: t, notes: map[string]*note{}}
			by[t], order = o, append(order, o)
		}
		n := o.notes[r[3]]
		if n == nil {
			n = &note{op: map[string]row.Op{noteInsert: row.Insert, noteUpdate: row.Update, noteDelete: row.Delete}[r[2]], before: r[4]}
			o.notes[r[3]], o.order = n, append(o.order, r[3])
		}
	}
	for _, o := range order {
		d.handed = true
		if err := d.hand(ctx, s, o.table, o.order, o.notes); err != nil {
			return err
		}
	}
	return nil
}

// hand reads the rows of one table by their keys and hands them on: those that are there
// as they are, the others as deleted. Deletes come first: a unique value may have moved.
func (d *drainer) hand(ctx context.Context, s *session, t *drainTable, order []string, notes map[string]*note) error {
	keys := row.NewBatch(len(t.key))
	at := make(map[string]string, len(order)) // canonical key to what was noted
	for _, noted := range order {
		begin, ends := len(keys.Data), len(keys.Ends)
		if err := appendNoted(keys, t.key, noted); err != nil {
			return fmt.Errorf("table %s: %w", t.ask.Table.Name, err)
		}
		keys.EndRow()
		at[keyText(keys.Data[begin:], begin, keys.Ends[ends:], keys.States[ends:])] = noted
	}
	rows, err := d.conn.readKeysOn(ctx, s, t.ask.Table, keys)
	if e := serverError(err); e != nil && (e.Number == errNoSuchTable || e.Number == errUnknownColumn) {
		return &providers.RetryableError{Err: err} // Missed tells
	}
	if err != nil {
		return err
	}
	there := map[string]int{}
	for r := range rows.Rows {
		one := row.NewBatch(len(t.keyAt))
		for _, name := range t.ask.Table.Key {
			for _, i := range t.keyAt {
				if t.ask.Table.Columns[i].Name == name {
					v, state := rows.Field(r, i)
					one.Data = append(one.Data, v...)
					one.EndField(state)
				}
			}
		}
		if noted, ok := at[keyText(one.Data, 0, one.Ends, one.States)]; ok {
			there[noted] = r
		} else {
			there["\x00"+strconv.Itoa(r)] = r // its key is spelled otherwise than was noted: it is handed on all the same
		}
	}
	for i, noted := range order {
		if _, ok := there[noted]; ok || !d.capture.Deletes {
			continue
		}
		c := d.out.Changes()
		ch := row.Change{Op: row.Delete, Relation: t.relation, New: row.None, Old: c.Begin()}
		if err := d.appendOld(c, t, notes[noted], keys, i); err != nil {
			return err
		}
		if err := d.out.Added(ctx, ch, row.Wait{}); err != nil {
			return err
		}
	}
	emit := func(noted string, k, r int) error {
		c := d.out.Changes()
		ch := row.Change{Op: row.Update, Relation: t.relation, New: c.Begin(), Old: row.None}
		n := notes[noted]
		if n != nil && n.op == row.Insert {
			ch.Op = row.Insert
		}
		for i := range t.relation.Columns {
			v, state := rows.Field(r, i)
			c.Data = append(c.Data, v...)
			c.EndField(state)
		}
		if n != nil && t.before && n.op == row.Update && n.before != "" {
			ch.Old = c.Begin()
			if err := d.appendOld(c, t, n, keys, k); err != nil {
				return err
			}
		}
		return d.out.Added(ctx, ch, row.Wait{})
	}
	for k, noted := range order {
		if r, ok := there[noted]; ok {
			if err := emit(noted, k, r); err != nil {
				return err
			}
			delete(there, noted)
		}
	}
	for noted, r := range there {
		if err := emit(noted, -1, r); err != nil {
			return err
		}
	}
	return nil
}

// keyText tells keys apart.
func keyText(data []byte, base int, ends []uint32, states []row.State) string {
	var b strings.Builder
	for i, end := range ends {
		b.WriteString(strconv.Itoa(int(end) - base))
		b.WriteByte(byte('0' + states[i]))
	}
	b.Write(data)
	return b.String()
}

// appendOld appends a row as it was: all of it where that was noted, else its key. The
// key is always the noted one: what a row was before its key changed stood under another.
func (d *drainer) appendOld(c *row.Changes, t *drainTable, n *note, keys *row.Batch, k int) error {
	var old *row.Batch
	if n.before != "" {
		old = row.NewBatch(len(t.ask.Table.Columns))
		if err := appendNoted(old, t.ask.Table.Columns, n.before); err != nil {
			return fmt.Errorf("table %s: %w", t.ask.Table.Name, err)
		}
	}
	for i, column := range t.ask.Table.Columns {
		var v []byte
		state := row.Unchanged
		if key := slices.Index(t.ask.Table.Key, column.Name); key >= 0 {
			v, state = keys.Field(k, key)
		} else if old != nil {
			v, state = old.Field(0, i)
		}
		c.Data = append(c.Data, v...)
		c.EndField(state)
	}
	return nil
}

// appendNoted reads what a trigger noted as canonical text.
func appendNoted(b *row.Batch, columns []providers.ReadColumn, text string) error {
	parts := strings.Split(text, ".")
	if len(parts) != len(columns) {
		return fmt.Errorf("the log of changes has %d values for %d columns", len(parts), len(columns))
	}
	for i, column := range columns {
		if parts[i] == "~" {
			b.AppendNull()
			continue
		}
		v, err := hex.DecodeString(parts[i])
		if err != nil {
			return fmt.Errorf("the log of changes has a value that can't be read: %w", err)
		}
		f := fieldOf(column, false)
		switch {
		case f.shape == shapeBool:
			f.shape = shapeLooseBool
		case column.Type.Kind == schema.TimestampTZ:
			if v, err = instantOf(string(v)); err != nil {
				return err
			}
		case column.Type.Kind == schema.Bit:
			if v, err = bitsOf(string(v)); err != nil {
				return err
			}
		case column.Type.Kind == schema.Float:
			number, err := strconv.ParseFloat(string(v), 64)
			if err != nil {
				return err
			}
			b.Data = row.AppendFloat(b.Data, number, f.floatBits(64))
			b.EndField(row.Value)
			continue
		}
		b.Data, _ = f.appendBytes(b.Data, v)
		b.EndField(row.Value)
	}
	return nil
}

// instantOf writes UNIX_TIMESTAMP as the server writes a timestamp in UTC.
func instantOf(text string) ([]byte, error) {
	whole, fraction, _ := strings.Cut(text, ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return nil, err
	}
	out := []byte("0000-00-00 00:00:00")
	if seconds != 0 || strings.Trim(fraction, "0") != "" {
		out = time.Unix(seconds, 0).UTC().AppendFormat(nil, "2006-01-02 15:04:05")
	}
	if fraction != "" {
		out = append(append(out, '.'), fraction...)
	}
	return out, nil
}

func bitsOf(text string) ([]byte, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return nil, err
	}
	return []byte{byte(n >> 56), byte(n >> 48), byte(n >> 40), byte(n >> 32), byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}, nil
}
