package verify

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/syncform/syncform/executor/transform"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// side is the source (0) or the target (1).
type side struct {
	conn     providers.Conn
	snapshot providers.Snapshot
	table    providers.ReadTable
	what     string // for messages
	chunks   []providers.Chunk
}

const (
	sourceSide = 0
	targetSide = 1
)

// fields is the one form that a comparison understands.
var fields = []row.Form{row.FormFields}

// visitor sees the rows of one reading. It is made once per goroutine.
type visitor func(h *rowHasher, side, chunk int, b *row.Batch, r int) error

// scan reads chunks (indexes of side.chunks; nil: all) of both sides at the same time,
// with Readers goroutines each, and shows every row, loaded into h, to a visitor.
func (c *comparison) scan(ctx context.Context, chunks [2][]int, visit func() visitor) error {
	g, ctx := errgroup.WithContext(ctx)
	for s := range c.sides {
		open := chunks[s]
		if open == nil {
			open = make([]int, len(c.sides[s].chunks))
			for i := range open {
				open[i] = i
			}
		}
		next := new(atomic.Int64)
		for range min(c.options.Readers, len(open)) {
			g.Go(func() error {
				h, v := &rowHasher{hasher: c.hash}, visit()
				stage, err := c.stage(s)
				if err != nil {
					return err
				}
				for {
					n := int(next.Add(1)) - 1
					if n >= len(open) {
						return nil
					}
					if err := c.scanChunk(ctx, s, open[n], stage, h, v); err != nil {
						return fmt.Errorf("read table %s of the %s: %w", c.sides[s].table.Name, c.sides[s].what, err)
					}
				}
			})
		}
	}
	return g.Wait()
}

// stage makes what the source's rows go through before they compare with the target's;
// nil at the target.
func (c *comparison) stage(s int) (*transform.Stage, error) {
	if s == targetSide || !c.mapping.Computes() {
		return nil, nil
	}
	return transform.New(c.mapping, transform.Options{Compared: true})
}

func (c *comparison) scanChunk(ctx context.Context, s, chunk int, stage *transform.Stage, h *rowHasher, visit visitor) (err error) {
	sd := &c.sides[s]
	r, err := sd.snapshot.Read(ctx, sd.table, sd.chunks[chunk], fields)
	if err != nil {
		return err
	}
	if stage != nil {
		r = stage.Reader(r)
	}
	ahead := row.Prefetch(ctx, r, 2)
	defer func() {
		if cerr := ahead.Close(); err == nil {
			err = cerr
		}
	}()
	for {
		b, err := ahead.Next(ctx)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if b.Form != row.FormFields || b.Width != len(c.compared) {
			return fmt.Errorf("bug in syncform: a batch of form %q and width %d, for %d columns", b.Form, b.Width, len(c.compared))
		}
		for i := range b.Rows {
			h.load(b, i)
			if err := visit(h, s, chunk, b, i); err != nil {
				return err
			}
		}
		c.progress.add(b.Rows)
		b.Release()
	}
}

// progressEvery is how often progress is told.
const progressEvery = 100 * time.Millisecond

// progress counts rows and tells of them now and then.
type progress struct {
	addr string
	f    func(addr string, rows, of int64)
	rows atomic.Int64
	of   int64        // what both sides hold, about; set before rows are added
	next atomic.Int64 // when to tell again: nanoseconds since begin
	from time.Time
}

func newProgress(addr string, f func(string, int64, int64)) *progress {
	return &progress{addr: addr, f: f, from: time.Now()}
}

func (p *progress) add(rows int) {
	p.rows.Add(int64(rows))
	p.tell(false)
}

// tell calls f when it is time to, or at once.
func (p *progress) tell(now bool) {
	if p.f == nil {
		return
	}
	t, due := int64(time.Since(p.from)), p.next.Load()
	if !now && (t < due || !p.next.CompareAndSwap(due, t+int64(progressEvery))) {
		return
	}
	p.f(p.addr, p.rows.Load(), p.of)
}
