// Package backfill copies tables: it reads chunks from a snapshot of the source and
// writes each with its done-mark in one transaction of the target, several tables at a
// time. What a cut-off run has finished is not done again.
//
// One worker has one reader and one writer. The reader is always ahead of the writer,
// into the next chunk too, by at most aheadBytes; so memory depends on the number of
// workers and on the size of a single row, and not on the table.
package backfill

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/syncform/syncform/executor/transform"
	"github.com/syncform/syncform/providers"
)

// ErrStopped is what a job returns that was neither finished nor failed, because the
// run was stopped: a later run goes on with it.
var ErrStopped = errors.New("stopped before its end")

// ErrSnapshotGone is why tables of one moment can't be gone on with.
var ErrSnapshotGone = errors.New("the source's snapshot of it is gone")

// Job is the copy of one table.
type Job struct {
	Read providers.ReadTable
	// Stage makes what turns rows as they are read into rows as they are written, one for
	// each worker; nil where both are the same columns.
	Stage     func() (*transform.Stage, error)
	Load      providers.Load
	ChunkRows int64 // rows in a chunk, about
	Rows      int64 // estimate; -1 unknown
	Bytes     int64 // estimate; -1 unknown. The largest job begins first.
	// Alone reports whether a failure is of this table only, so that the others go on; nil: none is.
	Alone    func(error) bool
	Attempts int    // further tries after the first, of each chunk
	Fresh    bool   // nothing of this load can be done yet: where the ledger says so, it is refused
	Begun    func() // called when the first worker takes it up
	Progress func(Progress)
	Retrying func(try int, wait time.Duration, err error)
}

// Progress is how far a job is.
type Progress struct {
	Rows       int64 // written, those of earlier runs included
	Bytes      int64 // written by this run
	Resumed    int64 // of Rows, those that earlier runs had written
	Chunks     int
	ChunksDone int
	Done       bool
}

// Result is what a job has come to.
type Result struct {
	Rows    int64 // in the table, as the ledger has them
	Resumed int64 // of them, those that earlier runs had written
	Begun   bool  // a worker had taken it up
}

// Options of a pool.
type Options struct {
	Source  providers.SnapshotReader
	Target  providers.Writer
	Workers int // chunks that are written at a time; 0: 1
	// Floors gives providers.SnapshotOptions.Floors when a snapshot is opened; nil: none.
	Floors func(context.Context) ([]string, error)
	// MaxAge is how long a snapshot is taken up for further chunks, where Floors make
	// another one as good; 0: for as long as it lives.
	MaxAge time.Duration
	// OneMoment asks for all tables as of one point in time. Then a job that an earlier
	// run began can only be gone on with where nothing is left to read, and a snapshot
	// that is lost after rows were written ends the run.
	OneMoment bool
	Name      string // what is copied, for messages: sync.warehouse
	// Soft, when it is cancelled, stops the pool: running chunks finish. Hard ends them.
	Soft, Hard context.Context
}

// Pool copies the tables of one sync, with a bounded number of workers over all of them.
type Pool struct {
	o      Options
	source *source
	soft   context.Context // ends with Options.Soft, and on the first failure
	stop   context.CancelFunc

	mu    sync.Mutex
	loads map[*Job]*load
	order []*load
	idle  int
	left  int // jobs that have not run

	opening sync.Mutex // OneMoment: held while the loads are opened
	opened  bool       // OneMoment: they are
}

// New makes a pool for these jobs. Nothing happens until a job is run.
func New(o Options, jobs []*Job) *Pool {
	if o.Workers < 1 {
		o.Workers = 1
	}
	p := &Pool{o: o, loads: map[*Job]*load{}, idle: o.Workers}
	p.soft, p.stop = context.WithCancel(o.Soft)
	p.source = newSource(o, p.soft)
	for _, j := range jobs {
		l := newLoad(j)
		p.loads[j] = l
		p.order = append(p.order, l)
		p.left++
	}
	context.AfterFunc(p.soft, p.wake)
	return p
}

// Run copies one of the pool's jobs. It may be called for several jobs at a time, once
// for each. With OneMoment the target tables of all jobs must be there before the first
// call. When a job fails, the chunks that run are finished, and the others stop.
func (p *Pool) Run(j *Job) (Result, error) {
	p.mu.Lock()
	l := p.loads[j]
	l.watch()
	l.ready = true
	p.dispatch()
	p.finishStopped()
	p.mu.Unlock()
	<-l.finished
	p.ran()
	return l.result()
}

// ran gives the source's snapshot back once every job has run: while indexes are built,
// nothing should keep the source from cleaning up.
func (p *Pool) ran() {
	p.mu.Lock()
	p.left--
	last := p.left == 0
	p.mu.Unlock()
	if last {
		p.source.close()
	}
}

// Close gives back the source's snapshot where not every job was run. No job may be
// running.
func (p *Pool) Close() {
	p.stop()
	p.source.close()
}

func (p *Pool) wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.finishStopped()
}

// finishStopped ends the jobs that wait for a worker which they will not get. p.mu is held.
func (p *Pool) finishStopped() {
	if p.soft.Err() == nil {
		return
	}
	for _, l := range p.order {
		if l.ready && l.workers == 0 {
			l.finish(ErrStopped)
		}
	}
}

// dispatch gives idle workers something to do. p.mu is held.
func (p *Pool) dispatch() {
	for p.idle > 0 && p.soft.Err() == nil {
		l, helper := p.pick()
		if l == nil {
			return
		}
		p.idle--
		l.workers++
		go p.work(l, helper)
	}
}

// share offers what is left of open tables to idle workers.
func (p *Pool) share() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dispatch()
}

// pick chooses what a worker does next: the largest table that nobody works on; where
// there is none, it helps with the table that has the most chunks left.
func (p *Pool) pick() (best *load, helper bool) {
	for _, l := range p.order {
		if l.waiting() && (best == nil || l.job.Bytes > best.job.Bytes) {
			best = l
		}
	}
	if best != nil {
		return best, false
	}
	most := 0
	for _, l := range p.order {
		if n := l.left(); l.workers > 0 && n > 2*l.workers && n > most {
			best, most = l, n
		}
	}
	return best, true
}

// claim takes a load's next chunk, where there is one that this worker should take.
func (p *Pool) claim(l *load, helper bool) (providers.Chunk, bool) {
	if p.soft.Err() != nil {
		return providers.Chunk{}, false
	}
	if helper {
		p.mu.Lock()
		other, helping := p.pick()
		p.mu.Unlock()
		if other != nil && !helping {
			return providers.Chunk{}, false // a table that nobody works on comes first
		}
	}
	return l.claim()
}
