package postgres

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// copyLine is what follows the table in the server's context: line 3, column c: "value".
// Words may be in the server's language, so only their order counts.
var copyLine = regexp.MustCompile(`^, \D*?(\d+)(?:, [^\s,:]+ (.*))?`)

// copyContext reads an error's context; line is 0 where it says none. table is the one
// that COPY writes.
func copyContext(context, table string, l providers.Load) (line int64, column string) {
	for _, text := range strings.Split(context, "\n") {
		rest, ok := strings.CutPrefix(text, "COPY "+table)
		if !ok {
			continue
		}
		m := copyLine.FindStringSubmatch(rest)
		if m == nil {
			continue
		}
		n, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil {
			continue
		}
		// A name may hold what else ends it: the longest that fits is the column's.
		for _, c := range l.Columns {
			if len(c.Name) > len(column) && (m[2] == c.Name || strings.HasPrefix(m[2], c.Name+":")) {
				column = c.Name
			}
		}
		return n, column
	}
	return 0, ""
}

// keyOf names a row: "id=17, region=eu"; "" where the load has no key.
func keyOf(fields [][]byte, l providers.Load, form row.Form) string {
	return keyFrom(l, fields, func(i int) string { return keyText(fields[i], l.Columns[i].Source, form) })
}

func keyFrom(l providers.Load, fields [][]byte, text func(column int) string) string {
	var parts []string
	for _, k := range l.Key {
		for i, c := range l.Columns {
			if c.Name != k {
				continue
			}
			v := "NULL"
			if fields[i] != nil {
				v = text(i)
			}
			parts = append(parts, k+"="+v)
		}
	}
	return strings.Join(parts, ", ")
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
