package verify

import (
	"hash/maphash"

	"encoding/binary"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// hash128 is two hashes by different seeds. The seeds are new in every process, so
// nobody can make rows that collide.
type hash128 struct{ a, b uint64 }

// hasher knows how a mapping's rows are hashed.
type hasher struct {
	types  []schema.Type
	order  []int // columns, those of the key first
	key    int   // how many of order are the key; all of them where there is none
	keyed  bool
	seedA  maphash.Seed
	seedB  maphash.Seed
	seedKA maphash.Seed
	seedKB maphash.Seed
}

func newHasher(m *plan.Mapping, columns []plan.Column) *hasher {
	h := &hasher{seedA: maphash.MakeSeed(), seedB: maphash.MakeSeed(), seedKA: maphash.MakeSeed(), seedKB: maphash.MakeSeed()}
	key := keyColumns(m, columns)
	in := make([]bool, len(columns))
	for _, i := range key {
		in[i] = true
	}
	h.order = key
	for i, c := range columns {
		h.types = append(h.types, c.Travels())
		if !in[i] {
			h.order = append(h.order, i)
		}
	}
	h.key, h.keyed = len(key), len(key) > 0
	if !h.keyed {
		h.key = len(h.order)
	}
	return h
}

// keyColumns gives the places of the key's columns among the mapping's; none where the
// mapping has no key, or does not carry the whole of it.
func keyColumns(m *plan.Mapping, columns []plan.Column) []int {
	find := func(names []string, name func(plan.Column) string) []int {
		var at []int
		for _, n := range names {
			for i, c := range columns {
				if name(c) == n {
					at = append(at, i)
					break
				}
			}
		}
		if len(at) != len(names) {
			return nil
		}
		return at
	}
	if k := find(m.SourceKey, func(c plan.Column) string { return c.Source }); len(k) > 0 {
		return k
	}
	return find(m.TargetKey, func(c plan.Column) string { return c.Target })
}

// rowHasher hashes rows, one at a time; it is not safe for concurrent use.
type rowHasher struct {
	*hasher
	buf    []byte
	keyEnd int
}

// load takes a row: its values' normal forms, each with its state and length, so that
// no two different rows give the same bytes.
func (h *rowHasher) load(b *row.Batch, r int) {
	h.buf = h.buf[:0]
	for n, col := range h.order {
		if n == h.key {
			h.keyEnd = len(h.buf)
		}
		v, state := b.Field(r, col)
		h.buf = append(h.buf, byte(state), 0, 0, 0, 0)
		if state != row.Value {
			continue
		}
		start := len(h.buf)
		h.buf = row.Normal(h.buf, h.types[col], v)
		binary.LittleEndian.PutUint32(h.buf[start-4:], uint32(len(h.buf)-start))
	}
	if h.key == len(h.order) {
		h.keyEnd = len(h.buf)
	}
}

// bucket is a hash of the key to choose a bucket by.
func (h *rowHasher) bucket() uint64 { return maphash.Bytes(h.seedKA, h.buf[:h.keyEnd]) }

func (h *rowHasher) keyHash() hash128 {
	return hash128{maphash.Bytes(h.seedKA, h.buf[:h.keyEnd]), maphash.Bytes(h.seedKB, h.buf[:h.keyEnd])}
}

func (h *rowHasher) rowHash() hash128 {
	return hash128{maphash.Bytes(h.seedA, h.buf), maphash.Bytes(h.seedB, h.buf)}
}
