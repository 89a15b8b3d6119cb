package retry_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/syncform/syncform/executor/retry"
	"github.com/syncform/syncform/providers"
)

func TestOnlyWhatMayHelpIsTriedAgain(t *testing.T) {
	lost := &providers.RetryableError{Err: errors.New("connection lost")}
	for _, tc := range []struct {
		name     string
		errs     []error
		attempts int
		tries    int
		ok       bool
	}{
		{"works at once", []error{nil}, 3, 1, true},
		{"works the second time", []error{fmt.Errorf("read: %w", lost), nil}, 3, 2, true},
		{"not retryable", []error{errors.New("no such table"), nil}, 3, 1, false},
		{"attempts used up", []error{lost, lost, nil}, 1, 2, false},
		{"no attempts", []error{lost, nil}, 0, 1, false},
		{"full disk", []error{&providers.RetryableError{Err: providers.ErrDiskFull}, nil}, 3, 1, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tries, told := 0, 0
			p := retry.Policy{Attempts: tc.attempts, Notify: func(try int, wait time.Duration, err error) {
				told++
				if try != told+1 || wait <= 0 || err == nil {
					t.Errorf("told of try %d, wait %v, error %v", try, wait, err)
				}
			}}
			err := retry.Do(t.Context(), t.Context(), p, func(context.Context) error {
				tries++
				return tc.errs[tries-1]
			})
			if tries != tc.tries || (err == nil) != tc.ok || told != tries-1 {
				t.Fatalf("%d tries, told %d times, error %v", tries, told, err)
			}
		})
	}
}

func TestASoftStopEndsTheWait(t *testing.T) {
	soft, stop := context.WithCancel(t.Context())
	p := retry.Policy{Attempts: 100, Notify: func(int, time.Duration, error) { stop() }}
	tries := 0
	err := retry.Do(soft, t.Context(), p, func(context.Context) error {
		tries++
		return &providers.RetryableError{Err: errors.New("lost")}
	})
	if err == nil || tries != 1 {
		t.Fatalf("%d tries, error %v", tries, err)
	}
}

func TestWaitGrowsAndIsBounded(t *testing.T) {
	for try := 1; try < 200; try++ {
		w := retry.Wait(try)
		if w < retry.First/2 || w > retry.Longest*3/2 {
			t.Fatalf("try %d waits %v", try, w)
		}
		if try > 10 && w < retry.Longest/2 {
			t.Fatalf("try %d waits only %v", try, w)
		}
	}
}
