package sqlite

import (
	"context"
	"errors"

	"zombiezen.com/go/sqlite"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/ledger"
)

// OpenStreams makes the streams' tables where they are missing.
func (c *Conn) OpenStreams(ctx context.Context) (providers.StreamStore, error) {
	err := c.transact(ctx, func(db *sqlite.Conn) error { return book.EnsureStreams(ctx, ledgerDB{db}) })
	if err != nil {
		return nil, err
	}
	return c.streams(), nil
}

// FindStreams is nil where the file, or the streams' table in it, is not there.
func (c *Conn) FindStreams(ctx context.Context) (providers.StreamStore, error) {
	db, err := c.get(ctx)
	if err != nil {
		return nil, err
	}
	defer c.put(db)
	rows, err := all(db, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", ledger.StreamTable)
	if err != nil || len(rows) == 0 {
		return nil, because(ctx, err)
	}
	return c.streams(), nil
}

func (c *Conn) streams() *ledger.Streams {
	return &ledger.Streams{Ledger: book, Tx: func(ctx context.Context, f func(ledger.TxDB) error) error {
		// Who only reads must not wait for the one that writes.
		err := c.reading(ctx, func(db *sqlite.Conn) error { return f(readOnly{ledgerDB{db}}) })
		if !errors.Is(err, errWrites) {
			return err
		}
		return c.transact(ctx, func(db *sqlite.Conn) error { return f(ledgerDB{db}) })
	}}
}

// errWrites says that what began as a read wants to write.
var errWrites = errors.New("bug in syncform: a write to the ledger in a transaction that only reads")

// readOnly is a connection of which the ledger only reads.
type readOnly struct{ ledgerDB }

// Exec is refused.
func (readOnly) Exec(context.Context, string, ...any) error { return errWrites }

// ExecCount is refused.
func (readOnly) ExecCount(context.Context, string, ...any) (int64, error) { return 0, errWrites }

// reading runs f in one read transaction.
func (c *Conn) reading(ctx context.Context, f func(db *sqlite.Conn) error) (err error) {
	db, err := c.get(ctx)
	if err != nil {
		return err
	}
	defer c.put(db)
	end, err := beginRead(db)
	if err != nil {
		return because(ctx, err)
	}
	defer func() {
		end(&err)
		err = because(ctx, err)
	}()
	return f(db)
}
