package state

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// pgLock is the lock while this process holds it.
type pgLock struct {
	p    *Postgres
	info LockInfo
	c    *pgx.Conn
}

// advisoryKey is the advisory lock's number: of the schema where the tables are and
// the state's name. Advisory locks are per database.
func advisoryKey(schema, name string) int64 {
	sum := sha256.Sum256([]byte("syncform state\x00" + schema + "\x00" + name))
	return int64(binary.BigEndian.Uint64(sum[:8]))
}

func (p *Postgres) advisoryKey(ctx context.Context, c *pgx.Conn) (int64, error) {
	var schema string
	if err := c.QueryRow(ctx, `SELECT coalesce(current_schema(), '')`).Scan(&schema); err != nil {
		return 0, fmt.Errorf("backend postgresql: %w", err)
	}
	return advisoryKey(schema, p.name), nil
}

// take tries to get the advisory lock on c.
func (p *Postgres) take(ctx context.Context, c *pgx.Conn) (bool, error) {
	key, err := p.advisoryKey(ctx, c)
	if err != nil {
		return false, err
	}
	var ok bool
	if err := c.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, key).Scan(&ok); err != nil {
		return false, fmt.Errorf("backend postgresql: lock the state: %w", err)
	}
	return ok, nil
}

// Lock implements Backend.
func (p *Postgres) Lock(ctx context.Context, info LockInfo, wait time.Duration) (Unlock, error) {
	c, err := p.connect(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.lockOn(ctx, c, info, wait); err != nil {
		closeConn(ctx, c)
		return nil, err
	}
	l := &pgLock{p: p, info: info, c: c}
	p.mu.Lock()
	p.held = l
	p.mu.Unlock()
	var once sync.Once
	return func(ctx context.Context) (err error) {
		once.Do(func() { err = l.unlock(ctx) })
		return err
	}, nil
}

func (p *Postgres) lockOn(ctx context.Context, c *pgx.Conn, info LockInfo, wait time.Duration) error {
	if err := ensure(ctx, c); err != nil {
		return err
	}
	err := waitFor(ctx, wait, func() (bool, LockInfo, error) {
		ok, err := p.take(ctx, c)
		if ok || err != nil {
			return ok, LockInfo{}, err
		}
		holder, _, err := readPgInfo(ctx, c, p.name)
		return false, holder, err
	})
	if err != nil {
		return err
	}
	_, err = c.Exec(ctx, `INSERT INTO _sync_state_lock (name, id, operation, who, process, created, backend) VALUES ($1, $2, $3, $4, $5, $6, pg_backend_pid())
		ON CONFLICT (name) DO UPDATE SET id = excluded.id, operation = excluded.operation, who = excluded.who, process = excluded.process, created = excluded.created, backend = excluded.backend`,
		p.name, info.ID, info.Operation, info.Who, info.PID, info.Created.UTC().Format(time.RFC3339Nano))
	if err != nil {
		return fmt.Errorf("backend postgresql: lock the state: %w", err)
	}
	return nil
}

// conn returns the lock's connection. Where that broke, the lock is taken again on a
// new one, if nobody else has had it since.
func (l *pgLock) conn(ctx context.Context) (*pgx.Conn, error) {
	if err := l.c.Ping(ctx); err == nil {
		return l.c, nil
	} else if ctx.Err() != nil {
		return nil, fmt.Errorf("backend postgresql: %w", err)
	}
	closeConn(ctx, l.c)
	c, err := l.p.connect(ctx)
	if err != nil {
		return nil, err
	}
	if err := l.retake(ctx, c); err != nil {
		closeConn(ctx, c)
		return nil, err
	}
	l.c = c
	return c, nil
}

func (l *pgLock) retake(ctx context.Context, c *pgx.Conn) error {
	// The server may notice the broken connection later than we did.
	err := waitFor(ctx, 10*time.Second, func() (bool, LockInfo, error) {
		info, _, err := readPgInfo(ctx, c, l.p.name)
		if err != nil {
			return false, info, err
		}
		if info.ID != l.info.ID {
			return false, info, fmt.Errorf("%s: %w: the connection that held it broke, and another process took it or removed it; nothing was written", l.p.where(), ErrLockLost)
		}
		ok, err := l.p.take(ctx, c)
		return ok, info, err
	})
	if err != nil {
		return err
	}
	tag, err := c.Exec(ctx, `UPDATE _sync_state_lock SET backend = pg_backend_pid() WHERE name = $1 AND id = $2`, l.p.name, l.info.ID)
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrLockLost
	}
	if err != nil {
		return fmt.Errorf("%s: %w", l.p.where(), err)
	}
	return nil
}

// unlock gives the lock back, and its connection.
func (l *pgLock) unlock(ctx context.Context) error {
	l.p.mu.Lock()
	defer l.p.mu.Unlock()
	if l.p.held == l {
		l.p.held = nil
	}
	defer closeConn(ctx, l.c)
	if _, err := l.c.Exec(ctx, `DELETE FROM _sync_state_lock WHERE name = $1 AND id = $2`, l.p.name, l.info.ID); err != nil {
		return fmt.Errorf("unlock %s: %w", l.p.where(), err)
	}
	// The server ends a closed connection's session a moment later; whoever comes next
	// need not meet it.
	if _, err := l.c.Exec(ctx, `SELECT pg_advisory_unlock_all()`); err != nil {
		return fmt.Errorf("unlock %s: %w", l.p.where(), err)
	}
	return nil
}

// readPgInfo returns what the lock's holder says of itself and its server process;
// zero where there is none.
func readPgInfo(ctx context.Context, c *pgx.Conn, name string) (LockInfo, int, error) {
	var info LockInfo
	var created string
	var backend int
	err := c.QueryRow(ctx, `SELECT id, operation, who, process, created, backend FROM _sync_state_lock WHERE name = $1`, name).
		Scan(&info.ID, &info.Operation, &info.Who, &info.PID, &created, &backend)
	if errors.Is(err, pgx.ErrNoRows) || pgCode(err) == undefinedTable {
		return LockInfo{}, 0, nil
	}
	if err != nil {
		return LockInfo{}, 0, fmt.Errorf("backend postgresql: read the lock: %w", err)
	}
	if info.Created, err = time.Parse(time.RFC3339Nano, created); err != nil {
		return LockInfo{}, 0, fmt.Errorf("backend postgresql: read the lock: %w", err)
	}
	return info, backend, nil
}

// ForceUnlock implements Backend. It ends the holder's connection, so that a holder
// that still lives can write no state any more (ErrLockLost); for that the login must
// be the holder's, or may end its sessions.
func (p *Postgres) ForceUnlock(ctx context.Context, id string) error {
	c, err := p.connect(ctx)
	if err != nil {
		return err
	}
	defer closeConn(ctx, c)
	info, backend, err := readPgInfo(ctx, c, p.name)
	switch {
	case err != nil:
		return err
	case info.ID == "":
		return fmt.Errorf("%w: %s is not locked", ErrNoLock, p.where())
	case info.ID != id:
		return fmt.Errorf("%w: the lock of %s has the ID %s", ErrNoLock, p.where(), info.ID)
	}
	if _, err := c.Exec(ctx, `DELETE FROM _sync_state_lock WHERE name = $1 AND id = $2`, p.name, id); err != nil {
		return fmt.Errorf("force-unlock: %w", err)
	}
	key, err := p.advisoryKey(ctx, c)
	if err != nil {
		return err
	}
	// Only the session that holds this very lock: a number may have passed to another.
	_, err = c.Exec(ctx, `SELECT pg_terminate_backend(pid) FROM pg_locks
		WHERE locktype = 'advisory' AND granted AND pid = $1 AND objsubid = 1
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
		AND classid = (($2::bigint >> 32) & 4294967295)::oid AND objid = ($2::bigint & 4294967295)::oid`, backend, key)
	if err != nil {
		return fmt.Errorf("force-unlock: the holder's session %d can't be ended: %w", backend, err)
	}
	return nil
}
