package mysql

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/ledger"
)

// ExecCount makes a session a ledger.TxDB. The rows are those that changed.
func (s *session) ExecCount(ctx context.Context, text string, args ...any) (int64, error) {
	return s.exec(ctx, text, args...)
}

// OpenStreams makes the tables of streams where they are missing.
func (c *Conn) OpenStreams(ctx context.Context) (providers.StreamStore, error) {
	err := c.with(ctx, func(s *session) error { return c.book().EnsureStreams(ctx, s) })
	if err != nil {
		return nil, fmt.Errorf("make the tables of streams: %w", err)
	}
	return c.streams(), nil
}

// FindStreams gives the store if its tables are there.
func (c *Conn) FindStreams(ctx context.Context) (providers.StreamStore, error) {
	there := false
	err := c.with(ctx, func(s *session) error {
		rows, err := s.query(ctx, "SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND "+same("TABLE_NAME", ledger.StreamTable))
		there = len(rows) > 0
		return err
	})
	if err != nil || !there {
		return nil, err
	}
	return c.streams(), nil
}

func (c *Conn) streams() *ledger.Streams {
	return &ledger.Streams{
		Ledger: c.book(), End: c.endWriter,
		Tx: func(ctx context.Context, f func(ledger.TxDB) error) error {
			return again(ctx, func() error {
				return c.with(ctx, func(s *session) error { return s.transaction(ctx, func() error { return f(s) }) })
			})
		},
		Alone: func(ctx context.Context, f func(ledger.TxDB) error) error {
			return again(ctx, func() error { return c.with(ctx, func(s *session) error { return f(s) }) })
		},
	}
}

// again runs f, and some times more where it failed for a passing reason.
func again(ctx context.Context, f func() error) error {
	for wait := 20 * time.Millisecond; ; wait *= 3 {
		err := f()
		if err == nil || !providers.IsRetryable(err) || wait > time.Second {
			return err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// writerLock is the name under which the session that writes a stream can be found.
func writerLock(sync string) string {
	sum := sha256.Sum256([]byte(sync))
	return "CONCAT('syncform.', LEFT(SHA2(DATABASE(), 256), 16), '." + hex.EncodeToString(sum[:16]) + "')"
}

// endPatience is how long a session that is told to end may take.
const endPatience = 10 * time.Second

// endWriter ends the session that writes a stream. A user may end sessions of his own.
func (c *Conn) endWriter(ctx context.Context, sync string) error {
	ctx, cancel := context.WithTimeout(ctx, endPatience)
	defer cancel()
	return c.with(ctx, func(s *session) error {
		for {
			rows, err := s.query(ctx, "SELECT COALESCE(IS_USED_LOCK("+writerLock(sync)+"), 0)")
			if err != nil || rows[0][0] == "0" {
				return err
			}
			if _, err := s.exec(ctx, "KILL CONNECTION "+rows[0][0]); err != nil {
				if e := serverError(err); e == nil || e.Number != errNoThread {
					return err
				}
			}
			select {
			case <-time.After(100 * time.Millisecond):
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
	})
}
