package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/syncform/syncform/providers"
)

// blockers asks, while a step waits, for whom it does, so that its lock timeout can name
// them. The answer is there once stop has been called.
type blockers struct {
	mu    sync.Mutex
	found []string
	stop  func()
}

// watchBlockers looks shortly before the step's lock timeout.
func (c *Conn) watchBlockers(ctx context.Context, pid uint32, timeout time.Duration) *blockers {
	b := &blockers{stop: func() {}}
	if timeout <= 0 {
		return b
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		t := time.NewTicker(timeout * 2 / 3)
		defer t.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-t.C:
			}
			if found, err := c.blockersOf(ctx, pid); err == nil && len(found) > 0 {
				b.mu.Lock()
				b.found = found
				b.mu.Unlock()
			}
		}
	}()
	b.stop = func() { cancel(); <-done }
	return b
}

func (c *Conn) blockersOf(ctx context.Context, pid uint32) ([]string, error) {
	s, err := c.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer c.release(s)
	rows, err := s.query(ctx, `SELECT pid, coalesce(usename, ''), coalesce(client_addr::text, 'a socket'), coalesce(application_name, ''), coalesce(backend_type, ''), state,
 coalesce(extract(epoch FROM pg_catalog.now() - xact_start)::bigint, 0)
 FROM pg_catalog.pg_stat_activity WHERE pid = ANY (pg_catalog.pg_blocking_pids($1)) ORDER BY xact_start NULLS LAST LIMIT 5`, fmt.Sprint(pid))
	if err != nil {
		return nil, err
	}
	var out []string
	for _, r := range rows {
		text := fmt.Sprintf("process %s", r[0])
		if r[1] != "" {
			text += fmt.Sprintf(" of %s at %s", r[1], r[2])
		} else {
			text += " (" + r[4] + ")"
		}
		if r[3] != "" {
			text += fmt.Sprintf(" (%s)", r[3])
		}
		text += fmt.Sprintf(", in a transaction for %s s", r[6])
		if r[5] == "idle in transaction" {
			text += " and idle"
		}
		out = append(out, text)
	}
	return out, nil
}

// named adds to a lock timeout who held the lock.
func (b *blockers) named(err error) error {
	b.stop()
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || pg.Code != "55P03" {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return &providers.LockedError{By: b.found, Err: err}
}
