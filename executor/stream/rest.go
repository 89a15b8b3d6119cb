package stream

import (
	"context"
	"fmt"
	"time"

	"github.com/syncform/syncform/providers"
)

// Rest says how a stream came to rest.
type Rest string

// How it did.
const (
	RestPaused Rest = "paused"      // its instance stopped at a transaction's end
	RestIdle   Rest = "not_running" // no instance had it
	RestSilent Rest = "silent"      // one has it, and gives no sign of life
)

// WaitForRest waits, once a pause was asked for, until no instance writes the stream any
// more, or ctx ends.
func WaitForRest(ctx context.Context, store providers.StreamStore, sync string) (Rest, error) {
	var beat int64
	var since time.Time
	for first := true; ; first = false {
		rec, err := store.Stream(ctx, sync)
		switch {
		case err != nil && !providers.IsRetryable(err):
			return "", err
		case err != nil:
		case rec == nil:
			return "", fmt.Errorf("%s: %w", sync, ErrNoRecord)
		case rec.Holder == "" && rec.Paused:
			return RestPaused, nil
		case rec.Holder == "" || dead(rec.Holder):
			return RestIdle, nil
		case first || rec.Beat != beat:
			beat, since = rec.Beat, time.Now()
		case time.Since(since) >= providers.LeaseExpires:
			return RestSilent, nil
		}
		select {
		case <-time.After(providers.LeaseBeat / 20):
		case <-ctx.Done():
			return "", fmt.Errorf("%s has not come to a transaction's end yet: %w", sync, ctx.Err())
		}
	}
}
