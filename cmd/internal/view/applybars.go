package view

import (
	"io"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/syncform/syncform/executor"
	"github.com/syncform/syncform/planner/plan"
)

// ApplyBars reports an apply on a terminal: one bar per table whose rows are copied
// (rows, rows/s, bytes, time left), and lines above them for all else.
type ApplyBars struct {
	lines *ApplyLines
	bars  *mpb.Progress
	plan  *plan.Plan
	name  int // columns of the longest table name

	mu   sync.Mutex
	byID map[string]*loadBar
}

var _ Progress = (*ApplyBars)(nil)

// loadBar is one table's bar; its decorators are called from mpb's own goroutine.
type loadBar struct {
	mu    sync.Mutex
	meter meter
	bar   *mpb.Bar
}

// NewApplyBars reports the apply of p to the terminal w.
func NewApplyBars(w io.Writer, paint Paint, p *plan.Plan, options ...mpb.ContainerOption) *ApplyBars {
	bars := mpb.New(append([]mpb.ContainerOption{mpb.WithOutput(w), mpb.WithWidth(paint.Columns())}, options...)...)
	v := &ApplyBars{lines: NewApplyLines(bars, paint, p), bars: bars, plan: p, byID: map[string]*loadBar{}}
	for i := range p.Actions {
		if p.Actions[i].Backfill != nil {
			v.name = fit(v.name, width(actionName(p, &p.Actions[i])), 24)
		}
	}
	return v
}

// ActionStarted opens a load's bar.
func (v *ApplyBars) ActionStarted(a *plan.Action) {
	if a.Backfill == nil {
		return // its end is told; there are many, and each is short
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.open(a)
}

func (v *ApplyBars) open(a *plan.Action) *loadBar {
	l := &loadBar{meter: meter{start: time.Now()}}
	l.meter.last.TotalRows = a.Backfill.Rows
	l.bar = v.bars.New(max(0, a.Backfill.Rows), mpb.BarStyle().Lbound("[").Filler("=").Tip(">").Padding(" ").Rbound("]"),
		mpb.BarFillerTrim(),
		mpb.PrependDecorators(decor.Name(pad(actionName(v.plan, a), v.name)+" ")),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return " " + l.text() })),
	)
	v.byID[a.ID] = l
	return l
}

func (l *loadBar) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.meter.bar(time.Now())
}

// bar is a bar's text: short, as it stands beside the bar.
func (m *meter) bar(now time.Time) string {
	text := ""
	if p, ok := m.percent(); ok {
		text = Count(p) + "% "
	}
	text += Short(m.last.Rows) + " rows"
	if rows, bytes := m.rates(now); rows >= 1 {
		text += " " + Short(int64(rows)) + "/s " + Bytes(int64(bytes)) + "/s"
	}
	if left, ok := m.left(now); ok && left > 0 {
		text += " " + left.String()
	}
	return text
}

// LoadProgress moves a bar on.
func (v *ApplyBars) LoadProgress(p executor.LoadProgress) {
	v.mu.Lock()
	l := v.byID[p.Action.ID]
	if l == nil {
		l = v.open(p.Action)
	}
	v.mu.Unlock()
	l.mu.Lock()
	l.meter.last = p
	l.mu.Unlock()
	total := max(p.TotalRows, p.Rows+1) // a bar that is full before its end would complete itself
	l.bar.SetTotal(total, false)
	l.bar.SetCurrent(p.Rows)
}

// ActionDone closes a load's bar; other actions get their line now.
func (v *ApplyBars) ActionDone(a *plan.Action, d time.Duration, err error) {
	v.mu.Lock()
	l := v.byID[a.ID]
	delete(v.byID, a.ID)
	v.mu.Unlock()
	if l != nil {
		l.mu.Lock()
		last := l.meter.last
		l.mu.Unlock()
		v.lines.mu.Lock()
		v.lines.meters[a.ID] = &meter{last: last}
		v.lines.mu.Unlock()
		l.bar.Abort(true)
	}
	v.lines.ActionDone(a, d, err)
}

// Retrying says that a try failed and when the next comes.
func (v *ApplyBars) Retrying(a *plan.Action, try int, wait time.Duration, err error) {
	v.lines.Retrying(a, try, wait, err)
}

// Close takes the bars away and waits until all is written.
func (v *ApplyBars) Close() {
	v.mu.Lock()
	for _, l := range v.byID {
		l.bar.Abort(true)
	}
	v.mu.Unlock()
	v.bars.Wait()
}
