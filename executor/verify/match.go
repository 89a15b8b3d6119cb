package verify

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/syncform/syncform/providers/row"
)

// Bounds of the matching: how many rows' hashes a reading holds (about 60 bytes each),
// and how many readings there are.
const (
	maxHeld     = 1 << 18
	maxReadings = 32
)

// unpaired is a row, or several equal ones, that one side has and the other has not.
type unpaired struct {
	key   hash128
	count int64    // of the source, less those of the target
	chunk [2]int32 // of each side: the last in which it was seen
}

// left is what is unpaired at the end.
type left struct {
	unpaired
	row hash128
}

// held collects the rows of some buckets until they find their equals.
type held struct {
	mu   sync.Mutex
	rows map[hash128]unpaired
	want []uint64 // a bit per bucket
	full bool
}

// match reads the differing buckets' rows again, a bounded number at a time, counts
// what differs, and returns those that are reported, row by row of one key together.
func (c *comparison) match(ctx context.Context, b *buckets, differing []int) ([][]left, error) {
	var picked [][]left
	reported := 0
	for reading := 0; len(differing) > 0; reading++ {
		if reading == maxReadings {
			c.atLeast(b, differing)
			break
		}
		n, size := 0, int64(0)
		for n < len(differing) && (n == 0 || size+b.all[differing[n]].size() <= maxHeld) {
			size += b.all[differing[n]].size()
			n++
		}
		h, err := c.hold(ctx, b, differing[:n])
		if err != nil {
			return nil, err
		}
		if h.full {
			c.atLeast(b, differing[:n])
		} else {
			for _, group := range h.groups() {
				rows := c.count(group)
				if reported < c.options.Limit {
					picked = append(picked, slices.Clone(group))
				}
				reported += int(rows)
			}
		}
		differing = differing[n:]
	}
	c.report.Truncated = c.report.AtLeast || reported > c.options.Limit
	return picked, nil
}

// hold reads both sides and returns what has no equal among the rows of some buckets.
func (c *comparison) hold(ctx context.Context, b *buckets, some []int) (*held, error) {
	h := &held{rows: map[hash128]unpaired{}, want: make([]uint64, (len(b.all)+63)/64)}
	for _, i := range some {
		h.want[i/64] |= 1 << (i % 64)
	}
	return h, c.scan(ctx, [2][]int{}, func() visitor {
		return func(rh *rowHasher, side, chunk int, _ *row.Batch, _ int) error {
			if i := rh.bucket() & b.mask; h.want[i/64]&(1<<(i%64)) != 0 {
				h.add(rh.keyHash(), rh.rowHash(), side, chunk)
			}
			return nil
		}
	})
}

func (h *held) add(key, row hash128, side, chunk int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	l, known := h.rows[row]
	if !known && len(h.rows) >= 2*maxHeld {
		h.full = true // tables that grow while they are read, or one key with far too many rows
		return
	}
	l.key, l.chunk[side] = key, int32(chunk)
	if side == sourceSide {
		l.count++
	} else {
		l.count--
	}
	if l.count == 0 {
		delete(h.rows, row)
	} else {
		h.rows[row] = l
	}
}

// groups puts what is left together by key.
func (h *held) groups() [][]left {
	all := make([]left, 0, len(h.rows))
	for r, u := range h.rows {
		all = append(all, left{u, r})
	}
	h.rows = nil
	slices.SortFunc(all, func(a, b left) int {
		return cmp.Or(cmp.Compare(a.key.a, b.key.a), cmp.Compare(a.key.b, b.key.b), cmp.Compare(a.row.a, b.row.a))
	})
	var groups [][]left
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j].key == all[i].key {
			j++
		}
		groups = append(groups, all[i:j])
		i = j
	}
	return groups
}

// count adds a key's rows to the report and returns how many differences they make.
func (c *comparison) count(group []left) int64 {
	var source, target int64
	for _, l := range group {
		if l.count > 0 {
			source += l.count
		} else {
			target -= l.count
		}
	}
	both := min(source, target)
	c.report.Different += both
	c.report.Missing += source - both
	c.report.Extra += target - both
	return max(source, target)
}

// atLeast counts what must differ in buckets whose rows are not matched.
func (c *comparison) atLeast(b *buckets, some []int) {
	c.report.AtLeast = true
	for _, i := range some {
		source, target := b.all[i].rows[sourceSide].Load(), b.all[i].rows[targetSide].Load()
		switch {
		case source > target:
			c.report.Missing += source - target
		case target > source:
			c.report.Extra += target - source
		case c.hash.keyed:
			c.report.Different++
		default:
			c.report.Missing++
			c.report.Extra++
		}
	}
}
