package postgres

import (
	"context"

	"github.com/syncform/syncform/providers"
)

// NoteApply writes an apply's entry of the audit trail.
func (c *Conn) NoteApply(ctx context.Context, a providers.ApplyEntry) error {
	s, err := c.acquire(ctx)
	if err != nil {
		return err
	}
	defer c.release(s)
	if err := c.ensureLedger(ctx, s); err != nil {
		return err
	}
	return inTransaction(ctx, s, func() error {
		there, err := c.there(ctx, s, "_sync_history")
		if err != nil {
			return err
		}
		if !there {
			if err := s.exec(ctx, "SELECT pg_catalog.pg_advisory_xact_lock(7310868735421)"); err != nil {
				return classify(err)
			}
			if err := c.ledger().EnsureHistory(ctx, ledgerDB{s}); err != nil {
				return err
			}
		}
		return c.ledger().NoteApply(ctx, ledgerDB{s}, a)
	})
}

// History reads the audit trail.
func (c *Conn) History(ctx context.Context, limit int) ([]providers.ApplyEntry, error) {
	s, err := c.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer c.release(s)
	if there, err := c.there(ctx, s, "_sync_history"); err != nil || !there {
		return nil, err
	}
	return c.ledger().History(ctx, ledgerDB{s}, limit)
}

// there reports whether one of the ledger's tables is there.
func (c *Conn) there(ctx context.Context, s *session, table string) (bool, error) {
	row, err := s.queryRow(ctx, "SELECT EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2)", c.schema, table)
	if err != nil {
		return false, classify(err)
	}
	return row[0] == "t", nil
}
