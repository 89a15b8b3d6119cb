package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestInterrupt: Ctrl-C in the middle of a load stops it with an error that says how
// to go on, and the next apply does.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	pg := named(t, "postgres")
	for _, times := range []int{1, 2} {
		t.Run(fmt.Sprint(times), func(t *testing.T) {
			t.Parallel()
			source, target, dir := providertest.SQLite(t), pg.fresh(t), t.TempDir()
			providertest.Exec(t, source,
				"CREATE TABLE small (id INTEGER PRIMARY KEY)",
				"CREATE TABLE big (id INTEGER PRIMARY KEY, a TEXT, b TEXT)",
				"WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM s WHERE n < 20000) INSERT INTO big SELECT n, 'some text ' || n, hex(n) FROM s")
			config := func(mapping string) {
				write(t, filepath.Join(dir, "main.sf.hcl"), named(t, "sqlite").endpoint("source", "from", source)+pg.endpoint("target", "to", target)+`
sync "copy" {
  source          = source.sqlite.from
  target          = target.postgresql.to
  mode            = "full"
  batch_size      = 1000
  parallel_tables = 1
  mapping "`+mapping+`" {}
}
`)
			}
			config("small")
			run(t, dir, 0, "apply", "-auto-approve")
			release := holdLoads(t, target)
			config("*")
			s := launch(t, dir, "apply", "-auto-approve")
			until(t, "the load waits in its third chunk", func() bool {
				s.goesOn()
				return len(providertest.Query(t, target, "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'syncform' AND wait_event = 'advisory'")) > 0
			})
			want := []string{"Interrupt received.", "Two interrupts received.", "Apply was not finished"}
			for i := range times {
				if err := s.c.Process.Signal(os.Interrupt); err != nil {
					t.Fatal(err)
				}
				until(t, want[i], func() bool { return strings.Contains(s.said(), want[i]) })
			}
			if times == 1 {
				want = append(want[:1], want[2])
				release()
			}
			if code := s.exit(); code != 1 {
				t.Fatalf("exit %d\n%s", code, s.said())
			}
			release()
			for _, w := range want {
				if !strings.Contains(s.said(), w) {
					t.Errorf("stderr has no %q:\n%s", w, s.said())
				}
			}
			if out := run(t, dir, 0, "plan"); !strings.Contains(out, "goes on where it stopped") && !strings.Contains(out, "backfill") {
				t.Errorf("the next plan does not go on:\n%s", out)
			}
			run(t, dir, 0, "apply", "-auto-approve")
			run(t, dir, 0, "verify")
			run(t, dir, 0, "plan", "-detailed-exitcode")
		})
	}
}
