package postgres

import (
	"encoding/binary"
	"fmt"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// partsDecoder takes tuples of a binary COPY apart into parts: runs of fields as they are,
// and the few columns that a stage computes with as canonical text.
type partsDecoder struct {
	table providers.ReadTable
	texts []binaryText // by part; nil: a run
	at    []int        // where each field of a tuple begins, with its length
}

// readsParts reports whether the columns that are wanted as text can be made of their
// binary form.
func readsParts(t providers.ReadTable) bool {
	for _, p := range t.Parts {
		if p.N == 0 && binaryTextOf(t.Columns[p.From].Type) == nil {
			return false
		}
	}
	return true
}

func newPartsDecoder(t providers.ReadTable) *partsDecoder {
	d := &partsDecoder{table: t, texts: make([]binaryText, len(t.Parts)), at: make([]int, len(t.Columns)+1)}
	for i, p := range t.Parts {
		if p.N == 0 {
			d.texts[i] = binaryTextOf(t.Columns[p.From].Type)
		}
	}
	return d
}

// row adds a tuple's parts to the batch.
func (d *partsDecoder) row(b *row.Batch, tuple []byte) error {
	at, n := 2, len(d.table.Columns)
	if len(tuple) < 2 || int(binary.BigEndian.Uint16(tuple)) != n {
		return d.wrong()
	}
	for i := range n {
		d.at[i] = at
		if at+4 > len(tuple) {
			return d.wrong()
		}
		if size := int32(binary.BigEndian.Uint32(tuple[at:])); size > 0 {
			at += int(size)
		}
		at += 4
	}
	d.at[n] = at
	if at != len(tuple) {
		return d.wrong()
	}
	for i, p := range d.table.Parts {
		if p.N > 0 {
			b.Data = append(b.Data, tuple[d.at[p.From]:d.at[p.From+p.N]]...)
			b.EndField(row.Value)
			continue
		}
		v := tuple[d.at[p.From]:d.at[p.From+1]]
		if v[0] == 0xff {
			b.AppendNull() // its length is -1: no value is so long that its first byte is that
			continue
		}
		data, ok := d.texts[i](b.Data, v[4:])
		if !ok {
			return fmt.Errorf("bug in syncform: table %s, column %q: a value of type %s in a binary form of %d bytes", d.table.Name, d.table.Columns[p.From].Name, d.table.Columns[p.From].Type.Native, len(v)-4)
		}
		b.Data = data
		b.EndField(row.Value)
	}
	b.EndRow()
	return nil
}

func (d *partsDecoder) wrong() error {
	return fmt.Errorf("bug in syncform: a tuple of table %s is not one of %d fields", d.table.Name, len(d.table.Columns))
}
