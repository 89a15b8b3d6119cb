package executor

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/syncform/syncform/executor/stream"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
)

// beside is the stream of a sync on its way beside the loads of its tables: the source can
// drop its log, and the tables that are live go on. It never fails the apply: what it can't
// do, the catch-up does.
type beside struct {
	spec    *plan.Stream
	loads   []string        // mappings that are loaded
	awaits  map[string]bool // actions, by ID, that the stream must not run before
	stop    context.CancelFunc
	stopped chan struct{} // nil: it does not run
}

// openBesides finds the streams that may run beside the plan's loads.
func (r *run) openBesides() {
	for i, a := range r.graph.Actions {
		if a.Stream == nil || a.Stream.Step != plan.StreamCatchUp || len(a.Stream.Mappings) == 0 {
			continue
		}
		spec := r.plan.Stream(a.Stream.Sync)
		if spec == nil || spec.Capture.Method == providers.Polling {
			continue // polling keeps nothing at the source
		}
		b := &beside{spec: spec, loads: a.Stream.Mappings, awaits: map[string]bool{}}
		for _, x := range r.graph.Actions[:i] {
			if r.concerns(x, b) {
				b.awaits[x.ID] = true
			}
		}
		r.besides = append(r.besides, b)
	}
}

// concerns reports whether the stream must not run before an action: one that prepares it,
// or that changes what tables are written into which are not loaded.
func (r *run) concerns(a *plan.Action, b *beside) bool {
	if a.Stream != nil {
		return a.Stream.Sync == b.spec.Sync
	}
	m := r.mapping(a)
	return m == nil || m.Sync == b.spec.Sync && !slices.Contains(b.loads, m.Addr)
}

// advanceBesides begins the streams that waited for nothing but an action that is done.
func (r *run) advanceBesides(done *plan.Action) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, b := range r.besides {
		if !b.awaits[done.ID] {
			continue
		}
		if delete(b.awaits, done.ID); len(b.awaits) > 0 || r.soft.Err() != nil {
			continue
		}
		soft, stop := context.WithCancel(r.soft)
		b.stop, b.stopped = stop, make(chan struct{})
		go func() {
			defer close(b.stopped)
			r.runBeside(soft, b)
		}()
	}
}

// besideLooks is how often a stream that somebody wants to rest looks whether he still does.
const besideLooks = time.Second

// runBeside runs the stream until soft ends, or for as long as it can. A pause that is not
// this apply's is obeyed.
func (r *run) runBeside(soft context.Context, b *beside) {
	for {
		res, err := stream.Run(r.hard, r.stream(b.spec), stream.Options{Beside: true, Soft: soft, Log: r.env.Log, Redact: r.env.Redact, IgnorePause: providers.PausedByApply})
		if soft.Err() != nil {
			return
		}
		if err != nil || !res.Paused {
			r.sayRests(b, err)
			return
		}
		for {
			select {
			case <-time.After(besideLooks):
			case <-soft.Done():
				return
			}
			store, err := r.store(soft, b.spec.Target)
			if err != nil {
				r.sayRests(b, err)
				return
			}
			rec, err := store.Stream(soft, b.spec.Sync)
			if err != nil || rec == nil {
				r.sayRests(b, errors.Join(err, stream.ErrNoRecord))
				return
			}
			if rec.PausedBy&^providers.PausedByApply == 0 {
				break
			}
		}
	}
}

func (r *run) sayRests(b *beside, err error) {
	reason := "it ended"
	if err != nil {
		reason = err.Error()
	}
	r.warn(b.spec.Sync, "the stream rests until the tables are loaded: "+reason)
}

// warn tells of something that does not end the apply.
func (r *run) warn(addr, text string) {
	if r.env.Redact != nil {
		text = r.env.Redact(text)
	}
	r.env.Observer.Warned(addr, text)
}

// endBeside stops the stream of a sync at a transaction's end.
func (r *run) endBeside(sync string) {
	r.mu.Lock()
	i := slices.IndexFunc(r.besides, func(b *beside) bool { return b.spec.Sync == sync })
	if i < 0 || r.besides[i].stopped == nil {
		r.mu.Unlock()
		return
	}
	b := r.besides[i]
	r.mu.Unlock()
	b.stop()
	<-b.stopped
}

// endBesides stops all.
func (r *run) endBesides() {
	for _, b := range r.besides {
		r.endBeside(b.spec.Sync)
	}
}

// stream is a sync's stream as this apply follows it.
func (r *run) stream(spec *plan.Stream) stream.Stream {
	return stream.Stream{Spec: *spec, Mappings: r.streamMappings(spec.Sync), Source: r.env.Conns[spec.Source], Target: r.env.Conns[spec.Target]}
}
