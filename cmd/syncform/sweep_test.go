package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestPollingSweep follows by polling, which sees no delete: rows that are gone,
// that had another key, and that came back meanwhile are all as in the source after a
// pass, and an open stream finds what is gone too.
func TestPollingSweep(t *testing.T) {
	t.Parallel()
	all := systemsByName()
	pairs := [][2]string{{"mysql", "sqlite"}}
	if os.Getenv("SF_TEST_CHAOS") != "" {
		pairs = append(pairs, [2]string{"postgres", "mysql"}, [2]string{"mariadb", "postgres"}, [2]string{"sqlite", "postgres"})
	}
	for _, pair := range pairs {
		t.Run(pair[0]+"-"+pair[1], func(t *testing.T) { pollingSweep(t, all[pair[0]], all[pair[1]]) })
	}
}

func pollingSweep(t *testing.T, from, to system) {
	source, target := from.fresh(t), to.fresh(t)
	providertest.Exec(t, source,
		"CREATE TABLE polled (name varchar(40) NOT NULL PRIMARY KEY, rev integer NOT NULL, v varchar(40))",
		"CREATE TABLE refs (id integer NOT NULL PRIMARY KEY, polled varchar(40), rev integer NOT NULL, FOREIGN KEY (polled) REFERENCES polled (name))",
		"CREATE INDEX polled_rev ON polled (rev)", "CREATE INDEX refs_rev ON refs (rev)")
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	rev := 0
	put := func(n int) string {
		rev++
		return fmt.Sprintf("INSERT INTO polled VALUES ('N%d', %d, 'v%d')", n, rev, r.IntN(9))
	}
	change := func() {
		n := r.IntN(200)
		name := fmt.Sprintf("'N%d'", n)
		drop := []string{"DELETE FROM refs WHERE polled = " + name, "DELETE FROM polled WHERE name = " + name}
		all := []string{"BEGIN"}
		switch r.IntN(4) {
		case 0:
			all = append(all, drop...)
		case 1: // it is another row of the same key
			all = append(append(all, drop...), put(n))
		case 2: // another key, and only its case
			rev++
			key := []string{fmt.Sprintf("'x%d'", rev), fmt.Sprintf("'n%d'", n)}[r.IntN(2)]
			if from.name != "mysql" && from.name != "mariadb" { // it may have had a row since
				all = append(all, "DELETE FROM refs WHERE polled = "+key, "DELETE FROM polled WHERE name = "+key)
			}
			all = append(append(all, drop[0]), fmt.Sprintf("UPDATE polled SET name = %s, rev = %d WHERE name = %s", key, rev, name))
		default:
			all = append(append(append(all, drop...), put(n)), fmt.Sprintf("INSERT INTO refs VALUES (%d, %s, %d)", rev, name, rev))
		}
		if from.name == "mysql" || from.name == "mariadb" { // N1 is n1 there
			all = append(all[:1:1], append([]string{drop[0]}, all[1:]...)...)
		}
		providertest.Exec(t, source, append(all, "COMMIT")...)
	}
	providertest.Exec(t, source, "INSERT INTO polled VALUES ('gone', 0, 'v')")
	for n := range 200 {
		providertest.Exec(t, source, put(n))
	}
	dir := copyConfig(t, from, source, to, target)
	file := filepath.Join(dir, "main.sf.hcl")
	text := fmt.Sprintf(`%s%s
sync "polled" {
  source = source.%s.from
  target = target.%s.to
  mode   = "incremental"
  cdc { method = "polling" }
  mapping "polled" { incremental_key = "rev" }
  mapping "refs" { incremental_key = "rev" }
}
`, from.endpoint("source", "from", source), to.endpoint("target", "to", target), from.provider, to.provider)
	write(t, file, text)
	plan := run(t, dir, 0, "plan")
	if !strings.Contains(plan, "polling does not see deletes") {
		t.Errorf("the plan does not say how deletes are found:\n%s", plan)
	}
	run(t, dir, 0, "apply", "-auto-approve")
	same := func() {
		t.Helper()
		for _, q := range []string{"SELECT name, rev, v FROM polled", "SELECT id, polled, rev FROM refs"} {
			want, got := lines(providertest.Query(t, source, q)), lines(providertest.Query(t, target, q))
			if strings.Join(want, "\n") != strings.Join(got, "\n") {
				t.Fatalf("%s: at the source\n%q\nat the target\n%q", q, want, got)
			}
		}
	}
	same()
	for range 40 {
		change()
	}
	run(t, dir, 0, "sync", "-once")
	same()

	for range 40 {
		change()
	}
	providertest.Exec(t, source, "DELETE FROM polled WHERE name = 'gone'")
	c := command(t, dir, "sync")
	var out strings.Builder
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	until(t, "an open stream has deleted a row", func() bool {
		change()
		return len(providertest.Query(t, target, "SELECT 1 FROM polled WHERE name = 'gone'")) == 0
	})
	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err != nil {
		t.Fatalf("sync: %v\n%s", err, &out)
	}
	run(t, dir, 0, "sync", "-once")
	same()
	run(t, dir, 0, "verify")
	run(t, dir, 0, "destroy", "-auto-approve")
	left(t, from, source)
}
