// Package providertest holds the real database servers that tests run on and the
// conformance suite that every provider passes (Run).
//
// A server comes from the environment (SF_TEST_POSTGRES_URL for the newest version or
// SF_TEST_POSTGRES_URL_14 and so on for one, SF_TEST_MYSQL_URL, SF_TEST_MARIADB_URL:
// administrators' URLs), else it is started from the machine's own programs, else from
// fetched ones. It is started once per process and stopped when the process ends; the
// command providertest/servers starts all of them once for a whole run of go test.
//
// Where a server can't be had, the test is skipped with the reason; in CI (the
// environment variable CI is set) it fails.
package providertest

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/syncform/syncform/providers/providertest/internal/dbserver"
)

// started holds this process's servers by name: starting one takes seconds, so all
// tests of a process share it, each with a database of its own.
var started sync.Map // name → func() (string, error)

// administrator returns the URL of the administrator of the server of that name.
func administrator(t testing.TB, name, env string, start func() (*dbserver.Server, error)) string {
	t.Helper()
	if v := os.Getenv(env); v != "" {
		if reason, ok := strings.CutPrefix(v, dbserver.Unavailable); ok {
			unavailable(t, reason)
		}
		return v
	}
	once, _ := started.LoadOrStore(name, sync.OnceValues(func() (string, error) {
		s, err := start()
		if err != nil {
			return "", err
		}
		return s.URL, nil
	}))
	url, err := once.(func() (string, error))()
	switch {
	case errors.Is(err, dbserver.ErrUnavailable):
		unavailable(t, err.Error())
	case err != nil:
		t.Fatal(err)
	}
	return url
}

// unavailable ends the test: skipped on a developer's machine, failed in CI.
func unavailable(t testing.TB, reason string) {
	t.Helper()
	if inCI() {
		t.Fatalf("NO SERVER, and in CI that is a failure: %s", reason)
	}
	dbserver.Log("SKIPPED %s: %s", t.Name(), reason)
	t.Skipf("NO SERVER, this test did not run: %s", reason)
}

func inCI() bool {
	ci := os.Getenv("CI")
	return ci != "" && ci != "false" && ci != "0"
}

// newName is a database's name that nobody has used.
func newName() string {
	b := make([]byte, 6)
	if _, err := rand.Read(b); err != nil {
		panic("no randomness: " + err.Error())
	}
	return "sf_" + hex.EncodeToString(b)
}
