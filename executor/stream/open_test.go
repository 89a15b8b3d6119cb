package stream_test

import (
	"context"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/syncform/syncform/executor/stream"
	"github.com/syncform/syncform/providers"
)

// A target that can't be reached while a stream begins is waited for, as it is later: also
// once the lease is taken, which is given back between.
func TestATargetThatIsAwayWhenAStreamBegins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		w.load()
		w.away = rapid.IntRange(1, 20).Draw(t, "away")
		_, err := stream.Run(context.Background(), w.stream(), stream.Options{Until: stream.CaughtUp, Backoff: func(int) time.Duration { return 0 }})
		if err != nil || w.record.Holder != "" {
			t.Fatalf("held by %q: %v", w.record.Holder, err)
		}
		w.away = 1 << 30
		_, err = stream.Run(context.Background(), w.stream(), stream.Options{Until: stream.CaughtUp, Attempts: 2, Backoff: func(int) time.Duration { return 0 }})
		if err != nil && !providers.IsRetryable(err) || w.record.Holder != "" {
			t.Fatalf("held by %q: %v", w.record.Holder, err)
		}
	})
}
