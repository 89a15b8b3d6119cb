package state

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Local keeps the state in a file, the one before it in FILE.backup, and locks by
// the operating system's lock on FILE.lock.info, which a process that dies gives back.
// It is safe for use by several goroutines.
type Local struct {
	path string

	mu      sync.Mutex
	lineage string   // the one that this process has seen
	last    *seen    // what was read or written last
	held    *os.File // the locked info file, while this process holds the lock
}

// seen is a file that was whole, and what it held.
type seen struct {
	info    os.FileInfo
	lineage string
	serial  uint64
}

var _ Backend = (*Local)(nil)

// NewLocal keeps the state at path. Nothing is made before the first Write or Lock.
func NewLocal(path string) *Local { return &Local{path: path} }

// BackupPath is where Write keeps the state before the one that it replaces.
func (l *Local) BackupPath() string { return l.path + ".backup" }

func (l *Local) infoPath() string { return l.path + ".lock.info" }

// Read implements Backend.
func (l *Local) Read(context.Context) (*State, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s, err := l.read()
	if err != nil || s == nil {
		return nil, err
	}
	if l.lineage != "" && s.Lineage != l.lineage {
		return nil, l.wrongLineage(s)
	}
	l.lineage = s.Lineage
	return s, nil
}

func (l *Local) wrongLineage(s *State) error {
	return &FormatError{Where: l.path, Reason: fmt.Sprintf("the state was replaced by one of another lineage (%s, not %s)", s.Lineage, l.lineage), Fix: "two configurations seem to share this file: give each its own"}
}

// read returns nil where there is no file.
func (l *Local) read() (*State, error) {
	l.last = nil
	f, err := os.Open(l.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the state: %w", err)
	}
	var s *State
	info, err := f.Stat()
	if err == nil {
		s, err = decodeFrom(f)
	}
	var wrong *FormatError
	switch err = errors.Join(err, f.Close()); {
	case errors.As(err, &wrong):
		return nil, l.locate(err)
	case err != nil:
		return nil, fmt.Errorf("read the state: %w", err)
	}
	l.last = &seen{info, s.Lineage, s.Serial}
	return s, nil
}

// there says what the file holds, and reads it where it is not the one that was read or
// written last; nil where there is none.
func (l *Local) there() (*seen, error) {
	if l.last != nil {
		info, err := os.Stat(l.path)
		if err == nil && os.SameFile(info, l.last.info) && info.Size() == l.last.info.Size() && info.ModTime().Equal(l.last.info.ModTime()) {
			return l.last, nil
		}
	}
	_, err := l.read()
	return l.last, err
}

// locate adds the file's name and, where the backup is sound, that it can be used.
func (l *Local) locate(err error) error {
	var fe *FormatError
	if !errors.As(err, &fe) {
		return err
	}
	out := *fe
	out.Where = l.path
	if out.Fix != "" {
		return &out
	}
	out.Fix = "restore it from a copy of your own"
	if b, err := os.ReadFile(l.BackupPath()); err == nil {
		if s, err := Decode(b); err == nil {
			out.Fix = fmt.Sprintf("the state before it (serial %d) is whole in %s: compare and copy that one over it", s.Serial, l.BackupPath())
		}
	}
	return &out
}

// Write implements Backend.
func (l *Local) Write(_ context.Context, s *State) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held != nil && !sameFile(l.held, l.infoPath()) {
		return fmt.Errorf("write %s: %w: another process was given it by force-unlock; nothing was written", l.path, ErrLockLost)
	}
	old, err := l.there()
	if err != nil {
		return err
	}
	var serial uint64
	if old != nil {
		serial = old.serial
		if old.lineage != s.Lineage {
			return fmt.Errorf("write %s: %w: its lineage is %s, not %s", l.path, ErrMoved, old.lineage, s.Lineage)
		}
	}
	if old == nil && s.Serial > 1 {
		return fmt.Errorf("write %s: %w: it is gone, and serial %d can't be the first", l.path, ErrMoved, s.Serial)
	}
	if s.Serial != serial+1 {
		return fmt.Errorf("write %s: %w: it holds serial %d, and serial %d can't follow that", l.path, ErrMoved, serial, s.Serial)
	}
	if err := os.MkdirAll(filepath.Dir(l.path), 0o755); err != nil {
		return fmt.Errorf("write the state: %w", err)
	}
	if old != nil {
		if err := writeAtomic(l.BackupPath(), l.copyTo); err != nil {
			return fmt.Errorf("write the backup of the state: %w", err)
		}
	}
	if err := writeAtomic(l.path, func(w io.Writer) error { return encode(w, s) }); err != nil {
		return fmt.Errorf("write the state: %w", err)
	}
	l.last = nil
	if info, err := os.Stat(l.path); err == nil { // else the next write reads it
		l.last = &seen{info, s.Lineage, s.Serial}
	}
	l.lineage = s.Lineage
	return nil
}

func (l *Local) copyTo(w io.Writer) error {
	f, err := os.Open(l.path)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, f)
	return errors.Join(err, f.Close())
}

// Lock implements Backend.
func (l *Local) Lock(ctx context.Context, info LockInfo, wait time.Duration) (Unlock, error) {
	if err := os.MkdirAll(filepath.Dir(l.path), 0o755); err != nil {
		return nil, fmt.Errorf("lock the state: %w", err)
	}
	var f *os.File
	err := waitFor(ctx, wait, func() (bool, LockInfo, error) {
		var err error
		if f, err = tryLockFile(l.infoPath()); err != nil {
			return false, LockInfo{}, fmt.Errorf("lock the state: %w", err)
		}
		if f == nil {
			return false, readInfo(l.infoPath()), nil
		}
		return true, LockInfo{}, nil
	})
	if err != nil {
		return nil, err
	}
	if err := writeInfo(f, info); err != nil {
		return nil, errors.Join(fmt.Errorf("lock the state: %w", err), f.Close())
	}
	l.mu.Lock()
	l.held = f
	l.mu.Unlock()
	var once sync.Once
	return func(context.Context) (err error) {
		once.Do(func() { err = l.unlock(f) })
		return err
	}, nil
}

func (l *Local) unlock(f *os.File) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held == f {
		l.held = nil
	}
	if err := releaseFile(f, l.infoPath()); err != nil {
		return fmt.Errorf("unlock the state: %w", err)
	}
	return nil
}

// ForceUnlock implements Backend. A holder that still lives can write no state any
// more (ErrLockLost).
func (l *Local) ForceUnlock(_ context.Context, id string) error {
	b, err := os.ReadFile(l.infoPath())
	if errors.Is(err, os.ErrNotExist) || err == nil && len(bytes.TrimSpace(b)) == 0 {
		return fmt.Errorf("%w: %s is not locked", ErrNoLock, l.path)
	}
	if err != nil {
		return fmt.Errorf("force-unlock: %w", err)
	}
	if info := readInfo(l.infoPath()); info.ID != id {
		return fmt.Errorf("%w: the lock of %s has the ID %s", ErrNoLock, l.path, info.ID)
	}
	if err := os.Remove(l.infoPath()); err != nil {
		return fmt.Errorf("force-unlock: %w", err)
	}
	return nil
}
