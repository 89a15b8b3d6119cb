package sqlite

import (
	"context"

	"zombiezen.com/go/sqlite"

	"github.com/syncform/syncform/providers"
)

// NoteApply writes an apply's entry of the audit trail.
func (c *Conn) NoteApply(ctx context.Context, a providers.ApplyEntry) error {
	return c.withLedger(ctx, func(_ *sqlite.Conn, l ledgerDB) error {
		if err := book.EnsureHistory(ctx, l); err != nil {
			return err
		}
		return book.NoteApply(ctx, l, a)
	})
}

// History reads the audit trail.
func (c *Conn) History(ctx context.Context, limit int) ([]providers.ApplyEntry, error) {
	db, done, err := c.take(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	l := ledgerDB{db}
	rows, err := l.Query(ctx, "SELECT count(*) FROM sqlite_schema WHERE name = '_sync_history'")
	if err != nil || rows[0][0] == "0" {
		return nil, err
	}
	return book.History(ctx, l, limit)
}
