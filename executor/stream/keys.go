package stream

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"

	"github.com/syncform/syncform/providers/row"
)

// keys numbers the distinct keys of a batch in the order in which they first come. It
// allocates as it grows, not per key. The zero value is ready.
type keys struct {
	seed  maphash.Seed
	slots []int32 // number+1 by hash; 0 empty
	data  []byte
	ends  []int
}

// appendKey adds one field of a key to its encoding: its state, its length, its bytes.
func appendKey(dst, value []byte, s row.State) []byte {
	dst = append(dst, byte(s))
	dst = binary.AppendUvarint(dst, uint64(len(value)))
	return append(dst, value...)
}

// get is the encoding of key number i.
func (k *keys) get(i int32) []byte {
	start := 0
	if i > 0 {
		start = k.ends[i-1]
	}
	return k.data[start:k.ends[i]]
}

// number finds an encoded key, or gives it the next number.
func (k *keys) number(key []byte) (n int32, found bool) {
	if 2*len(k.ends) >= len(k.slots) {
		k.grow()
	}
	for at := k.slot(key); ; at = (at + 1) & (len(k.slots) - 1) {
		if k.slots[at] == 0 {
			n = int32(len(k.ends))
			k.data = append(k.data, key...)
			k.ends = append(k.ends, len(k.data))
			k.slots[at] = n + 1
			return n, false
		}
		if n = k.slots[at] - 1; bytes.Equal(k.get(n), key) {
			return n, true
		}
	}
}

func (k *keys) slot(key []byte) int {
	return int(maphash.Bytes(k.seed, key)) & (len(k.slots) - 1)
}

func (k *keys) grow() {
	if k.slots == nil {
		k.seed = maphash.MakeSeed()
	}
	k.slots = make([]int32, max(64, 2*len(k.slots)))
	for i := range k.ends {
		at := k.slot(k.get(int32(i)))
		for k.slots[at] != 0 {
			at = (at + 1) & (len(k.slots) - 1)
		}
		k.slots[at] = int32(i) + 1
	}
}

// reset forgets all keys and keeps the memory.
func (k *keys) reset() {
	clear(k.slots)
	k.data, k.ends = k.data[:0], k.ends[:0]
}

// appendTo adds the key's fields to a batch of keys, as one row.
func appendKeyRow(b *row.Batch, key []byte) {
	for len(key) > 0 {
		s := row.State(key[0])
		n, width := binary.Uvarint(key[1:])
		value := key[1+width : 1+width+int(n)]
		b.Data = append(b.Data, value...)
		b.EndField(s)
		key = key[1+width+int(n):]
	}
	b.EndRow()
}
