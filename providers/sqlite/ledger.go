package sqlite

import (
	"context"
	"fmt"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/syncform/syncform/providers/ledger"
)

// book is the ledger of every SQLite file.
var book = ledger.Ledger{Twice: " ON CONFLICT DO NOTHING"}

// ledgerDB is a connection as the ledger uses it.
type ledgerDB struct{ db *sqlite.Conn }

var _ ledger.TxDB = ledgerDB{}

// Exec runs a statement.
func (l ledgerDB) Exec(ctx context.Context, sql string, args ...any) error {
	if err := sqlitex.Execute(l.db, sql, &sqlitex.ExecOptions{Args: args}); err != nil {
		return fmt.Errorf("ledger: %w", because(ctx, err))
	}
	return nil
}

// ExecCount runs a statement and says how many rows it changed.
func (l ledgerDB) ExecCount(ctx context.Context, sql string, args ...any) (int64, error) {
	if err := l.Exec(ctx, sql, args...); err != nil {
		return 0, err
	}
	return int64(l.db.Changes()), nil
}

// Query returns every field as text, NULL as "".
func (l ledgerDB) Query(ctx context.Context, sql string, args ...any) ([][]string, error) {
	rows, err := all(l.db, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", because(ctx, err))
	}
	return rows, nil
}
