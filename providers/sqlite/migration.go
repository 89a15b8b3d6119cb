package sqlite

import (
	"context"
	"errors"
	"slices"

	"zombiezen.com/go/sqlite"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/ledger"
	"github.com/syncform/syncform/providers/schema"
	sqltext "github.com/syncform/syncform/providers/script"
)

// PlanMigration runs a script in one transaction, unless it has statements that must not
// be in one.
func (c *Conn) PlanMigration(name, text string) (providers.Migration, error) {
	statements, err := sqltext.Split(schema.SQLite, sqltext.File{Name: name, Text: text})
	if err != nil {
		return providers.Migration{}, err
	}
	for _, s := range statements {
		if w := sqltext.Words(s.Text, 1); len(w) > 0 && slices.Contains([]string{"BEGIN", "COMMIT", "END", "ROLLBACK", "ATTACH", "DETACH"}, w[0]) {
			return providers.Migration{}, &providers.ScriptError{Statement: s, Err: errors.New("a script runs in a transaction of syncform's, in the one file: take " + w[0] + " out")}
		}
	}
	return providers.Migration{Addr: name, Checksum: providers.ScriptSum(statements), Statements: statements, Whole: !slices.ContainsFunc(statements, outside)}, nil
}

// outside marks statements that do nothing, or fail, within a transaction.
func outside(s sqltext.Statement) bool {
	w := sqltext.Words(s.Text, 1)
	return len(w) > 0 && (w[0] == "VACUUM" || w[0] == "PRAGMA")
}

// Migrate runs a script.
func (c *Conn) Migrate(ctx context.Context, m providers.Migration) error {
	if err := c.withLedger(ctx, func(_ *sqlite.Conn, l ledgerDB) error { return book.EnsureMigrations(ctx, l) }); err != nil {
		return err
	}
	db, done, err := c.take(ctx)
	if err != nil {
		return err
	}
	defer done()
	return book.Migrate(ctx, ledger.MigrationRunner{
		DB: ledgerDB{db}, Begin: "BEGIN IMMEDIATE", Commit: "COMMIT", Rollback: "ROLLBACK", Alone: outside,
		Run: func(ctx context.Context, text string) error { return because(ctx, execute(db, text)) },
	}, m)
}

// Migrations lists the scripts that were run.
func (c *Conn) Migrations(ctx context.Context) ([]providers.MigrationEntry, error) {
	if !c.exists() {
		return nil, nil
	}
	db, done, err := c.take(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	l := ledgerDB{db}
	rows, err := l.Query(ctx, "SELECT count(*) FROM sqlite_schema WHERE name = '"+ledger.MigrationTable+"'")
	if err != nil || rows[0][0] == "0" {
		return nil, err
	}
	return book.Migrations(ctx, l)
}
