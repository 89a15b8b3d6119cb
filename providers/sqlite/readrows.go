package sqlite

import (
	"context"
	"encoding/binary"
	"io"
	"math"
	"slices"
	"strconv"
	"sync"
	"unicode/utf8"

	"zombiezen.com/go/sqlite"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// formOfStored names the form in which values go as they are stored: a byte for the
// storage class, then 8 bytes for a number, or the length and the bytes.
const formOfStored row.Form = "sqlite stored"

// formStored is formOfStored for the columns of a read, which a writer of the same
// declarations names too.
func formStored(t providers.ReadTable) row.Form {
	form := []byte(formOfStored)
	for _, c := range t.Columns {
		if c.Type.System != schema.SQLite || c.As.Kind != "" && !c.As.Equal(c.Type) {
			return ""
		}
		form = strconv.AppendQuote(append(form, ' '), c.Type.Native)
	}
	return row.Form(form)
}

// readColumn is how one column is read.
type readColumn struct {
	stored, as schema.Type
	fast       fastPath
}

// fastPath says what the usual value of a column needs.
type fastPath byte

const (
	slow     fastPath = iota
	integers          // INTEGER, in decimal
	texts             // TEXT, as it is where it is short enough
	stamps            // TEXT, as it is where it is 2006-01-02 15:04:05
)

func newReadColumn(c providers.ReadColumn) readColumn {
	rc := readColumn{stored: c.Type, as: c.As}
	if rc.as.Kind == "" {
		rc.as = rc.stored
	}
	switch rc.as.Kind {
	case schema.Int, schema.Year:
		rc.fast = integers
	case schema.Varchar, schema.Text:
		rc.fast = texts
	case schema.Timestamp:
		if rc.stored.Kind == schema.Timestamp {
			rc.fast = stamps
		}
	}
	return rc
}

// rowReader reads the row that its statement stands at.
type rowReader struct {
	table   providers.ReadTable
	columns []readColumn
	key     []keyPart
	stmt    *sqlite.Stmt
	scratch []byte
}

// reader streams the rows of one statement.
type reader struct {
	rowReader
	s    *snapshot
	ctx  context.Context // of Read: what the connection's statements end with
	form row.Form

	mu sync.Mutex // Close may come while Next runs
	db *sqlite.Conn
}

var _ row.Reader = (*reader)(nil)

// Form is row.FormFields, or the form of stored values.
func (r *reader) Form() row.Form { return r.form }

// Next returns the next batch.
func (r *reader) Next(ctx context.Context) (*row.Batch, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.db == nil {
		return nil, io.EOF
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	width := 0
	if r.form == row.FormFields {
		width = len(r.columns)
	}
	b := r.s.pool.Get(r.form, width)
	for !b.Full() {
		more, err := r.stmt.Step()
		if err == nil && more {
			if r.form == row.FormFields {
				err = r.fields(b)
			} else {
				err = r.stored(b)
			}
		}
		if err != nil {
			b.Release()
			err = because(r.ctx, err)
			r.release()
			return nil, err
		}
		if !more {
			r.release() // before the caller commits elsewhere: the file may be the same
			if b.Rows == 0 {
				b.Release()
				return nil, io.EOF
			}
			return b, nil
		}
		b.EndRow()
	}
	return b, nil
}

// Close ends the read.
func (r *reader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.release()
	return nil
}

func (r *reader) release() {
	if r.db == nil {
		return
	}
	_ = r.stmt.Finalize() // it repeats the error that the last step has returned
	r.s.giveBack(r.db)
	r.db, r.stmt = nil, nil
}

// bytes copies a text or blob behind dst.
func (r *rowReader) bytes(dst []byte, i int) []byte {
	// The length first: it makes SQLite turn UTF-16 into UTF-8.
	n := r.stmt.ColumnLen(i)
	if n == 0 {
		return dst
	}
	dst = slices.Grow(dst, n)
	end := len(dst) + n
	r.stmt.ColumnBytes(i, dst[len(dst):end])
	return dst[:end]
}

// fields adds the row that the statement stands at, as canonical text.
func (r *rowReader) fields(b *row.Batch) (err error) {
	for i := range r.columns {
		state := row.Value
		if b.Data, state, err = r.field(b.Data, i); err != nil {
			return err
		}
		b.EndField(state)
	}
	return nil
}

// field appends the canonical text of one field.
func (r *rowReader) field(dst []byte, i int) ([]byte, row.State, error) {
	c := &r.columns[i]
	class := r.stmt.ColumnType(i)
	start := len(dst)
	switch {
	case class == sqlite.TypeNull:
		return dst, row.Null, nil
	case c.fast == integers && class == sqlite.TypeInteger:
		return strconv.AppendInt(dst, r.stmt.ColumnInt64(i), 10), row.Value, nil
	case c.fast == texts && class == sqlite.TypeText:
		dst = r.bytes(dst, i)
		if v := dst[start:]; utf8.Valid(v) && !tooLong(v, c.as) {
			return dst, row.Value, nil
		}
	case c.fast == stamps && class == sqlite.TypeText:
		dst = r.bytes(dst, i)
		if v := dst[start:]; len(v) == 19 && v[10] == ' ' && plainDate(v[:10]) && plainClock(v[11:]) {
			return dst, row.Value, nil
		}
	}
	dst, problem := appendCanonical(dst[:start], r.value(i, class), c.stored, c.as)
	if problem != "" {
		return dst[:start], row.Value, r.bad(i, problem)
	}
	return dst, row.Value, nil
}

// value reads one value; its bytes hold until the next call.
func (r *rowReader) value(i int, class sqlite.ColumnType) value {
	v := value{class: class}
	switch class {
	case sqlite.TypeInteger:
		v.i = r.stmt.ColumnInt64(i)
	case sqlite.TypeFloat:
		v.f = r.stmt.ColumnFloat(i)
	default:
		r.scratch = r.bytes(r.scratch[:0], i)
		v.b = r.scratch
	}
	return v
}

func (r *rowReader) bad(i int, problem string) error {
	return &providers.BadRowError{Table: r.table.Name, Key: keyText(r.stmt, r.key), Column: r.table.Columns[i].Name, Reason: "the value " + problem}
}

// stored adds the row that the statement stands at, each value as it is stored. It must
// be one that its declaration allows all the same: what could not be read as canonical
// text could not be verified.
func (r *rowReader) stored(b *row.Batch) error {
	for i := range r.columns {
		c := &r.columns[i]
		class := r.stmt.ColumnType(i)
		b.Data = append(b.Data, byte(class))
		if class == sqlite.TypeNull {
			continue
		}
		v := r.value(i, class)
		usual := c.fast == integers && class == sqlite.TypeInteger || c.fast == texts && class == sqlite.TypeText && utf8.Valid(v.b) && !tooLong(v.b, c.as)
		if !usual {
			if _, problem := appendCanonical(nil, v, c.stored, c.as); problem != "" {
				return r.bad(i, problem)
			}
		}
		switch class {
		case sqlite.TypeInteger:
			b.Data = binary.LittleEndian.AppendUint64(b.Data, uint64(v.i))
		case sqlite.TypeFloat:
			b.Data = binary.LittleEndian.AppendUint64(b.Data, math.Float64bits(v.f))
		default:
			b.Data = binary.AppendUvarint(b.Data, uint64(len(v.b)))
			b.Data = append(b.Data, v.b...)
		}
	}
	return nil
}
