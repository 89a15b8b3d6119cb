package main

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestKeysOfBytes follows tables whose keys are bytes that are no text: what is kept of the
// last key, for people, must not be in the way of the rows.
func TestKeysOfBytes(t *testing.T) {
	t.Parallel()
	all := systemsByName()
	for _, pair := range [][2]string{{"postgres", "postgres"}, {"mysql", "postgres"}, {"postgres", "mariadb"}} {
		from, to := all[pair[0]], all[pair[1]]
		t.Run(from.name+"-"+to.name, func(t *testing.T) {
			t.Parallel()
			typ, value, hexed := "bytea", `'\x%s'`, "encode(id, 'hex')"
			if from.provider == "mysql" {
				typ, value = "binary(4)", "x'%s'"
			}
			if to.provider == "mysql" {
				hexed = "lower(hex(id))"
			}
			key := func(hex string) string { return fmt.Sprintf(value, hex) }
			mapping := `mapping "parts" {}`
			if to.provider == "mysql" {
				mapping = "mapping \"parts\" {\n column \"id\" {\n type = \"varbinary(16)\"\n }\n }"
			}
			dir, source, target := following(t, from, to, fmt.Sprintf("b%x", rand.Uint64()), mapping,
				"CREATE TABLE parts (id "+typ+" NOT NULL PRIMARY KEY, n int)", "INSERT INTO parts VALUES ("+key("92000000")+", 1), ("+key("00ff00ff")+", 1)")
			providertest.Exec(t, source, "UPDATE parts SET n = 2 WHERE id = "+key("92000000"))
			run(t, dir, 0, "sync", "-once")
			providertest.Exec(t, source, "INSERT INTO parts VALUES ("+key("ff920000")+", 3)", "DELETE FROM parts WHERE id = "+key("00ff00ff"))
			run(t, dir, 0, "sync", "-once")
			if got := fmt.Sprint(providertest.Query(t, target, "SELECT "+hexed+", n FROM parts ORDER BY n")); got != "[[92000000 2] [ff920000 3]]" {
				t.Errorf("the target's rows: %s", got)
			}
		})
	}
}
