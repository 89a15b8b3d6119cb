//go:build !windows

package state

import (
	"errors"
	"os"
	"syscall"
)

// lockFile takes the lock of an open file; false where another open file has it. The
// system gives it back when the file is closed or the process dies.
func lockFile(f *os.File) (bool, error) {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, syscall.EWOULDBLOCK):
			return false, nil
		case errors.Is(err, syscall.EINTR):
			continue
		}
		return false, os.NewSyscallError("flock", err)
	}
}
