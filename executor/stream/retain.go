package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
)

// retainEvery is how often it is seen how much the source keeps.
const retainEvery = 10 * time.Second

// errExceeded: the source keeps more than max_retained_wal, and on_exceed says drop_slot.
var errExceeded = errors.New("the source keeps more log than max_retained_wal allows")

// limited reports whether a stream is given up where its source keeps too much.
func limited(spec *plan.Stream) bool {
	return spec.Capture.MaxRetained > 0 && spec.Capture.OnExceed == "drop_slot"
}

// exceeded reports how much the source keeps where that is too much, else 0. What can't
// be found out is not too much.
func exceeded(ctx context.Context, spec *plan.Stream, c providers.Capturer) int64 {
	kept, err := c.Retained(ctx, spec.Capture, "")
	if err != nil || kept.Lost || kept.Bytes <= spec.Capture.MaxRetained {
		return 0
	}
	return kept.Bytes
}

// guard ends the run's sessions, by end, once the source keeps too much for the stream.
func (r *run) guard(ctx context.Context, end context.CancelCauseFunc) {
	for {
		select {
		case <-time.After(r.o.RetainEvery):
		case <-ctx.Done():
			return
		}
		if exceeded(ctx, &r.spec, r.capturer) > 0 {
			end(errExceeded)
			return
		}
	}
}

// GiveUp drops what makes the source keep its log for a stream that nobody runs, where
// the configuration asks for that and the source keeps too much: then the error is a
// *providers.GapError. It does nothing otherwise.
func GiveUp(ctx context.Context, spec *plan.Stream, source providers.Conn) error {
	if !limited(spec) {
		return nil
	}
	c, err := providers.As[providers.Capturer](source)
	if err != nil {
		return err
	}
	bytes := exceeded(ctx, spec, c)
	if bytes == 0 {
		return nil
	}
	dropper, err := providers.As[providers.RetentionDropper](source)
	if err != nil {
		return err
	}
	if err := dropper.DropRetained(ctx, spec.Capture); err != nil {
		return fmt.Errorf("drop what keeps the source's log: %w", err)
	}
	return &providers.GapError{Reason: fmt.Sprintf("%s: the source kept %d bytes of log for it, more than max_retained_wal (%d), so its slot %s was dropped, as on_exceed says: load its tables anew with apply -replace=%s", spec.Sync, bytes, spec.Capture.MaxRetained, spec.Capture.Slot, spec.Sync)}
}
