package backfill

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/syncform/syncform/providers"
)

// progressEvery is how often a job's progress is told.
const progressEvery = 100 * time.Millisecond

// load is a job under way. ready, workers and ended belong to the pool's mutex.
type load struct {
	job      *Job
	begun    sync.Once
	started  bool // begun was called
	ready    bool // Run was called
	workers  int
	ended    bool
	finished chan struct{}
	err      error // after finished

	openMu sync.Mutex

	mu       sync.Mutex
	opened   bool
	pending  []providers.Chunk
	chunks   int
	done     int
	resumed  int64
	before   int // chunks that were done before this run
	rows     int64
	failures []error // of the workers, each told once
	failed   error
	tried    map[int]int64 // rows of chunks whose write failed at its end

	passing atomic.Int64 // rows of chunks that are being written
	bytes   atomic.Int64
	stop    chan struct{} // ends the progress's goroutine
	told    chan struct{}
}

func newLoad(j *Job) *load {
	return &load{job: j, finished: make(chan struct{}), tried: map[int]int64{}}
}

// open takes over what the target's ledger knows of the load.
func (l *load) open(st providers.LoadState) error {
	if len(st.Chunks) == 0 {
		return fmt.Errorf("bug in syncform: table %s was cut into no chunks", l.job.Read.Name)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.chunks, l.resumed, l.rows = len(st.Chunks), st.Rows, st.Rows
	for _, c := range st.Chunks {
		if st.Done[c.ID] {
			l.done++
		} else {
			l.pending = append(l.pending, c)
		}
	}
	l.before = l.done
	l.opened = true
	return nil
}

// reopen corrects what is known of the load by the ledger, and reports whether there
// are chunks to be written again.
func (l *load) reopen(st providers.LoadState) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rows, l.done = st.Rows, 0
	for _, c := range st.Chunks {
		if st.Done[c.ID] {
			l.done++
		} else {
			l.pending = append(l.pending, c)
		}
	}
	return len(l.pending) > 0
}

func (l *load) isOpen() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.opened
}

// watch begins to tell of the load's progress, until result.
func (l *load) watch() {
	if l.job.Progress != nil {
		l.stop, l.told = make(chan struct{}), make(chan struct{})
		go l.tell()
	}
}

// tell reports progress until stop is closed.
func (l *load) tell() {
	defer close(l.told)
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	last := Progress{Rows: -1}
	for {
		if p := l.progress(); p != last && l.isOpen() {
			l.job.Progress(p)
			last = p
		}
		select {
		case <-tick.C:
		case <-l.stop:
			return
		}
	}
}

func (l *load) progress() Progress {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Progress{
		Rows: l.rows + l.passing.Load(), Bytes: l.bytes.Load(), Resumed: l.resumed,
		Chunks: l.chunks, ChunksDone: l.done,
	}
}

// waiting reports whether the load wants its first worker. The pool's mu is held.
func (l *load) waiting() bool {
	if !l.ready || l.ended || l.workers > 0 {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failed == nil
}

// left counts the chunks that nobody has claimed.
func (l *load) left() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed != nil {
		return 0
	}
	return len(l.pending)
}

// claim takes the next chunk.
func (l *load) claim() (providers.Chunk, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed != nil || len(l.pending) == 0 {
		return providers.Chunk{}, false
	}
	c := l.pending[0]
	l.pending = l.pending[1:]
	return c, true
}

// giveBack returns chunks that were claimed and not written, to be next.
func (l *load) giveBack(chunks []providers.Chunk) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pending = append(append([]providers.Chunk(nil), chunks...), l.pending...)
}

// pass counts what a writer has taken of a chunk.
func (l *load) pass(rows, bytes int) {
	l.passing.Add(int64(rows))
	l.bytes.Add(int64(bytes))
}

// takeBack uncounts a chunk whose write failed, and keeps its rows in case that only
// the answer was lost.
func (l *load) takeBack(c *piece) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.passing.Add(-c.rows)
	l.bytes.Add(-c.bytes)
	if c.end == io.EOF {
		l.tried[c.ID] = c.rows
	}
}

// wrote counts a chunk that is in the target.
func (l *load) wrote(c *piece) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.passing.Add(-c.rows)
	l.rows += c.rows
	l.done++
}

// doneBefore counts a chunk that an earlier try has written, whose answer was lost.
func (l *load) doneBefore(c *piece) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.passing.Add(-c.rows)
	l.bytes.Add(-c.bytes)
	l.rows += l.tried[c.ID]
	l.done++
}

// fail ends the load: no further chunk of it is begun. What several workers meet alike
// is told once.
func (l *load) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if slices.ContainsFunc(l.failures, func(f error) bool { return f.Error() == err.Error() }) {
		return
	}
	l.failures = append(l.failures, err)
	l.failed = errors.Join(l.failures...)
}

// hasFailed reports whether a worker of the load has failed.
func (l *load) hasFailed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failed != nil
}

// complete reports whether every chunk is written.
func (l *load) complete() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.opened && l.failed == nil && l.done == l.chunks
}

// finish ends the job; err is what Run returns where no worker has failed. The pool's mu is held.
func (l *load) finish(err error) {
	if l.ended {
		return
	}
	l.ended = true
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed != nil {
		err = l.failed
	}
	l.err = err
	close(l.finished)
}

// begin is called by each worker that takes the load up.
func (l *load) begin() {
	l.begun.Do(func() {
		l.mu.Lock()
		l.started = true
		l.mu.Unlock()
		if l.job.Begun != nil {
			l.job.Begun()
		}
	})
}

// result waits for the last progress to be told and returns what Run returns.
func (l *load) result() (Result, error) {
	if l.stop != nil {
		close(l.stop)
		<-l.told
		if l.isOpen() {
			p := l.progress()
			p.Done = l.err == nil
			l.job.Progress(p)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return Result{Rows: l.rows, Resumed: l.resumed, Begun: l.started}, l.err
}
