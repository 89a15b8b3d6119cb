package state

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"runtime"
)

// tryLockFile opens and locks the file, making it where it is missing. It returns
// nil where another holds the lock.
func tryLockFile(path string) (*os.File, error) {
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, err
		}
		ok, err := lockFile(f)
		if err != nil || !ok {
			return nil, errors.Join(err, f.Close())
		}
		if sameFile(f, path) {
			return f, nil
		}
		// The holder before removed the file between our open and our lock.
		if err := f.Close(); err != nil {
			return nil, err
		}
	}
}

// sameFile reports whether path still names the open file.
func sameFile(f *os.File, path string) bool {
	a, err := f.Stat()
	if err != nil {
		return false
	}
	b, err := os.Stat(path)
	return err == nil && os.SameFile(a, b)
}

// writeInfo replaces what the locked file says.
func writeInfo(f *os.File, info LockInfo) error {
	b, err := json.MarshalIndent(info, "", "  ")
	if err != nil {
		return err
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = f.WriteAt(append(b, '\n'), 0)
	return err
}

// readInfo returns what the lock's holder says of itself; the zero LockInfo where it
// has not said it yet.
func readInfo(path string) LockInfo {
	f, err := os.Open(path)
	if err != nil {
		return LockInfo{}
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, 1<<16))
	if err != nil {
		return LockInfo{}
	}
	var info LockInfo
	if json.Unmarshal(b, &info) != nil {
		return LockInfo{} // being written
	}
	return info
}

// releaseFile removes the locked file, unless another has taken its place, and gives
// the lock back.
func releaseFile(f *os.File, path string) error {
	if !sameFile(f, path) {
		return f.Close()
	}
	if runtime.GOOS == "windows" { // where an open file can't be removed: an empty one says that there is no lock
		return errors.Join(f.Truncate(0), f.Close())
	}
	return errors.Join(os.Remove(path), f.Close())
}
