package postgres

import (
	"encoding/binary"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// What was sent is kept for a while, so that the row that the server stumbles over can
// be named: it lags behind by what the sockets hold, which is some 10 MB where both
// sides' buffers have grown.

// keptBatches are the last batches of one of COPY's own formats. Between servers of one
// kind a bad row is rare, and naming the chunk must do where it was sent too long ago.
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
	clear(k.batches)
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

// key names the row of that number by its batch, "" where it is not kept.
func (k *keptBatches) key(line int64, name func(b *row.Batch, r int) string) string {
	if line < k.first {
		return ""
	}
	at := line - k.first
	for _, b := range k.batches {
		if at < int64(b.Rows) {
			return name(b, int(at))
		}
		at -= int64(b.Rows)
	}
	return ""
}

// keptKeys are the keys of the last rows that were sent as fields.
type keptKeys struct {
	columns  []int // of the key, in the batch
	segments []keySegment
	first    int64
	sent     int
}

// keySegment holds a batch's keys: per row and column a length plus one, 0 for NULL,
// and the bytes.
type keySegment struct {
	data []byte
	ends []uint32
	sent int // bytes that went to the server
}

const keepSent = 24 << 20

func (k *keptKeys) reset(l providers.Load) {
	k.columns = k.columns[:0]
	for _, name := range l.Key {
		for i, c := range l.Columns {
			if c.Name == name {
				k.columns = append(k.columns, i)
			}
		}
	}
	k.segments, k.first, k.sent = k.segments[:0], 1, 0
}

func (k *keptKeys) add(b *row.Batch, sent int) {
	if len(k.columns) == 0 {
		return
	}
	var s keySegment
	drop := 0
	for drop < len(k.segments) && k.sent-k.segments[drop].sent > keepSent {
		k.sent -= k.segments[drop].sent
		k.first += int64(len(k.segments[drop].ends))
		s = k.segments[drop] // its memory is used again
		drop++
	}
	k.segments = append(k.segments[:0], k.segments[drop:]...)
	s.data, s.ends, s.sent = s.data[:0], s.ends[:0], sent
	for r := range b.Rows {
		for _, i := range k.columns {
			v, state := b.Field(r, i)
			if state != row.Value {
				s.data = append(s.data, 0)
				continue
			}
			s.data = binary.AppendUvarint(s.data, uint64(len(v))+1)
			s.data = append(s.data, v...)
		}
		s.ends = append(s.ends, uint32(len(s.data)))
	}
	k.segments = append(k.segments, s)
	k.sent += sent
}

// key names the row of that number, "" where it is not kept.
func (k *keptKeys) key(l providers.Load, line int64) string {
	at := line - k.first
	if at < 0 || len(k.columns) == 0 {
		return ""
	}
	for _, s := range k.segments {
		if at >= int64(len(s.ends)) {
			at -= int64(len(s.ends))
			continue
		}
		var start uint32
		if at > 0 {
			start = s.ends[at-1]
		}
		data := s.data[start:s.ends[at]]
		parts := make([]string, len(k.columns))
		for i, c := range k.columns {
			n, used := binary.Uvarint(data)
			data = data[used:]
			v := "NULL"
			if n > 0 {
				v = keyText(data[:n-1], l.Columns[c].Source, row.FormFields)
				data = data[n-1:]
			}
			parts[i] = l.Columns[c].Name + "=" + v
		}
		return strings.Join(parts, ", ")
	}
	return ""
}
