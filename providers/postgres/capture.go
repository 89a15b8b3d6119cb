package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// capturer is one way to follow a source.
type capturer interface {
	teardown(ctx context.Context, s *session, c providers.Capture) ([]providers.Step, error)
	start(ctx context.Context, s *session, c providers.Capture) (providers.CaptureStart, error)
	floor(ctx context.Context, s *session, c providers.Capture) (string, error)
	current(ctx context.Context, s *session, c providers.Capture) (row.Position, error)
	retained(ctx context.Context, s *session, c providers.Capture, at row.Position) (providers.Retained, error)
	follow(ctx context.Context, c providers.Capture, from position, newCollector func(func() row.Position) *row.Collector) error
}

func (c *Conn) capturer(method string) (capturer, error) {
	switch method {
	case providers.LogicalReplication:
		return slotCapture{c}, nil
	case providers.Trigger:
		return triggerCapture{c}, nil
	case providers.Polling:
		return pollCapture{c}, nil
	}
	return nil, fmt.Errorf("PostgreSQL offers no capture by %q: use logical_replication, trigger or polling", method)
}

// with runs f over a session of the pool.
func (c *Conn) with(ctx context.Context, method string, f func(*session, capturer) error) error {
	way, err := c.capturer(method)
	if err != nil {
		return err
	}
	s, err := c.acquire(ctx)
	if err != nil {
		return err
	}
	defer c.release(s)
	return f(s, way)
}

// PlanTeardown gives the steps that remove what following c has left.
func (c *Conn) PlanTeardown(ctx context.Context, cp providers.Capture) (steps []providers.Step, err error) {
	err = c.with(ctx, cp.Method, func(s *session, way capturer) error {
		steps, err = way.teardown(ctx, s, cp)
		return err
	})
	return steps, err
}

// StartCapture fixes the start.
func (c *Conn) StartCapture(ctx context.Context, cp providers.Capture) (start providers.CaptureStart, err error) {
	err = c.with(ctx, cp.Method, func(s *session, way capturer) error {
		start, err = way.start(ctx, s, cp)
		return err
	})
	return start, err
}

// Floor is the floor of tables that were added just now.
func (c *Conn) Floor(ctx context.Context, cp providers.Capture) (floor string, err error) {
	err = c.with(ctx, cp.Method, func(s *session, way capturer) error {
		floor, err = way.floor(ctx, s, cp)
		return err
	})
	return floor, err
}

// Current is a position at or behind which all stands that a read could see by now.
func (c *Conn) Current(ctx context.Context, cp providers.Capture) (at row.Position, err error) {
	err = c.with(ctx, cp.Method, func(s *session, way capturer) error {
		at, err = way.current(ctx, s, cp)
		return err
	})
	return at, err
}

// Retained says what the source keeps.
func (c *Conn) Retained(ctx context.Context, cp providers.Capture, at row.Position) (r providers.Retained, err error) {
	err = c.with(ctx, cp.Method, func(s *session, way capturer) error {
		r, err = way.retained(ctx, s, cp, at)
		return err
	})
	return r, err
}

// Follow streams changes until ctx ends or it fails.
func (c *Conn) Follow(ctx context.Context, cp providers.Capture, from row.Position, newCollector func(position func() row.Position) *row.Collector) error {
	way, err := c.capturer(cp.Method)
	if err != nil {
		return err
	}
	at, err := parsePosition(from)
	if err != nil {
		return err
	}
	err = way.follow(ctx, cp, at, newCollector)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// Reached reports whether a stream that has come to at has passed goal.
func (c *Conn) Reached(at, goal row.Position) (bool, error) {
	a, err := parsePosition(at)
	if err != nil {
		return false, err
	}
	g, err := parsePosition(goal)
	if err != nil {
		return false, err
	}
	if g.LSN != 0 {
		return a.LSN >= g.LSN, nil
	}
	return snapshotReached(a.Snapshot, g.Snapshot)
}

// RunCaptureStep runs a step at the source unless it is done.
func (c *Conn) RunCaptureStep(ctx context.Context, step providers.Step) (bool, error) {
	s, err := c.acquire(ctx)
	if err != nil {
		return false, err
	}
	defer c.release(s)
	if step.Done != "" {
		got, err := s.queryRow(ctx, step.Done)
		if err != nil {
			return false, fmt.Errorf("ask whether the step is done: %w", classify(err))
		}
		if got[0] == "t" {
			return false, nil
		}
	}
	if step.Transactional {
		err := inTransaction(ctx, s, func() error {
			if t := timeouts("SET LOCAL", step); t != "" {
				if err := s.exec(ctx, t); err != nil {
					return classify(err)
				}
			}
			return s.runText(ctx, step)
		})
		return err == nil, err
	}
	// A slot stays in use for a moment after its reader has gone.
	for until := time.Now().Add(step.Timeout); ; {
		err := s.runText(ctx, step)
		if err == nil || !isCode(err, "55006") || time.Now().After(until) {
			return err == nil, err
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return false, err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
