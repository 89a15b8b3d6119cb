package state

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Postgres keeps the state in the table _sync_state of a PostgreSQL database, one
// row per name, the state before it in the same row, and locks by a session advisory
// lock on a connection of its own, which vanishes with the connection. It is safe for
// use by several goroutines.
type Postgres struct {
	cfg  *pgx.ConnConfig
	name string

	mu      sync.Mutex
	lineage string // the one that this process has seen
	held    *pgLock
}

var _ Backend = (*Postgres)(nil)

// NewPostgres keeps the state of that name in the database of a connection URL or
// DSN. It does not connect yet. Its errors never hold the password.
func NewPostgres(connection, name string) (*Postgres, error) {
	cfg, err := pgx.ParseConfig(connection)
	if err != nil {
		return nil, fmt.Errorf("backend postgresql: the connection is not one that can be read: expected postgres://user:password@host:5432/database?sslmode=require")
	}
	if name == "" {
		name = "default"
	}
	cfg.RuntimeParams["application_name"] = "syncform state"
	return &Postgres{cfg: cfg, name: name}, nil
}

const pgTables = `
CREATE TABLE IF NOT EXISTS _sync_state (
	name text PRIMARY KEY,
	lineage text NOT NULL,
	serial numeric(20) NOT NULL,
	body text NOT NULL,
	previous text,
	written_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE IF NOT EXISTS _sync_state_lock (
	name text PRIMARY KEY,
	id text NOT NULL,
	operation text NOT NULL,
	who text NOT NULL,
	process integer NOT NULL,
	created text NOT NULL,
	backend integer NOT NULL)`

// connect opens a connection of its own.
func (p *Postgres) connect(ctx context.Context) (*pgx.Conn, error) {
	c, err := pgx.ConnectConfig(ctx, p.cfg)
	if err != nil {
		return nil, fmt.Errorf("backend postgresql: %w", p.redact(err))
	}
	return c, nil
}

// redact keeps the password out of a message, should a driver ever put it there.
func (p *Postgres) redact(err error) error {
	if p.cfg.Password == "" || !strings.Contains(err.Error(), p.cfg.Password) {
		return err
	}
	return errors.New(strings.ReplaceAll(err.Error(), p.cfg.Password, "***"))
}

// ensure makes the tables. Two processes that make them at once meet in the
// catalogue: the one that loses looks again.
func ensure(ctx context.Context, c *pgx.Conn) error {
	for try := 0; ; try++ {
		_, err := c.Exec(ctx, pgTables)
		if err == nil {
			return nil
		}
		if code := pgCode(err); try == 3 || code != "23505" && code != "42P07" && code != "42710" {
			return fmt.Errorf("backend postgresql: make its tables: %w", err)
		}
	}
}

func pgCode(err error) string {
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		return pe.Code
	}
	return ""
}

const undefinedTable = "42P01"

// where names the row for messages.
func (p *Postgres) where() string {
	return fmt.Sprintf("state %q in database %q", p.name, p.cfg.Database)
}

// Read implements Backend. It makes nothing, so that it works with a login that may
// only read.
func (p *Postgres) Read(ctx context.Context) (*State, error) {
	c, err := p.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer closeConn(ctx, c)
	var body string
	var previous *string
	err = c.QueryRow(ctx, `SELECT body, previous FROM _sync_state WHERE name = $1`, p.name).Scan(&body, &previous)
	if errors.Is(err, pgx.ErrNoRows) || pgCode(err) == undefinedTable {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("backend postgresql: read the state: %w", err)
	}
	s, err := Decode([]byte(body))
	if err != nil {
		return nil, p.locate(err, previous)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lineage != "" && s.Lineage != p.lineage {
		return nil, &FormatError{Where: p.where(), Reason: fmt.Sprintf("the state was replaced by one of another lineage (%s, not %s)", s.Lineage, p.lineage), Fix: "two configurations seem to share it: give each a database of its own"}
	}
	p.lineage = s.Lineage
	return s, nil
}

func (p *Postgres) locate(err error, previous *string) error {
	var fe *FormatError
	if !errors.As(err, &fe) {
		return err
	}
	out := *fe
	out.Where = p.where()
	if out.Fix == "" {
		out.Fix = "restore it from a copy of your own"
		if previous != nil {
			if s, err := Decode([]byte(*previous)); err == nil {
				out.Fix = fmt.Sprintf("the state before it (serial %d) is whole in the column _sync_state.previous of the same row", s.Serial)
			}
		}
	}
	return &out
}

// Write implements Backend. Under the lock it runs on the lock's own connection, so
// that who lost the lock can't write.
func (p *Postgres) Write(ctx context.Context, s *State) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	b, err := Encode(s)
	if err != nil {
		return err
	}
	var c *pgx.Conn
	if p.held != nil {
		if c, err = p.held.conn(ctx); err != nil {
			return err
		}
	} else {
		if c, err = p.connect(ctx); err != nil {
			return err
		}
		defer closeConn(ctx, c)
		if err := ensure(ctx, c); err != nil {
			return err
		}
	}
	if err := p.write(ctx, c, s, string(b)); err != nil {
		return err
	}
	p.lineage = s.Lineage
	return nil
}

// write replaces the row where its serial is the one before and the lock, if this
// process took it, is still its own.
func (p *Postgres) write(ctx context.Context, c *pgx.Conn, s *State, body string) error {
	lockID := ""
	if p.held != nil {
		lockID = p.held.info.ID
	}
	serial := fmt.Sprint(s.Serial)
	const mine = `($5 = '' OR EXISTS (SELECT FROM _sync_state_lock l WHERE l.name = $1 AND l.id = $5))`
	var sql string
	if s.Serial == 1 {
		sql = `INSERT INTO _sync_state (name, lineage, serial, body) SELECT $1, $2, $3::numeric, $4 WHERE ` + mine + ` ON CONFLICT DO NOTHING`
	} else {
		sql = `UPDATE _sync_state SET serial = $3::numeric, previous = body, body = $4, written_at = now()
			WHERE name = $1 AND lineage = $2 AND serial = $3::numeric - 1 AND ` + mine
	}
	tag, err := c.Exec(ctx, sql, p.name, s.Lineage, serial, body, lockID)
	if err != nil {
		return fmt.Errorf("backend postgresql: write the state: %w", err)
	}
	if tag.RowsAffected() == 1 {
		return nil
	}
	return p.whyNot(ctx, c, s, lockID)
}

// whyNot says which condition of write did not hold.
func (p *Postgres) whyNot(ctx context.Context, c *pgx.Conn, s *State, lockID string) error {
	if lockID != "" {
		info, _, err := readPgInfo(ctx, c, p.name)
		if err != nil {
			return err
		}
		if info.ID != lockID {
			return fmt.Errorf("write %s: %w: it was removed by force-unlock; nothing was written", p.where(), ErrLockLost)
		}
	}
	var lineage, serial string
	err := c.QueryRow(ctx, `SELECT lineage, serial::text FROM _sync_state WHERE name = $1`, p.name).Scan(&lineage, &serial)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return fmt.Errorf("write %s: %w: it is gone, and serial %d can't be the first", p.where(), ErrMoved, s.Serial)
	case err != nil:
		return fmt.Errorf("backend postgresql: write the state: %w", err)
	case lineage != s.Lineage:
		return fmt.Errorf("write %s: %w: its lineage is %s, not %s", p.where(), ErrMoved, lineage, s.Lineage)
	}
	return fmt.Errorf("write %s: %w: it holds serial %s, and serial %d can't follow that", p.where(), ErrMoved, serial, s.Serial)
}

// closeConn ends a connection that has nothing more to say; the server needs no
// answer, so that a failure changes nothing.
func closeConn(ctx context.Context, c *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_ = c.Close(ctx) // see above
}
