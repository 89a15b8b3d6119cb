package main

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestInterrupt: Ctrl-C in the middle of a load stops it with an error that says how
// to go on, and the next apply does.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	for _, times := range []int{1, 2} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "main.sf.hcl"), `
source "sqlite" "big" {
  path = "big.db"
}

target "sqlite" "copy" {
  path = "copy.db"
}

sync "copy" {
  source     = source.sqlite.big
  target     = target.sqlite.copy
  mode       = "full"
  batch_size = 1000
  mapping "*" {}
}
`)
		err := runSQL(filepath.Join(dir, "big.db"), []string{
			"CREATE TABLE big (id INTEGER PRIMARY KEY, a TEXT, b TEXT)",
			"WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM s WHERE n < 150000) INSERT INTO big SELECT n, 'some text ' || n, hex(n) FROM s",
		})
		if err != nil {
			t.Fatal(err)
		}
		c := command(t, dir, "apply", "-auto-approve")
		stderr, err := c.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		var said strings.Builder
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			said.WriteString(lines.Text() + "\n")
			if strings.Contains(lines.Text(), "copying rows") || times == 2 && strings.Contains(lines.Text(), "Interrupt again") {
				if err := c.Process.Signal(os.Interrupt); err != nil {
					t.Fatal(err)
				}
			}
		}
		if _, err := io.Copy(&said, stderr); err != nil {
			t.Fatal(err)
		}
		if err := c.Wait(); c.ProcessState.ExitCode() != 1 {
			t.Fatalf("exit %d, %v\n%s", c.ProcessState.ExitCode(), err, &said)
		}
		want := []string{"Interrupt received.", "Apply was not finished"}
		if times == 2 {
			want = append(want, "Two interrupts received.")
		}
		for _, w := range want {
			if !strings.Contains(said.String(), w) {
				t.Errorf("stderr has no %q:\n%s", w, &said)
			}
		}
		if out := run(t, dir, 0, "plan"); !strings.Contains(out, "goes on where it stopped") && !strings.Contains(out, "backfill") {
			t.Errorf("the next plan does not go on:\n%s", out)
		}
		run(t, dir, 0, "apply", "-auto-approve")
		run(t, dir, 0, "verify")
		run(t, dir, 0, "plan", "-detailed-exitcode")
	}
}
