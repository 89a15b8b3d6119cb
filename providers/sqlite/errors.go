package sqlite

import (
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"

	"github.com/syncform/syncform/providers"
)

// classify gives an error of SQLite the behaviour that callers ask for.
func classify(err error) error {
	if err == nil {
		return nil
	}
	var done *classified
	if errors.As(err, &done) {
		return err
	}
	code := sqlite.ErrCode(err)
	switch code.ToPrimary() {
	case sqlite.ResultBusy, sqlite.ResultLocked, sqlite.ResultProtocol:
		err = &providers.RetryableError{Err: fmt.Errorf("the database is locked by another process: %w", err)}
	case sqlite.ResultFull:
		err = &providers.RetryableError{Err: fmt.Errorf("%w: %w", providers.ErrDiskFull, err)}
	case sqlite.ResultConstraint:
		if code != sqlite.ResultConstraintUnique && code != sqlite.ResultConstraintPrimaryKey || errors.Is(err, providers.ErrNotUnique) {
			return err
		}
		err = fmt.Errorf("%w: %w", providers.ErrNotUnique, err)
	case sqlite.ResultReadOnly:
		err = fmt.Errorf("%w: the file or its folder can't be written to: %w", providers.ErrReadOnly, err)
	case sqlite.ResultNotADB:
		err = fmt.Errorf("it is not an SQLite database, or it is encrypted: %w", err)
	case sqlite.ResultCorrupt:
		err = fmt.Errorf("the database file is damaged (PRAGMA integrity_check says more): %w", err)
	case sqlite.ResultIOErr:
		if code == sqlite.ResultIOErrWrite {
			err = &providers.RetryableError{Err: err}
		}
	default:
		return err
	}
	return &classified{err}
}

// classified marks an error that has been through classify.
type classified struct{ error }

// Unwrap returns the error with its behaviour.
func (e *classified) Unwrap() error { return e.error }

// interrupted reports whether a statement was stopped by its context.
func interrupted(err error) bool {
	return sqlite.ErrCode(err).ToPrimary() == sqlite.ResultInterrupt
}
