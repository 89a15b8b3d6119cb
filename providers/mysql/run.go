package mysql

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/ledger"
)

// RunStep runs a step on a session of its own, so that what it sets ends with it. A
// step that is cut off by its timeout or by ctx is killed at the server too.
func (c *Conn) RunStep(ctx context.Context, key providers.StepKey, step providers.Step) (bool, error) {
	if err := c.ensureLedger(ctx); err != nil {
		return false, err
	}
	s, err := c.connect(ctx)
	if err != nil {
		return false, err
	}
	ran, err := c.runStep(ctx, s, key, step)
	if ctx.Err() != nil || err != nil && !s.alive() {
		c.abandon(s)
	} else {
		s.close()
	}
	if err != nil {
		return false, classify(fmt.Errorf("%s: %w", firstLine(step.Text), err))
	}
	return ran, nil
}

func (c *Conn) runStep(ctx context.Context, s *session, key providers.StepKey, step providers.Step) (bool, error) {
	if wait := int64(step.LockTimeout / time.Second); wait > 0 {
		if _, err := s.exec(ctx, fmt.Sprintf("SET lock_wait_timeout = %d, innodb_lock_wait_timeout = %d", wait, wait)); err != nil {
			return false, err
		}
	}
	args := make([]any, len(step.Args))
	for i, a := range step.Args {
		args[i] = a
	}
	run := func(ctx context.Context) error {
		if step.Timeout > 0 {
			timed, cancel := context.WithTimeout(ctx, step.Timeout)
			defer cancel()
			ctx = timed
		}
		if step.Proves {
			return disproof(s.query(ctx, step.Text, args...))
		}
		_, err := s.exec(ctx, step.Text, args...)
		if !refusedOnline(err) {
			return c.nameLockers(ctx, err)
		}
		if step.Else == "" {
			return fmt.Errorf("the server can't do this while others write to the table, so nothing was done; do it in a quiet hour, with allow_hazards = [%q] in the mapping: %w", providers.HazardLock, err)
		}
		_, err = s.exec(ctx, step.Else, args...)
		return c.nameLockers(ctx, err)
	}
	book := c.book()
	if !step.Transactional {
		if err := s.takeSlot(ctx, c); err != nil {
			return false, err
		}
		return book.RunStep(ctx, s, key, step, run)
	}
	if _, err := s.exec(ctx, "START TRANSACTION"); err != nil {
		return false, err
	}
	state, err := book.Step(ctx, s, key)
	if err != nil || state == ledger.Done {
		return false, err
	}
	if err := run(ctx); err != nil {
		return false, err
	}
	if err := book.NoteStep(ctx, s, key, ledger.Done, step.Text); err != nil {
		return false, err
	}
	_, err = s.exec(ctx, "COMMIT")
	return err == nil, err
}

// disproof makes an error of what a query that proves something has found.
func disproof(rows [][]string, err error) error {
	if err != nil || len(rows) == 0 {
		return err
	}
	return errors.New(rows[0][0])
}

// slots is how many steps may run at a time in one database. MySQL has no shared user
// lock: each running step holds one of these, and Settle takes them all.
const slots = 16

func (c *Conn) slot(i int) string {
	sum := sha256.Sum256([]byte(c.options.database))
	return fmt.Sprintf("syncform/%x/%d", sum[:12], i)
}

// takeSlot marks the session as one that runs a step, until it ends: at the server, when
// the statement is over, whatever has become of us.
func (s *session) takeSlot(ctx context.Context, c *Conn) error {
	for i := range slots {
		rows, err := s.query(ctx, "SELECT GET_LOCK(?, 0)", c.slot(i))
		if err != nil {
			return fmt.Errorf("mark the session as one that runs a step: %w", err)
		}
		if rows[0][0] == "1" {
			return nil
		}
	}
	_, err := s.query(ctx, "SELECT GET_LOCK(?, 31536000)", c.slot(0))
	return err
}

// Settle waits for the steps of an earlier run that the server still executes.
func (c *Conn) Settle(ctx context.Context) error {
	s, err := c.connect(ctx)
	if err != nil {
		return err
	}
	for i := range slots {
		if _, err := s.query(ctx, "SELECT GET_LOCK(?, 31536000)", c.slot(i)); err != nil {
			c.abandon(s)
			return classify(fmt.Errorf("wait for the steps of an earlier run: %w", err))
		}
	}
	s.close()
	return nil
}

// ensureLedger makes the ledger's tables, once per Conn.
func (c *Conn) ensureLedger(ctx context.Context) error {
	c.ledgerMu.Lock()
	defer c.ledgerMu.Unlock()
	if c.ledgerMade {
		return nil
	}
	err := c.with(ctx, func(s *session) error { return c.book().Ensure(ctx, s) })
	c.ledgerMade = err == nil
	return err
}

// firstLine keeps messages short; the journal has the whole text.
func firstLine(text string) string {
	for i, r := range text {
		if r == '\n' || i > 120 {
			return text[:i] + " ..."
		}
	}
	return text
}
