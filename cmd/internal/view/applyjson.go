package view

import (
	"encoding/json"
	"io"
	"sync"
	"time"

	"github.com/syncform/syncform/executor"
	"github.com/syncform/syncform/planner/plan"
)

// ApplyFormat is the format_version of apply -json's lines.
const ApplyFormat = "1.0"

// ApplyJSON reports an apply as one JSON object per line; docs/json.md describes them.
type ApplyJSON struct {
	w    io.Writer
	plan *plan.Plan
	mu   sync.Mutex
	said map[string]time.Time
}

var _ Progress = (*ApplyJSON)(nil)

// NewApplyJSON reports to w.
func NewApplyJSON(w io.Writer, p *plan.Plan) *ApplyJSON {
	return &ApplyJSON{w: w, plan: p, said: map[string]time.Time{}}
}

// event is one line. Absent fields do not apply to its type.
type event struct {
	FormatVersion string           `json:"format_version"`
	Type          string           `json:"type"`
	At            string           `json:"at"`
	Message       string           `json:"message"`
	Action        *eventAction     `json:"action,omitempty"`
	Seconds       *float64         `json:"seconds,omitempty"`
	Progress      *eventProgress   `json:"progress,omitempty"`
	Try           int              `json:"try,omitempty"`
	Addr          string           `json:"addr,omitempty"`
	Error         string           `json:"error,omitempty"`
	Summary       *Summary         `json:"summary,omitempty"`
	Result        *eventResult     `json:"result,omitempty"`
	Diagnostics   []JSONDiagnostic `json:"diagnostics,omitempty"`
	Outputs       map[string]any   `json:"outputs,omitempty"`
}

type eventAction struct {
	ID       string `json:"id"`
	Kind     string `json:"kind"`
	Addr     string `json:"addr"`
	Endpoint string `json:"endpoint"`
	Table    string `json:"table,omitempty"`
}

type eventProgress struct {
	Rows       int64 `json:"rows"`
	Bytes      int64 `json:"bytes"`
	Resumed    int64 `json:"resumed"`
	TotalRows  int64 `json:"total_rows"`
	Chunks     int   `json:"chunks"`
	ChunksDone int   `json:"chunks_done"`
}

type eventResult struct {
	Created int   `json:"created"`
	Changed int   `json:"changed"`
	Dropped int   `json:"dropped"`
	Loaded  int   `json:"loaded"`
	Rows    int64 `json:"rows"`
}

// send writes one line. A pipe that has gone is no reason to end an apply.
func (v *ApplyJSON) send(e event) {
	e.FormatVersion, e.At = ApplyFormat, time.Now().UTC().Format(time.RFC3339Nano)
	b, err := json.Marshal(e)
	if err != nil {
		panic("bug in syncform: an event that JSON can't write: " + err.Error())
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.w.Write(append(b, '\n'))
}

func (v *ApplyJSON) action(a *plan.Action) *eventAction {
	return &eventAction{ID: a.ID, Kind: string(a.Kind), Addr: a.Addr, Endpoint: a.Endpoint, Table: tableOf(v.plan, a).String()}
}

// Planned tells what will be done.
func (v *ApplyJSON) Planned() {
	s := Summarize(v.plan)
	v.send(event{Type: "planned_changes", Message: s.String(), Summary: &s})
}

// ActionStarted sends action_start.
func (v *ApplyJSON) ActionStarted(a *plan.Action) {
	word := doing(a)
	if a.Backfill != nil {
		word = "copying rows"
	}
	v.send(event{Type: "action_start", Message: actionName(v.plan, a) + ": " + word, Action: v.action(a)})
}

// ActionDone sends action_complete or action_errored.
func (v *ApplyJSON) ActionDone(a *plan.Action, d time.Duration, err error) {
	s := d.Seconds()
	e := event{Type: "action_complete", Message: actionName(v.plan, a) + ": done", Action: v.action(a), Seconds: &s}
	if err != nil {
		e.Type, e.Message, e.Error = "action_errored", actionName(v.plan, a)+": stopped", err.Error()
	}
	v.send(e)
}

// LoadProgress sends action_progress, at most once a second per table and at the end.
func (v *ApplyJSON) LoadProgress(p executor.LoadProgress) {
	v.mu.Lock()
	due := p.Done || time.Since(v.said[p.Action.ID]) >= time.Second
	if due {
		v.said[p.Action.ID] = time.Now()
	}
	v.mu.Unlock()
	if !due {
		return
	}
	v.send(event{Type: "action_progress", Message: actionName(v.plan, p.Action) + ": " + Plural(p.Rows, "row"), Action: v.action(p.Action),
		Progress: &eventProgress{Rows: p.Rows, Bytes: p.Bytes, Resumed: p.Resumed, TotalRows: p.TotalRows, Chunks: p.Chunks, ChunksDone: p.ChunksDone}})
}

// Retrying sends action_retry.
func (v *ApplyJSON) Retrying(a *plan.Action, try int, wait time.Duration, err error) {
	s := wait.Seconds()
	v.send(event{Type: "action_retry", Message: retryText(v.plan, a, try, wait, err), Action: v.action(a), Try: try, Seconds: &s, Error: err.Error()})
}

// Warned sends warning.
func (v *ApplyJSON) Warned(addr, text string) {
	v.send(event{Type: "warning", Message: addr + ": " + text, Addr: addr})
}

// Completed tells the end.
func (v *ApplyJSON) Completed(r executor.Result, outputs map[string]any) {
	v.send(event{Type: "apply_complete", Message: ApplyText(r), Outputs: outputs,
		Result: &eventResult{Created: r.Created, Changed: r.Updated, Dropped: r.Deleted, Loaded: r.Loaded, Rows: r.Rows}})
}

// Diagnostics sends errors and warnings.
func (v *ApplyJSON) Diagnostics(ds []JSONDiagnostic) {
	for _, d := range ds {
		v.send(event{Type: "diagnostic", Message: d.Summary, Diagnostics: []JSONDiagnostic{d}})
	}
}

// Close has nothing to end.
func (v *ApplyJSON) Close() {}
