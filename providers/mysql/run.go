package mysql

import (
	"context"
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
		_, err := s.exec(ctx, step.Text, args...)
		return err
	}
	book := c.book()
	if !step.Transactional {
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
