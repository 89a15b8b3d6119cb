package main

import (
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestATableThatGoesLetsGoOfKeys: a table that is dropped with its source refers to a
// unique index that goes as well.
func TestATableThatGoesLetsGoOfKeys(t *testing.T) {
	t.Parallel()
	all := systemsByName()
	for _, name := range []string{"postgres", "mariadb"} {
		sys := all[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, source, target := following(t, sys, sys, "gone_"+name, "schema_policy = schema_policy.all\n  mapping \"*\" {\n    prune = true\n  }\n}\nschema_policy \"all\" {\n  mode = \"evolve\"\n  drop_table {\n    action = \"apply\"\n  }\n",
				"CREATE TABLE people (id int PRIMARY KEY, code int NOT NULL)", "CREATE UNIQUE INDEX people_code ON people (code)",
				"CREATE TABLE visits (id int PRIMARY KEY, code int, CONSTRAINT of_people FOREIGN KEY (code) REFERENCES people (code))",
				"INSERT INTO people VALUES (1, 1)", "INSERT INTO visits VALUES (1, 1)")
			providertest.Exec(t, source, "DROP TABLE visits", "DROP INDEX people_code"+map[string]string{"mariadb": " ON people"}[name], "INSERT INTO people VALUES (2, 1)")
			run(t, dir, 0, "apply", "-auto-approve")
			run(t, dir, 0, "sync", "-once")
			run(t, dir, 0, "plan", "-detailed-exitcode")
			run(t, dir, 0, "verify")
			if err := providertest.Try(target, "SELECT 1 FROM visits"); err == nil {
				t.Error("the table is still there")
			}
		})
	}
}
