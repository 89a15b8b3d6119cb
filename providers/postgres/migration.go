package postgres

import (
	"context"
	"errors"
	"regexp"
	"slices"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/ledger"
	"github.com/syncform/syncform/providers/schema"
	"github.com/syncform/syncform/providers/script"
)

var copyFromStdin = regexp.MustCompile(`(?im)^\s*COPY\s[^;]*\sFROM\s+STDIN\b`)

// PlanMigration runs a script in one transaction, unless one of its statements can't be
// in one.
func (c *Conn) PlanMigration(name, text string) (providers.Migration, error) {
	statements, err := script.Split(schema.PostgreSQL, script.File{Name: name, Text: text})
	if err != nil {
		return providers.Migration{}, err
	}
	if copyFromStdin.MatchString(text) {
		return providers.Migration{}, errors.New("the rows of COPY ... FROM stdin are for psql: write INSERT")
	}
	for _, s := range statements {
		if w := script.Words(s.Text, 2); len(w) > 0 && slices.Contains([]string{"BEGIN", "COMMIT", "END", "ROLLBACK", "ABORT", "START", "PREPARE"}, w[0]) && (w[0] != "START" && w[0] != "PREPARE" || len(w) > 1 && w[1] == "TRANSACTION") {
			return providers.Migration{}, &providers.ScriptError{Statement: s, Err: errors.New("a script runs in a transaction of syncform's, which it can't begin or end: take " + w[0] + " out")}
		}
	}
	return providers.Migration{Addr: name, Checksum: providers.ScriptSum(statements), Statements: statements, Whole: !slices.ContainsFunc(statements, alone)}, nil
}

// alone reports whether the server refuses a statement within a transaction, or lets it
// end transactions.
func alone(s script.Statement) bool {
	w := script.Words(s.Text, 8)
	if len(w) == 0 {
		return false
	}
	switch w[0] {
	case "VACUUM", "CALL", "CLUSTER":
		return true
	case "DO":
		return regexp.MustCompile(`(?i)\bCOMMIT\b`).MatchString(s.Text)
	case "REINDEX":
		return slices.ContainsFunc(w, func(x string) bool { return x == "CONCURRENTLY" || x == "DATABASE" || x == "SYSTEM" || x == "SCHEMA" })
	case "CREATE", "DROP", "ALTER", "REFRESH":
		return slices.Contains(w, "CONCURRENTLY") || len(w) > 1 && slices.Contains([]string{"DATABASE", "TABLESPACE", "SUBSCRIPTION", "SYSTEM"}, w[1])
	}
	return false
}

// Migrate runs a script on a session of its own, so that what it sets ends with it.
func (c *Conn) Migrate(ctx context.Context, m providers.Migration) error {
	s, err := c.acquire(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	if err := c.ensureLedger(ctx, s); err != nil {
		return err
	}
	if there, err := c.there(ctx, s, ledger.MigrationTable); err != nil {
		return err
	} else if !there {
		if err := c.ledger().EnsureMigrations(ctx, ledgerDB{s}); err != nil {
			return err
		}
	}
	if err := s.exec(ctx, "SELECT pg_catalog.pg_advisory_lock_shared("+stepLock+"); SET search_path = "+quote(c.schema)+", public"); err != nil {
		return classify(err)
	}
	return c.ledger().Migrate(ctx, ledger.MigrationRunner{
		DB: ledgerDB{s}, Begin: "BEGIN", Commit: "COMMIT", Rollback: "ROLLBACK", Alone: alone,
		Run: func(ctx context.Context, text string) error { return classify(s.exec(ctx, text)) },
	}, m)
}

// Migrations lists the scripts that were run.
func (c *Conn) Migrations(ctx context.Context) ([]providers.MigrationEntry, error) {
	s, err := c.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer c.release(s)
	if there, err := c.there(ctx, s, ledger.MigrationTable); err != nil || !there {
		return nil, err
	}
	return c.ledger().Migrations(ctx, ledgerDB{s})
}
