package mysql

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"errors"
	"fmt"
	"io"

	binlog "github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// rowsOp says what the rows of an event are, and whether they are packed.
func rowsOp(kind replication.EventType) (op row.Op, packed, ok bool) {
	switch kind {
	case replication.WRITE_ROWS_EVENTv1, replication.WRITE_ROWS_EVENTv2:
		return row.Insert, false, true
	case replication.UPDATE_ROWS_EVENTv1, replication.UPDATE_ROWS_EVENTv2, replication.PARTIAL_UPDATE_ROWS_EVENT:
		return row.Update, false, true
	case replication.DELETE_ROWS_EVENTv1, replication.DELETE_ROWS_EVENTv2:
		return row.Delete, false, true
	case replication.MARIADB_WRITE_ROWS_COMPRESSED_EVENT_V1:
		return row.Insert, true, true
	case replication.MARIADB_UPDATE_ROWS_COMPRESSED_EVENT_V1:
		return row.Update, true, true
	case replication.MARIADB_DELETE_ROWS_COMPRESSED_EVENT_V1:
		return row.Delete, true, true
	}
	return 0, false, false
}

// maxShapes bounds what is remembered of table maps; servers give new numbers all the time.
const maxShapes = 4096

// tableMap takes a table map in. Most are known already, by every byte.
func (f *binlogReader) tableMap(body []byte) error {
	id := tableNumber(body)
	if t := f.byID[id]; t != nil && bytes.Equal(t.raw, body) {
		if t.table != nil {
			t.table.last = t.relation
		}
		return nil
	}
	if len(f.byID) >= maxShapes {
		clear(f.byID)
	}
	database, name, _ := tableMapNames(body)
	t := f.tables[f.tableKey(string(database), string(name))]
	if t == nil {
		f.byID[id] = &logTable{raw: bytes.Clone(body)}
		return nil
	}
	definition := string(body[8:])
	s := t.shapes[definition]
	if s == nil {
		var err error
		if s, err = f.shapeOf(t, body); err != nil {
			return err
		}
		t.shapes[definition] = s
	}
	t.last = s.relation
	known := *s
	known.raw = bytes.Clone(body)
	f.byID[id] = &known
	return nil
}

func tableNumber(body []byte) uint64 { return uint64(littleEndian(body[:6])) }

// The field's place within an image where there is none.
const (
	imageNull   = -1
	imageAbsent = -2
)

// rows takes the rows of an event in.
func (f *binlogReader) rows(kind replication.EventType, op row.Op, packed bool, body []byte) (err error) {
	id := tableNumber(body)
	t := f.byID[id]
	if t == nil {
		return fmt.Errorf("the log has rows of table number %d and does not say which that is", id)
	}
	if t.table == nil || op == row.Delete && !f.deletes {
		return nil
	}
	if t.refused != nil {
		return t.refused
	}
	if kind == replication.PARTIAL_UPDATE_ROWS_EVENT {
		return &providers.GapError{Reason: fmt.Sprintf("the log has changes of table %s that hold parts of JSON only: SET GLOBAL binlog_row_value_options = '' at the source, then load the table anew", t.table.ask.Table.Name)}
	}
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("the log has rows of table %s that can't be read", t.table.ask.Table.Name)
		}
	}()
	b := body[8:]
	if kind >= replication.WRITE_ROWS_EVENTv2 && kind <= replication.DELETE_ROWS_EVENTv2 {
		b = b[littleEndian(b[:2]):]
	}
	width, b := lengthEncoded(b)
	if width != len(t.columns) {
		return fmt.Errorf("the log has rows of %d columns of table %s, which has %d", width, t.table.ask.Table.Name, len(t.columns))
	}
	size := (width + 7) / 8
	first, b := b[:size], b[size:]
	second := first
	if op == row.Update {
		second, b = b[:size], b[size:]
	}
	if packed {
		if b, err = binlog.DecompressMariadbData(b); err != nil {
			return fmt.Errorf("the log has packed rows that can't be read: %w", err)
		}
	}
	if cap(f.before) < width {
		f.before, f.after = make([]int, width), make([]int, width)
	}
	before, after := f.before[:width], f.after[:width]
	change := f.change
	if t.until > 0 {
		change = f.versionedChange
	}
	for len(b) > 0 {
		n := t.image(b, first, before)
		image := b[:n]
		b = b[n:]
		var err error
		switch op {
		case row.Insert:
			err = change(t, op, image, before, nil, nil)
		case row.Delete:
			err = change(t, op, nil, nil, image, before)
		default:
			n := t.image(b, second, after)
			err = change(t, op, b[:n], after, image, before)
			b = b[n:]
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// image finds the fields of a row image and says how many bytes it takes.
func (t *logTable) image(b, present []byte, at []int) int {
	count := 0
	for i := range t.columns {
		count += int(present[i/8] >> (i % 8) & 1)
	}
	pos, field := (count+7)/8, 0
	for i := range t.columns {
		if present[i/8]>>(i%8)&1 == 0 {
			at[i] = imageAbsent
			continue
		}
		null := b[field/8]>>(field%8)&1 == 1
		field++
		if null {
			at[i] = imageNull
			continue
		}
		at[i] = pos
		pos += t.columns[i].size(b[pos:])
	}
	return pos
}

// change hands one change on. now and was are the images, nil where there is none.
func (f *binlogReader) change(t *logTable, op row.Op, now []byte, nowAt []int, was []byte, wasAt []int) error {
	c := f.out.Changes()
	ch := row.Change{Op: op, Relation: t.relation, New: row.None, Old: row.None}
	var err error
	if now != nil {
		ch.New = c.Begin()
		for i := range t.columns {
			image, at := now, nowAt[i]
			if at == imageAbsent && was != nil { // what did not change may stand in front only
				image, at = was, wasAt[i]
			}
			if err = t.columns[i].field(c, image, at); err != nil {
				return t.failed(i, err)
			}
		}
	}
	if was != nil && (op == row.Delete || t.table.before || t.rekeyed(now, nowAt, was, wasAt)) {
		ch.Old = c.Begin()
		key := 0
		for i := range t.columns {
			at := wasAt[i]
			if key < len(t.keys) && t.keys[key] == i {
				key++
			} else if !t.table.before {
				at = imageAbsent
			}
			if err = t.columns[i].field(c, was, at); err != nil {
				return t.failed(i, err)
			}
		}
	}
	f.added++
	return f.out.Added(f.ctx, ch, row.Wait{})
}

func (t *logTable) failed(i int, err error) error {
	return fmt.Errorf("table %s, column %d of the log: %w", t.table.ask.Table.Name, i+1, err)
}

// field appends a column's field.
func (c *logColumn) field(out *row.Changes, image []byte, at int) error {
	switch {
	case c.hidden:
	case at == imageAbsent || !c.want:
		out.EndField(row.Unchanged)
	case at == imageNull:
		out.EndField(row.Null)
	default:
		data, err := c.append(out.Data, image[at:])
		if err != nil {
			return err
		}
		out.Data = data
		out.EndField(row.Value)
	}
	return nil
}

// rekeyed reports whether an update changed what the row is known by.
func (t *logTable) rekeyed(now []byte, nowAt []int, was []byte, wasAt []int) bool {
	for _, i := range t.keys {
		n, w := nowAt[i], wasAt[i]
		if n == imageAbsent || w == imageAbsent {
			continue // it did not change, or there is no knowing
		}
		if (n == imageNull) != (w == imageNull) {
			return true
		}
		if n == imageNull {
			continue
		}
		c := &t.columns[i]
		if !bytes.Equal(now[n:n+c.size(now[n:])], was[w:w+c.size(was[w:])]) {
			return true
		}
	}
	return false
}

// uncompressColumn unpacks a value of MariaDB's COMPRESSED columns.
func uncompressColumn(v []byte) ([]byte, error) {
	if len(v) == 0 {
		return nil, nil
	}
	if v[0]&0xf0 == 0 { // stored as it is
		return v[1:], nil
	}
	// The method stands in the upper half, then the length of the length.
	size := int(v[0] & 7)
	if v[0]>>4 != 8 || len(v) < 1+size {
		return nil, errors.New("the log has a compressed value that can't be read")
	}
	return inflate(v[1+size:], v[0]&8 == 0)
}

func inflate(v []byte, wrapped bool) ([]byte, error) {
	var r io.ReadCloser
	var err error
	if wrapped {
		r, err = zlib.NewReader(bytes.NewReader(v))
	} else {
		r = flate.NewReader(bytes.NewReader(v))
	}
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}
