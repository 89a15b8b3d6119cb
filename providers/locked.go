package providers

import (
	"errors"
	"strings"
)

// ErrLocked: others held a lock for longer than the step may keep those waiting that
// come after it. It is worth many tries.
var ErrLocked = errors.New("the table is in use")

// LockedError says who held the lock: sessions that a person can look for, never their
// values. It is ErrLocked, and worth another try.
type LockedError struct {
	By  []string // "process 4711 of app@10.0.0.7 (psql), in a transaction for 12 s"
	Err error    // the server's own error
}

func (e *LockedError) Error() string {
	s := e.Err.Error()
	if len(e.By) > 0 {
		s += "; it waited for " + strings.Join(e.By, ", ")
	}
	return s
}

// Unwrap returns the server's error and ErrLocked.
func (e *LockedError) Unwrap() []error { return []error{ErrLocked, e.Err} }

// Retryable is true.
func (e *LockedError) Retryable() bool { return true }
