package main

import (
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest/internal/dbserver"
)

// only leaves one server to be started, the newest PostgreSQL.
func only(t *testing.T) (env string) {
	t.Helper()
	versions := dbserver.PostgresVersions()
	newest := versions[len(versions)-1]
	t.Setenv("SF_TEST_POSTGRES_VERSIONS", newest)
	t.Setenv("SF_TEST_MYSQL_URL", dbserver.Unavailable+"not wanted here")
	t.Setenv("SF_TEST_MARIADB_URL", dbserver.Unavailable+"not wanted here")
	env = "SF_TEST_POSTGRES_URL_" + newest
	t.Setenv(env, "")
	return env
}

func TestRun(t *testing.T) {
	env := only(t)
	out := filepath.Join(t.TempDir(), "url")
	code, err := run([]string{"--", "sh", "-c", `printf %s "$` + env + `" >"$1"; exit 7`, "sh", out})
	if err != nil || code != 7 {
		t.Fatalf("code %d, error %v, want the command's 7", code, err)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if reason, ok := strings.CutPrefix(string(text), dbserver.Unavailable); ok {
		if os.Getenv("CI") != "" {
			t.Fatal(reason)
		}
		t.Skip("NO SERVER, this test did not run: " + reason)
	}
	u, err := url.Parse(string(text))
	if err != nil || u.Host == "" {
		t.Fatalf("the command was given no URL: %v", err)
	}
	if conn, err := net.Dial("tcp", u.Host); err == nil {
		t.Errorf("the server runs on: %v", conn.Close())
	}
}

func TestRunWithoutCommand(t *testing.T) {
	if code, err := run([]string{"--"}); code != 1 || err == nil {
		t.Errorf("code %d, error %v", code, err)
	}
}

func TestRunCommandNotFound(t *testing.T) {
	env := only(t)
	t.Setenv(env, dbserver.Unavailable+"not wanted here")
	if code, err := run([]string{"no-such-command-here"}); code != 1 || err == nil {
		t.Errorf("code %d, error %v", code, err)
	}
}
