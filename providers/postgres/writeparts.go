package postgres

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"unicode/utf8"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// partsEncoder makes tuples of a binary COPY of parts: runs of fields as they come, and
// columns of canonical text, which it writes by the rules of fieldEncoder.
type partsEncoder struct {
	load    providers.Load
	texts   []partText // by part
	out     []byte
	scratch []byte
}

// partText is how a part of text is written; without value it is a run.
type partText struct {
	convert converter // nil: the text as it is
	value   binaryValue
	text    bool // of characters: it must be UTF-8, without a NUL
}

// writesParts reports whether a load's runs pass in their binary form, and whether the
// other columns' binary form is written here. A load whose parts are no stage's has none.
func writesParts(l providers.Load) bool {
	next := 0
	for _, p := range l.Parts {
		if p.From != next || p.From+max(p.N, 1) > len(l.Columns) {
			return false
		}
		next += max(p.N, 1)
		if p.N == 0 {
			c := l.Columns[p.From]
			if binaryValueOf(c.Source, c.Type) == nil {
				return false
			}
		}
		for _, c := range l.Columns[p.From : p.From+p.N] {
			if !textPasses(c.Source, c.Type) || binaryForm(c.Source) != binaryForm(c.Type) {
				return false
			}
		}
	}
	return next == len(l.Columns)
}

func newPartsEncoder(l providers.Load) *partsEncoder {
	e := &partsEncoder{load: l, texts: make([]partText, len(l.Parts))}
	for i, p := range l.Parts {
		if p.N == 0 {
			c := l.Columns[p.From]
			e.texts[i] = partText{converterFor(c.Source, c.Type), binaryValueOf(c.Source, c.Type), isCharacters(c.Type.Kind)}
		}
	}
	return e
}

// batch encodes a whole batch; the result holds until the next call.
func (e *partsEncoder) batch(b *row.Batch) ([]byte, error) {
	if b.Width != len(e.texts) {
		return nil, fmt.Errorf("bug in syncform: rows of %d parts for %d of table %s", b.Width, len(e.texts), e.load.Table)
	}
	out := e.out[:0]
	start := uint32(0)
	n := 0
	for r := range b.Rows {
		out = binary.BigEndian.AppendUint16(out, uint16(len(e.load.Columns)))
		for i := range e.texts {
			end := b.Ends[n]
			v := b.Data[start:end]
			start = end
			switch t := &e.texts[i]; {
			case t.value == nil:
				out = append(out, v...)
			case b.States[n] == row.Null:
				out = append(out, 0xff, 0xff, 0xff, 0xff)
			case b.States[n] != row.Value:
				return nil, fmt.Errorf("bug in syncform: an unchanged field in a load of table %s", e.load.Table)
			default:
				size := len(out)
				out = append(out, 0, 0, 0, 0)
				var reason string
				if out, reason = e.text(out, t, v); reason != "" {
					return nil, &providers.BadRowError{Table: e.load.Table, Key: e.key(b, r), Column: e.load.Columns[e.load.Parts[i].From].Name, Reason: reason}
				}
				binary.BigEndian.PutUint32(out[size:], uint32(len(out)-size-4))
			}
			n++
		}
	}
	e.out = out
	return out, nil
}

// text appends one value's binary form.
func (e *partsEncoder) text(out []byte, t *partText, v []byte) ([]byte, string) {
	if t.convert != nil {
		var reason string
		if e.scratch, reason = t.convert(e.scratch[:0], v); reason != "" {
			return out, reason
		}
		v = e.scratch
	}
	if t.text {
		switch {
		case !utf8.Valid(v):
			return out, notUTF8
		case bytes.IndexByte(v, 0) >= 0:
			return out, holdsNUL
		}
	}
	return t.value(out, v)
}

// key names a row, whose columns of text need not be ones that the server takes.
func (e *partsEncoder) key(b *row.Batch, r int) string {
	fields := make([][]byte, 0, len(e.load.Columns))
	texts := make([]bool, 0, len(e.load.Columns))
	for i, p := range e.load.Parts {
		v, state := b.Field(r, i)
		if p.N == 0 {
			if state != row.Value {
				v = nil
			}
			fields, texts = append(fields, v), append(texts, true)
			continue
		}
		for len(v) >= 4 {
			size := int32(binary.BigEndian.Uint32(v))
			if v = v[4:]; size < 0 {
				fields, texts = append(fields, nil), append(texts, false)
				continue
			}
			fields, texts = append(fields, v[:size:size]), append(texts, false)
			v = v[size:]
		}
	}
	return keyFrom(e.load, fields, func(i int) string {
		if texts[i] {
			return keyText(fields[i], e.load.Columns[i].Source, row.FormFields)
		}
		return keyText(fields[i], e.load.Columns[i].Source, binaryPrefix)
	})
}
