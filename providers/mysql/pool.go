package mysql

import (
	"context"
	"database/sql/driver"
	"time"
)

// Idle sessions are kept for the next user: at most keepIdle, and asked whether they
// live when they have rested for longer than restingFor.
const (
	keepIdle   = 4
	restingFor = 5 * time.Second
)

// take gives a session of the endpoint, to be handed back by give or closed.
func (c *Conn) take(ctx context.Context) (*session, error) {
	for {
		c.mu.Lock()
		n := len(c.idle)
		if n == 0 {
			c.mu.Unlock()
			return c.connect(ctx)
		}
		s := c.idle[n-1]
		c.idle = c.idle[:n-1]
		c.mu.Unlock()
		if s.alive() && (time.Since(s.idle) < restingFor || s.ping(ctx) == nil) {
			return s, nil
		}
		s.close()
	}
}

// give takes a session back that is outside any transaction and has its settings.
func (c *Conn) give(s *session) {
	if s.alive() {
		s.idle = time.Now()
		c.mu.Lock()
		keep := !c.closed && len(c.idle) < keepIdle
		if keep {
			c.idle = append(c.idle, s)
		}
		c.mu.Unlock()
		if keep {
			return
		}
	}
	s.close()
}

// with runs f on a session. A session on which f failed is not used again: what
// state it was left in is not known.
func (c *Conn) with(ctx context.Context, f func(*session) error) error {
	s, err := c.take(ctx)
	if err != nil {
		return err
	}
	if err := f(s); err != nil {
		s.close()
		return classify(err)
	}
	c.give(s)
	return nil
}

func (s *session) ping(ctx context.Context) error {
	p, ok := s.conn.(driver.Pinger)
	if !ok {
		return nil
	}
	return p.Ping(ctx)
}

// abandonTimeout bounds what is done to end a statement that nobody waits for.
const abandonTimeout = 5 * time.Second

// abandon closes a session whose statement may still run at the server, which would
// not notice a closed connection before the statement ends, and kills it there.
func (c *Conn) abandon(s *session) {
	s.close()
	c.kill("KILL CONNECTION " + s.id)
}

// kill is best effort: what it would end may have ended by itself, which the server
// reports as an error.
func (c *Conn) kill(statement string) {
	ctx, cancel := context.WithTimeout(context.Background(), abandonTimeout)
	defer cancel()
	other, err := c.take(ctx)
	if err != nil {
		return
	}
	if _, err := other.exec(ctx, statement); err != nil {
		other.close()
		return
	}
	c.give(other)
}
