package executor

import (
	"errors"
	"fmt"
	"slices"

	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers"
)

// HeldSinceError is a table that its stream has come to hold between the plan and the
// apply, so that the plan does not know how to go on with it. Nothing was changed.
type HeldSinceError struct {
	Mapping, Reason string
}

func (e *HeldSinceError) Error() string {
	return fmt.Sprintf("%s: the plan no longer holds; make a new one. Since it was made, the stream has come to a change of the table's source and holds the table: %s", e.Mapping, e.Reason)
}

// heldSince refuses a plan that was overtaken by its streams, which rest by now, and lets
// them go on. A plan that an earlier apply has begun is gone on with.
func (r *run) heldSince() error {
	if r.again || r.plan.Destroy {
		return nil
	}
	for _, st := range r.plan.Streams {
		store, err := r.findStore(st.Target)
		if err != nil || store == nil {
			return err
		}
		rec, err := store.Stream(r.hard, st.Sync)
		if err != nil {
			return err
		}
		if rec == nil {
			continue
		}
		for _, t := range rec.Tables {
			if t.State != providers.TableHeld || slices.Contains(r.plan.HeldTables, t.Mapping) || r.plan.Mapping(t.Mapping) == nil {
				continue
			}
			err := r.record.Now(r.hard, func(s *state.State) {
				serial := s.Serial
				*s = *r.env.State
				s.Serial = serial
			})
			return errors.Join(&HeldSinceError{t.Mapping, t.Reason}, err, r.resumeStreams())
		}
	}
	return nil
}
