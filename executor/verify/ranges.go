package verify

import (
	"context"
	"slices"

	"github.com/syncform/syncform/providers"
)

// together is how many ranges are compared row by row at a time: each time waits for the
// slowest reader, and no part of one that is stopped is kept.
const together = 16

// sameRanges reports whether both servers cut rows into ranges by the same keys in the same
// order: the mapping's keys are of one form at both sides, so that one's bounds are the
// other's. Where it is mistaken about the order, ranges seem to differ, and are compared
// once more, all together.
func (c *comparison) sameRanges() bool {
	var forms [2]string
	for s := range c.sides {
		sums, err := providers.As[providers.Checksummer](c.sides[s].conn)
		if err != nil {
			return false
		}
		keys := c.sides[s].table
		keys.Columns = nil
		for _, k := range keys.Key {
			i := slices.IndexFunc(c.sides[s].table.Columns, func(col providers.ReadColumn) bool { return col.Name == k })
			if i < 0 {
				return false
			}
			keys.Columns = append(keys.Columns, c.sides[s].table.Columns[i])
		}
		if len(keys.Columns) == 0 {
			return false
		}
		forms[s] = sums.ChecksumForm(keys)
	}
	return forms[sourceSide] != "" && forms[sourceSide] == forms[targetSide]
}

// byRange compares the rows of some ranges, several ranges at a time, so that those that are
// equal need not be compared again should it be stopped; then once more the rows of those
// that differ. all are the table's.
func (c *comparison) byRange(ctx context.Context, all, open []providers.Chunk) error {
	c.counted = true
	var differing []providers.Chunk
	for len(open) > 0 {
		some := open[:min(len(open), c.options.Together)]
		open = open[len(some):]
		c.sides[sourceSide].chunks, c.sides[targetSide].chunks = some, some
		b, err := c.fillBuckets(ctx)
		if err != nil {
			return err
		}
		source, target := b.rows()
		c.report.SourceRows += source
		c.report.TargetRows += target
		if len(b.differing()) > 0 {
			differing = append(differing, some...)
			continue
		}
		ids := make([]int, len(some))
		for i := range some {
			ids[i] = some[i].ID
		}
		c.equal(all, ids, [2]int64{source, target})
	}
	if len(differing) == 0 {
		return nil
	}
	c.sides[sourceSide].chunks, c.sides[targetSide].chunks = differing, differing
	return c.byRows(ctx)
}

// equal tells of ranges that are equal.
func (c *comparison) equal(all []providers.Chunk, ids []int, rows [2]int64) {
	if c.options.Equal != nil {
		c.options.Equal(c.mapping.Addr, all, ids, rows)
	}
}
