package executor

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// history is the audit trail of one apply, by endpoint.
type history struct {
	id      string
	began   time.Time
	entries map[string]*providers.ApplyEntry
	actions map[string]*providers.ActionEntry // by ID
}

// beginHistory notes at every endpoint that is to be changed that the apply begins.
func (r *run) beginHistory() error {
	var b [8]byte
	rand.Read(b[:]) // never fails
	h := &history{id: hex.EncodeToString(b[:]), began: time.Now(), entries: map[string]*providers.ApplyEntry{}, actions: map[string]*providers.ActionEntry{}}
	counts := map[string]int{}
	for _, a := range r.graph.Actions {
		counts[kept(a)]++
	}
	for _, a := range r.graph.Actions {
		at := kept(a)
		if r.env.Conns[at] == nil {
			continue // a stream is taken down whose target is gone
		}
		e := h.entries[at]
		if e == nil {
			e = &providers.ApplyEntry{ID: h.id, Plan: r.plan.ID, By: r.env.By, Version: r.plan.Version, Began: h.began.UTC(), Result: "running",
				Endpoint: at, Actions: make([]providers.ActionEntry, 0, counts[at])}
			h.entries[at] = e
		}
		e.Actions = append(e.Actions, actionEntry(a))
		h.actions[a.ID] = &e.Actions[len(e.Actions)-1] // the list has its room
	}
	r.history = h
	return r.writeHistory(r.hard)
}

// kept is the endpoint that keeps an action in its history: never a source, in which
// nothing of ours is to be left.
func kept(a *plan.Action) string {
	if a.Stream != nil {
		return a.Stream.Target
	}
	return a.Endpoint
}

func actionEntry(a *plan.Action) providers.ActionEntry {
	out := providers.ActionEntry{ID: a.ID, Addr: a.Addr, What: string(a.Kind), Table: a.Table.String()}
	if a.Table == (schema.Name{}) {
		out.Table = ""
	}
	if a.Migration != nil {
		out.What = "migration"
	}
	if a.Change != nil {
		out.What = schema.ChangeKind(a.Change)
	}
	for _, s := range a.Steps {
		out.Steps = append(out.Steps, firstWords(s.Text))
	}
	return out
}

// noteAction keeps what became of an action.
func (r *run) noteAction(a *plan.Action, took time.Duration, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.history == nil || r.history.actions[a.ID] == nil {
		return
	}
	e := r.history.actions[a.ID]
	e.Took, e.Result = took, "done"
	if err != nil {
		e.Result = "failed"
	}
}

// endHistory notes how the apply ended. What was done stands also where that fails.
func (r *run) endHistory(err error) {
	if r.history == nil {
		return
	}
	result, text := "done", ""
	switch {
	case errors.Is(err, context.Canceled):
		result, text = "stopped", r.said(err)
	case err != nil:
		result, text = "failed", r.said(err)
	}
	for _, e := range r.history.entries {
		e.Ended, e.Result, e.Error = time.Now().UTC(), result, text
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.hard), lastWrite)
	defer cancel()
	if err := r.writeHistory(ctx); err != nil {
		slog.Warn("the history was not written", "error", err)
	}
}

// said is an error's text as it may be kept.
func (r *run) said(err error) string {
	if r.env.Redact == nil {
		return err.Error()
	}
	return r.env.Redact(err.Error())
}

func (r *run) writeHistory(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for addr, e := range r.history.entries {
		keeper, err := providers.As[providers.Historian](r.env.Conns[addr])
		if errors.Is(err, errors.ErrUnsupported) {
			continue
		}
		if err == nil {
			err = keeper.NoteApply(ctx, *e)
		}
		if err != nil {
			return fmt.Errorf("write the history of %s: %w", addr, err)
		}
	}
	return nil
}
