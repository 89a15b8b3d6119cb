package backfill

import (
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/syncform/syncform/providers"
)

// open asks the target how far a load is, and with OneMoment how far all of them are,
// before the first row is read.
func (p *Pool) open(l *load) error {
	if !p.o.OneMoment {
		return p.openLoad(l)
	}
	p.opening.Lock()
	defer p.opening.Unlock()
	if p.opened {
		return nil
	}
	if p.soft.Err() != nil {
		return ErrStopped
	}
	var g errgroup.Group
	g.SetLimit(p.o.Workers)
	for _, l := range p.order {
		g.Go(func() error { return p.openLoad(l) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	before, left := 0, 0
	for _, l := range p.order {
		l.mu.Lock()
		before += l.before
		left += l.chunks - l.before
		l.mu.Unlock()
	}
	if before > 0 && left > 0 {
		return p.source.gone()
	}
	p.opened = true
	return nil
}

func (p *Pool) openLoad(l *load) error {
	l.openMu.Lock()
	defer l.openMu.Unlock()
	if l.isOpen() {
		return nil
	}
	st, err := p.o.Target.OpenLoad(p.o.Hard, l.job.Load, func() ([]providers.Chunk, error) {
		h, err := p.source.get()
		if err != nil {
			return nil, err
		}
		defer h.release()
		chunks, err := h.Chunks(p.o.Hard, l.job.Read, l.job.ChunkRows)
		if err != nil {
			h.lost()
			return nil, fmt.Errorf("cut table %s of the source into chunks: %w", l.job.Read.Name, err)
		}
		return chunks, nil
	})
	if err != nil {
		return err
	}
	if l.job.Fresh && len(st.Done) > 0 {
		return fmt.Errorf("the target's ledger (_sync_chunk) says that %d chunks of table %s are written already, of which the state knows nothing: "+
			"is this the right state? Load the table anew with apply -replace=%s", len(st.Done), l.job.Load.Live, l.job.Load.Mapping)
	}
	return l.open(st)
}
