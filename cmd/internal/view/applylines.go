package view

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/syncform/syncform/executor"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers/schema"
)

// Progress shows an apply while it runs. Close ends it; it is called once.
type Progress interface {
	executor.Observer
	Close()
}

// LinesEvery is how often, at most, ApplyLines reports one table's load.
const LinesEvery = 5 * time.Second

// ApplyLines reports an apply as plain lines: one at the start and the end of each
// action, and while rows are copied one per table each LinesEvery.
type ApplyLines struct {
	w      io.Writer
	paint  Paint
	plan   *plan.Plan
	now    func() time.Time
	mu     sync.Mutex
	meters map[string]*meter    // by action
	said   map[string]time.Time // when a load was last reported
}

var _ Progress = (*ApplyLines)(nil)

// NewApplyLines reports the apply of p to w.
func NewApplyLines(w io.Writer, paint Paint, p *plan.Plan) *ApplyLines {
	return &ApplyLines{w: w, paint: paint, plan: p, now: time.Now, meters: map[string]*meter{}, said: map[string]time.Time{}}
}

// say writes one line. A terminal or pipe that has gone is no reason to end an apply.
func (v *ApplyLines) say(format string, args ...any) {
	fmt.Fprintf(v.w, format+"\n", args...)
}

// ActionStarted says what begins.
func (v *ApplyLines) ActionStarted(a *plan.Action) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if a.Backfill != nil {
		v.meters[a.ID] = &meter{start: v.now()}
		v.said[a.ID] = v.now()
		v.say("%s: copying rows...", actionName(v.plan, a))
		return
	}
	v.say("%s: %s...", actionName(v.plan, a), doing(a))
}

// ActionDone says how it went.
func (v *ApplyLines) ActionDone(a *plan.Action, d time.Duration, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	name := actionName(v.plan, a)
	switch m := v.meters[a.ID]; {
	case err != nil:
		v.say("%s: %s after %s", name, v.paint.Red("stopped"), took(d))
	case m != nil:
		v.say("%s: %s", name, copied(m.last, d))
	default:
		v.say("%s: %s after %s", name, done(a), took(d))
	}
}

// LoadProgress says how far a load is, now and then.
func (v *ApplyLines) LoadProgress(p executor.LoadProgress) {
	v.mu.Lock()
	defer v.mu.Unlock()
	m := v.meters[p.Action.ID]
	if m == nil {
		m = &meter{start: v.now()}
		v.meters[p.Action.ID] = m
	}
	m.last = p
	now := v.now()
	if p.Done || now.Sub(v.said[p.Action.ID]) < LinesEvery {
		return
	}
	v.said[p.Action.ID] = now
	v.say("%s: %s", actionName(v.plan, p.Action), m.text(now))
}

// Retrying says that a try failed and when the next comes.
func (v *ApplyLines) Retrying(a *plan.Action, try int, wait time.Duration, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.say("%s", v.paint.Yellow(retryText(v.plan, a, try, wait, err)))
}

// Warned says what is not as it should be.
func (v *ApplyLines) Warned(addr, text string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.say("%s", v.paint.Yellow("Warning: "+addr+": "+Safe(text)))
}

// Close has nothing to end.
func (v *ApplyLines) Close() {}

func retryText(p *plan.Plan, a *plan.Action, try int, wait time.Duration, err error) string {
	return fmt.Sprintf("%s: try %d in %s, after: %s", actionName(p, a), try, took(wait), Safe(err.Error()))
}

func copied(p executor.LoadProgress, d time.Duration) string {
	text := Plural(p.Rows, "row") + " copied in " + took(d)
	if fresh := p.Rows - p.Resumed; d >= time.Second && fresh > 0 {
		text += " (" + Short(int64(float64(fresh)/d.Seconds())) + " rows/s)"
	}
	if p.Resumed > 0 {
		text += ", " + Count(p.Resumed) + " of them before"
	}
	return text
}

// actionName names what an action is about: table users; users: index by_email (email).
func actionName(p *plan.Plan, a *plan.Action) string {
	if a.Stream != nil {
		return Safe(a.Stream.Sync) + ": " + streamVerb(a)
	}
	name := Safe(tableOf(p, a).String())
	switch c := a.Change.(type) {
	case nil:
		return name
	case schema.AddTable, schema.DropTable:
		return name
	default:
		_, text := describe(c)
		if i := strings.Index(text, "  "); i > 0 { // a column's type says nothing here
			text = text[:i]
		}
		if name == "" {
			return Safe(text)
		}
		return name + ": " + Safe(text)
	}
}

// streamVerb names what an action does for a stream.
func streamVerb(a *plan.Action) string {
	switch a.Stream.Step {
	case plan.StreamStart:
		return "capture of changes"
	case plan.StreamAdd:
		return "capture of more tables"
	case plan.StreamCatchUp:
		return "catching up"
	}
	return "capture of changes"
}

func doing(a *plan.Action) string {
	switch a.Kind {
	case plan.Create:
		return "creating"
	case plan.Delete:
		return "dropping"
	}
	return "changing"
}

func done(a *plan.Action) string {
	switch a.Kind {
	case plan.Create:
		return "created"
	case plan.Delete:
		return "dropped"
	}
	return "changed"
}
