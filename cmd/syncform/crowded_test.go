package main

import (
	"fmt"
	"os"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestUniqueValuesChangePlaces: triggers tell of rows as they are, in no order, so in a
// transaction that is larger than a batch nearly every row's unique value is still another's.
func TestUniqueValuesChangePlaces(t *testing.T) {
	t.Parallel()
	from := systemsByName()["sqlite"]
	for _, to := range systems() {
		if to.name == "mariadb" && os.Getenv("SF_TEST_PAIRS") != "all" {
			continue
		}
		t.Run(to.name, func(t *testing.T) {
			t.Parallel()
			const rows = 30_000
			dir, source, target := following(t, from, to, "crowded_"+to.name, `mapping "c" {}`,
				"CREATE TABLE c (id integer PRIMARY KEY, u integer UNIQUE, v integer)",
				fmt.Sprintf("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) INSERT INTO c SELECT i, i, 0 FROM n", rows))
			providertest.Exec(t, source, "UPDATE c SET u = -u", fmt.Sprintf("UPDATE c SET u = CASE WHEN u = -%d THEN 1 ELSE 1 - u END, v = 1", rows), "DELETE FROM c WHERE id % 100 = 0", "UPDATE c SET u = u + 1000000 WHERE id % 10 = 1")
			run(t, dir, 0, "sync", "-once")
			for _, q := range []string{"SELECT count(*), sum(u), sum(v) FROM c", "SELECT id, u, v FROM c WHERE id % 97 = 3 ORDER BY id"} {
				if want, got := providertest.Query(t, source, q), providertest.Query(t, target, q); fmt.Sprint(want) != fmt.Sprint(got) {
					t.Errorf("%s: %d rows differ from %d, beginning %q and %q", q, len(got), len(want), got[0], want[0])
				}
			}
			providertest.Exec(t, source, "UPDATE c SET u = 0 WHERE id = 1", "UPDATE c SET u = (SELECT u FROM c WHERE id = 3) + 5000000 WHERE id = 2", "DELETE FROM c WHERE id = 1")
			run(t, dir, 0, "sync", "-once")
			run(t, dir, 0, "verify")
		})
	}
}
