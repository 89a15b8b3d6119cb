package mysql

import (
	"context"
	"fmt"

	"github.com/syncform/syncform/providers"
)

// PlanTeardown gives the steps that remove what a capture has left in the source.
func (c *Conn) PlanTeardown(ctx context.Context, capture providers.Capture) (steps []providers.Step, err error) {
	if capture.Method != providers.Trigger {
		return nil, nil // the log is the server's own
	}
	err = c.with(ctx, func(s *session) (err error) {
		steps, err = c.teardownTriggers(ctx, s, capture)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("plan to end the capture of changes: %w", err)
	}
	return steps, nil
}

// RunCaptureStep runs a step at the source unless it has taken effect.
func (c *Conn) RunCaptureStep(ctx context.Context, step providers.Step) (ran bool, err error) {
	err = c.with(ctx, func(s *session) error {
		if step.Done != "" {
			rows, err := s.query(ctx, step.Done)
			if err != nil {
				return fmt.Errorf("ask whether a step has taken effect: %w", err)
			}
			if len(rows) == 1 && rows[0][0] == "1" {
				return nil
			}
		}
		ran = true
		_, err := s.exec(ctx, step.Text)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("%s: %w", firstLine(step.Text), err)
	}
	return ran, nil
}
