package mysql

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/ledger"
	"github.com/syncform/syncform/providers/script"
)

// PlanMigration runs a script in one transaction where it only changes rows; the
// server's DDL commits by itself.
func (c *Conn) PlanMigration(name, text string) (providers.Migration, error) {
	statements, err := script.Split(c.server.system, script.File{Name: name, Text: text})
	if err != nil {
		return providers.Migration{}, err
	}
	for _, s := range statements {
		w := script.Words(s.Text, 2)
		if len(w) > 0 && (slices.Contains([]string{"BEGIN", "COMMIT", "ROLLBACK", "XA"}, w[0]) || len(w) > 1 && w[0] == "START" && w[1] == "TRANSACTION") {
			return providers.Migration{}, &providers.ScriptError{Statement: s, Err: errors.New("a script can't begin or end transactions, for syncform notes each statement in one: take " + w[0] + " out")}
		}
	}
	return providers.Migration{Addr: name, Checksum: providers.ScriptSum(statements), Statements: statements, Whole: !slices.ContainsFunc(statements, commits)}, nil
}

// commits reports whether a statement may end the transaction that it stands in.
func commits(s script.Statement) bool {
	w := script.Words(s.Text, 1)
	return len(w) == 0 || !slices.Contains([]string{"INSERT", "UPDATE", "DELETE", "REPLACE", "WITH", "SELECT", "DO"}, w[0])
}

// Migrate runs a script on a session of its own, so that what it sets ends with it.
func (c *Conn) Migrate(ctx context.Context, m providers.Migration) error {
	if err := c.ensureLedger(ctx); err != nil {
		return err
	}
	s, err := c.connect(ctx)
	if err != nil {
		return err
	}
	err = c.migrate(ctx, s, m)
	if ctx.Err() != nil || err != nil && !s.alive() {
		c.abandon(s)
	} else {
		s.close()
	}
	return err
}

func (c *Conn) migrate(ctx context.Context, s *session, m providers.Migration) error {
	if err := c.book().EnsureMigrations(ctx, s); err != nil {
		return classify(err)
	}
	if err := s.takeSlot(ctx, c); err != nil {
		return classify(err)
	}
	return c.book().Migrate(ctx, ledger.MigrationRunner{
		DB: s, Begin: "START TRANSACTION", Commit: "COMMIT", Rollback: "ROLLBACK", Alone: commits,
		Run: func(ctx context.Context, text string) error {
			_, err := s.query(ctx, text)
			return classify(err)
		},
	}, m)
}

// Migrations lists the scripts that were run.
func (c *Conn) Migrations(ctx context.Context) (out []providers.MigrationEntry, err error) {
	err = c.with(ctx, func(s *session) error {
		rows, err := s.query(ctx, "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?", ledger.MigrationTable)
		if err != nil {
			return fmt.Errorf("look for the migrations: %w", err)
		}
		if rows[0][0] == "0" {
			return nil
		}
		out, err = c.book().Migrations(ctx, s)
		return err
	})
	return out, err
}
