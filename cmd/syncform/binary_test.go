package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"testing"
)

// command is a run of syncform as a process of its own, in a configuration's folder.
func command(t testing.TB, dir string, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.Command("syncform", args...) // TestMain puts it on PATH
	c.Dir = dir
	c.Env = append(os.Environ(), "SF_IN_AUTOMATION=1", "NO_COLOR=1")
	return c
}

// run runs the binary and wants that exit code; it returns what stdout carried.
func run(t testing.TB, dir string, exit int, args ...string) string {
	t.Helper()
	c := command(t, dir, args...)
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	err := c.Run()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Fatalf("syncform %v: %v", args, err)
	}
	if got := c.ProcessState.ExitCode(); got != exit {
		t.Fatalf("syncform %v: exit %d, wanted %d\n%s%s", args, got, exit, &stdout, &stderr)
	}
	return stdout.String()
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
