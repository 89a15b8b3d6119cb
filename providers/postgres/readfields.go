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

// fieldDecoder turns lines of COPY text into fields of canonical text.
type fieldDecoder struct {
	table   providers.ReadTable
	columns []decodeField
	scratch []byte
	utf8    bool // the server does not vouch for the text's encoding
}

// decodeField appends a column's canonical text, given what the server wrote.
type decodeField func(dst, v []byte) ([]byte, error)

func newFieldDecoder(t providers.ReadTable, encoding string) *fieldDecoder {
	d := &fieldDecoder{table: t, columns: make([]decodeField, len(t.Columns)), utf8: encoding == "SQL_ASCII"}
	for i, c := range t.Columns {
		as := c.As
		if as.Kind == "" {
			as = c.Type
		}
		d.columns[i] = decoderFor(c.Type, as)
	}
	return d
}

// decoderFor picks the conversion; nil where the server's text is the canonical one.
func decoderFor(t, as schema.Type) decodeField {
	switch {
	case t.IsBinary(): // as bytes whatever they stand for
		return decodeHex
	case t.Kind == schema.Char:
		return decodePadded
	case as.Kind == t.Kind:
		return nil
	case as.Kind == schema.Bool:
		return decodeBool
	case as.Kind == schema.Int && t.Kind == schema.Bool:
		return decodeBoolInt
	case as.Kind == schema.TimestampTZ && t.Kind == schema.Timestamp:
		return decodeAddZone
	case as.Kind == schema.Timestamp && t.Kind == schema.TimestampTZ:
		return decodeDropZone
	case as.Kind == schema.Date && (t.Kind == schema.Timestamp || t.Kind == schema.TimestampTZ):
		return decodeDay
	case as.Kind == schema.Timestamp && t.Kind == schema.Date:
		return decodeMidnight
	case as.Kind == schema.Set || as.Kind == schema.EnumKind || as.Kind == schema.Text || as.Kind == schema.Varchar:
		return nil
	}
	return nil
}

// row adds a line's fields to the batch.
func (d *fieldDecoder) row(b *row.Batch, line []byte) error {
	line = bytes.TrimSuffix(line, []byte("\n"))
	escapes := bytes.IndexByte(line, '\\') >= 0
	for i, decode := range d.columns {
		v := line
		if end := bytes.IndexByte(line, '\t'); end >= 0 {
			v, line = line[:end], line[end+1:]
		} else if i < len(d.columns)-1 {
			return fmt.Errorf("bug in syncform: a row of table %s has %d fields, not %d", d.table.Name, i+1, len(d.columns))
		}
		if escapes && len(v) > 0 {
			if len(v) == 2 && v[0] == '\\' && v[1] == 'N' {
				b.AppendNull()
				continue
			}
			if decode == nil && bytes.IndexByte(v, '\\') >= 0 {
				start := len(b.Data)
				b.Data = unescape(b.Data, v)
				if err := d.check(i, b.Data[start:]); err != nil {
					return err
				}
				b.EndField(row.Value)
				continue
			}
			if decode != nil {
				d.scratch = unescape(d.scratch[:0], v)
				v = d.scratch
			}
		}
		if err := d.check(i, v); err != nil {
			return err
		}
		if decode == nil {
			b.Append(v)
			continue
		}
		var err error
		if b.Data, err = decode(b.Data, v); err != nil {
			return &providers.BadRowError{Table: d.table.Name, Column: d.table.Columns[i].Name, Reason: err.Error()}
		}
		b.EndField(row.Value)
	}
	b.EndRow()
	return nil
}

// check refuses bytes that are not text, which a database without an encoding lets in.
func (d *fieldDecoder) check(i int, v []byte) error {
	if d.utf8 && !utf8.Valid(v) {
		return &providers.BadRowError{Table: d.table.Name, Column: d.table.Columns[i].Name, Reason: "the value is not UTF-8; the database's encoding is SQL_ASCII, so its server does not know what it is: repair the value, or move it as bytea"}
	}
	return nil
}

// unescape undoes COPY's text escapes.
func unescape(dst, v []byte) []byte {
	for {
		i := bytes.IndexByte(v, '\\')
		if i < 0 || i+1 == len(v) {
			return append(dst, v...)
		}
		dst = append(dst, v[:i]...)
		c := v[i+1]
		switch c {
		case 'n':
			c = '\n'
		case 't':
			c = '\t'
		case 'r':
			c = '\r'
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'v':
			c = '\v'
		}
		dst = append(dst, c)
		v = v[i+2:]
	}
}

func decodeHex(dst, v []byte) ([]byte, error) {
	if len(v) < 2 || v[0] != '\\' || v[1] != 'x' {
		return nil, fmt.Errorf("the server wrote bytes in another form than hex")
	}
	start := len(dst)
	n := hex.DecodedLen(len(v) - 2)
	dst = append(dst, v[2:2+n]...) // room for them; overwritten next
	if _, err := hex.Decode(dst[start:], v[2:]); err != nil {
		return nil, fmt.Errorf("the server wrote bytes in another form than hex")
	}
	return dst, nil
}

func decodePadded(dst, v []byte) ([]byte, error) {
	return append(dst, bytes.TrimRight(v, " ")...), nil
}

func decodeBool(dst, v []byte) ([]byte, error) {
	switch string(v) {
	case "1":
		v = []byte("t")
	case "0":
		v = []byte("f")
	}
	return append(dst, v...), nil
}

func decodeBoolInt(dst, v []byte) ([]byte, error) {
	if string(v) == "t" {
		return append(dst, '1'), nil
	}
	return append(dst, '0'), nil
}

var (
	beforeChrist = []byte(" BC")
	utcZone      = []byte("+00")
	midnight     = []byte(" 00:00:00")
)

func decodeAddZone(dst, v []byte) ([]byte, error) {
	if len(v) > 0 && (v[0] == 'i' || v[0] == '-') { // infinity
		return append(dst, v...), nil
	}
	if t, ok := bytes.CutSuffix(v, beforeChrist); ok {
		return append(append(append(dst, t...), utcZone...), beforeChrist...), nil
	}
	return append(append(dst, v...), utcZone...), nil
}

func decodeDropZone(dst, v []byte) ([]byte, error) {
	t, bc := bytes.CutSuffix(v, beforeChrist)
	dst = append(dst, bytes.TrimSuffix(t, utcZone)...)
	if bc {
		dst = append(dst, beforeChrist...)
	}
	return dst, nil
}

func decodeDay(dst, v []byte) ([]byte, error) {
	t, bc := bytes.CutSuffix(v, beforeChrist)
	dst = append(dst, bytes.TrimSuffix(bytes.TrimSuffix(t, utcZone), midnight)...)
	if bc {
		dst = append(dst, beforeChrist...)
	}
	return dst, nil
}

func decodeMidnight(dst, v []byte) ([]byte, error) {
	if len(v) > 0 && (v[0] == 'i' || v[0] == '-') {
		return append(dst, v...), nil
	}
	if t, ok := bytes.CutSuffix(v, beforeChrist); ok {
		return append(append(append(dst, t...), midnight...), beforeChrist...), nil
	}
	return append(append(dst, v...), midnight...), nil
}
