package main

import (
	"log/slog"
	"time"

	"github.com/syncform/syncform/cmd/internal/redact"
	"github.com/syncform/syncform/executor"
	"github.com/syncform/syncform/planner/plan"
)

// logged writes what an apply does to the log, beside what another observer shows.
// Errors are told without secrets.
type logged struct {
	executor.Observer
	secrets *redact.Secrets
}

// ActionStarted logs the action and its steps.
func (l logged) ActionStarted(a *plan.Action) {
	slog.Debug("action started", "id", a.ID, "kind", a.Kind, "addr", a.Addr, "endpoint", a.Endpoint, "table", a.Table.String())
	for _, s := range a.Steps {
		slog.Debug("step", "id", a.ID, "text", s.Text)
	}
	l.Observer.ActionStarted(a)
}

// ActionDone logs how it went.
func (l logged) ActionDone(a *plan.Action, took time.Duration, err error) {
	err = l.secrets.Error(err)
	if err != nil {
		slog.Error("action failed", "id", a.ID, "addr", a.Addr, "took", took, "error", err)
	} else {
		slog.Debug("action done", "id", a.ID, "took", took)
	}
	l.Observer.ActionDone(a, took, err)
}

// LoadProgress passes on; when a load ends, it is logged.
func (l logged) LoadProgress(p executor.LoadProgress) {
	if p.Done {
		slog.Debug("load done", "id", p.Action.ID, "rows", p.Rows, "bytes", p.Bytes, "chunks", p.Chunks)
	}
	l.Observer.LoadProgress(p)
}

// Retrying logs what went wrong.
func (l logged) Retrying(a *plan.Action, try int, wait time.Duration, err error) {
	err = l.secrets.Error(err)
	slog.Warn("retry", "id", a.ID, "addr", a.Addr, "try", try, "wait", wait, "error", err)
	l.Observer.Retrying(a, try, wait, err)
}

// Warned logs it.
func (l logged) Warned(addr, text string) {
	slog.Warn("warning", "addr", addr, "text", text)
	l.Observer.Warned(addr, text)
}
