package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestComputedColumnsFollow: what the source computes is a plain column in a target of
// another kind. A log may not carry it (PostgreSQL sends none of them): the target gets it
// all the same, by each capture method, and a filter on it decides by what it is now.
func TestComputedColumnsFollow(t *testing.T) {
	all := systemsByName()
	for _, c := range []struct {
		from, to string
		methods  []string
		virtual  string // ends the definition of a column
	}{
		{"postgres", "mariadb", []string{"logical_replication", "trigger", "polling"}, " STORED"},
		{"mysql", "postgres", []string{"binlog", "trigger", "polling"}, ""},
		{"mariadb", "sqlite", []string{"binlog", "trigger"}, ""},
		{"sqlite", "postgres", []string{"trigger"}, ""},
	} {
		t.Run(c.from+"-"+c.to, func(t *testing.T) {
			from, to := all[c.from], all[c.to]
			source, target := from.fresh(t), to.fresh(t)
			if c.from == "postgres" && slices.Max(providertest.PostgresVersions()) >= "18" {
				c.virtual = " VIRTUAL"
			}
			for _, table := range []string{"sums", "plain"} {
				providertest.Exec(t, source,
					"CREATE TABLE "+table+" (id integer PRIMARY KEY, a integer NOT NULL, at timestamp NOT NULL, b integer GENERATED ALWAYS AS (a * 2) STORED, c integer GENERATED ALWAYS AS (a + 1)"+c.virtual+")",
					"INSERT INTO "+table+" (id, a, at) VALUES (1, 1, '2025-01-01 00:00:01'), (2, 2, '2025-01-01 00:00:02'), (3, 30, '2025-01-01 00:00:03'), (4, 4, '2025-01-01 00:00:04')")
			}
			text := from.endpoint("source", "from", source) + to.endpoint("target", "to", target)
			for _, m := range c.methods {
				text += fmt.Sprintf(`
sync %[1]q {
  source = source.%[2]s.from
  target = target.%[3]s.to
  mode   = "incremental"
  cdc {
    method = %[1]q
  }
  mapping "sums" {
    target_table    = "t_%[1]s"
    filters         = ["b < 50 AND c <> 9"]
    incremental_key = "at"
    columns         = { id = "id", a = "a", b = "b", c = "c" }
    column "d" {
      expr = "b + c"
    }
  }
  mapping "plain" {
    target_table    = "p_%[1]s"
    incremental_key = "at"
    columns         = { id = "id", a = "a", b = "b", c = "c" }
  }
}
`, m, from.provider, to.provider)
			}
			dir := t.TempDir()
			write(t, filepath.Join(dir, "main.sf.hcl"), text)
			run(t, dir, 0, "apply", "-auto-approve")
			for _, change := range []string{
				"UPDATE sums SET a = 7, at = '2025-01-01 00:00:05' WHERE id = 1",
				"UPDATE sums SET a = 25, at = '2025-01-01 00:00:06' WHERE id = 2", // leaves by b
				"UPDATE sums SET a = 3, at = '2025-01-01 00:00:07' WHERE id = 3",  // enters
				"UPDATE sums SET a = 8, at = '2025-01-01 00:00:08' WHERE id = 4",  // leaves by c
				"INSERT INTO sums (id, a, at) VALUES (5, 5, '2025-01-01 00:00:09'), (6, 60, '2025-01-01 00:00:10')",
				"UPDATE sums SET id = 7, a = 6, at = '2025-01-01 00:00:11' WHERE id = 5",
			} {
				providertest.Exec(t, source, change, strings.Replace(change, "sums", "plain", 1))
			}
			run(t, dir, 0, "sync", "-once")
			for _, m := range c.methods {
				for text, want := range map[string][]string{
					"SELECT id, a, b, c, d FROM t_" + m + " ORDER BY id": {"1 7 14 8 22", "3 3 6 4 10", "7 6 12 7 19"},
					"SELECT id, a, b, c FROM p_" + m + " ORDER BY id":    {"1 7 14 8", "2 25 50 26", "3 3 6 4", "4 8 16 9", "6 60 120 61", "7 6 12 7"},
				} {
					var got []string
					for _, r := range providertest.Query(t, target, text) {
						if m == "polling" && r[0] == "5" {
							continue // it does not see that a row goes, and its plan says so
						}
						got = append(got, strings.Join(r, " "))
					}
					if !slices.Equal(got, want) {
						t.Errorf("%s: %q, want %q", text, got, want)
					}
				}
			}
			run(t, dir, 0, "destroy", "-auto-approve")
		})
	}
}
