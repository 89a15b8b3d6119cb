// Package retry tries again what may work the second time: with exponential
// backoff and jitter, and only where the error itself says that it may help.
package retry

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/syncform/syncform/providers"
)

// First is the middle of the wait before the second try; each wait after it is
// twice as long, up to Longest, and all are spread by a half to either side.
const (
	First   = 500 * time.Millisecond
	Longest = 30 * time.Second
)

// Policy says how often to try again, and who is told.
type Policy struct {
	Attempts int // further tries after the first; 0: none
	Notify   func(try int, wait time.Duration, err error)
}

// Worthwhile reports whether another try may help: the error says so, it is no full
// disk (which takes a person), and hard, the context that the work ran under, lives.
func Worthwhile(hard context.Context, err error) bool {
	return err != nil && hard.Err() == nil && providers.IsRetryable(err) && !errors.Is(err, providers.ErrDiskFull)
}

// Pause waits before try number try (1 is the first try after the first failure). It
// returns false, without waiting or at once, when soft is cancelled.
func (p Policy) Pause(soft context.Context, try int, err error) bool {
	if try > p.Attempts || soft.Err() != nil {
		return false
	}
	wait := Wait(try)
	if p.Notify != nil {
		p.Notify(try, wait, err)
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-soft.Done():
		return false
	}
}

// Wait is how long to wait before that try, with jitter.
func Wait(try int) time.Duration {
	d := Longest
	if try < 8 {
		d = min(Longest, First<<(try-1))
	}
	return d/2 + rand.N(d)
}

// Do runs f under hard until it succeeds, until trying again is not worthwhile, or
// until the tries are used up, and returns f's last error. When soft is cancelled it
// does not try again.
func Do(soft, hard context.Context, p Policy, f func(ctx context.Context) error) error {
	for try := 1; ; try++ {
		err := f(hard)
		if err == nil || !Worthwhile(hard, err) || !p.Pause(soft, try, err) {
			return err
		}
	}
}
