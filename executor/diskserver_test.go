//go:build linux

package executor_test

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
)

// TestAFullDiskOfAServerLosesNothing gives a server's database a small disk of its own,
// fills it by an apply, makes it larger, and goes on.
//
// It mounts disks under running servers, so it is of the suite of faults (make chaos).
func TestAFullDiskOfAServerLosesNothing(t *testing.T) {
	if os.Getenv("SF_TEST_FAULTS") == "" {
		t.Skip("NOT RUN: it mounts disks under the servers; make chaos runs it")
	}
	for _, sys := range []string{"postgres", "mariadb", "mysql"} {
		t.Run(sys, func(t *testing.T) {
			source := providertest.SQLite(t)
			providertest.Exec(t, source, shop("sqlite", 100_000)...)
			target, disk := onSmallDisk(t, sys)
			conns, dir := openBoth(t, source, target), t.TempDir()
			p := makePlan(t, "p1", conns, want{tables: shopNames(), batch: 5000, parallel: 2, retries: 3})
			_, err := apply(t, t.Context(), p, conns, dir, nil)
			if !errors.Is(err, providers.ErrDiskFull) || !strings.Contains(err.Error(), "free some space at "+targetAddr+" and apply again") {
				t.Fatalf("error %v", err)
			}
			if err := syscall.Mount("tmpfs", disk, "tmpfs", syscall.MS_REMOUNT, "size=300m"); err != nil {
				t.Fatal(err)
			}
			if _, err := apply(t, t.Context(), p, conns, dir, nil); err != nil {
				t.Fatal(err)
			}
			sameRows(t, source, target, shopTables)
		})
	}
}

// onSmallDisk makes a database whose tables lie on a disk of 14 MB, and says where that
// is mounted.
func onSmallDisk(t *testing.T, sys string) (small, disk string) {
	t.Helper()
	target := systems[sys].fresh(t)
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal("the test server's URL is malformed")
	}
	name := strings.TrimPrefix(u.Path, "/")
	if sys != "postgres" {
		disk = filepath.Join(providertest.Query(t, target, "SELECT @@datadir")[0][0], name)
		mountSmall(t, disk, disk)
		t.Cleanup(func() {
			for _, r := range providertest.Query(t, target, "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()") {
				providertest.Exec(t, target, "DROP TABLE `"+r[0]+"`")
			}
		})
		return target, disk
	}
	if disk, err = os.MkdirTemp("", "syncform-small-disk-"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.Remove(disk); err != nil {
			t.Error(err)
		}
	})
	mountSmall(t, disk, providertest.Query(t, target, "SHOW data_directory")[0][0])
	u.Path += "_small"
	t.Cleanup(func() {
		providertest.Exec(t, target, fmt.Sprintf("DROP DATABASE IF EXISTS %q WITH (FORCE)", name+"_small"), fmt.Sprintf("DROP TABLESPACE IF EXISTS %q", name))
	})
	providertest.Exec(t, target, fmt.Sprintf("CREATE TABLESPACE %q LOCATION '%s'", name, disk), fmt.Sprintf("CREATE DATABASE %q TABLESPACE %q", name+"_small", name))
	return u.String(), disk
}

// mountSmall mounts a small disk with what stands in dir, for the owner of the server's
// own folder.
func mountSmall(t *testing.T, dir, owned string) {
	t.Helper()
	info, err := os.Stat(owned)
	if err != nil {
		t.Skipf("NO SMALL DISK, this test did not run: the server's files are not to be reached: %v", err)
	}
	owner := info.Sys().(*syscall.Stat_t)
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	content := map[string][]byte{}
	for _, f := range files {
		if content[f], err = os.ReadFile(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=14m,mode=700,uid=%d,gid=%d", owner.Uid, owner.Gid)); err != nil {
		t.Skipf("NO SMALL DISK, this test did not run: mounting one needs root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	for f, text := range content { // such as db.opt
		if err := errors.Join(os.WriteFile(f, text, 0o600), os.Chown(f, int(owner.Uid), int(owner.Gid))); err != nil {
			t.Fatal(err)
		}
	}
}
