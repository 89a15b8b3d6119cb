package verify

import (
	"context"
	"fmt"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
)

// comparison is one Mapping call.
type comparison struct {
	mapping  *plan.Mapping
	compared []plan.Column // that are compared
	options  Options
	sides    [2]side
	hash     *hasher
	report   Report
	progress *progress
	begun    *Part
	counted  bool // the report's rows are those of all ranges
}

// compare fills the report in.
func (c *comparison) compare(ctx context.Context) error {
	if c.resumes() {
		return c.goOn(ctx)
	}
	size := max(c.mapping.BatchSize, minChunkRows)
	chunks, err := c.chunks(ctx, sourceSide, size)
	if err != nil {
		return err
	}
	for _, chunk := range chunks {
		c.progress.of += 2 * max(chunk.Rows, 0)
	}
	switch {
	case c.summed():
		return c.sums(ctx, chunks, chunks)
	case len(chunks) > c.options.Together && c.sameRanges():
		return c.byRange(ctx, chunks, chunks)
	}
	c.sides[sourceSide].chunks = chunks
	if c.sides[targetSide].chunks, err = c.chunks(ctx, targetSide, size); err != nil {
		return err
	}
	return c.byRows(ctx)
}

// summed reports whether ranges are compared by checksum.
func (c *comparison) summed() bool { return !c.mapping.Computes() && c.sameChecksums() }

// sums compares some of the ranges by checksum, and the rows of those that differ.
func (c *comparison) sums(ctx context.Context, all, open []providers.Chunk) error {
	c.report.Method, c.counted = ByChecksum, true
	differing, err := c.byChecksum(ctx, all, open)
	if err != nil || len(differing) == 0 {
		return err
	}
	c.sides[sourceSide].chunks, c.sides[targetSide].chunks = differing, differing
	return c.byRows(ctx)
}

// resumes reports whether an earlier comparison left something to go on from.
func (c *comparison) resumes() bool {
	if c.options.Begun == nil {
		return false
	}
	c.begun = c.options.Begun(c.mapping.Addr)
	return c.begun != nil && len(c.begun.Chunks) > 0 && (c.summed() || c.sameRanges())
}

// goOn compares the ranges that the earlier comparison did not find equal: the same
// ranges, whatever others the table would be cut into now. They hold every key, as the
// first and the last have no end.
func (c *comparison) goOn(ctx context.Context) error {
	equal := make(map[int]bool, len(c.begun.Equal))
	for _, id := range c.begun.Equal {
		equal[id] = true
	}
	var open []providers.Chunk
	for _, chunk := range c.begun.Chunks {
		if !equal[chunk.ID] {
			open = append(open, chunk)
			c.progress.of += 2 * max(chunk.Rows, 0)
		}
	}
	c.report.SourceRows, c.report.TargetRows = c.begun.SourceRows, c.begun.TargetRows
	c.report.Note = fmt.Sprintf("%d of %d ranges were compared by the verify that this one goes on with", len(c.begun.Chunks)-len(open), len(c.begun.Chunks))
	if c.summed() {
		return c.sums(ctx, c.begun.Chunks, open)
	}
	return c.byRange(ctx, c.begun.Chunks, open)
}

func (c *comparison) chunks(ctx context.Context, s int, rows int64) ([]providers.Chunk, error) {
	sd := &c.sides[s]
	chunks, err := sd.snapshot.Chunks(ctx, sd.table, rows)
	if err != nil {
		return nil, fmt.Errorf("cut table %s of the %s into chunks: %w", sd.table.Name, sd.what, err)
	}
	return chunks, nil
}

// byRows compares the rows of the sides' chunks.
func (c *comparison) byRows(ctx context.Context) error {
	b, err := c.fillBuckets(ctx)
	if err != nil {
		return err
	}
	if !c.counted {
		c.report.SourceRows, c.report.TargetRows = b.rows()
	}
	differing := b.differing()
	if len(differing) == 0 {
		return nil
	}
	picked, err := c.match(ctx, b, differing)
	if err != nil {
		return err
	}
	return c.values(ctx, picked)
}
