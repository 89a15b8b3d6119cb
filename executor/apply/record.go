package apply

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/syncform/syncform/planner/state"
)

// lazyEvery is how often at most what need not be written at once is written.
const lazyEvery = time.Second

// Record writes the state while an apply goes on. Changes that are asked for while a
// write is under way go into the next one together, so that a thousand tables don't
// mean a thousand files. It is safe for use by several goroutines.
type Record struct {
	backend state.Backend

	mu      sync.Mutex // guards what is below
	state   *state.State
	changed uint64 // counts the changes made to state
	written uint64 // of them, those that the backend has
	last    time.Time
	failed  error

	writing sync.Mutex // held while the backend writes
}

// NewRecord begins with the state as it was read; nil is none yet, made of version.
func NewRecord(b state.Backend, s *state.State, version string) *Record {
	if s == nil {
		s = state.New(version)
	}
	return &Record{backend: b, state: clone(s)}
}

// Now makes a change and returns once the backend has it.
func (r *Record) Now(ctx context.Context, change func(*state.State)) error {
	r.mu.Lock()
	change(r.state)
	r.changed++
	want := r.changed
	r.mu.Unlock()
	return r.write(ctx, want)
}

// Soon makes a change that a kill may undo without harm: the backend has it within
// about a second, or with the next change that it must have, or after Flush.
func (r *Record) Soon(ctx context.Context, change func(*state.State)) error {
	r.mu.Lock()
	change(r.state)
	r.changed++
	want := r.changed
	wait := time.Since(r.last) < lazyEvery
	r.mu.Unlock()
	if wait {
		return nil
	}
	return r.write(ctx, want)
}

// Flush writes what was put off.
func (r *Record) Flush(ctx context.Context) error {
	r.mu.Lock()
	want := r.changed
	r.mu.Unlock()
	return r.write(ctx, want)
}

// State returns the state as it stands.
func (r *Record) State() *state.State {
	r.mu.Lock()
	defer r.mu.Unlock()
	return clone(r.state)
}

// write returns once the backend has change number want.
func (r *Record) write(ctx context.Context, want uint64) error {
	r.writing.Lock()
	defer r.writing.Unlock()
	r.mu.Lock()
	if r.written >= want || r.failed != nil {
		defer r.mu.Unlock()
		return r.failed
	}
	r.state.Serial++
	s, upTo := clone(r.state), r.changed
	r.mu.Unlock()
	err := r.backend.Write(ctx, s)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		// Whether the backend has it is not known: a later write could only clash.
		r.failed = errors.Join(errors.New("the state could not be written, so nothing more is begun; what was done is kept, and a new apply goes on"), err)
		return r.failed
	}
	r.written, r.last = upTo, time.Now()
	return nil
}

// clone copies what the state's own methods change.
func clone(s *state.State) *state.State {
	c := *s
	c.Mappings = slices.Clone(s.Mappings)
	for i := range c.Mappings {
		c.Mappings[i].Asides = slices.Clone(c.Mappings[i].Asides)
	}
	c.Streams = slices.Clone(s.Streams)
	c.Applied = slices.Clone(s.Applied)
	return &c
}
