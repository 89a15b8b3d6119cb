package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/syncform/syncform/providers/providertest"
)

// TestKillsLoseNothing kills an apply with a backfill at a random moment, runs a plain
// apply, and compares rows by queries of its own: nothing lost, nothing doubled, also in
// a table without a key. SF_TEST_KILLS says how many per pair (5).
func TestKillsLoseNothing(t *testing.T) {
	t.Parallel()
	kills := 5
	if s := os.Getenv("SF_TEST_KILLS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("SF_TEST_KILLS: %v", err)
		}
		kills = n
	}
	all := systemsByName()
	for _, pair := range [][2]string{{"postgres", "postgres"}, {"postgres", "mariadb"}, {"mysql", "postgres"}, {"sqlite", "sqlite"}} {
		from, to := all[pair[0]], all[pair[1]]
		t.Run(from.name+"-"+to.name, func(t *testing.T) {
			t.Parallel()
			source := from.fresh(t)
			providertest.Exec(t, source, shop(from)...)
			dir := copyConfig(t, from, source, to, to.fresh(t))
			begun := time.Now()
			run(t, dir, 0, "apply", "-auto-approve")
			whole := time.Since(begun)
			seed := rand.Uint64()
			killed := 0
			t.Logf("seed %d, an undisturbed run takes %v", seed, whole)
			r := rand.New(rand.NewPCG(seed, 0))
			for i := range kills {
				target := to.fresh(t)
				dir := copyConfig(t, from, source, to, target)
				c := command(t, dir, "apply", "-auto-approve")
				var out strings.Builder
				c.Stdout, c.Stderr = &out, &out
				if err := c.Start(); err != nil {
					t.Fatal(err)
				}
				after := time.Duration(r.Int64N(int64(whole)))
				timer := time.AfterFunc(after, func() {
					// The process may have ended by itself, which is as good a moment.
					if err := c.Process.Kill(); err != nil {
						t.Logf("kill %d: %v", i, err)
					}
				})
				if err := c.Wait(); err != nil && c.ProcessState.ExitCode() > 0 {
					t.Fatalf("kill %d: the apply failed before it was killed: %v\n%s", i, err, &out)
				}
				timer.Stop()
				if c.ProcessState.ExitCode() < 0 {
					killed++
				}
				applied(t, dir)
				t.Run(fmt.Sprintf("kill%d", i), func(t *testing.T) { sameShop(t, from, source, to, target) })
			}
			t.Logf("%d of %d runs were killed before their end", killed, kills)
		})
	}
}

// shop makes four tables: an integer key, a text key, a composite key and none.
func shop(s system) []string {
	const rows = 20000
	text, series := "varchar(100)", ""
	switch s.name {
	case "postgres":
		series = fmt.Sprintf("(SELECT generate_series(1, %d) AS n) s", rows)
	case "sqlite":
		series = fmt.Sprintf("(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM s WHERE n < %d) SELECT n FROM s) s", rows)
	default:
		digits := "(SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)"
		series = fmt.Sprintf("(SELECT 1 + a.d + 10*b.d + 100*c.d + 1000*e.d + 10000*f.d AS n FROM %s a, %s b, %s c, %s e, %s f) s WHERE n <= %d", digits, digits, digits, digits, digits, rows)
	}
	concat := "'k' || (n * 7919 % 100003)"
	if s.provider == "mysql" {
		concat = "CONCAT('k', n * 7919 % 100003)"
	}
	return []string{
		"CREATE TABLE orders (id integer NOT NULL PRIMARY KEY, note " + text + ", qty integer)",
		"INSERT INTO orders SELECT n, " + concat + ", n % 7 FROM " + series,
		"CREATE TABLE codes (code " + text + " NOT NULL PRIMARY KEY, qty integer)",
		"INSERT INTO codes SELECT " + concat + ", n FROM " + series,
		"CREATE TABLE items (o integer NOT NULL, l integer NOT NULL, qty integer, PRIMARY KEY (o, l), FOREIGN KEY (o) REFERENCES orders (id))",
		"INSERT INTO items SELECT n, n % 3, n % 11 FROM " + series,
		"CREATE INDEX items_qty ON items (qty)",
		"CREATE TABLE log (n integer, note " + text + ")",
		"INSERT INTO log SELECT n % 100, " + concat + " FROM " + series,
		"INSERT INTO log SELECT n % 100, " + concat + " FROM " + series,
	}
}

func sameShop(t *testing.T, from system, a string, to system, b string) {
	t.Helper()
	for table, columns := range map[string]string{"orders": "id, note, qty", "codes": "code, qty", "items": "o, l, qty", "log": "n, note"} {
		q := "SELECT " + columns + " FROM " + table
		want, got := lines(providertest.Query(t, a, q)), lines(providertest.Query(t, b, q))
		if len(want) != len(got) {
			t.Errorf("%s: %d rows at the source (%s), %d at the target (%s)", table, len(want), from.name, len(got), to.name)
			continue
		}
		for i := range want {
			if want[i] != got[i] {
				t.Errorf("%s: %q at the source, %q at the target", table, want[i], got[i])
				break
			}
		}
	}
}
