package verify

import (
	"context"
	"sync/atomic"

	"github.com/syncform/syncform/providers/row"
)

// minBuckets and maxBuckets bound the number of buckets; a bucket takes 32 bytes.
const (
	minBuckets = 1 << 16
	maxBuckets = 1 << 19
)

// bucket is the multiset of the rows whose keys fall into it, as sums: the source's
// hashes are added and the target's subtracted, so that equal multisets give zero
// whatever the order. A sum of two independent 64-bit hashes misses a difference with a
// chance of 1 in 2^128.
type bucket struct {
	a, b atomic.Uint64
	rows [2]atomic.Int64
}

type buckets struct {
	all  []bucket
	mask uint64
}

// fillBuckets reads both sides wholly.
func (c *comparison) fillBuckets(ctx context.Context) (*buckets, error) {
	var estimate int64
	for _, chunk := range c.sides[sourceSide].chunks {
		estimate += max(chunk.Rows, 0)
	}
	n := minBuckets
	for n < maxBuckets && int64(n) < estimate/4 {
		n *= 2
	}
	b := &buckets{all: make([]bucket, n), mask: uint64(n - 1)}
	err := c.scan(ctx, [2][]int{}, func() visitor {
		return func(h *rowHasher, side, _ int, _ *row.Batch, _ int) error {
			at, sum := b.of(h), h.rowHash()
			if side == targetSide {
				sum.a, sum.b = -sum.a, -sum.b
			}
			at.a.Add(sum.a)
			at.b.Add(sum.b)
			at.rows[side].Add(1)
			return nil
		}
	})
	return b, err
}

func (b *buckets) of(h *rowHasher) *bucket { return &b.all[h.bucket()&b.mask] }

func (k *bucket) differs() bool {
	return k.a.Load() != 0 || k.b.Load() != 0 || k.rows[sourceSide].Load() != k.rows[targetSide].Load()
}

// size is how many rows of both sides fall into it.
func (k *bucket) size() int64 { return k.rows[sourceSide].Load() + k.rows[targetSide].Load() }

// differing lists the buckets that differ.
func (b *buckets) differing() []int {
	var d []int
	for i := range b.all {
		if b.all[i].differs() {
			d = append(d, i)
		}
	}
	return d
}

func (b *buckets) rows() (source, target int64) {
	for i := range b.all {
		source += b.all[i].rows[sourceSide].Load()
		target += b.all[i].rows[targetSide].Load()
	}
	return source, target
}
