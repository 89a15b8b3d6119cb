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

// barAfter is how long a load runs before it gets a bar: most are over by then, and
// have their line.
const barAfter = 300 * time.Millisecond

// ApplyBars reports an apply on a terminal: one bar per table whose rows are being
// copied (rows, rows/s, bytes, time left), and lines above them for all else.
type ApplyBars struct {
	w       io.Writer
	paint   Paint
	plan    *plan.Plan
	now     func() time.Time
	options []mpb.ContainerOption
	name    int // columns of the longest table name

	mu    sync.Mutex
	lines *ApplyLines // only used with mu held
	bars  *barSet     // nil while no bar is shown: mpb writes lines only while it has bars
	byID  map[string]*loadBar
	shown int // bars in bars
}

// barSet is a container of bars, drawn every tenth of a second, and when asked: mpb
// by itself would lose lines that are written just before the last bar goes.
type barSet struct {
	*mpb.Progress
	draw chan any
	stop chan struct{}
	done chan struct{}
}

func newBarSet(options []mpb.ContainerOption) *barSet {
	s := &barSet{draw: make(chan any), stop: make(chan struct{}), done: make(chan struct{})}
	s.Progress = mpb.New(append(options[:len(options):len(options)], mpb.WithManualRefresh(s.draw))...)
	go func() {
		defer close(s.done)
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				s.draw <- nil
			case <-s.stop:
				return
			}
		}
	}()
	return s
}

// close draws what is left, without the bars, and ends.
func (s *barSet) close() {
	close(s.stop)
	<-s.done
	s.draw <- nil // the bars that were dropped go,
	s.draw <- nil // and what was written meanwhile is out
	s.Wait()
}

var _ Progress = (*ApplyBars)(nil)

// loadBar is one table's load; mpb asks for its text from a goroutine of its own.
type loadBar struct {
	mu    sync.Mutex
	meter meter
	bar   *mpb.Bar // nil until barAfter
}

// NewApplyBars reports the apply of p to the terminal w.
func NewApplyBars(w io.Writer, paint Paint, p *plan.Plan) *ApplyBars {
	v := &ApplyBars{w: w, paint: paint, plan: p, now: time.Now, byID: map[string]*loadBar{}}
	v.options = []mpb.ContainerOption{mpb.WithOutput(w), mpb.WithWidth(paint.Columns())}
	v.lines = NewApplyLines(above{v}, paint, p)
	for i := range p.Actions {
		if p.Actions[i].Backfill != nil {
			v.name = fit(v.name, width(actionName(p, &p.Actions[i])), 24)
		}
	}
	return v
}

// above writes lines above the bars, if there are any.
type above struct{ v *ApplyBars }

func (a above) Write(b []byte) (int, error) {
	if a.v.bars != nil {
		return a.v.bars.Write(b)
	}
	return a.v.w.Write(b)
}

// ActionStarted says nothing of its own: the end is told, and each is short but loads.
func (v *ApplyBars) ActionStarted(a *plan.Action) {
	if a.Backfill == nil {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.load(a)
}

func (v *ApplyBars) load(a *plan.Action) *loadBar {
	l := v.byID[a.ID]
	if l == nil {
		l = &loadBar{meter: meter{start: v.now()}}
		v.byID[a.ID] = l
	}
	return l
}

// LoadProgress moves a bar on, and opens it once the load has run for a while.
func (v *ApplyBars) LoadProgress(p executor.LoadProgress) {
	v.mu.Lock()
	defer v.mu.Unlock()
	l := v.load(p.Action)
	l.mu.Lock()
	l.meter.last = p
	l.mu.Unlock()
	if l.bar == nil {
		if p.Done || v.now().Sub(l.meter.start) < barAfter {
			return
		}
		v.open(p.Action, l)
	}
	l.bar.SetTotal(max(p.TotalRows, p.Rows), false)
	l.bar.SetCurrent(p.Rows)
}

func (v *ApplyBars) open(a *plan.Action, l *loadBar) {
	if v.bars == nil {
		v.bars = newBarSet(v.options)
	}
	v.shown++
	// A bar of total 0 does not complete itself when the estimate is reached.
	l.bar = v.bars.New(0, mpb.BarStyle().Lbound("[").Filler("=").Tip(">").Padding(" ").Rbound("]"),
		mpb.BarFillerTrim(),
		mpb.PrependDecorators(decor.Name(pad(actionName(v.plan, a), v.name)+" ")),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string {
			l.mu.Lock()
			defer l.mu.Unlock()
			return " " + l.meter.bar(v.now())
		})),
	)
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

// ActionDone writes an action's line and takes its bar away.
func (v *ApplyBars) ActionDone(a *plan.Action, d time.Duration, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	l := v.byID[a.ID]
	if l != nil {
		delete(v.byID, a.ID)
		v.lines.meters[a.ID] = &l.meter
	}
	v.lines.ActionDone(a, d, err)
	if l != nil {
		v.drop(l)
	}
}

// drop takes a bar away. The last one takes its container with it, which writes
// what it still holds.
func (v *ApplyBars) drop(l *loadBar) {
	if l.bar == nil {
		return
	}
	l.bar.Abort(true)
	v.shown--
	if v.shown == 0 {
		v.bars.close()
		v.bars = nil
	}
}

// Retrying says that a try failed and when the next comes.
func (v *ApplyBars) Retrying(a *plan.Action, try int, wait time.Duration, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.lines.Retrying(a, try, wait, err)
}

// Warned says what is not as it should be.
func (v *ApplyBars) Warned(addr, text string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.lines.Warned(addr, text)
}

// Close takes away the bars that are left.
func (v *ApplyBars) Close() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for id, l := range v.byID {
		delete(v.byID, id)
		v.drop(l)
	}
}
