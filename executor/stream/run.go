package stream

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/syncform/syncform/executor/retry"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// How long a stream that stands still waits for more before it looks at what else there
// is to do.
const (
	quietCatchingUp = 20 * time.Millisecond
	quietLive       = time.Second
)

// defaultCheckpoint is the longest that a quiet stream goes without a checkpoint.
const defaultCheckpoint = 2 * time.Second

// run is one Run.
type run struct {
	spec     plan.Stream
	o        Options
	mappings []plan.Mapping
	source   providers.Conn
	target   providers.Conn
	capturer providers.Capturer
	applier  providers.Applier
	keeper   providers.StreamKeeper
	store    providers.StreamStore

	tables   []*table
	bySource map[string][]*table
	bound    map[*row.Relation][]*binding
	batches  batches
	inserts  bool // rows that the source inserted are written as new ones, where they should be

	lease     *lease
	position  row.Position // of the last transaction that is durable
	coming    row.Position // of the batch that is written; "" within a transaction
	nth       int          // the number of the batch that is written, from 1
	goal      row.Position // of Until CaughtUp
	saved     time.Time    // when the last checkpoint was written
	status    Status
	careOf    int  // failures of bulk writes in a row: the next batch goes change by change
	crowded   bool // rows of the transaction were in each other's way: anyOrder takes no chances
	paused    bool
	sweeper   sweeper
	numbered  time.Time // when the target's numbering was moved on last
	numbering string    // what that failed with
	proved    time.Time // when it was looked whether the source's changes are captured; zero: it is to be
	looked    time.Time // when the source's columns were looked at; zero: they are to be
	keyed     bool      // it was looked by which keys the source's rows are told apart
}

func newRun(s Stream, o Options) (*run, error) {
	if o.Log == nil {
		o.Log = silent
	}
	if o.Soft == nil {
		o.Soft = context.Background()
	}
	if o.Backoff == nil {
		o.Backoff = retry.Wait
	}
	if o.RetainEvery == 0 {
		o.RetainEvery = retainEvery
	}
	r := &run{spec: s.Spec, o: o, mappings: s.Mappings, source: s.Source, target: s.Target}
	r.sweeper.on = r.sweeps()
	r.spec.Capture.Tables = slices.Clone(r.spec.Capture.Tables)
	var err error
	if r.capturer, err = providers.As[providers.Capturer](s.Source); err != nil {
		return nil, err
	}
	if r.applier, err = providers.As[providers.Applier](s.Target); err != nil {
		return nil, err
	}
	r.keeper, err = providers.As[providers.StreamKeeper](s.Target)
	return r, err
}

// errPaused: somebody asked the stream to stop.
var errPaused = errors.New("paused")

// errAgain: the stream begins again at its checkpoint.
var errAgain = errors.New("again from the checkpoint")

// run connects, streams, and connects again when that is lost.
func (r *run) run(ctx context.Context) (Result, error) {
	if err := r.opened(ctx); err != nil {
		if stop := r.o.Soft.Err(); stop != nil && errors.Is(err, stop) {
			return Result{}, nil
		}
		return Result{}, err
	}
	sctx, endSessions := context.WithCancelCause(ctx)
	defer endSessions(nil)
	if limited(&r.spec) {
		go r.guard(sctx, endSessions)
	}
	var err error
	for failures := 0; ; {
		before := r.status.Transactions
		err = r.session(sctx)
		if context.Cause(sctx) == errExceeded {
			if gone := GiveUp(ctx, &r.spec, r.source); gone != nil {
				return r.end(ctx, gone)
			}
			sctx, endSessions = context.WithCancelCause(ctx)
			defer endSessions(nil)
			go r.guard(sctx, endSessions)
			continue
		}
		if errors.Is(err, providers.ErrFenced) {
			return r.end(ctx, r.fenced(ctx))
		}
		switch {
		case err == nil, errors.Is(err, errPaused), r.o.Soft.Err() != nil, ctx.Err() != nil:
			return r.end(ctx, err)
		case errors.Is(err, errAgain):
			continue
		}
		if r.status.Transactions > before {
			failures = 0
		}
		failures++
		if !r.again(err, failures) {
			return r.end(ctx, r.wayOut(r.missing(ctx, err)))
		}
		wait := r.interrupted(err, failures)
		r.lease.say(r.status.Interrupted)
		select {
		case <-time.After(wait):
		case <-r.lease.ended:
			return r.end(ctx, r.fenced(ctx))
		case <-r.o.Soft.Done():
			return r.end(ctx, nil)
		case <-ctx.Done():
			return r.end(ctx, ctx.Err())
		}
	}
}

// again reports whether a failure, the last of so many in a row, is one to wait out.
func (r *run) again(err error, failures int) bool {
	return (providers.IsRetryable(err) || errors.Is(err, providers.ErrDiskFull)) && (r.o.Attempts == 0 || failures <= r.o.Attempts)
}

// interrupted tells of a failure that is waited out, and says for how long.
func (r *run) interrupted(err error, failures int) time.Duration {
	wait := r.o.Backoff(failures)
	r.o.Log.Warn("the stream was interrupted, and is tried again", "sync", r.spec.Sync, "error", err.Error(), "wait", wait.Round(time.Millisecond).String(), "try", failures+1)
	r.status.Interrupted = r.said(err)
	r.status.Interruptions++
	r.tell()
	return wait
}

// session is one pair of connections.
func (r *run) session(ctx context.Context) (err error) {
	if _, err := r.reread(ctx); err != nil {
		return err
	}
	sess, err := r.applier.OpenApply(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := sess.Close(); err == nil {
			err = cerr
		}
	}()
	r.proved = time.Time{}
	if err := r.holdMissed(ctx, sess); err != nil {
		return err
	}
	if r.o.Until == CaughtUp && r.goal == "" {
		if r.goal, err = r.capturer.Current(ctx, r.spec.Capture); err != nil {
			return err
		}
	}
	follow, stop := context.WithCancelCause(ctx)
	f, capture := &feed{ended: make(chan struct{}), made: make(chan *row.Collector, 1)}, r.followed()
	go func() {
		defer close(f.ended)
		f.err = r.capturer.Follow(follow, capture, r.position, func(position func() row.Position) *row.Collector {
			c := row.NewCollector(position)
			f.made <- c
			return c
		})
	}()
	defer func() {
		stop(errStopping)
		<-f.ended
	}()
	var c *row.Collector
	select {
	case c = <-f.made:
	case <-f.ended:
		select {
		case c = <-f.made: // it failed after it had begun
		default:
			return f.err
		}
	case <-ctx.Done():
		return ctx.Err()
	}
	go func() {
		<-f.ended
		if f.err == nil {
			f.err = errors.New("the source ended the stream")
		}
		c.Fail(f.err)
	}()
	r.bound = map[*row.Relation][]*binding{} // relations are the session's
	r.looked, r.keyed = time.Time{}, false
	return r.stream(ctx, sess, c)
}

// feed is a running Follow.
type feed struct {
	made  chan *row.Collector
	ended chan struct{}
	err   error // once ended
}

var errStopping = errors.New("the stream is being stopped")

// stream takes batch after batch and writes each in a transaction, until there is a
// reason to end.
func (r *run) stream(ctx context.Context, sess providers.ApplySession, c *row.Collector) error {
	enforced, why := sess.Enforced()
	if enforced {
		r.o.Log.Info("changes are written one by one in the source's order", "sync", r.spec.Sync, "reason", why)
	}
	w := &writer{run: r, sess: sess, enforced: enforced}
	defer w.abandon()
	defer w.dropSweep()
	for {
		if w.tx == nil {
			if err := r.lease.check(); err != nil {
				return err
			}
			if r.pauses() {
				r.paused = true
				w.number(ctx, true)
				return errPaused
			}
			if r.o.Soft.Err() != nil {
				w.number(ctx, true)
				return r.o.Soft.Err()
			}
			if err := w.holdMissed(ctx, sess); err != nil {
				return err
			}
			if err := w.renew(ctx); err != nil {
				return err
			}
			done, err := r.done()
			if err != nil {
				return err
			}
			swept, err := w.sweep(ctx, done)
			if err == nil {
				w.number(ctx, done && swept)
			}
			if done && swept || err != nil {
				return err
			}
		}
		b, err := c.Take(r.taking(ctx, w), r.quiet())
		if err != nil {
			if r.o.Soft.Err() != nil && ctx.Err() == nil {
				return r.o.Soft.Err()
			}
			return err
		}
		if err := w.batch(ctx, b); err != nil {
			return err
		}
		r.status.Interrupted = ""
		if !b.Open && b.Position != "" {
			r.status.Seen = b.Position
		}
		open, at := b.Open, b.Position
		c.Recycle(b)
		if !open && at != "" && at == r.position {
			c.Ack(at)
		}
		r.tell()
	}
}

// pauses reports whether somebody wants the stream to rest.
func (r *run) pauses() bool { return r.lease.pausedBy()&^r.o.IgnorePause != 0 }

// taking is the context to wait for a batch under: between transactions a soft stop ends
// the wait.
func (r *run) taking(ctx context.Context, w *writer) context.Context {
	if w.tx != nil {
		return ctx
	}
	return r.o.Soft
}

func (r *run) quiet() time.Duration {
	if r.o.Until != Stopped || r.sweeper.running != nil {
		return quietCatchingUp
	}
	for _, t := range r.tables {
		if t.record.State == providers.TableCatchingUp {
			return quietCatchingUp
		}
	}
	return quietLive
}

// done reports whether the run has come to its end.
func (r *run) done() (bool, error) {
	switch r.o.Until {
	case CaughtUp:
		if slices.ContainsFunc(r.tables, r.refills) {
			return false, nil
		}
		return r.capturer.Reached(r.position, r.goal)
	case Live:
		for _, t := range r.tables {
			if t.record.State == providers.TableCatchingUp {
				return false, nil
			}
		}
		return true, nil
	}
	return false, nil
}

func (r *run) tell() {
	if r.o.Tell == nil {
		return
	}
	r.o.Tell(r.statusNow())
}

func (r *run) statusNow() Status {
	s := r.status
	s.Position, s.Checkpointed = r.position, r.saved
	for _, t := range r.tables {
		s.Tables = append(s.Tables, t.record)
	}
	return s
}

// end lets the stream go and sums the run up.
func (r *run) end(ctx context.Context, err error) (Result, error) {
	res := Result{Status: r.statusNow(), Paused: errors.Is(err, errPaused)}
	for _, t := range r.tables {
		if t.record.State == providers.TableHeld {
			res.Held = append(res.Held, t.record)
		}
	}
	stopped := res.Paused || err != nil && (r.o.Soft.Err() != nil || ctx.Err() != nil)
	if stopped {
		err = nil
	}
	reason := ""
	if err != nil && !errors.As(err, new(*RestsError)) {
		reason = r.said(err)
	}
	rctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWord)
	defer cancel()
	if rerr := r.lease.release(rctx, res.Paused, reason); err == nil && !stopped {
		err = rerr
	}
	if err == nil {
		err = ctx.Err()
	}
	return res, err
}

// said is an error's text as it may be kept.
func (r *run) said(err error) string {
	if r.o.Redact == nil {
		return err.Error()
	}
	return r.o.Redact(err.Error())
}

// lastWord is how long letting a stream go may take.
const lastWord = 5 * time.Second
