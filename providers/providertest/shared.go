package providertest

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/syncform/syncform/providers/providertest/internal/dbserver"
)

// Shared returns the folder with public sample data: SF_SHARED, else ../shared beside
// the repository. Where it is absent the test is skipped with a word, in CI it fails.
func Shared(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("SF_SHARED")
	if dir == "" {
		_, file, _, _ := runtime.Caller(0)
		dir = filepath.Join(filepath.Dir(file), "..", "..", "..", "shared")
		if !filepath.IsAbs(dir) { // built with -trimpath: go test runs in the package's folder
			dir = aboveModule(t)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "data")); err != nil {
		if inCI() {
			t.Fatalf("NO SAMPLE DATA, and in CI that is a failure: set SF_SHARED, or put it beside the repository: %v", err)
		}
		dbserver.Log("SKIPPED %s: no sample data: set SF_SHARED, or put it beside the repository as ../shared", t.Name())
		t.Skipf("NO SAMPLE DATA, this test did not run: set SF_SHARED, or put it beside the repository: %v", err)
	}
	return dir
}

// aboveModule is the folder shared beside the one that holds go.mod.
func aboveModule(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Stat(filepath.Join(d, "go.mod")); err == nil {
			return filepath.Join(d, "..", "shared")
		}
		if d == filepath.Dir(d) {
			return filepath.Join(dir, "..", "shared")
		}
	}
}
