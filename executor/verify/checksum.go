package verify

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/syncform/syncform/providers"
)

// sameChecksums reports whether both servers make the same checksum for equal rows.
func (c *comparison) sameChecksums() bool {
	forms := [2]string{}
	for s := range c.sides {
		sums, err := providers.As[providers.Checksummer](c.sides[s].conn)
		if err != nil {
			return false
		}
		forms[s] = sums.ChecksumForm(c.sides[s].table)
	}
	return forms[sourceSide] != "" && forms[sourceSide] == forms[targetSide]
}

// byChecksum asks both servers for the checksum of each chunk of open, counts the rows and
// returns the chunks that differ. all are the table's.
func (c *comparison) byChecksum(ctx context.Context, all, open []providers.Chunk) ([]providers.Chunk, error) {
	var mu sync.Mutex
	var differing []providers.Chunk
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(c.options.Readers)
	for _, chunk := range open {
		g.Go(func() error {
			sums, err := c.checksums(ctx, chunk)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			c.report.SourceRows += sums[sourceSide].Rows
			c.report.TargetRows += sums[targetSide].Rows
			if sums[sourceSide] != sums[targetSide] {
				differing = append(differing, chunk)
			} else {
				c.equal(all, []int{chunk.ID}, [2]int64{sums[sourceSide].Rows, sums[targetSide].Rows})
			}
			c.progress.add(int(sums[sourceSide].Rows + sums[targetSide].Rows))
			return nil
		})
	}
	err := g.Wait()
	slices.SortFunc(differing, func(a, b providers.Chunk) int { return cmp.Compare(a.ID, b.ID) })
	return differing, err
}

// checksums asks both sides at the same time.
func (c *comparison) checksums(ctx context.Context, chunk providers.Chunk) (sums [2]providers.Checksum, err error) {
	g, ctx := errgroup.WithContext(ctx)
	for s := range c.sides {
		sd := &c.sides[s]
		g.Go(func() error {
			conn, err := providers.As[providers.Checksummer](sd.conn)
			if err != nil {
				return err
			}
			if sums[s], err = conn.Checksum(ctx, sd.table, chunk); err != nil {
				return fmt.Errorf("checksum of table %s at the %s: %w", sd.table.Name, sd.what, err)
			}
			return nil
		})
	}
	return sums, g.Wait()
}
