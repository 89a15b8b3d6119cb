package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/script"
)

// MigrationTable keeps a row per script. It is made by itself, by the first of them.
const MigrationTable = "_sync_migration"

// EnsureMigrations makes the table where it is missing.
func (l Ledger) EnsureMigrations(ctx context.Context, db DB) error {
	return l.ensure(ctx, db, []string{MigrationTable + ` (name VARCHAR(255) NOT NULL, checksum VARCHAR(64) NOT NULL, statements BIGINT NOT NULL, done BIGINT NOT NULL, done_checksum VARCHAR(64) NOT NULL, running BIGINT NOT NULL, applied_by VARCHAR(255) NOT NULL, applied_at VARCHAR(40) NOT NULL, error TEXT NOT NULL, PRIMARY KEY (name))`})
}

// Migrations reads the rows, by name; the table must be there.
func (l Ledger) Migrations(ctx context.Context, db DB) ([]providers.MigrationEntry, error) {
	rows, err := db.Query(ctx, "SELECT name, checksum, statements, done, done_checksum, running, applied_by, applied_at, error FROM "+l.Prefix+MigrationTable+" ORDER BY name")
	if err != nil {
		return nil, err
	}
	out := make([]providers.MigrationEntry, len(rows))
	for i, r := range rows {
		e := &out[i]
		var n [3]int64
		for j, text := range []string{r[2], r[3], r[5]} {
			if n[j], err = number(text); err != nil {
				return nil, err
			}
		}
		*e = providers.MigrationEntry{Addr: r[0], Checksum: r[1], Statements: int(n[0]), Done: int(n[1]), DoneSum: r[4], Running: n[2] != 0, By: r[6], Error: r[8]}
		if e.At, err = time.Parse(time.RFC3339Nano, r[7]); err != nil {
			return nil, fmt.Errorf("ledger: the time of %s: %w", e.Addr, err)
		}
	}
	return out, nil
}

// MigrationRunner is how one system runs a script's statements.
type MigrationRunner struct {
	DB  DB
	Run func(ctx context.Context, text string) error
	// Begin, Commit and Rollback are the statements for it.
	Begin, Commit, Rollback string
	// Alone reports whether a statement can't share a transaction with its note.
	Alone func(script.Statement) bool
}

// Migrate runs a script, with a note of each statement in the statement's transaction
// where the system allows it, else before and after.
func (l Ledger) Migrate(ctx context.Context, r MigrationRunner, m providers.Migration) error {
	all, err := l.Migrations(ctx, r.DB)
	if err != nil {
		return err
	}
	done := 0
	for _, e := range all {
		if e.Addr != m.Addr {
			continue
		}
		if e.Complete() && e.Checksum == m.Checksum {
			return nil
		}
		done = e.Done
	}
	if done != m.From {
		return fmt.Errorf("%d of its statements have run, not %d as when this was planned: plan again", done, m.From)
	}
	if m.Whole {
		return l.inTransaction(ctx, r, func() error {
			for i, s := range m.Statements {
				if err := r.Run(ctx, s.Text); err != nil {
					return &providers.MigrationError{Statement: s, At: i + 1, Of: len(m.Statements), Whole: true, Err: err}
				}
			}
			return l.noteMigration(ctx, r.DB, m, len(m.Statements), false, "")
		})
	}
	for i := m.From; i < len(m.Statements); i++ {
		s := m.Statements[i]
		fail := func(err error) error {
			return errors.Join(&providers.MigrationError{Statement: s, At: i + 1, Of: len(m.Statements), Err: err}, l.noteMigration(context.WithoutCancel(ctx), r.DB, m, i, false, err.Error()))
		}
		if r.Alone(s) {
			if err := l.noteMigration(ctx, r.DB, m, i, true, ""); err != nil {
				return err
			}
			if err := r.Run(ctx, s.Text); err != nil {
				if ctx.Err() != nil {
					return err // whether it took effect is not known
				}
				return fail(err)
			}
			if err := l.noteMigration(ctx, r.DB, m, i+1, false, ""); err != nil {
				return err
			}
			continue
		}
		var refused error
		err := l.inTransaction(ctx, r, func() error {
			if refused = r.Run(ctx, s.Text); refused != nil {
				return refused
			}
			return l.noteMigration(ctx, r.DB, m, i+1, false, "")
		})
		if refused != nil && ctx.Err() == nil {
			return fail(refused)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (l Ledger) inTransaction(ctx context.Context, r MigrationRunner, f func() error) error {
	if err := r.Run(ctx, r.Begin); err != nil {
		return err
	}
	if err := f(); err != nil {
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = r.Run(clean, r.Rollback) // the session ends after this, which rolls back too
		return err
	}
	return r.Run(ctx, r.Commit)
}

func (l Ledger) noteMigration(ctx context.Context, db DB, m providers.Migration, done int, running bool, failed string) error {
	if err := db.Exec(ctx, "DELETE FROM "+l.Prefix+MigrationTable+" WHERE name = ?", m.Addr); err != nil {
		return err
	}
	by := m.By
	if r := []rune(by); len(r) > 255 {
		by = string(r[:255])
	}
	return db.Exec(ctx, "INSERT INTO "+l.Prefix+MigrationTable+" (name, checksum, statements, done, done_checksum, running, applied_by, applied_at, error) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		m.Addr, m.Checksum, int64(len(m.Statements)), int64(done), providers.ScriptSum(m.Statements[:done]), flag(running), by, Now(), failed)
}
