package row

import (
	"context"
	"io"
	"sync"
)

// Reader yields batches until io.EOF. Each batch belongs to the caller until the
// caller's Release, also across later calls of Next. Close may be called at any
// time, once or more, and ends the read at the server.
type Reader interface {
	Form() Form
	Next(ctx context.Context) (*Batch, error)
	Close() error
}

// Pool keeps released batches for reuse. The zero value is ready; it is safe for
// use by several goroutines.
type Pool struct{ p sync.Pool }

// Get returns an empty batch of that form and width whose Release puts it back.
func (p *Pool) Get(form Form, width int) *Batch {
	b, _ := p.p.Get().(*Batch)
	if b == nil {
		b = &Batch{}
		b.OnRelease(func(b *Batch) { p.p.Put(b) })
	}
	b.Reset()
	b.Form, b.Width = form, width
	return b
}

type prefetch struct {
	Reader
	ch     chan result
	cancel context.CancelFunc
	done   chan struct{}
}

type result struct {
	b   *Batch
	err error
}

// Prefetch reads up to n batches ahead of its user in a goroutine of its own, so
// that reading and writing overlap.
func Prefetch(ctx context.Context, r Reader, n int) Reader {
	ctx, cancel := context.WithCancel(ctx)
	p := &prefetch{Reader: r, ch: make(chan result, n), cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		defer close(p.ch)
		for {
			b, err := r.Next(ctx)
			select {
			case p.ch <- result{b, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return p
}

func (p *prefetch) Next(ctx context.Context) (*Batch, error) {
	select {
	case r, ok := <-p.ch:
		if !ok {
			return nil, io.EOF
		}
		return r.b, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *prefetch) Close() error {
	p.cancel()
	err := p.Reader.Close()
	<-p.done
	return err
}
