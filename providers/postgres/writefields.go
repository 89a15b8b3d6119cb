package postgres

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"unicode/utf8"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// fieldEncoder writes fields of canonical text as lines of COPY text. It refuses what
// the server would take and bend.
type fieldEncoder struct {
	load    providers.Load
	columns []encodeField
	out     []byte
	scratch []byte
}

// encodeField is how one column is written.
type encodeField struct {
	// convert appends the text that the server is to read, or says why the column can't
	// hold the value. nil: the text as it is.
	convert func(dst, v []byte) ([]byte, string)
	// plain text needs no escapes.
	plain bool
	// hex writes raw bytes as bytea.
	hex bool
}

func newFieldEncoder(l providers.Load) *fieldEncoder {
	e := &fieldEncoder{load: l, columns: make([]encodeField, len(l.Columns))}
	for i, c := range l.Columns {
		e.columns[i] = encodeField{convert: converterFor(c.Source, c.Type), plain: isPlain(c.Source), hex: c.Type.IsBinary()}
	}
	return e
}

// isPlain reports whether a kind's canonical text never holds what COPY escapes.
// SQLite's columns hold what was put there, whatever they are declared as.
func isPlain(t schema.Type) bool {
	if t.System == "" || t.System == schema.SQLite {
		return false
	}
	switch t.Kind {
	case schema.Bool, schema.Int, schema.Year, schema.Decimal, schema.Float, schema.Date, schema.Time, schema.TimeTZ, schema.Timestamp, schema.TimestampTZ,
		schema.Interval, schema.UUID, schema.Bit, schema.VarBit:
		return true
	}
	return false
}

// batch encodes a whole batch; the result holds until the next call.
func (e *fieldEncoder) batch(b *row.Batch) ([]byte, error) {
	if b.Width != len(e.columns) {
		return nil, fmt.Errorf("bug in syncform: rows of %d fields for %d columns of table %s", b.Width, len(e.columns), e.load.Table)
	}
	out := e.out[:0]
	start := uint32(0)
	n := 0
	for r := range b.Rows {
		for i := range e.columns {
			end := b.Ends[n]
			v := b.Data[start:end]
			start = end
			if i > 0 {
				out = append(out, '\t')
			}
			if b.States[n] == row.Value {
				var err error
				if out, err = e.field(out, b, r, i, v); err != nil {
					return nil, err
				}
			} else if b.States[n] == row.Null {
				out = append(out, '\\', 'N')
			} else {
				return nil, fmt.Errorf("bug in syncform: an unchanged field in a load of table %s", e.load.Table)
			}
			n++
		}
		out = append(out, '\n')
	}
	e.out = out
	return out, nil
}

// field appends one value as COPY's text format has it; b and r name the row in errors.
func (e *fieldEncoder) field(out []byte, b *row.Batch, r, i int, v []byte) ([]byte, error) {
	c := &e.columns[i]
	if c.convert != nil {
		var reason string
		if e.scratch, reason = c.convert(e.scratch[:0], v); reason != "" {
			return nil, e.bad(b, r, i, reason)
		}
		v = e.scratch
	}
	switch {
	case c.hex:
		out = append(out, `\\x`...)
		return hex.AppendEncode(out, v), nil
	case c.plain:
		return append(out, v...), nil
	}
	if !utf8.Valid(v) {
		return nil, e.bad(b, r, i, notUTF8)
	}
	out, ok := escape(out, v)
	if !ok {
		return nil, e.bad(b, r, i, holdsNUL)
	}
	return out, nil
}

// text appends one value as the text of a parameter.
func (e *fieldEncoder) text(out []byte, b *row.Batch, r, i int, v []byte) ([]byte, error) {
	c := &e.columns[i]
	if c.convert != nil {
		var reason string
		if e.scratch, reason = c.convert(e.scratch[:0], v); reason != "" {
			return nil, e.bad(b, r, i, reason)
		}
		v = e.scratch
	}
	switch {
	case c.hex:
		out = append(out, `\x`...)
		return hex.AppendEncode(out, v), nil
	case c.plain:
	case !utf8.Valid(v):
		return nil, e.bad(b, r, i, notUTF8)
	case bytes.IndexByte(v, 0) >= 0:
		return nil, e.bad(b, r, i, holdsNUL)
	}
	return append(out, v...), nil
}

func (e *fieldEncoder) bad(b *row.Batch, r, i int, reason string) error {
	key := ""
	if fields, ok := fieldsOf(b, r, len(e.columns), row.FormFields); ok {
		key = keyOf(fields, e.load, row.FormFields)
	}
	return &providers.BadRowError{Table: e.load.Table, Key: key, Column: e.load.Columns[i].Name, Reason: reason}
}

// The server finds these too, and does not say in which column.
const (
	notUTF8  = "the text is not UTF-8, which PostgreSQL asks for: map it to bytea, or repair it"
	holdsNUL = "the text holds a NUL, which PostgreSQL does not store in text: map it to bytea, or repair it"
)

// escaped are the bytes that COPY's text format gives another meaning; NUL has none.
var escaped = [256]byte{0: '0', '\\': '\\', '\t': 't', '\n': 'n', '\r': 'r'}

// escape appends text with COPY's escapes; ok is false where it holds a NUL.
func escape(dst, v []byte) (out []byte, ok bool) {
	from := 0
	for i, c := range v {
		if e := escaped[c]; e != 0 {
			if c == 0 {
				return dst, false
			}
			dst = append(dst, v[from:i]...)
			dst = append(dst, '\\', e)
			from = i + 1
		}
	}
	return append(dst, v[from:]...), true
}

// isCanonicalDate reports whether v begins with a date as package row writes it, and
// gives what follows. The server itself would also take 02/03/2024 and 'today'.
func isCanonicalDate(v []byte) (rest []byte, ok bool) {
	if bytes.Equal(v, []byte("infinity")) || bytes.Equal(v, []byte("-infinity")) {
		return nil, true
	}
	i := 0
	for i < len(v) && v[i] >= '0' && v[i] <= '9' {
		i++
	}
	if i < 4 || len(v) < i+6 || v[i] != '-' || v[i+3] != '-' {
		return nil, false
	}
	for _, j := range []int{i + 1, i + 2, i + 4, i + 5} {
		if v[j] < '0' || v[j] > '9' {
			return nil, false
		}
	}
	return v[i+6:], true
}
