package monitor

import (
	"context"
	"sync"
	"time"

	"github.com/syncform/syncform/executor/stream"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// How often the source is asked where it is, and how a sync is looked at as status does.
const (
	sampleEvery = 2 * time.Second
	lookEvery   = 10 * time.Second
)

// job is one sync of this process.
type job struct {
	spec           plan.Stream
	source, target providers.Conn
	capturer       providers.Capturer

	mu     sync.Mutex
	status stream.Status
	told   bool // status is of a run
	state  string
	reason string
	health *stream.Health // nil until it was looked at
	// Where the source was at sampled, and the last moment of which it is known that all
	// that the source had then is applied.
	goal            row.Position
	sampled, caught time.Time
}

func newJob(spec plan.Stream, source, target providers.Conn) (*job, error) {
	c, err := providers.As[providers.Capturer](source)
	return &job{spec: spec, source: source, target: target, capturer: c, state: stream.StateStopped, reason: "not begun yet"}, err
}

func (j *job) tell(s stream.Status) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.status, j.told = s, true
	j.state, j.reason = stream.StateRunning, s.Interrupted
	j.arrive()
}

// arrive notes that the stream has passed the goal.
func (j *job) arrive() {
	if j.goal == "" || !j.sampled.After(j.caught) {
		return
	}
	if ok, err := j.capturer.Reached(j.status.Seen, j.goal); err == nil && ok {
		j.caught = j.sampled
	}
}

func (j *job) become(state, reason string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.state, j.reason = state, reason
}

// sample asks the source where it is, until ctx ends. That it can't be asked is nothing
// new: the lag grows.
func (j *job) sample(ctx context.Context) {
	for every(ctx, sampleEvery) {
		at := time.Now()
		goal, err := j.capturer.Current(ctx, j.spec.Capture)
		if err != nil {
			continue
		}
		j.mu.Lock()
		if j.sampled.IsZero() || !j.sampled.After(j.caught) {
			j.goal, j.sampled = goal, at // the one before has been passed
		}
		if j.told {
			j.arrive()
		}
		j.mu.Unlock()
	}
}

// look looks at the sync as status does, until ctx ends.
func (j *job) look(ctx context.Context) {
	for wait := time.Duration(0); every(ctx, wait); wait = lookEvery {
		h, err := stream.Look(ctx, &j.spec, j.source, j.target)
		if err != nil {
			continue
		}
		j.mu.Lock()
		j.health = &h
		j.mu.Unlock()
	}
}

// every waits; false once ctx has ended.
func every(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// shown is a job at one moment.
type shown struct {
	sync, state, unready string
	lag                  float64 // seconds; negative: not known
	status               stream.Status
	health               *stream.Health
}

func (j *job) show(now time.Time) shown {
	j.mu.Lock()
	defer j.mu.Unlock()
	s := shown{sync: j.spec.Sync, state: j.state, lag: -1, status: j.status, health: j.health}
	switch {
	case j.state == stream.StateStopped, j.state == stream.StateFailed:
		s.unready = j.state + ": " + j.reason
	case j.state == stream.StateRunning && j.reason != "":
		s.unready = "interrupted: " + j.reason
	}
	last := j.caught
	if j.status.SourceAt.After(last) {
		last = j.status.SourceAt
	}
	switch {
	case last.IsZero():
	case !j.sampled.After(j.caught) && now.Sub(j.sampled) < 3*sampleEvery:
		s.lag = 0
	default:
		s.lag = max(0, now.Sub(last).Seconds())
	}
	return s
}
