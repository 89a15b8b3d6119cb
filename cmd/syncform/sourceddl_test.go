package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestWhatASourceChangesUnderAWildcard: tables come, go and get other columns at a source
// whose every table is followed. The next plan and apply bring the target there, rows
// that nobody changed since included, and the stream goes on.
func TestWhatASourceChangesUnderAWildcard(t *testing.T) {
	t.Parallel()
	for _, s := range systems() {
		if s.name == "sqlite" {
			continue // its triggers know the table that they are on, so that no change comes to a table that was changed
		}
		t.Run(s.name, func(t *testing.T) {
			dir, source, target := following(t, s, s, "changing_"+s.name, `mapping "*" {}`,
				"CREATE TABLE kept (id integer PRIMARY KEY, note varchar(20), n integer)", "INSERT INTO kept VALUES (1, 'a', 1), (2, 'b', 2), (3, 'c', 3)",
				"CREATE TABLE gone (id integer PRIMARY KEY)", "INSERT INTO gone VALUES (1)",
				"CREATE TABLE old (id integer PRIMARY KEY, v integer)", "INSERT INTO old VALUES (1, 1), (2, 2)")
			providertest.Exec(t, source, "ALTER TABLE kept RENAME COLUMN note TO remark", "UPDATE kept SET n = 10 WHERE id = 1", "DROP TABLE gone", "ALTER TABLE old RENAME TO young", "UPDATE young SET v = 20 WHERE id = 2",
				"CREATE TABLE come (id integer PRIMARY KEY, v varchar(20))", "INSERT INTO come VALUES (1, 'x')")
			cmd := command(t, dir, "sync", "-once")
			out, err := cmd.CombinedOutput()
			if err != nil && cmd.ProcessState.ExitCode() != 1 || !strings.Contains(string(out), "renamed_from") {
				t.Errorf("the sync does not say that a column may have been renamed: %v\n%s", err, out)
			}
			if out := run(t, dir, 0, "plan"); strings.Contains(out, "can't go on") {
				t.Errorf("the plan says that the stream can't go on:\n%s", out)
			}
			run(t, dir, 0, "apply", "-auto-approve")
			providertest.Exec(t, source, "UPDATE kept SET n = 30 WHERE id = 3", "INSERT INTO come VALUES (2, 'y')", "DELETE FROM young WHERE id = 1")
			run(t, dir, 0, "sync", "-once")
			for text, want := range map[string]string{
				"SELECT id, remark, n FROM kept ORDER BY id": "[[1 a 10] [2 b 2] [3 c 30]]",
				"SELECT id, v FROM come ORDER BY id":         "[[1 x] [2 y]]",
				"SELECT id, v FROM young ORDER BY id":        "[[2 20]]",
			} {
				if got := fmt.Sprint(providertest.Query(t, target, text)); got != want {
					t.Errorf("%s: %s, want %s", text, got, want)
				}
			}
			run(t, dir, 0, "verify")
			run(t, dir, 0, "plan", "-detailed-exitcode")
		})
	}
}
