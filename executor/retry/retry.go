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

// First is the middle of the wait after the first failure; each wait after it is
// twice as long, up to Longest, and all are spread by a half to either side.
const (
	First   = 500 * time.Millisecond
	Longest = 30 * time.Second
)

// Policy says how often to try again, and who is told.
type Policy struct {
	Attempts int // further tries after the first; 0: none
	// Notify is told before each further try: which one it will be (2 for the first
	// of them), how long until then, and what the one before it failed with.
	Notify func(try int, wait time.Duration, err error)
}

// Worthwhile reports whether another try may help: the error says so, it is no full
// disk (which takes a person), and hard, the context that the work ran under, lives.
func Worthwhile(hard context.Context, err error) bool {
	return err != nil && hard.Err() == nil && providers.IsRetryable(err) && !errors.Is(err, providers.ErrDiskFull)
}

// Pause waits after the failure number failures in a row. It returns false when there
// is to be no further try: they are used up, or soft was cancelled.
func (p Policy) Pause(soft context.Context, failures int, err error) bool {
	if failures > p.Attempts || soft.Err() != nil {
		return false
	}
	wait := Wait(failures)
	if p.Notify != nil {
		p.Notify(failures+1, wait, err)
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

// Wait is how long to wait after so many failures in a row, with jitter.
func Wait(failures int) time.Duration {
	d := Longest
	if failures < 8 {
		d = min(Longest, First<<(failures-1))
	}
	return d/2 + rand.N(d)
}

// Do runs f under hard until it succeeds, until trying again is not worthwhile, or
// until the tries are used up, and returns f's last error. When soft is cancelled it
// does not try again.
func Do(soft, hard context.Context, p Policy, f func(ctx context.Context) error) error {
	for failures := 1; ; failures++ {
		err := f(hard)
		if err == nil || !Worthwhile(hard, err) || !p.Pause(soft, failures, err) {
			return err
		}
	}
}
