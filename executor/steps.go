package executor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/syncform/syncform/executor/backfill"
	"github.com/syncform/syncform/executor/retry"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// defaultAttempts is how often a step that belongs to no mapping is tried again.
const defaultAttempts = 3

// steps runs an action's steps in order; those that the journal has are passed over.
func (r *run) steps(a *plan.Action) error {
	runner, err := providers.As[providers.StepRunner](r.env.Conns[a.Endpoint])
	if err != nil {
		return err
	}
	m := r.mapping(a)
	policy := retry.Policy{Attempts: defaultAttempts, Notify: func(try int, wait time.Duration, err error) {
		r.env.Observer.Retrying(a, try, wait, err)
	}}
	if m != nil {
		policy.Attempts = m.RetryAttempts
	}
	if err := r.noteBackup(a); err != nil {
		return err
	}
	changed := false
	for i, s := range a.Steps {
		if r.soft.Err() != nil && i > 0 {
			return errStoppedBetween
		}
		key := providers.StepKey{Plan: r.plan.ID, Action: a.ID, Step: i}
		attempt := func(ctx context.Context) error {
			ran, err := runner.RunStep(ctx, key, s)
			changed = changed || ran
			return err
		}
		err := r.patiently(policy, attempt)
		if err != nil {
			return fmt.Errorf("step %d of %d (%s): %w%s", i+1, len(a.Steps), firstWords(s.Text), err, r.wayOut(a, m, err))
		}
	}
	if changed {
		r.done(a, 0)
	}
	if _, swapped := a.Change.(schema.ReplaceRows); swapped && m != nil {
		return r.record.Soon(r.hard, func(s *state.State) { s.LoadDone(m.Addr, r.rows(m), time.Now()) })
	}
	return nil
}

// wayOut says how a column gets its type where values of its rows are in the way: rows
// that come from the source can come again, with the new type.
func (r *run) wayOut(a *plan.Action, m *plan.Mapping, err error) string {
	c, ok := a.Change.(schema.ModifyColumn)
	if !ok || m == nil || m.Mode == "schema" || c.From.Type.Equal(c.To.Type) || r.hard.Err() != nil || providers.IsRetryable(err) ||
		errors.Is(err, providers.ErrPrivilege) || errors.Is(err, providers.ErrReadOnly) || errors.Is(err, providers.ErrDiskFull) {
		return ""
	}
	return fmt.Sprintf(". Where values are in the way that the source no longer has, apply -replace='%s' loads the rows anew with the new type", m.Addr)
}

// lockAttempts is how often a step is tried again that found its table in use: over
// about a quarter of an hour.
const lockAttempts = 36

// patiently tries a step again by its policy; where it only could not get its lock,
// for much longer, as each try is short and keeps nobody waiting.
func (r *run) patiently(p retry.Policy, attempt func(context.Context) error) error {
	others, locked := 0, 0
	for {
		err := attempt(r.hard)
		if err == nil || !retry.Worthwhile(r.hard, err) {
			return err
		}
		if errors.Is(err, providers.ErrLocked) {
			locked++
			if q := (retry.Policy{Attempts: lockAttempts, Notify: p.Notify}); !q.Pause(r.soft, locked, err) {
				return err
			}
			continue
		}
		if others++; !p.Pause(r.soft, others, err) {
			return err
		}
	}
}

// mapping finds the mapping that an action belongs to: the one whose address is the
// action's, or stands above it.
func (r *run) mapping(a *plan.Action) *plan.Mapping {
	for i := range r.plan.Mappings {
		m := &r.plan.Mappings[i]
		if rest, ok := strings.CutPrefix(a.Addr, m.Addr); ok && (rest == "" || rest[0] == '.') {
			return m
		}
	}
	return nil
}

// firstWords is enough of a statement to know it by.
func firstWords(text string) string {
	const most = 80
	text = strings.Join(strings.Fields(text), " ")
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "..."
	}
	return text
}

// explain adds to an error what its behaviour means for the user.
func explain(a *plan.Action, m *plan.Mapping, err error) error {
	switch {
	case errors.Is(err, providers.ErrDiskFull):
		return fmt.Errorf("%w; nothing is lost: free some space at %s and apply again, which goes on from here", err, a.Endpoint)
	case errors.Is(err, providers.ErrNotUnique) && m != nil:
		return fmt.Errorf("%w; make the values unique at the source, or map the table with another key, then load it anew: apply -replace='%s'", err, m.Addr)
	case providers.IsRetryable(err) && !errors.Is(err, backfill.ErrSnapshotGone):
		return fmt.Errorf("%w; nothing is lost: apply again, which goes on from here", err)
	}
	return err
}
