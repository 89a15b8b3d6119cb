package backfill

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/syncform/syncform/executor/retry"
	"github.com/syncform/syncform/executor/transform"
	"github.com/syncform/syncform/providers"
)

// work is a worker's time with one load: until nothing is left of it for this worker,
// it has failed, or the run is stopped.
func (p *Pool) work(l *load, helper bool) {
	l.begin()
	p.copy(l, helper)
	p.mu.Lock()
	defer p.mu.Unlock()
	l.workers--
	if l.workers == 0 {
		p.last(l)
	}
	p.idle++
	p.dispatch()
	p.finishStopped()
}

// last is what the last worker to leave a load does. p.mu is held, but for the time of
// closing the load.
func (p *Pool) last(l *load) {
	switch {
	case l.hasFailed():
		l.finish(nil)
	case l.complete():
		l.workers++ // nobody else may take it up
		p.mu.Unlock()
		again, err := p.closeLoad(l)
		if err != nil {
			l.fail(err)
			p.stop()
		}
		p.mu.Lock()
		l.workers--
		if !again {
			l.finish(nil)
		}
	}
}

// closeLoad asks the ledger once more: a server that crashed, or was replaced by a copy
// of it, may have lost what it had said to be done; again is true where it did, and the
// chunks are to be written once more. Else it closes the load, which is durable together
// with all chunks before it.
func (p *Pool) closeLoad(l *load) (again bool, err error) {
	err = retry.Do(p.soft, p.o.Hard, l.job.policy(), func(ctx context.Context) error {
		st, err := p.o.Target.OpenLoad(ctx, l.job.Load, func() ([]providers.Chunk, error) { return nil, errLedgerLost })
		if err != nil {
			return err
		}
		if again = l.reopen(st); again {
			return nil
		}
		return p.o.Target.CloseLoad(ctx, l.job.Load, st.Rows)
	})
	return again, err
}

// errLedgerLost: the chunks of a load went while it ran.
var errLedgerLost = errors.New("the target's ledger (_sync_chunk) has lost the chunks of this load while it ran: plan and apply again with -replace for this table")

func (j *Job) policy() retry.Policy { return retry.Policy{Attempts: j.Attempts, Notify: j.Retrying} }

// copy writes chunks of l until there are none for this worker, trying again where
// that may help.
func (p *Pool) copy(l *load, helper bool) {
	policy := l.job.policy()
	for failures := 1; ; {
		wrote, more, err := p.pass(l, helper)
		switch {
		case err == nil && more:
			continue
		case err == nil || errors.Is(err, ErrStopped):
			return
		case wrote:
			failures = 1
		}
		if !retry.Worthwhile(p.o.Hard, err) || !policy.Pause(p.soft, failures, err) {
			if p.soft.Err() == nil || !retry.Worthwhile(p.o.Hard, err) {
				l.fail(p.source.explain(err))
				if l.job.Alone == nil || !l.job.Alone(err) {
					p.stop()
				}
			}
			return
		}
		failures++
	}
}

// pass writes chunks over one reader and one writer, until there are none left for this
// worker or one fails. wrote says whether any was written, more whether it should be
// called again at once.
func (p *Pool) pass(l *load, helper bool) (wrote, more bool, err error) {
	if err := p.open(l); err != nil {
		return false, false, err
	}
	if l.left() == 0 {
		return false, false, nil
	}
	p.share()
	w, err := p.o.Target.OpenWriter(p.o.Hard, l.job.Load)
	if err != nil {
		return false, false, err
	}
	defer func() {
		if cerr := w.Close(); err == nil {
			err = cerr
		}
	}()
	h, err := p.source.get()
	if err != nil {
		return false, false, err
	}
	defer h.release()
	var stage *transform.Stage
	if l.job.Stage != nil {
		if stage, err = l.job.Stage(); err != nil {
			return false, false, err
		}
	}
	in := newPipe(p.o.Hard, h, l.job.Read, stage, w.Forms(), func() (providers.Chunk, bool) { return p.claim(l, helper) })
	defer func() { l.giveBack(in.close()) }()
	for p.soft.Err() == nil && !l.hasFailed() {
		c, err := in.next(p.o.Hard)
		if c == nil || err != nil {
			return wrote, false, err
		}
		if err := p.write(l, w, c, h); err != nil {
			return wrote, false, err
		}
		in.written(c.Chunk)
		wrote = true
		if c.end == nil { // it was done already and nothing of it was taken: begin behind it
			return wrote, true, nil
		}
	}
	return wrote, false, nil
}

// write writes one chunk; nil means that it is in the target, marked as done.
func (p *Pool) write(l *load, w providers.TableWriter, c *piece, h *held) error {
	c.passed = l.pass
	written, err := w.WriteChunk(p.o.Hard, c.Chunk, c)
	if rerr := c.readError(); rerr != nil {
		l.takeBack(c)
		h.lost()
		return &readError{table: l.job.Read.Name.String(), err: rerr}
	}
	h.written()
	switch {
	case errors.Is(err, providers.ErrChunkDone):
		l.doneBefore(c)
		return nil
	case err != nil:
		l.takeBack(c)
		return err
	case c.end != io.EOF:
		err = fmt.Errorf("bug in syncform: chunk %d of table %s was not read to its end", c.ID, l.job.Load.Table)
	case written.Rows != c.rows:
		err = fmt.Errorf("table %s, chunk %d: %d rows were read and the target says that it took %d: this is a bug in syncform; load the table anew with apply -replace", l.job.Load.Table, c.ID, c.rows, written.Rows)
	}
	l.wrote(c)
	return err
}

// readError is a chunk's failure at the source.
type readError struct {
	table string
	err   error
}

func (e *readError) Error() string {
	if bad := (*providers.BadRowError)(nil); errors.As(e.err, &bad) {
		return e.err.Error() // it names the table itself
	}
	return "read table " + e.table + " of the source: " + e.err.Error()
}

// Unwrap returns the cause.
func (e *readError) Unwrap() error { return e.err }
