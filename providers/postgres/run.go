package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/ledger"
	"github.com/syncform/syncform/providers/schema"
)

// ledgerDB is the ledger's way to the server over one session.
type ledgerDB struct{ s *session }

func (d ledgerDB) Exec(ctx context.Context, sql string, args ...any) error {
	_, err := d.s.query(ctx, numbered(sql), args...)
	return classify(err)
}

func (d ledgerDB) Query(ctx context.Context, sql string, args ...any) ([][]string, error) {
	rows, err := d.s.query(ctx, numbered(sql), args...)
	return rows, classify(err)
}

// ExecCount runs a statement and says how many rows it changed.
func (d ledgerDB) ExecCount(ctx context.Context, sql string, args ...any) (int64, error) {
	rows, err := d.s.query(ctx, numbered(sql)+" RETURNING 1", args...)
	return int64(len(rows)), classify(err)
}

// numbered turns ? into $1, $2, ...; the ledger's SQL has no other question marks.
func numbered(sql string) string {
	var b strings.Builder
	n := 0
	for {
		before, after, found := strings.Cut(sql, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		n++
		fmt.Fprintf(&b, "$%d", n)
		sql = after
	}
}

// ledger is where the endpoint's default schema keeps syncform's own tables.
func (c *Conn) ledger() ledger.Ledger {
	return ledger.Ledger{Prefix: quote(c.schema) + ".", Twice: " ON CONFLICT DO NOTHING"}
}

// ledgerTables are those that ensureLedger looks for, so that a role that may not
// create anything can go on with tables that are there.
const ledgerTables = 3

// ensureLedger makes the ledger's tables and, where it is missing, their schema.
func (c *Conn) ensureLedger(ctx context.Context, s *session) error {
	c.mu.Lock()
	ok := c.ledgerOK
	c.mu.Unlock()
	if ok {
		return nil
	}
	err := inTransaction(ctx, s, func() error {
		// Two endpoints of one apply may be one database.
		if err := s.exec(ctx, "SELECT pg_catalog.pg_advisory_xact_lock(7310868735421)"); err != nil {
			return classify(err)
		}
		found, err := s.queryRow(ctx, `SELECT count(*), (SELECT count(*) FROM pg_catalog.pg_namespace WHERE nspname = $1) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = $1 AND c.relname IN ('_sync_journal', '_sync_chunk', '_sync_metadata')`, c.schema)
		if err != nil {
			return classify(err)
		}
		if found[0] == fmt.Sprint(ledgerTables) {
			return nil
		}
		if found[1] == "0" {
			if err := s.exec(ctx, "CREATE SCHEMA "+quote(c.schema)); err != nil {
				return fmt.Errorf("make schema %q for the ledger: %w", c.schema, classify(err))
			}
		}
		return c.ledger().Ensure(ctx, ledgerDB{s})
	})
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.ledgerOK = true
	c.mu.Unlock()
	return nil
}

// inTransaction runs f and commits, or rolls back what it did.
func inTransaction(ctx context.Context, s *session, f func() error) error {
	if err := s.exec(ctx, "BEGIN"); err != nil {
		return classify(err)
	}
	if err := f(); err != nil {
		s.rollback()
		return err
	}
	return classify(s.exec(ctx, "COMMIT"))
}

// rollback ends a transaction that failed, also when the caller's context is over.
func (s *session) rollback() {
	if s.pg.IsClosed() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := s.exec(ctx, "ROLLBACK"); err != nil {
		s.close()
	}
}

// RunStep runs a step unless the journal says that it is done.
func (c *Conn) RunStep(ctx context.Context, key providers.StepKey, step providers.Step) (bool, error) {
	s, err := c.acquire(ctx)
	if err != nil {
		return false, err
	}
	defer c.release(s)
	if err := c.ensureLedger(ctx, s); err != nil {
		return false, err
	}
	watch := c.watchBlockers(ctx, s.pg.PID(), step.LockTimeout)
	var ran bool
	if step.Transactional {
		ran, err = c.runInTransaction(ctx, s, key, step)
	} else {
		ran, err = c.runAlone(ctx, s, key, step)
	}
	return ran, watch.named(err)
}

func (c *Conn) runInTransaction(ctx context.Context, s *session, key providers.StepKey, step providers.Step) (ran bool, err error) {
	err = inTransaction(ctx, s, func() error {
		if err := s.exec(ctx, "SELECT pg_catalog.pg_advisory_xact_lock_shared("+stepLock+")"); err != nil {
			return classify(err)
		}
		state, err := c.ledger().Step(ctx, ledgerDB{s}, key)
		if err != nil || state == ledger.Done {
			return err
		}
		if t := timeouts("SET LOCAL", step); t != "" {
			if err := s.exec(ctx, t); err != nil {
				return classify(err)
			}
		}
		if err := s.runText(ctx, step); err != nil {
			return err
		}
		ran = true
		return c.ledger().NoteStep(ctx, ledgerDB{s}, key, ledger.Done, step.Text)
	})
	return ran && err == nil, err
}

// runAlone runs what can't stand in a transaction. Where an earlier run was cut short
// within it, what that left behind is taken away first (Step.Reverse).
func (c *Conn) runAlone(ctx context.Context, s *session, key providers.StepKey, step providers.Step) (bool, error) {
	if err := s.exec(ctx, "SELECT pg_catalog.pg_advisory_lock_shared("+stepLock+")"); err != nil {
		return false, classify(err)
	}
	defer s.unlockStep()
	before, err := c.ledger().Step(ctx, ledgerDB{s}, key)
	if err != nil {
		return false, err
	}
	return c.ledger().RunStep(ctx, ledgerDB{s}, key, step, func(ctx context.Context) error {
		if before == ledger.Intent && step.Reverse != "" {
			if err := s.exec(ctx, step.Reverse); err != nil {
				return fmt.Errorf("take away what an earlier run left: %w", classify(err))
			}
		}
		if t := timeouts("SET", step); t != "" {
			if err := s.exec(ctx, t); err != nil {
				return classify(err)
			}
			defer s.resetTimeouts()
		}
		return s.runText(ctx, step)
	})
}

// stepLock is the advisory lock that every session shares while it runs a step: the
// server holds it until the statement is over, whatever has become of us.
const stepLock = "7310868735422"

func (s *session) unlockStep() {
	if s.pg.IsClosed() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := s.exec(ctx, "SELECT pg_catalog.pg_advisory_unlock_shared("+stepLock+")"); err != nil {
		s.close()
	}
}

// Settle waits for the steps of an earlier run that the server still executes.
func (c *Conn) Settle(ctx context.Context) error {
	s, err := c.acquire(ctx)
	if err != nil {
		return err
	}
	defer c.release(s)
	return inTransaction(ctx, s, func() error {
		return classify(s.exec(ctx, "SELECT pg_catalog.pg_advisory_xact_lock("+stepLock+")"))
	})
}

func (s *session) runText(ctx context.Context, step providers.Step) error {
	if len(step.Args) == 0 {
		return classify(s.exec(ctx, step.Text))
	}
	args := make([]any, len(step.Args))
	for i, a := range step.Args {
		args[i] = a
	}
	_, err := s.query(ctx, step.Text, args...)
	return classify(err)
}

func timeouts(set string, step providers.Step) string {
	var t []string
	if step.LockTimeout > 0 {
		t = append(t, fmt.Sprintf("%s lock_timeout = %d", set, step.LockTimeout.Milliseconds()))
	}
	if step.Timeout > 0 {
		t = append(t, fmt.Sprintf("%s statement_timeout = %d", set, step.Timeout.Milliseconds()))
	}
	return strings.Join(t, "; ")
}

func (s *session) resetTimeouts() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := s.exec(ctx, "SET lock_timeout = 0; SET statement_timeout = 0"); err != nil {
		s.close()
	}
}

// tableRef writes a table for SELECT, DELETE and the like.
func tableRef(n schema.Name, only bool) string {
	if only {
		return "ONLY " + quoteName(n)
	}
	return quoteName(n)
}
