package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestWhatIsAddedWaitsForItsRows: a source's rows are mended, and constraints added that
// hold for them from then on. The stream has not come there when the plan adds them to the
// target too.
func TestWhatIsAddedWaitsForItsRows(t *testing.T) {
	t.Parallel()
	all := systemsByName()
	for _, pair := range [][2]string{{"postgres", "postgres"}, {"mysql", "mariadb"}, {"postgres", "mysql"}} {
		from, to := all[pair[0]], all[pair[1]]
		t.Run(from.name+"-"+to.name, func(t *testing.T) {
			t.Parallel()
			dir, source, target := following(t, from, to, "proved_"+from.name+to.name, `mapping "*" {}`,
				"CREATE TABLE places (id int PRIMARY KEY, code int NOT NULL)",
				"CREATE TABLE stays (id int PRIMARY KEY, place int, nights int)",
				"INSERT INTO places VALUES (1, 1), (2, 1), (3, 3)", "INSERT INTO stays VALUES (1, 1, 1), (2, 9, 2), (3, NULL, -3)")
			notNull := "ALTER TABLE stays MODIFY place int NOT NULL"
			if from.provider == "postgresql" {
				notNull = "ALTER TABLE stays ALTER COLUMN place SET NOT NULL"
			}
			providertest.Exec(t, source, "UPDATE places SET code = id", "ALTER TABLE places ADD CONSTRAINT code_once UNIQUE (code)",
				"INSERT INTO places VALUES (9, 9)", "UPDATE stays SET place = 2, nights = 3 WHERE id = 3", notNull,
				"ALTER TABLE stays ADD CONSTRAINT nights_some CHECK (nights > 0)", "ALTER TABLE stays ADD CONSTRAINT of_place FOREIGN KEY (place) REFERENCES places (id)")
			if out := strings.Join(strings.Fields(run(t, dir, 0, "plan", "-no-color")), " "); !strings.Contains(out, "catch up sync.") {
				t.Errorf("the plan:\n%s", out)
			}
			run(t, dir, 0, "apply", "-auto-approve", "-approve=sync.proved_"+from.name+to.name)
			run(t, dir, 0, "plan", "-detailed-exitcode")
			if got := fmt.Sprint(providertest.Query(t, target, "SELECT id, place, nights FROM stays ORDER BY id")); got != "[[1 1 1] [2 9 2] [3 2 3]]" {
				t.Errorf("the target has %s", got)
			}
			bads := []string{"INSERT INTO places VALUES (20, 9)", "INSERT INTO stays VALUES (20, 77, 1)", "INSERT INTO stays VALUES (20, NULL, 1)"}
			if from.provider == to.provider { // between others a check is not carried
				bads = append(bads, "INSERT INTO stays VALUES (20, 1, 0)")
			}
			for _, bad := range bads {
				if providertest.Try(target, bad) == nil {
					t.Errorf("the target takes %s", bad)
				}
			}
			run(t, dir, 0, "sync", "-once")
			run(t, dir, 0, "verify")
		})
	}
}
