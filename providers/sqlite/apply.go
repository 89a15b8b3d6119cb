package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"zombiezen.com/go/sqlite"

	"github.com/syncform/syncform/providers"
)

// applySession is a stream's writer. It has the turn to write only within its
// transactions.
type applySession struct {
	c        *Conn
	triggers []string
	db       *sqlite.Conn // what the tables' statements were prepared for
	tables   map[*providers.ApplyTable]*applyTable
}

var (
	_ providers.ApplySession = (*applySession)(nil)
	_ providers.ApplyTx      = (*applyTx)(nil)
)

// OpenApply looks which triggers the file has; foreign keys are off on every connection.
func (c *Conn) OpenApply(ctx context.Context) (providers.ApplySession, error) {
	s := &applySession{c: c, tables: map[*providers.ApplyTable]*applyTable{}}
	err := c.reading(ctx, func(db *sqlite.Conn) error {
		rows, err := all(db, "SELECT name FROM sqlite_schema WHERE type = 'trigger' ORDER BY name")
		for _, r := range rows {
			if !isCaptureTrigger(r[0]) {
				s.triggers = append(s.triggers, r[0])
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Enforced names the triggers, which SQLite has no switch for. Foreign keys are off.
func (s *applySession) Enforced() (bool, string) {
	if len(s.triggers) == 0 {
		return false, ""
	}
	names := s.triggers
	more := ""
	if len(names) > 5 {
		names, more = names[:5], fmt.Sprintf(" and %d more", len(s.triggers)-5)
	}
	return true, "the target's triggers fire on what the stream writes, for they can't be switched off: " + strings.Join(names, ", ") + more
}

// Close has nothing to give back: statements live as long as their connection.
func (s *applySession) Close() error { return nil }

// Begin waits for the turn to write and takes the file's write lock.
func (s *applySession) Begin(ctx context.Context) (providers.ApplyTx, error) {
	db, done, err := s.c.take(ctx)
	if err != nil {
		return nil, err
	}
	if err := execute(db, "BEGIN IMMEDIATE"); err != nil {
		done()
		return nil, because(ctx, err)
	}
	if db != s.db {
		s.db = db
		clear(s.tables)
	}
	return &applyTx{s: s, db: db, done: done}, nil
}

// applyTx is one write transaction.
type applyTx struct {
	s     *applySession
	db    *sqlite.Conn
	done  func() // gives the turn back; nil once the transaction has ended
	saved bool   // there is a savepoint
}

var errNoTransaction = errors.New("the transaction has ended")

// alive reports whether the transaction goes on: some errors of SQLite (a full disk)
// roll it back by themselves.
func (tx *applyTx) alive() error {
	if tx.done == nil {
		return errNoTransaction
	}
	if tx.db.AutocommitEnabled() {
		return &providers.RetryableError{Err: errors.New("SQLite has rolled the transaction back")}
	}
	return nil
}

func (tx *applyTx) exec(ctx context.Context, sql string) error {
	if err := tx.alive(); err != nil {
		return err
	}
	return because(ctx, execute(tx.db, sql))
}

// Checkpoint writes the stream's record; the file is locked already.
func (tx *applyTx) Checkpoint(ctx context.Context, at providers.Checkpoint) error {
	if err := tx.alive(); err != nil {
		return err
	}
	return book.Checkpoint(ctx, ledgerDB{tx.db}, at)
}

// Tables writes table records.
func (tx *applyTx) Tables(ctx context.Context, _ string, tables []providers.TableRecord) error {
	if err := tx.alive(); err != nil {
		return err
	}
	return book.Tables(ctx, ledgerDB{tx.db}, tables)
}

// DeadLetter keeps changes that could not be applied.
func (tx *applyTx) DeadLetter(ctx context.Context, sync string, letters []providers.DeadLetter) error {
	if err := tx.alive(); err != nil {
		return err
	}
	return book.DeadLetter(ctx, ledgerDB{tx.db}, sync, letters)
}

// NoteKeys adds keys to a set.
func (tx *applyTx) NoteKeys(ctx context.Context, set providers.KeySet, keys []string) error {
	if err := tx.alive(); err != nil {
		return err
	}
	return book.NoteKeys(ctx, ledgerDB{tx.db}, set, keys)
}

// ForgetKeys takes keys out of a set.
func (tx *applyTx) ForgetKeys(ctx context.Context, set providers.KeySet, keys []string) error {
	if err := tx.alive(); err != nil {
		return err
	}
	return book.ForgetKeys(ctx, ledgerDB{tx.db}, set, keys)
}

// Savepoint sets the savepoint, or moves it.
func (tx *applyTx) Savepoint(ctx context.Context) error {
	if tx.saved {
		if err := tx.exec(ctx, "RELEASE syncform"); err != nil {
			return err
		}
	}
	tx.saved = false
	if err := tx.exec(ctx, "SAVEPOINT syncform"); err != nil {
		return err
	}
	tx.saved = true
	return nil
}

// RollbackTo takes back what came behind the savepoint.
func (tx *applyTx) RollbackTo(ctx context.Context) error {
	return tx.exec(ctx, "ROLLBACK TO syncform")
}

// Commit ends the transaction, well or not.
func (tx *applyTx) Commit(ctx context.Context) error {
	err := tx.exec(ctx, "COMMIT")
	return errors.Join(err, tx.Rollback(ctx))
}

// Rollback ends the transaction where it has not ended yet.
func (tx *applyTx) Rollback(context.Context) error {
	if tx.done == nil {
		return nil
	}
	tx.db.SetInterrupt(nil) // an interrupted connection must not keep the rollback from running
	var err error
	if !tx.db.AutocommitEnabled() {
		err = execute(tx.db, "ROLLBACK")
	}
	tx.done()
	tx.done = nil
	return classify(err)
}

// Truncate empties tables.
func (tx *applyTx) Truncate(ctx context.Context, tables []*providers.ApplyTable) error {
	for _, t := range tables {
		if err := tx.exec(ctx, "DELETE FROM "+ident(t.Name.Name)); err != nil {
			return tx.refused(t, err)
		}
	}
	return nil
}

// refused is an error of a statement on a whole table.
func (tx *applyTx) refused(t *providers.ApplyTable, err error) error {
	if sqlite.ErrCode(err).ToPrimary() == sqlite.ResultConstraint {
		return &providers.ConflictError{Table: t.Name, Err: err}
	}
	return err
}
