package backfill

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/syncform/syncform/providers"
)

// source holds the snapshot that the workers read from, opens it when it is first
// needed, and another one when it is lost and another one will do.
type source struct {
	reader    providers.SnapshotReader
	options   providers.SnapshotOptions
	soft      context.Context
	hard      context.Context
	oneMoment bool
	name      string
	floors    func(context.Context) ([]string, error)
	maxAge    time.Duration // of current; 0: any

	mu      sync.Mutex
	current *held
	wrote   bool // rows of the current snapshot are, or may be, in the target
}

// held is a snapshot with the number of those who use it, the source being one.
type held struct {
	providers.Snapshot
	source *source
	users  int
	opened time.Time
}

func newSource(o Options, soft context.Context) *source {
	return &source{
		reader: o.Source, soft: soft, hard: o.Hard, oneMoment: o.OneMoment, name: o.Name, floors: o.Floors, maxAge: o.MaxAge,
		options: providers.SnapshotOptions{Readers: o.Workers, Consistent: o.OneMoment},
	}
}

// get returns the snapshot to read from. The caller must release it.
func (s *source) get() (*held, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.soft.Err() != nil {
		return nil, ErrStopped
	}
	if s.current != nil && s.maxAge > 0 && s.floors != nil && !s.oneMoment && time.Since(s.current.opened) >= s.maxAge {
		s.current.drop()
		s.current = nil
	}
	if s.current == nil {
		if s.oneMoment && s.wrote {
			return nil, s.gone()
		}
		if s.floors != nil {
			var err error
			if s.options.Floors, err = s.floors(s.hard); err != nil {
				return nil, err
			}
		}
		snap, err := s.reader.OpenSnapshot(s.hard, s.options)
		if err != nil {
			return nil, fmt.Errorf("open a snapshot of the source: %w", err)
		}
		s.current = &held{Snapshot: snap, source: s, users: 1, opened: time.Now()}
	}
	s.current.users++
	return s.current, nil
}

func (s *source) gone() error {
	return fmt.Errorf("%s copies its tables as of one moment, and %w: plan and apply again, which starts their copy anew", s.name, ErrSnapshotGone)
}

// explain adds to a failure at the source what it means for a copy of one moment.
func (s *source) explain(err error) error {
	var r *readError
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.oneMoment && s.wrote && errors.As(err, &r) {
		return fmt.Errorf("%w; %w", err, s.gone())
	}
	return err
}

// written notes that rows of the snapshot are, or may be, in the target.
func (h *held) written() {
	h.source.mu.Lock()
	defer h.source.mu.Unlock()
	h.source.wrote = true
}

// lost says that reading from h failed. The next get opens another snapshot where that
// is allowed: always, but when all must be of one moment and that moment is in use.
func (h *held) lost() {
	s := h.source
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != h || s.oneMoment && (s.wrote || h.users > 2) {
		return
	}
	s.current = nil
	h.drop()
}

func (h *held) release() {
	h.source.mu.Lock()
	defer h.source.mu.Unlock()
	h.drop()
}

// drop gives one use up. The source's mu is held.
func (h *held) drop() {
	h.users--
	if h.users == 0 {
		_ = h.Snapshot.Close() // all that was asked for has been read; the session goes either way
	}
}

// close gives up the source's own use.
func (s *source) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != nil {
		s.current.drop()
		s.current = nil
	}
}
