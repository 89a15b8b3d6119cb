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
}

// compare fills the report in.
func (c *comparison) compare(ctx context.Context) error {
	size := max(c.mapping.BatchSize, minChunkRows)
	chunks, err := c.chunks(ctx, sourceSide, size)
	if err != nil {
		return err
	}
	for _, chunk := range chunks {
		c.progress.of += 2 * max(chunk.Rows, 0)
	}
	if !c.mapping.Computes() && c.sameChecksums() {
		c.report.Method = ByChecksum
		if chunks, err = c.byChecksum(ctx, chunks); err != nil || len(chunks) == 0 {
			return err
		}
		c.sides[sourceSide].chunks, c.sides[targetSide].chunks = chunks, chunks
		return c.byRows(ctx)
	}
	c.sides[sourceSide].chunks = chunks
	if c.sides[targetSide].chunks, err = c.chunks(ctx, targetSide, size); err != nil {
		return err
	}
	return c.byRows(ctx)
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
	if c.report.Method == ByRows {
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
