package main

import (
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestTampered: where somebody has changed by hand what captures a sync's changes, the sync
// stops, and no plan mends it as if nothing had been missed: it asks for a new load.
func TestTampered(t *testing.T) {
	t.Parallel()
	byProvider := map[string]system{}
	for _, s := range systems() {
		byProvider[s.provider] = s
	}
	lite := byProvider["sqlite"]
	for _, x := range []struct{ system, cdc, find, tamper, want string }{
		{"postgresql", "", "", "ALTER PUBLICATION syncform_tampered DROP TABLE u", "not in the publication"},
		{"mysql", `cdc { method = "trigger" }`, "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() AND EVENT_MANIPULATION = 'UPDATE'", "DROP TRIGGER ?", "is gone"},
		{"sqlite", "", "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name LIKE '%update'", "DROP TRIGGER ?", "lost the triggers"},
	} {
		t.Run(x.system, func(t *testing.T) {
			t.Parallel()
			from := byProvider[x.system]
			dir, source, target := following(t, from, lite, "tampered", x.cdc+"\n  mapping \"u\" {}", "CREATE TABLE u (id int PRIMARY KEY, v int)", "INSERT INTO u VALUES (1, 1), (2, 2)")
			told := func(args ...string) string {
				t.Helper()
				out, err := command(t, dir, args...).CombinedOutput()
				if err == nil {
					t.Errorf("%s: no error", args[0])
				}
				return strings.Join(strings.Fields(strings.ReplaceAll(string(out), "│", "")), " ")
			}
			tamper := x.tamper
			if x.find != "" {
				tamper = strings.Replace(tamper, "?", providertest.Query(t, source, x.find)[0][0], 1)
			}
			providertest.Exec(t, source, tamper, "UPDATE u SET v = 11 WHERE id = 1")
			if out := told("sync", "-once"); !strings.Contains(out, x.want) {
				t.Errorf("the sync goes on, or does not say %q:\n%s", x.want, out)
			}
			for _, verb := range [][]string{{"plan", "-no-color"}, {"apply", "-auto-approve", "-no-color"}} {
				if out := told(verb...); !strings.Contains(out, x.want) || !strings.Contains(out, "-replace=sync.tampered") {
					t.Errorf("%s does not say %q and what to do:\n%s", verb[0], x.want, out)
				}
			}
			run(t, dir, 0, "apply", "-auto-approve", "-replace=sync.tampered")
			providertest.Exec(t, source, "UPDATE u SET v = 22 WHERE id = 2")
			run(t, dir, 0, "sync", "-once")
			if got := strings.Join(lines(providertest.Query(t, target, "SELECT id, v FROM u ORDER BY id")), " "); got != "1\t11 2\t22" {
				t.Errorf("the target has %q", got)
			}
		})
	}
}
