package view

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/syncform/syncform/executor"
	"github.com/syncform/syncform/planner/plan"
)

// play runs a whole apply past an observer.
func play(o executor.Observer, p *plan.Plan, step func(time.Duration)) {
	for i := range p.Actions {
		a := &p.Actions[i]
		if a.Held != "" {
			continue
		}
		o.ActionStarted(a)
		if a.Backfill != nil {
			for rows := int64(0); rows <= 1_200_000; rows += 200_000 {
				step(3 * time.Second)
				o.LoadProgress(executor.LoadProgress{Action: a, Rows: rows, Bytes: rows * 250, TotalRows: 1_200_000, Chunks: 6, ChunksDone: int(rows / 200_000), Done: rows == 1_200_000})
			}
		}
		if a.ID == "a006" {
			o.Warned("sync.s", "the stream rests")
			o.Retrying(a, 2, 200*time.Millisecond, errors.New("deadlock found"))
			o.ActionDone(a, 30*time.Millisecond, errors.New("duplicate key"))
			return
		}
		o.ActionDone(a, 21*time.Second, nil)
	}
}

func TestApplyLines(t *testing.T) {
	var b bytes.Buffer
	p := samplePlan()
	v := NewApplyLines(&b, Paint{}, p)
	clock := time.Unix(0, 0)
	v.now = func() time.Time { return clock }
	play(v, p, func(d time.Duration) { clock = clock.Add(d) })
	v.Close()
	golden(t, "apply_lines.txt", b.String())
}

func TestApplyBars(t *testing.T) {
	var b bytes.Buffer
	p := samplePlan()
	v := NewApplyBars(&b, Paint{}, p)
	clock := time.Unix(0, 0)
	var mu sync.Mutex
	v.now = func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return clock
	}
	play(v, p, func(d time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		clock = clock.Add(d)
	})
	v.Close()
	at := 0
	for _, want := range []string{"dim_users: created after 21s", "dim_users: 1,200,000 rows copied in 21s (57.1k rows/s)", ": try 2 in 200ms, after: deadlock found", "stopped after 30ms"} {
		i := strings.Index(b.String()[at:], want)
		if i < 0 {
			t.Fatalf("no %q, or not in its place, in %q", want, b.String())
		}
		at += i
	}
}

func TestBarText(t *testing.T) {
	start := time.Unix(0, 0)
	m := meter{start: start, last: executor.LoadProgress{Rows: 600_000, Resumed: 200_000, Bytes: 80_000_000, TotalRows: 1_200_000}}
	if got, want := m.bar(start.Add(10*time.Second)), "50% 600k rows 40k/s 8 MB/s 15s"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	m.last.TotalRows = -1
	if got, want := m.text(start.Add(10*time.Second)), "600,000 rows, 40k rows/s, 8 MB/s"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestApplyJSON(t *testing.T) {
	var b bytes.Buffer
	p := samplePlan()
	v := NewApplyJSON(&b, p)
	v.Planned()
	play(v, p, func(time.Duration) {})
	v.Completed(executor.Result{Created: 3, Updated: 1, Rows: 45000, Loaded: 1}, map[string]any{"o": "x"})
	types := map[string]int{}
	for line := range strings.Lines(b.String()) {
		var e struct {
			FormatVersion string `json:"format_version"`
			Type          string `json:"type"`
			Message       string `json:"message"`
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if e.FormatVersion != ApplyFormat || e.Message == "" {
			t.Errorf("%q", line)
		}
		types[e.Type]++
	}
	for _, want := range []string{"planned_changes", "action_start", "action_progress", "action_complete", "action_errored", "action_retry", "warning", "apply_complete"} {
		if types[want] == 0 {
			t.Errorf("no event of type %s", want)
		}
	}
}

func TestApplyText(t *testing.T) {
	got := ApplyText(executor.Result{Created: 3, Updated: 1, Loaded: 3, Rows: 45000})
	if want := "Apply complete! Resources: 3 created, 1 changed, 0 dropped; 45,000 rows copied."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
