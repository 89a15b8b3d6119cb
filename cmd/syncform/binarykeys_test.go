package main

import (
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestKeysOfBytesFollow: a key of bytes that are no text follows, and what the target
// notes of it, the last key and a dead letter's, is text.
func TestKeysOfBytesFollow(t *testing.T) {
	t.Parallel()
	types := map[string]string{"postgres": "bytea", "mariadb": "varbinary(20)"}
	bytes := func(system, hex string) string {
		if system == "postgres" {
			return `'\x` + hex + `'`
		}
		return "x'" + hex + "'"
	}
	for _, pair := range [][2]string{{"postgres", "mysql"}, {"mariadb", "postgres"}} {
		t.Run(pair[0], func(t *testing.T) {
			t.Parallel()
			from, to := systemsByName()[pair[0]], systemsByName()[pair[1]]
			row := func(hex, v string) string {
				return "INSERT INTO leaves VALUES (" + bytes(from.name, hex) + ", " + v + ")"
			}
			dir, source, target := following(t, from, to, "leaves_"+pair[0], `mapping "leaves" {}`,
				"CREATE TABLE leaves (hash "+types[from.name]+" NOT NULL PRIMARY KEY, v int NOT NULL)", row("61", "1"), row("ff00", "2"))
			providertest.Exec(t, source, row("eadb7ccf00", "3"), "UPDATE leaves SET v = 4 WHERE v = 2")
			run(t, dir, 0, "sync", "-once")
			run(t, dir, 0, "verify")
			got := lines(providertest.Query(t, target, "SELECT last_sync_key FROM _sync_metadata WHERE table_name LIKE '%leaves'"))
			if len(got) != 1 || !strings.HasPrefix(got[0], `hash=\x`) {
				t.Errorf("the last key is noted as %q", got)
			}
		})
	}
}
