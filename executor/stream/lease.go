package stream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/syncform/syncform/providers"
)

// lease is this instance's right to write a stream. It lives in the target: an epoch
// that every transaction checks, and a beat that shows others that we are alive.
type lease struct {
	store  providers.StreamStore
	sync   string
	epoch  int64
	cancel context.CancelFunc
	ended  chan struct{}

	mu     sync.Mutex
	err    error            // why the lease is lost
	asked  providers.Pauser // who requests a pause
	reason string
}

// takeTries is how often a lease that nobody holds is tried to be taken.
const takeTries = 3

// takeLease takes the stream, from an instance that has gone in order at once, from one
// that gives no sign of life for LeaseExpires after that.
func takeLease(ctx context.Context, store providers.StreamStore, rec *providers.StreamRecord, o Options) (*lease, error) {
	beat, since := rec.Beat, time.Now()
	for told := false; rec.Holder != "" && !dead(rec.Holder); {
		if time.Since(since) >= providers.LeaseExpires {
			o.Log.Info("the instance that ran this sync gives no sign of life: it is taken over", "sync", rec.Sync, "holder", rec.Holder)
			break
		}
		if !told {
			o.Log.Info("another instance runs this sync, or did until it was killed: waiting for a sign of life", "sync", rec.Sync, "holder", rec.Holder, "at_most", providers.LeaseExpires.String())
			told = true
		}
		select {
		case <-time.After(providers.LeaseBeat / 4):
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-o.Soft.Done():
			return nil, o.Soft.Err()
		}
		now, err := store.Stream(ctx, rec.Sync)
		if err != nil {
			return nil, err
		}
		if now == nil {
			return nil, ErrNoRecord
		}
		if rec = now; rec.Holder != "" && rec.Beat != beat {
			return nil, &LeasedError{Sync: rec.Sync, Holder: rec.Holder}
		}
	}
	if rec.Holder != "" {
		// Killed or frozen, it may have left a session in the middle of a transaction.
		if err := store.EndWriter(ctx, rec.Sync); err != nil {
			return nil, fmt.Errorf("end the session that %s has left in a transaction: %w", rec.Holder, err)
		}
	}
	epoch, err := store.Take(ctx, rec.Sync, holder(), rec.Epoch, rec.Beat)
	for try := 1; errors.Is(err, providers.ErrFenced); try++ {
		// The last beat of one that goes in order may have come since the record was read.
		now, serr := store.Stream(ctx, rec.Sync)
		if serr != nil {
			return nil, serr
		}
		if now == nil {
			return nil, ErrNoRecord
		}
		if now.Holder != "" || try == takeTries {
			return nil, &LeasedError{Sync: rec.Sync, Holder: cmp.Or(now.Holder, "it was quicker")}
		}
		epoch, err = store.Take(ctx, now.Sync, holder(), now.Epoch, now.Beat)
		rec = now
	}
	if err != nil {
		return nil, err
	}
	l := &lease{store: store, sync: rec.Sync, epoch: epoch, ended: make(chan struct{}), asked: rec.PausedBy}
	bctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	l.cancel = cancel
	go l.keep(bctx)
	return l, nil
}

// keep beats until the lease is let go or lost. That the target can't be reached is no
// loss: whoever takes over meanwhile raises the epoch.
func (l *lease) keep(ctx context.Context) {
	defer close(l.ended)
	tick := time.NewTicker(providers.LeaseBeat / 2)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		l.mu.Lock()
		reason := l.reason
		l.mu.Unlock()
		asked, err := l.store.Beat(ctx, l.sync, l.epoch, false, reason)
		l.mu.Lock()
		switch {
		case errors.Is(err, providers.ErrFenced):
			l.err = err
		case err == nil:
			l.asked = asked
		}
		lost := l.err != nil
		l.mu.Unlock()
		if lost {
			return
		}
	}
}

// check is ErrFenced once another instance has the stream.
func (l *lease) check() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

func (l *lease) pausedBy() providers.Pauser {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.asked
}

// say makes the next beat tell status why the stream stands.
func (l *lease) say(reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reason = reason
}

// release lets the stream go in order.
func (l *lease) release(ctx context.Context, paused bool, reason string) error {
	l.cancel()
	<-l.ended
	return l.store.Release(ctx, l.sync, l.epoch, paused, reason)
}

// holder names this process: host, boot and process.
func holder() string {
	return fmt.Sprintf("%s pid %d", place(), os.Getpid())
}

// place tells machines and their boots apart.
func place() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	if boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id"); err == nil {
		host += "/" + strings.TrimSpace(string(boot))[:8]
	}
	if ns, err := os.Readlink("/proc/self/ns/pid"); err == nil {
		host += "/" + ns
	}
	return host
}

// dead reports whether a holder was a process of this machine that is gone; what can't
// be told lives.
func dead(h string) bool {
	at, pid, ok := strings.Cut(h, " pid ")
	if !ok || at != place() {
		return false
	}
	n, err := strconv.Atoi(pid)
	if err != nil || n == os.Getpid() {
		return false
	}
	_, err = os.Stat("/proc/self")
	if err != nil {
		return false // no way to look
	}
	_, err = os.Stat("/proc/" + pid)
	return errors.Is(err, os.ErrNotExist)
}
