package backfill

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/syncform/syncform/executor/transform"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// aheadBytes and aheadChunks bound what a worker's reader holds that its writer has not
// taken: bytes, but for one more batch, and chunks of which something is held.
const (
	aheadBytes  = 1 << 20
	aheadChunks = 2
)

// pipe reads chunk after chunk over one of the snapshot's readers, ahead of the writer.
type pipe struct {
	snapshot providers.Snapshot
	table    providers.ReadTable
	stage    *transform.Stage // nil: rows are written as they are read
	forms    []row.Form
	claim    func() (providers.Chunk, bool)
	cancel   context.CancelFunc
	done     chan struct{}

	mu      sync.Mutex
	moved   sync.Cond // what is below has changed
	queue   []item
	bytes   int
	starts  int
	claimed []providers.Chunk // and not written
	ended   bool              // nothing comes after the queue
}

// item is the start of a chunk (start set), a batch, or the end of a chunk.
type item struct {
	start *piece
	batch *row.Batch
	err   error // the end: io.EOF, or why the read failed
}

// newPipe begins to read. The caller must close it.
func newPipe(ctx context.Context, s providers.Snapshot, t providers.ReadTable, stage *transform.Stage, forms []row.Form, claim func() (providers.Chunk, bool)) *pipe {
	ctx, cancel := context.WithCancel(ctx)
	p := &pipe{snapshot: s, table: t, stage: stage, forms: forms, claim: claim, cancel: cancel, done: make(chan struct{})}
	p.moved.L = &p.mu
	context.AfterFunc(ctx, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.moved.Broadcast()
	})
	go p.read(ctx)
	return p
}

// read is the pipe's goroutine.
func (p *pipe) read(ctx context.Context) {
	defer close(p.done)
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.ended = true
		p.moved.Broadcast()
	}()
	for p.wait(ctx, func() bool { return p.starts < aheadChunks }) {
		c, ok := p.claim()
		if !ok {
			return
		}
		p.mu.Lock()
		p.claimed = append(p.claimed, c)
		p.mu.Unlock()
		if p.readChunk(ctx, c) != nil {
			return
		}
	}
}

// readChunk puts one chunk into the queue, with its end.
func (p *pipe) readChunk(ctx context.Context, c providers.Chunk) error {
	r, err := p.open(ctx, c)
	if err != nil {
		p.put(item{start: &piece{Chunk: c, pipe: p, form: row.FormFields}})
		p.put(item{err: err})
		return err
	}
	p.put(item{start: &piece{Chunk: c, pipe: p, form: r.Form()}})
	for p.wait(ctx, func() bool { return p.bytes < aheadBytes }) {
		b, rerr := r.Next(ctx)
		if rerr == nil {
			p.put(item{batch: b})
			continue
		}
		cerr := r.Close()
		if rerr == io.EOF && cerr != nil {
			rerr = cerr
		}
		p.put(item{err: rerr})
		if rerr == io.EOF {
			return nil
		}
		return rerr
	}
	_ = r.Close() // the pipe is being closed: nobody will use what was read
	return ctx.Err()
}

// open begins to read a chunk, as it is to be written.
func (p *pipe) open(ctx context.Context, c providers.Chunk) (row.Reader, error) {
	if p.stage == nil {
		return p.snapshot.Read(ctx, p.table, c, p.forms)
	}
	r, err := p.snapshot.Read(ctx, p.table, c, p.stage.Forms(p.forms))
	if err != nil {
		return nil, err
	}
	return p.stage.Reader(r), nil
}

// wait blocks until ok, called with mu held, is true; false when ctx was cancelled first.
func (p *pipe) wait(ctx context.Context, ok func() bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for !ok() {
		if ctx.Err() != nil {
			return false
		}
		p.moved.Wait()
	}
	return ctx.Err() == nil
}

func (p *pipe) put(i item) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue = append(p.queue, i)
	if i.start != nil {
		p.starts++
	}
	if i.batch != nil {
		p.bytes += size(i.batch)
	}
	p.moved.Broadcast()
}

// size is the memory that a batch takes.
func size(b *row.Batch) int { return len(b.Data) + 4*len(b.Ends) + len(b.States) }

// take removes the queue's head, waiting for one; false when nothing comes any more.
func (p *pipe) take(ctx context.Context) (item, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.queue) == 0 {
		if p.ended || ctx.Err() != nil {
			return item{}, false
		}
		p.moved.Wait()
	}
	i := p.queue[0]
	p.queue[0] = item{}
	p.queue = p.queue[1:]
	if i.start != nil {
		p.starts--
	}
	if i.batch != nil {
		p.bytes -= size(i.batch)
	}
	p.moved.Broadcast()
	return i, true
}

// next returns the next chunk, or nil when there is none. The one before must have been
// read to its end.
func (p *pipe) next(ctx context.Context) (*piece, error) {
	i, ok := p.take(ctx)
	switch {
	case !ok:
		return nil, ctx.Err()
	case i.start == nil:
		return nil, fmt.Errorf("bug in syncform: a chunk of table %s was not read to its end", p.table.Name)
	}
	return i.start, nil
}

// written says that a chunk need not be given back.
func (p *pipe) written(c providers.Chunk) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.claimed {
		if p.claimed[i].ID == c.ID {
			p.claimed = append(p.claimed[:i], p.claimed[i+1:]...)
			return
		}
	}
}

// close ends the read and returns the chunks that were claimed and not written.
func (p *pipe) close() []providers.Chunk {
	p.cancel()
	<-p.done
	for _, i := range p.queue {
		if i.batch != nil {
			i.batch.Release()
		}
	}
	p.queue = nil
	return p.claimed
}

// piece is one chunk on its way: the row.Reader that a TableWriter gets.
type piece struct {
	providers.Chunk
	pipe   *pipe
	form   row.Form
	passed func(rows int, bytes int)

	rows, bytes int64
	end         error // io.EOF or the read's error, once it was reached
}

var _ row.Reader = (*piece)(nil)

// Form is the form that reader and writer agreed upon.
func (c *piece) Form() row.Form { return c.form }

// Next returns the chunk's next batch.
func (c *piece) Next(ctx context.Context) (*row.Batch, error) {
	if c.end != nil {
		return nil, c.end
	}
	i, ok := c.pipe.take(ctx)
	switch {
	case !ok && ctx.Err() != nil:
		return nil, ctx.Err()
	case !ok:
		return nil, fmt.Errorf("bug in syncform: chunk %d of table %s has no end", c.ID, c.pipe.table.Name)
	case i.batch == nil:
		c.end = i.err
		return nil, c.end
	}
	c.rows += int64(i.batch.Rows)
	c.bytes += int64(len(i.batch.Data))
	c.passed(i.batch.Rows, len(i.batch.Data))
	return i.batch, nil
}

// Close does nothing: the pipe ends the read.
func (c *piece) Close() error { return nil }

// readError is the source's error that ended the chunk, or nil.
func (c *piece) readError() error {
	if c.end == io.EOF {
		return nil
	}
	return c.end
}
