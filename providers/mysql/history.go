package mysql

import (
	"context"
	"fmt"

	"github.com/syncform/syncform/providers"
)

// NoteApply writes an apply's entry of the audit trail.
func (c *Conn) NoteApply(ctx context.Context, a providers.ApplyEntry) error {
	return c.with(ctx, func(s *session) error {
		if err := c.book().EnsureHistory(ctx, s); err != nil {
			return err
		}
		if _, err := s.exec(ctx, "START TRANSACTION"); err != nil {
			return err
		}
		if err := c.book().NoteApply(ctx, s, a); err != nil {
			return err // the session is closed, which rolls back
		}
		_, err := s.exec(ctx, "COMMIT")
		return err
	})
}

// History reads the audit trail.
func (c *Conn) History(ctx context.Context, limit int) (out []providers.ApplyEntry, err error) {
	err = c.with(ctx, func(s *session) error {
		rows, err := s.query(ctx, "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '_sync_history'")
		if err != nil {
			return fmt.Errorf("look for the history: %w", err)
		}
		if rows[0][0] == "0" {
			return nil
		}
		out, err = c.book().History(ctx, s, limit)
		return err
	})
	return out, err
}
