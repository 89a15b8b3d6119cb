// Package postgres is the provider for PostgreSQL 14 to 18, as source and as target.
package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// oldestVersion that is supported.
const oldestVersion = 140000

// Provider opens PostgreSQL endpoints.
type Provider struct {
	// RetypeFrom is from how many rows on a change of a column's type is made on a new
	// column beside the old one; 0: providers.ManyRows.
	RetypeFrom int64
}

// Open connects and checks the server's version. It tells a wrong password, database
// or host from TLS that does not work, and never quotes the connection string.
func (p Provider) Open(ctx context.Context, cfg providers.Config) (providers.Conn, error) {
	pg, err := config(cfg)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", cfg.Addr, err)
	}
	c := &Conn{addr: cfg.Addr, config: pg, schema: cfg.String("schema"), retypeFrom: cmp.Or(p.RetypeFrom, providers.ManyRows), lookEvery: lookEvery, backlogAgain: backlogAgain}
	if c.schema == "" {
		c.schema = "public"
	}
	s, err := c.acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", cfg.Addr, err)
	}
	defer c.release(s)
	c.version = s.version()
	c.versionText = s.pg.ParameterStatus("server_version")
	if c.version < oldestVersion {
		return nil, fmt.Errorf("%s: the server is PostgreSQL %s; 14 and later are supported", cfg.Addr, c.versionText)
	}
	facts, err := s.queryRow(ctx, `SELECT d.oid, d.datname, pg_catalog.pg_encoding_to_char(d.encoding), d.datcollate, `+
		collationVersion(c.version)+` FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()`)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", cfg.Addr, classify(err))
	}
	c.databaseOID, c.database, c.encoding, c.collation, c.collationVersion = facts[0], facts[1], facts[2], facts[3], facts[4]
	return c, nil
}

func collationVersion(version int) string {
	if version >= 150000 {
		return "coalesce(pg_catalog.pg_database_collation_actual_version(d.oid), '')"
	}
	return "''"
}

// Conn is an open endpoint: a set of sessions that are made as they are needed. It
// is safe for use by several goroutines.
type Conn struct {
	addr   string
	config *pgconn.Config
	schema string // the default schema

	retypeFrom int64 // rows

	lookEvery    time.Duration // see watch
	backlogAgain int64         // see watch; bytes

	version                               int
	versionText                           string
	databaseOID, database                 string
	encoding, collation, collationVersion string

	mu       sync.Mutex
	idle     []*session
	closed   bool
	identity string           // see systemIdentifier
	ledgerOK bool             // the ledger's tables are there
	sent     map[string]*sent // by slot that is followed
	// partitionsSeen is by table.
	partitionsSeen map[schema.Name]seenPartitions

	pool row.Pool
}

// maxIdle sessions are kept for the next user; one that was idle for checkAfter is asked
// whether its server still answers.
const (
	maxIdle    = 8
	checkAfter = time.Second
)

// acquire gives a session that nobody else uses.
func (c *Conn) acquire(ctx context.Context) (*session, error) {
	for {
		c.mu.Lock()
		if c.closed {
			c.mu.Unlock()
			return nil, errors.New("bug in syncform: the endpoint is closed already")
		}
		if n := len(c.idle); n > 0 {
			s := c.idle[n-1]
			c.idle = c.idle[:n-1]
			c.mu.Unlock()
			if s.usable() && (time.Since(s.released) < checkAfter || s.exec(ctx, "") == nil) {
				return s, nil
			}
			s.close()
			continue
		}
		c.mu.Unlock()
		s, err := connect(ctx, c.config, c.schema)
		if err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, openError(c.config, err)
		}
		return s, nil
	}
}

// release gives a session back; one that is not idle is closed.
func (c *Conn) release(s *session) {
	if s.usable() {
		c.mu.Lock()
		if !c.closed && len(c.idle) < maxIdle {
			s.released = time.Now()
			c.idle = append(c.idle, s)
			c.mu.Unlock()
			return
		}
		c.mu.Unlock()
	}
	s.close()
}

// Close ends all sessions that are not in use.
func (c *Conn) Close() error {
	c.mu.Lock()
	idle := c.idle
	c.idle, c.closed = nil, true
	c.mu.Unlock()
	for _, s := range idle {
		s.close()
	}
	return nil
}

var (
	_ providers.Provider       = Provider{}
	_ providers.Conn           = (*Conn)(nil)
	_ providers.Historian      = (*Conn)(nil)
	_ providers.Backuper       = (*Conn)(nil)
	_ providers.Migrator       = (*Conn)(nil)
	_ providers.NumberAdvancer = (*Conn)(nil)
	_ providers.Numberer       = (*Conn)(nil)
	_ providers.Translator     = (*Conn)(nil)
	_ providers.Normalizer     = (*Conn)(nil)
	_ providers.StepPlanner    = (*Conn)(nil)
	_ providers.Retyper        = (*Conn)(nil)
	_ providers.StepRunner     = (*Conn)(nil)
	_ providers.Preflighter    = (*Conn)(nil)
	_ providers.Settler        = (*Conn)(nil)
	_ providers.SnapshotReader = (*Conn)(nil)
	_ providers.Writer         = (*Conn)(nil)
	_ providers.Checksummer    = (*Conn)(nil)
	_ providers.Applier        = (*Conn)(nil)
	_ providers.StreamKeeper   = (*Conn)(nil)
	_ providers.Capturer       = (*Conn)(nil)
	_ providers.SchemaTrier    = (*Conn)(nil)

	_ providers.ExpressionComparer = (*Conn)(nil)
	_ providers.ColumnIdentifier   = (*Conn)(nil)
	_ providers.UserFinder         = (*Conn)(nil)
)
