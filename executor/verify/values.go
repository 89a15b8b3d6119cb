package verify

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/syncform/syncform/providers/row"
)

// maxText is how many bytes of a value a report shows.
const maxText = 500

// value is what is kept of one field.
type value struct {
	state row.State
	hash  uint64 // of the normal form
	text  string
	raw   []byte // of a column of the target's key: the whole value
}

// values reads the rows that are reported, from the chunks in which they were seen.
func (c *comparison) values(ctx context.Context, picked [][]left) error {
	var mu sync.Mutex
	samples := map[hash128][]value{} // by row; nil until it is read
	var chunks [2][]int
	for _, group := range picked {
		for i, l := range group {
			if i >= c.options.Limit {
				break
			}
			samples[l.row] = nil
			if l.count > 0 {
				chunks[sourceSide] = append(chunks[sourceSide], int(l.chunk[sourceSide]))
			} else {
				chunks[targetSide] = append(chunks[targetSide], int(l.chunk[targetSide]))
			}
		}
	}
	for s := range chunks {
		slices.Sort(chunks[s])
		chunks[s] = append([]int{}, slices.Compact(chunks[s])...) // not nil: none, not all
	}
	err := c.scan(ctx, chunks, func() visitor {
		return func(h *rowHasher, _, _ int, b *row.Batch, r int) error {
			hash := h.rowHash()
			mu.Lock()
			defer mu.Unlock()
			if s, wanted := samples[hash]; wanted && s == nil {
				samples[hash] = c.sample(b, r)
			}
			return nil
		}
	})
	if err != nil {
		return err
	}
	for _, group := range picked {
		c.describe(group, samples)
	}
	slices.SortStableFunc(c.report.Differences, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(len(a.Key), len(b.Key)), cmp.Compare(a.Key, b.Key))
	})
	return nil
}

func (c *comparison) sample(b *row.Batch, r int) []value {
	s := make([]value, b.Width)
	for i := range s {
		v, state := b.Field(r, i)
		s[i].state = state
		if state == row.Value {
			s[i].hash = maphash.Bytes(c.hash.seedA, row.Normal(nil, c.hash.types[i], v))
			s[i].text = text(v, c.hash.types[i].IsBinary(), c.hash.seedA)
			if slices.Contains(c.mapping.TargetKey, c.compared[i].Target) {
				s[i].raw = bytes.Clone(v)
			}
		}
	}
	return s
}

// text shows a value; of a long one the beginning, its length and a hash that tells it
// from others of this report.
func text(v []byte, binary bool, seed maphash.Seed) string {
	cut, rest := v, ""
	if len(v) > maxText {
		cut, rest = v[:maxText], fmt.Sprintf("... (%d bytes, #%08x)", len(v), uint32(maphash.Bytes(seed, v)))
	}
	if binary || !utf8.Valid(v) {
		return `\x` + hex.EncodeToString(cut) + rest
	}
	return strings.ToValidUTF8(string(cut), "") + rest
}

// describe adds a key's differences to the report, as long as it has room.
func (c *comparison) describe(group []left, samples map[hash128][]value) {
	var sides [2][]left // each row as often as it is there
	for _, l := range group {
		s, n := sourceSide, l.count
		if n < 0 {
			s, n = targetSide, -n
		}
		for range min(n, int64(c.options.Limit-len(sides[s]))) {
			sides[s] = append(sides[s], l)
		}
	}
	for i := range max(len(sides[sourceSide]), len(sides[targetSide])) {
		if len(c.report.Differences) >= c.options.Limit {
			return
		}
		var d Difference
		switch {
		case i >= len(sides[targetSide]):
			d = c.difference(KindMissing, samples[sides[sourceSide][i].row])
		case i >= len(sides[sourceSide]):
			d = c.difference(KindExtra, samples[sides[targetSide][i].row])
		default:
			source, target := samples[sides[sourceSide][i].row], samples[sides[targetSide][i].row]
			if d = c.difference(KindDifferent, source); source == nil {
				d = c.difference(KindDifferent, target)
			}
			d.Columns = c.columns(source, target)
		}
		c.report.Differences = append(c.report.Differences, d)
	}
}

// key shows the key of a row, or the whole of it where there is no key.
func (c *comparison) key(s []value) string {
	if s == nil {
		return "(gone when it was read again)"
	}
	var b strings.Builder
	for n, i := range c.hash.order[:c.hash.key] {
		if n > 0 {
			b.WriteString(", ")
		}
		b.WriteString(c.compared[i].Target + "=")
		if s[i].state == row.Null {
			b.WriteString("NULL")
		}
		b.WriteString(s[i].text)
	}
	return b.String()
}

func (c *comparison) columns(source, target []value) []ColumnDifference {
	if source == nil || target == nil {
		return nil
	}
	var d []ColumnDifference
	for i := range source {
		if source[i].state == target[i].state && source[i].hash == target[i].hash {
			continue
		}
		d = append(d, ColumnDifference{Column: c.compared[i].Target, Source: source[i].shown(), Target: target[i].shown()})
	}
	return d
}

func (v value) shown() *string {
	if v.state == row.Null {
		return nil
	}
	return &v.text
}
