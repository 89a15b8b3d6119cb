package state

import (
	"context"
	"errors"
	"time"
)

// ErrMoved is returned by Write when the stored state is not the one that the new
// state was made from: another process wrote it, or its lineage is another.
var ErrMoved = errors.New("the state has moved")

// Backend keeps a state and its lock.
type Backend interface {
	// Read returns the state, or nil where there is none yet. A file that is cut, of a
	// newer format or of another lineage than this process has seen is an error that
	// says so; it is never overwritten.
	Read(ctx context.Context) (*State, error)
	// Write replaces the state atomically and keeps the one before as a backup. It
	// refuses a state whose serial is not the stored one plus one or whose lineage is
	// another (ErrMoved).
	Write(ctx context.Context, s *State) error
	// Lock takes the lock, waiting at most wait for a holder that lives; *LockedError otherwise.
	// A lock whose holder is known to be dead is taken over.
	Lock(ctx context.Context, info LockInfo, wait time.Duration) (Unlock, error)
	// ForceUnlock removes the lock of that ID, whoever holds it.
	ForceUnlock(ctx context.Context, id string) error
}

// Unlock gives the lock back.
type Unlock func(ctx context.Context) error

// LockInfo says who holds a lock, since when, for what.
type LockInfo struct {
	ID        string    `json:"id"`
	Operation string    `json:"operation"` // apply
	Who       string    `json:"who"`       // user@host
	PID       int       `json:"pid"`
	Created   time.Time `json:"created"`
}
