//go:build linux

package executor_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
)

// TestAFullDiskLosesNothing fills the target's disk, makes room, and goes on.
func TestAFullDiskLosesNothing(t *testing.T) {
	small := t.TempDir()
	if err := syscall.Mount("tmpfs", small, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("NO SMALL DISK, this test did not run: mounting one needs root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(small, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	ballast := filepath.Join(small, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 600<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	source, target := providertest.SQLite(t), filepath.Join(small, "target.db")
	providertest.Exec(t, source, shop("sqlite", 30_000)...)
	conns, dir := openBoth(t, source, target), t.TempDir()
	p := makePlan(t, "p1", conns, want{tables: []string{"orders", "log"}, batch: 500, parallel: 2, retries: 3})
	_, err := apply(t, t.Context(), p, conns, dir, nil)
	if !errors.Is(err, providers.ErrDiskFull) || !strings.Contains(err.Error(), "apply again") {
		t.Fatalf("error %v", err)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", small, "tmpfs", syscall.MS_REMOUNT, "size=50m"); err != nil {
		t.Fatal(err)
	}
	if _, err := apply(t, t.Context(), p, conns, dir, nil); err != nil {
		t.Fatal(err)
	}
	sameRows(t, source, target, map[string]string{"orders": "id, note, qty", "log": "n, note"})
}
