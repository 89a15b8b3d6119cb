package main

import (
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestChangesOfBeforeTheSpec: a plan takes a table as the source has it, while the stream
// still has changes before it of what the table was: they are no reason to hold it.
func TestChangesOfBeforeTheSpec(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"postgres", "mysql", "mariadb"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sys := systemsByName()[name]
			retype := func(column, typ string) string {
				if name == "postgres" {
					return "ALTER TABLE plots ALTER " + column + " TYPE " + typ
				}
				return "ALTER TABLE plots MODIFY " + column + " " + typ + " NOT NULL"
			}
			policy := "schema_policy = schema_policy.all\n  mapping \"plots\" {}\n}\nschema_policy \"all\" {\n  mode = \"evolve\"\n  remove_column {\n    action = \"apply\"\n  }\n  modify_type {\n    action = \"apply\"\n  }\n"
			dir, source, _ := following(t, sys, sys, "past_"+name, policy,
				"CREATE TABLE plots (id int PRIMARY KEY, place varchar(10) NOT NULL, size varchar(10) NOT NULL)",
				"INSERT INTO plots VALUES (1, 'a', '1'), (2, 'b', '2'), (3, 'c', '3'), (5, 'e', '5')")
			settled := func(statements ...string) {
				t.Helper()
				providertest.Exec(t, source, statements...)
				run(t, dir, 0, "apply", "-auto-approve")
				run(t, dir, 0, "sync", "-once")
				run(t, dir, 0, "plan", "-detailed-exitcode")
				run(t, dir, 0, "verify")
			}
			settled("UPDATE plots SET place = 'bb' WHERE id = 2", "UPDATE plots SET id = 20 WHERE id = 2", "INSERT INTO plots VALUES (2, 'new', '4')",
				"ALTER TABLE plots RENAME COLUMN place TO spot", "DELETE FROM plots WHERE id = 1")
			settled("UPDATE plots SET spot = 'cc' WHERE id = 3", retype("spot", "varchar(40)"), "INSERT INTO plots VALUES (6, 'more than ten characters', '6')")
			settled("UPDATE plots SET size = '7' WHERE id = 3", "UPDATE plots SET id = 30 WHERE id = 3", retype("id", "bigint"), "INSERT INTO plots VALUES (5000000000, 'far', '8')")
			settled("UPDATE plots SET size = 'no' WHERE id = 5", "ALTER TABLE plots ADD COLUMN passing int", "INSERT INTO plots VALUES (7, 'g', '1', 1)",
				"ALTER TABLE plots DROP COLUMN passing", "ALTER TABLE plots DROP COLUMN size", "ALTER TABLE plots ADD COLUMN size int NOT NULL DEFAULT 3", "INSERT INTO plots VALUES (8, 'h', 9)")
			// A row of before that the table of today does not take, and keys that change places.
			settled("ALTER TABLE plots ADD COLUMN code varchar(16)", "INSERT INTO plots (id, spot, size, code) VALUES (9, 'i', 1, NULL)",
				"UPDATE plots SET id = 50 WHERE id = 9", "INSERT INTO plots (id, spot, size, code) VALUES (9, 'j', 2, 'x')", "UPDATE plots SET id = 51 WHERE id = 9", "INSERT INTO plots (id, spot, size, code) VALUES (9, 'k', 3, NULL)",
				"ALTER TABLE plots DROP COLUMN code", "ALTER TABLE plots ADD COLUMN code varchar(16) NOT NULL DEFAULT ''", "UPDATE plots SET code = 'now' WHERE id = 50")
		})
	}
}
