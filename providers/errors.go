package providers

import (
	"errors"
	"fmt"
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// Errors by behaviour; a provider wraps them, callers use errors.Is.
var (
	// ErrReadOnly: the session may not write.
	ErrReadOnly = errors.New("read-only session")
	// ErrPrivilege: a privilege is missing; the message holds the GRANT.
	ErrPrivilege = errors.New("missing privilege")
	// ErrChunkDone: another run has written this chunk already.
	ErrChunkDone = errors.New("chunk is done already")
	// ErrDiskFull: the server says that its disk is full; retryable once there is space.
	ErrDiskFull = errors.New("disk full at the server")
	// ErrNotUnique: two rows have one value where the target takes it once.
	ErrNotUnique = errors.New("two rows have the same value where it must be unique")
)

// Retryable is what an error implements when trying again may help: a lost
// connection, a deadlock, a lock timeout, a server that is starting.
type Retryable interface{ Retryable() bool }

// IsRetryable reports whether any error in the chain says that trying again may help.
func IsRetryable(err error) bool {
	var r Retryable
	return errors.As(err, &r) && r.Retryable()
}

// RetryableError marks Err as worth another try.
type RetryableError struct{ Err error }

func (e *RetryableError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *RetryableError) Unwrap() error { return e.Err }

// Retryable is true.
func (e *RetryableError) Retryable() bool { return true }

// BadRowError is a value that the target can't hold, or that the source holds
// against its own declared type. It never carries the value itself.
type BadRowError struct {
	Table  schema.Name
	Key    string // "id=17, region=eu"; "" where it is not known
	Column string // "" where it is not known
	Reason string // what is wrong with the value, and what to do
	Err    error  // the server's own error, if it was the server that found it
}

func (e *BadRowError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "table %s", e.Table)
	if e.Key != "" {
		fmt.Fprintf(&b, ", key %s", e.Key)
	}
	if e.Column != "" {
		fmt.Fprintf(&b, ", column %q", e.Column)
	}
	b.WriteString(": " + e.Reason)
	return b.String()
}

// Unwrap returns the server's error, or nil.
func (e *BadRowError) Unwrap() error { return e.Err }
