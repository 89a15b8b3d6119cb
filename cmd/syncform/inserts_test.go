package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestInsertsOverRowsOfOthers: what the source inserts is written as new, which is
// cheaper, and over a row that somebody else has put into the target all the same: in
// batches of whole transactions, in a transaction larger than a batch, and in what
// follows. Rows that come, change and go within a batch end as at the source.
func TestInsertsOverRowsOfOthers(t *testing.T) {
	t.Parallel()
	all := systemsByName()
	for _, pair := range [][2]string{{"postgres", "postgres"}, {"postgres", "mysql"}, {"mariadb", "postgres"}, {"mysql", "mariadb"}} {
		from, to := all[pair[0]], all[pair[1]]
		t.Run(pair[0]+"-"+pair[1], func(t *testing.T) {
			t.Parallel()
			source, target := from.fresh(t), to.fresh(t)
			providertest.Exec(t, source, "CREATE TABLE things (id integer PRIMARY KEY, u integer UNIQUE, v varchar(20))", "INSERT INTO things VALUES (0, 0, 'first')")
			dir := t.TempDir()
			write(t, dir+"/main.sf.hcl", from.endpoint("source", "from", source)+to.endpoint("target", "to", target)+fmt.Sprintf(`
sync "i%x" {
  source = source.%s.from
  target = target.%s.to
  mode   = "incremental"
  mapping "things" {}
}
`, rand.Uint64(), from.provider, to.provider))
			run(t, dir, 0, "apply", "-auto-approve")
			values := func(first, n int) string {
				var list []string
				for i := range n {
					list = append(list, fmt.Sprintf("(%d, %d, 'source')", first+i, first+i))
				}
				return "INSERT INTO things VALUES " + strings.Join(list, ", ")
			}
			equal := func(what string) {
				t.Helper()
				run(t, dir, 0, "sync", "-once")
				want, got := lines(providertest.Query(t, source, "SELECT * FROM things")), lines(providertest.Query(t, target, "SELECT * FROM things"))
				if strings.Join(want, "\n") != strings.Join(got, "\n") {
					t.Errorf("%s: the target holds %d rows, the source %d", what, len(got), len(want))
				}
			}
			providertest.Exec(t, source, values(1000, 500), values(2000, 500),
				"UPDATE things SET v = 'changed' WHERE id < 1100", "DELETE FROM things WHERE id >= 2400", values(2450, 10), "UPDATE things SET id = id + 5000 WHERE id >= 2300",
				"UPDATE things SET u = -u WHERE id < 1200", values(3000, 1))
			equal("new rows")
			providertest.Exec(t, target, "INSERT INTO things VALUES (10100, -10100, 'other')")
			providertest.Exec(t, source, values(10000, 200), values(11000, 200))
			equal("a row of others")
			providertest.Exec(t, target, "INSERT INTO things VALUES (20001, -20001, 'other')")
			providertest.Exec(t, source, values(20000, 60_000))
			equal("a row of others in a large transaction")
		})
	}
}
