package state

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"time"
)

// ErrLockLost is returned by Write when the lock that this process took has been
// removed or taken by another (force-unlock).
var ErrLockLost = errors.New("the lock on the state was lost")

// ErrNoLock is returned by ForceUnlock when no lock of that ID is there.
var ErrNoLock = errors.New("no such lock")

// lockPoll is how often a waiting Lock looks again.
const lockPoll = 100 * time.Millisecond

// LockedError is a lock that another holds.
type LockedError struct {
	Holder LockInfo // zero where the holder has not said yet who it is
	Waited time.Duration
}

func (e *LockedError) Error() string {
	if e.Holder.ID == "" {
		return fmt.Sprintf("the state is locked by another process, which has not said who it is (waited %s)", e.Waited.Round(time.Second))
	}
	held := max(0, time.Since(e.Holder.Created)).Round(time.Second)
	return fmt.Sprintf("the state is locked by %s (process %d) for %s since %s, %s ago; lock ID %s. Wait for it (-lock-timeout=5m), or, if it should not go on: syncform force-unlock %s",
		e.Holder.Who, e.Holder.PID, e.Holder.Operation, e.Holder.Created.UTC().Format(time.RFC3339), held, e.Holder.ID, e.Holder.ID)
}

// NewLockInfo describes this process as a holder.
func NewLockInfo(operation string) LockInfo {
	return LockInfo{ID: newLineage(), Operation: operation, Who: Who(), PID: os.Getpid(), Created: time.Now().UTC()}
}

// Who gives user@host, as locks and applied plans name people.
func Who() string {
	name := "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	} else if v := os.Getenv("USER"); v != "" {
		name = v
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return name + "@" + host
}

// waitFor calls try until it succeeds, fails, or wait is over; then it returns a
// LockedError with the holder that try saw last.
func waitFor(ctx context.Context, wait time.Duration, try func() (ok bool, holder LockInfo, err error)) error {
	start := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	<-timer.C
	for {
		ok, holder, err := try()
		if ok || err != nil {
			return err
		}
		left := wait - time.Since(start)
		if left <= 0 {
			return &LockedError{Holder: holder, Waited: time.Since(start)}
		}
		timer.Reset(min(left, lockPoll))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
		}
	}
}
