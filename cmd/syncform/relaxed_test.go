package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestWhatTheSourceRelaxes: a unique key, a check and a foreign key that the source drops
// would keep its rows out of the target. They go there too, with the stream's next apply,
// and what others have put on the target's table stays.
func TestWhatTheSourceRelaxes(t *testing.T) {
	t.Parallel()
	all := systemsByName()
	for _, pair := range [][2]string{{"postgres", "postgres"}, {"postgres", "mysql"}, {"mysql", "postgres"}, {"mysql", "mariadb"}, {"postgres", "sqlite"}, {"mariadb", "sqlite"}} {
		from, to := all[pair[0]], all[pair[1]]
		t.Run(from.name+"-"+to.name, func(t *testing.T) {
			t.Parallel()
			dir, source, target := following(t, from, to, fmt.Sprintf("r%x", rand.Uint64()), `mapping "*" {}`,
				"CREATE TABLE parents (id int NOT NULL PRIMARY KEY, code int NOT NULL, CONSTRAINT code_once UNIQUE (code))",
				"CREATE TABLE children (id int NOT NULL PRIMARY KEY, parent int, qty int, CONSTRAINT qty_small CHECK (qty < 10), CONSTRAINT of_parent FOREIGN KEY (parent) REFERENCES parents (code))",
				"INSERT INTO parents VALUES (1, 1)", "INSERT INTO children VALUES (1, 1, 5)")
			providertest.Exec(t, target, "CREATE UNIQUE INDEX mine ON children (qty, id)")
			drops := []string{"ALTER TABLE children DROP CONSTRAINT of_parent", "ALTER TABLE children DROP CONSTRAINT qty_small", "ALTER TABLE parents DROP CONSTRAINT code_once"}
			if from.provider == "mysql" {
				drops[0], drops[2] = "ALTER TABLE children DROP FOREIGN KEY of_parent", "ALTER TABLE parents DROP INDEX code_once"
			}
			providertest.Exec(t, source, drops...)
			if out := run(t, dir, 0, "plan", "-no-color"); !strings.Contains(out, "source changed") || strings.Contains(out, "- index mine") {
				t.Errorf("the plan:\n%s", out)
			}
			run(t, dir, 0, "apply", "-auto-approve")
			if to.provider == "mysql" { // which had made an index for the foreign key, as had a source that is MySQL
				kept := map[string]string{"mysql": "1", "postgresql": "0"}[from.provider]
				if got := providertest.Query(t, target, "SELECT count(*) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'children' AND INDEX_NAME = 'of_parent'"); got[0][0] != kept {
					t.Errorf("%s indexes of the foreign key, want %s", got[0][0], kept)
				}
			}
			providertest.Exec(t, source, "INSERT INTO parents VALUES (2, 1)", "INSERT INTO children VALUES (2, 77, 500)")
			run(t, dir, 0, "sync", "-once")
			for _, table := range []string{"parents", "children"} {
				if got := providertest.Query(t, target, "SELECT count(*) FROM "+table); got[0][0] != "2" {
					t.Errorf("%s has %s rows", table, got[0][0])
				}
			}
			if err := providertest.Try(target, "CREATE UNIQUE INDEX mine ON children (id)"); err == nil {
				t.Error("the index that is not syncform's is gone")
			}
			run(t, dir, 0, "plan", "-detailed-exitcode")
		})
	}
}
