package postgres

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// copyLine finds the line and column in the server's context: COPY t, line 3, column c.
// Words may be in the server's language, so only their order counts.
var copyLine = regexp.MustCompile(`(?s)^COPY .*?, [^\d,]*(\d+)(?:, [^\s,:]+ (.+?))?(?:: .*)?$`)

// copyContext reads an error's context; line is 0 where it says none.
func copyContext(context string) (line int64, column string) {
	for _, l := range strings.Split(context, "\n") {
		m := copyLine.FindStringSubmatch(l)
		if m == nil {
			continue
		}
		n, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil {
			continue
		}
		column = m[2]
		if i := strings.Index(column, ": \""); i >= 0 {
			column = column[:i]
		}
		return n, column
	}
	return 0, ""
}

// keptBatches are the last batches that were sent, so that the row that the server
// stumbles over can be named: it lags behind by what the sockets hold.
type keptBatches struct {
	batches []*row.Batch
	first   int64 // the number of the first kept row, from 1
	bytes   int
}

const keepBytes = 4 << 20

func (k *keptBatches) reset() {
	for _, b := range k.batches {
		b.Release()
	}
	k.batches, k.first, k.bytes = k.batches[:0], 1, 0
}

func (k *keptBatches) add(b *row.Batch) {
	k.batches = append(k.batches, b)
	k.bytes += len(b.Data)
	drop := 0
	for drop < len(k.batches)-1 && k.bytes > keepBytes {
		k.first += int64(k.batches[drop].Rows)
		k.bytes -= len(k.batches[drop].Data)
		k.batches[drop].Release()
		drop++
	}
	if drop > 0 {
		n := copy(k.batches, k.batches[drop:])
		clear(k.batches[n:])
		k.batches = k.batches[:n]
	}
}

// row finds the fields of the row of that number, if it is still kept.
func (k *keptBatches) row(l providers.Load, form row.Form, line int64) ([][]byte, bool) {
	if line < k.first {
		return nil, false
	}
	at := line - k.first
	for _, b := range k.batches {
		if at < int64(b.Rows) {
			return fieldsOf(b, int(at), len(l.Columns), form)
		}
		at -= int64(b.Rows)
	}
	return nil, false
}

// keyOf names a row: "id=17, region=eu"; "" where the load has no key.
func keyOf(fields [][]byte, l providers.Load, form row.Form) string {
	var parts []string
	for _, k := range l.Key {
		for i, c := range l.Columns {
			if c.Name != k {
				continue
			}
			v := "NULL"
			if fields[i] != nil {
				v = keyText(fields[i], c.Source, form)
			}
			parts = append(parts, k+"="+v)
		}
	}
	return strings.Join(parts, ", ")
}

// notText finds the column whose value no text of PostgreSQL can be; the server only
// names the row.
func notText(fields [][]byte, l providers.Load) string {
	for i, c := range l.Columns {
		if !c.Type.IsBinary() && (!utf8.Valid(fields[i]) || bytes.IndexByte(fields[i], 0) >= 0) {
			return c.Name
		}
	}
	return ""
}

// fieldsOf takes a row of any form apart; NULL is nil.
func fieldsOf(b *row.Batch, r, width int, form row.Form) ([][]byte, bool) {
	fields := make([][]byte, 0, width)
	switch {
	case form == row.FormFields:
		for i := range b.Width {
			v, state := b.Field(r, i)
			if state != row.Value {
				v = nil
			} else if v == nil {
				v = []byte{}
			}
			fields = append(fields, v)
		}
	case form == textForm:
		data := b.Data
		for ; r > 0; r-- {
			i := bytes.IndexByte(data, '\n')
			if i < 0 {
				return nil, false
			}
			data = data[i+1:]
		}
		line, _, _ := bytes.Cut(data, []byte("\n"))
		for _, v := range bytes.Split(line, []byte("\t")) {
			if string(v) == `\N` {
				fields = append(fields, nil)
			} else {
				fields = append(fields, append([]byte{}, unescape(nil, v)...))
			}
		}
	default:
		data := b.Data
		for i := 0; i <= r; i++ {
			if len(data) < 2 {
				return nil, false
			}
			n := int(binary.BigEndian.Uint16(data))
			data = data[2:]
			fields = fields[:0]
			for range n {
				if len(data) < 4 {
					return nil, false
				}
				size := int32(binary.BigEndian.Uint32(data))
				data = data[4:]
				if size < 0 {
					fields = append(fields, nil)
					continue
				}
				if len(data) < int(size) {
					return nil, false
				}
				fields = append(fields, data[:size:size])
				data = data[size:]
			}
		}
	}
	return fields, len(fields) == width
}

// keyText shows a key's value; binary ones of the simple kinds are read.
func keyText(v []byte, t schema.Type, form row.Form) string {
	if form == row.FormFields && t.IsBinary() {
		return fmt.Sprintf(`\x%x`, v)
	}
	if !strings.HasPrefix(string(form), binaryPrefix) {
		return string(v)
	}
	switch {
	case t.Kind == schema.Int && len(v) == 2:
		return strconv.Itoa(int(int16(binary.BigEndian.Uint16(v))))
	case t.Kind == schema.Int && len(v) == 4:
		return strconv.Itoa(int(int32(binary.BigEndian.Uint32(v))))
	case t.Kind == schema.Int && len(v) == 8:
		return strconv.FormatInt(int64(binary.BigEndian.Uint64(v)), 10)
	case isCharacters(t.Kind) || t.Kind == schema.EnumKind:
		return string(v)
	case t.Kind == schema.UUID && len(v) == 16:
		return fmt.Sprintf("%x-%x-%x-%x-%x", v[:4], v[4:6], v[6:8], v[8:10], v[10:])
	}
	return fmt.Sprintf(`\x%x`, v)
}
