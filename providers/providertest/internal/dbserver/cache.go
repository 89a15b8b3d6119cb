package dbserver

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/lockedfile"
)

// CacheDir is where fetched binaries are kept: SF_TEST_CACHE, else a folder of the
// user's cache, else, for root, whose home the servers' user can't enter, of the system's.
func CacheDir() (string, error) {
	if dir := os.Getenv("SF_TEST_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	if os.Getuid() == 0 {
		return "/var/cache/syncform-test", nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no folder for the servers' binaries (set SF_TEST_CACHE): %w", err)
	}
	return filepath.Join(dir, "syncform-test"), nil
}

// cached returns the folder name below the cache, which fetch fills the first time
// anybody asks; other processes wait meanwhile. A fetch that fails leaves nothing.
func cached(name string, fetch func(dir string) error) (string, error) {
	cache, err := CacheDir()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	unlock, err := lockedfile.MutexAt(filepath.Join(cache, name+".lock")).Lock()
	if err != nil {
		return "", fmt.Errorf("wait for another process that may be fetching %s: %w", name, err)
	}
	defer unlock()
	dir := filepath.Join(cache, name)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	tmp, err := os.MkdirTemp(cache, name+".partial-")
	if err != nil {
		return "", err
	}
	Log("fetching %s into %s", name, cache)
	if err := fetch(tmp); err != nil {
		return "", errors.Join(fmt.Errorf("fetch %s: %w", name, err), os.RemoveAll(tmp))
	}
	if err := readable(tmp); err != nil {
		return "", errors.Join(err, os.RemoveAll(tmp))
	}
	return dir, os.Rename(tmp, dir)
}

// readable lets everybody read, whatever the umask: the server may run as another user.
func readable(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Type()&fs.ModeSymlink != 0 {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		mode := info.Mode().Perm() | 0o444
		if mode&0o100 != 0 {
			mode |= 0o111
		}
		return os.Chmod(path, mode)
	})
}

// locked runs f while no other process runs the same: installing by apt-get.
func locked(name string, f func() error) error {
	cache, err := CacheDir()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return err
	}
	unlock, err := lockedfile.MutexAt(filepath.Join(cache, name+".lock")).Lock()
	if err != nil {
		return err
	}
	defer unlock()
	return f()
}

// Log tells people what takes long.
func Log(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "test servers: "+format+"\n", args...)
}
