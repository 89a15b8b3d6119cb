package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/syncform/syncform/providers/providertest"
)

// TestChaos follows a source under a random workload while the runner is killed at
// random moments, in each pair of systems, and compares rows by queries of its own: the
// target converges, nothing is lost, nothing stands twice, and a destroy leaves nothing
// behind. SF_TEST_CHAOS says how many kills per pair (3), or for how long ("20m"); make
// chaos asks for many.
func TestChaos(t *testing.T) {
	t.Parallel()
	kills := chaosOf(t, 3)
	all := systemsByName()
	pairs := [][2]string{
		{"postgres", "postgres"}, {"postgres", "mysql"}, {"postgres", "sqlite"}, {"mysql", "postgres"}, {"mariadb", "mysql"},
		{"mysql", "mariadb"}, {"mariadb", "sqlite"}, {"sqlite", "postgres"}, {"sqlite", "mariadb"}, {"sqlite", "sqlite"},
	}
	if os.Getenv("SF_TEST_CHAOS") != "" {
		pairs = append(pairs, [][2]string{{"mysql", "mysql"}, {"mariadb", "mariadb"}}...)
	}
	for _, pair := range pairs {
		from, to := all[pair[0]], all[pair[1]]
		t.Run(from.name+"-"+to.name, func(t *testing.T) {
			t.Parallel()
			chaos(t, from, to, kills)
		})
	}
}

func chaos(t *testing.T, from, to system, kills killing) {
	source, target := from.fresh(t), to.fresh(t)
	providertest.Exec(t, source, busyTables(from)...)
	odd := from.name == to.name
	if odd {
		providertest.Exec(t, source, oddTable(from))
	}
	dir := copyConfig(t, from, source, to, target)
	file := filepath.Join(dir, "main.sf.hcl")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	// Slots have names that a server knows once.
	write(t, file, strings.NewReplacer(`"full"`, `"incremental"`, `sync "all"`, fmt.Sprintf(`sync "c%x"`, rand.Uint64())).Replace(string(text)))
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	w := &workload{r: r, s: from, t: t, url: source, odd: odd}
	w.some(40)
	run(t, dir, 0, "apply", "-auto-approve")
	kills.follow(t, dir, r, func() { w.some(1 + r.IntN(8)) }, func() {
		purge(t, from, source)
		purge(t, to, target)
	})
	run(t, dir, 0, "sync", "-once")
	for _, table := range busyNames {
		sameTable(t, from, source, to, target, table)
	}
	if odd {
		sameRowsOf(t, from, source, to, target, "odd", oddNames(from))
	}
	run(t, dir, 0, "plan", "-detailed-exitcode")
	run(t, dir, 0, "destroy", "-auto-approve")
	left(t, from, source)
}

// purge drops a server's log of more than a quarter of an hour ago: a long run writes gigabytes.
func purge(t *testing.T, s system, url string) {
	t.Helper()
	if s.provider == "mysql" {
		providertest.Exec(t, url, "FLUSH BINARY LOGS", "PURGE BINARY LOGS BEFORE NOW() - INTERVAL 15 MINUTE")
	}
}

// killing says how often a runner is killed, or for how long one after another is.
type killing struct {
	times int
	lasts time.Duration
}

// chaosOf reads SF_TEST_CHAOS: a number of kills, or for how long ("20m").
func chaosOf(t *testing.T, times int) killing {
	s := os.Getenv("SF_TEST_CHAOS")
	if s == "" {
		return killing{times: times}
	}
	if n, err := strconv.Atoi(s); err == nil {
		return killing{times: n}
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		t.Fatalf("SF_TEST_CHAOS: %q is neither a number of kills nor a time like 20m", s)
	}
	return killing{times: math.MaxInt, lasts: d}
}

// follow runs sync again and again and kills it at random moments, while work changes the
// source. In a long run it may catch up now and then, and caughtUp is called.
func (k killing) follow(t *testing.T, dir string, r *rand.Rand, work, caughtUp func()) {
	t.Helper()
	began := time.Now()
	for i := range k.times {
		if k.lasts > 0 && time.Since(began) > k.lasts {
			t.Logf("killed %d times", i)
			return
		}
		if i%50 == 49 {
			run(t, dir, 0, "sync", "-once")
			caughtUp()
		}
		c := command(t, dir, "sync")
		var out strings.Builder
		c.Stdout, c.Stderr = &out, &out
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		timer := time.AfterFunc(time.Duration(200+r.IntN(2500))*time.Millisecond, func() {
			defer close(ended)
			if err := c.Process.Kill(); err != nil {
				t.Logf("kill %d: %v", i, err)
			}
		})
		for going := true; going; {
			work()
			select {
			case <-ended:
				going = false
			default:
			}
		}
		timer.Stop()
		if err := c.Wait(); err != nil && c.ProcessState.ExitCode() > 0 {
			t.Fatalf("kill %d: sync failed before it was killed: %v\n%s", i, err, &out)
		}
	}
}

// busyNames are the tables of the workload.
var busyNames = []string{"items", "names", "pairs", "parents", "children", "tree"}

var busyColumns = map[string]string{"items": "id, code, qty, body", "names": "name, note", "pairs": "a, b, v", "parents": "id, v", "children": "id, parent, v", "ticks": "id", "tree": "id, parent"}

func busyTables(s system) []string {
	text, long := "varchar(100)", "text"
	return []string{
		"CREATE TABLE items (id integer NOT NULL PRIMARY KEY, code " + text + " UNIQUE, qty integer, body " + long + ")",
		"CREATE TABLE names (name " + text + " NOT NULL PRIMARY KEY, note " + text + ")",
		"CREATE TABLE pairs (a integer NOT NULL, b integer NOT NULL, v " + text + ", PRIMARY KEY (a, b))",
		"CREATE TABLE parents (id integer NOT NULL PRIMARY KEY, v integer)",
		"CREATE TABLE children (id integer NOT NULL PRIMARY KEY, parent integer, v integer, FOREIGN KEY (parent) REFERENCES parents (id) ON DELETE CASCADE ON UPDATE CASCADE)",
		"CREATE TABLE tree (id integer NOT NULL PRIMARY KEY, parent integer, FOREIGN KEY (parent) REFERENCES tree (id) ON DELETE CASCADE)",
	}
}

// workload makes random changes of a source, one transaction after another, by a model
// of its own of which keys there are.
type workload struct {
	r   *rand.Rand
	s   system
	t   *testing.T
	url string
	ids []int // of items
	n   int   // fresh values
	odd bool  // the table odd is there
	// ticks: each transaction adds a row to the table ticks, which nothing changes later.
	ticks bool
}

// some runs a number of transactions over one connection.
func (w *workload) some(n int) {
	if err := w.try(n); err != nil {
		w.t.Fatal(err)
	}
}

// try is some where the source may be gone.
func (w *workload) try(n int) error {
	var all []string
	for range n {
		all = append(all, "BEGIN")
		for range 1 + w.r.IntN(4) {
			all = append(all, w.change()...)
		}
		if w.ticks {
			all = append(all, fmt.Sprintf("INSERT INTO ticks VALUES (%d)", w.fresh()))
		}
		all = append(all, "COMMIT")
	}
	return providertest.Try(w.url, all...)
}

func (w *workload) fresh() int { w.n++; return w.n }

// text gives a value with what may go wrong on the way.
func (w *workload) text() string {
	return []string{"", "plain", `back\slash`, "quo''te", "tab\tnew\nline", "ünï çødé 🎈", "NULL", `\N`, strings.Repeat("long ", 15)}[w.r.IntN(9)]
}

func (w *workload) pick() int { return w.ids[w.r.IntN(len(w.ids))] }

func (w *workload) literal(text string) string {
	if w.s.provider == "mysql" {
		text = strings.ReplaceAll(text, `\`, `\\`)
	}
	return "'" + text + "'"
}

func (w *workload) change() []string {
	if len(w.ids) < 3 {
		id := w.fresh()
		w.ids = append(w.ids, id)
		return []string{fmt.Sprintf("INSERT INTO items VALUES (%d, 'c%d', %d, %s)", id, id, w.r.IntN(9), w.literal(strings.Repeat(w.text()+"x", 200)))}
	}
	if w.odd && w.r.IntN(4) == 0 {
		return w.oddChange()
	}
	switch w.r.IntN(17) {
	case 16: // a tree, of which a branch goes
		n := w.fresh()
		if w.s.name == "sqlite" && w.r.IntN(4) == 0 { // which looks at no foreign key unless asked
			return []string{"DELETE FROM tree WHERE id NOT IN (SELECT parent FROM tree WHERE parent IS NOT NULL)"}
		}
		if w.r.IntN(4) == 0 && w.s.provider != "sqlite" && w.s.name != "mariadb" { // which leaves deeper branches out of its log in ways of its own
			return []string{fmt.Sprintf("DELETE FROM tree WHERE parent IS NULL AND id < %d", n-w.r.IntN(100))}
		}
		return []string{fmt.Sprintf("INSERT INTO tree VALUES (%d, NULL)", n), fmt.Sprintf("INSERT INTO tree VALUES (%d, %d)", w.fresh(), n), fmt.Sprintf("INSERT INTO tree VALUES (%d, %d)", w.fresh(), n+1)}
	case 14: // a family, which goes as a whole where the server deletes in cascade
		p := w.fresh()
		return []string{
			fmt.Sprintf("INSERT INTO parents VALUES (%d, 1)", p), fmt.Sprintf("INSERT INTO children VALUES (%d, %d, 1)", w.fresh(), p), fmt.Sprintf("INSERT INTO children VALUES (%d, %d, 2)", w.fresh(), p),
		}
	case 15:
		if w.s.name == "sqlite" {
			return []string{"DELETE FROM children WHERE v = 2"}
		}
		if w.r.IntN(2) == 0 {
			return []string{fmt.Sprintf("UPDATE parents SET id = id + 1000000 WHERE id < 1000000 AND id > %d", w.n-40)}
		}
		return []string{fmt.Sprintf("DELETE FROM parents WHERE id < %d", w.n-w.r.IntN(60))}
	case 0, 1, 2:
		id := w.fresh()
		w.ids = append(w.ids, id)
		return []string{fmt.Sprintf("INSERT INTO items VALUES (%d, 'c%d', %d, %s)", id, id, w.r.IntN(9), w.literal(w.text()))}
	case 3, 4:
		return []string{fmt.Sprintf("UPDATE items SET qty = qty + 1 WHERE id = %d", w.pick())}
	case 5:
		return []string{fmt.Sprintf("UPDATE items SET body = %s, code = 'd%d' WHERE id = %d", w.literal(strings.Repeat(w.text()+"y", 300)), w.fresh(), w.pick())}
	case 6:
		i := w.r.IntN(len(w.ids))
		id := w.ids[i]
		w.ids = slices.Delete(w.ids, i, i+1)
		return []string{fmt.Sprintf("DELETE FROM items WHERE id = %d", id)}
	case 7: // a key changes
		i := w.r.IntN(len(w.ids))
		old := w.ids[i]
		w.ids[i] = w.fresh()
		return []string{fmt.Sprintf("UPDATE items SET id = %d WHERE id = %d", w.ids[i], old)}
	case 8: // two unique values swap
		a, b := w.pick(), w.pick()
		if a == b {
			return nil
		}
		ca, cb := fmt.Sprintf("'s%d'", w.fresh()), fmt.Sprintf("'s%d'", w.fresh())
		return []string{
			fmt.Sprintf("UPDATE items SET code = %s WHERE id = %d", ca, a), fmt.Sprintf("UPDATE items SET code = %s WHERE id = %d", cb, b),
			fmt.Sprintf("UPDATE items SET code = 'tmp' WHERE id = %d", a), fmt.Sprintf("UPDATE items SET code = %s WHERE id = %d", ca, b), fmt.Sprintf("UPDATE items SET code = %s WHERE id = %d", cb, a),
		}
	case 9: // what is rolled back is never seen
		id := w.fresh()
		return []string{"SAVEPOINT s", fmt.Sprintf("INSERT INTO items VALUES (%d, 'r%d', 0, '')", id, id), "UPDATE items SET qty = -1", "ROLLBACK TO SAVEPOINT s"}
	case 10:
		n := fmt.Sprintf("'%s%d%s'", []string{"n", "N", "é", "É", "ß", "ss"}[w.r.IntN(6)], w.r.IntN(8), []string{"", "", " ", "  "}[w.r.IntN(4)])
		return []string{"DELETE FROM names WHERE name = " + n, fmt.Sprintf("INSERT INTO names VALUES (%s, %s)", n, w.literal(w.text()))}
	case 11:
		a, b := w.r.IntN(6), w.r.IntN(6)
		return []string{fmt.Sprintf("DELETE FROM pairs WHERE a = %d AND b = %d", a, b), fmt.Sprintf("INSERT INTO pairs VALUES (%d, %d, %s)", a, b, w.literal(w.text()))}
	case 12: // every key moves up
		return []string{"UPDATE pairs SET b = b + 100 WHERE b < 50", "UPDATE pairs SET b = b - 99 WHERE b >= 100", "DELETE FROM pairs WHERE b > 30"}
	default:
		if w.r.IntN(4) > 0 {
			return []string{"UPDATE names SET note = " + w.literal(w.text())}
		}
		if w.s.name == "postgres" {
			return []string{[]string{"TRUNCATE names", "TRUNCATE parents CASCADE", "TRUNCATE pairs, names"}[w.r.IntN(3)]}
		}
		return []string{"DELETE FROM names"}
	}
}

func sameTable(t *testing.T, from system, a string, to system, b, table string) {
	t.Helper()
	sameRowsOf(t, from, a, to, b, table, busyColumns[table])
}

func sameRowsOf(t *testing.T, from system, a string, to system, b, table, columns string) {
	t.Helper()
	q := "SELECT " + columns + " FROM " + table
	want, got := lines(providertest.Query(t, a, q)), lines(providertest.Query(t, b, q))
	if len(want) != len(got) {
		t.Errorf("%s: %d rows at the source (%s), %d at the target (%s)", table, len(want), from.name, len(got), to.name)
	}
	for i := range min(len(want), len(got)) {
		if want[i] != got[i] {
			t.Errorf("%s: %q at the source, %q at the target", table, want[i], got[i])
			return
		}
	}
}

// left checks that nothing of ours is left in a source.
func left(t *testing.T, s system, url string) {
	t.Helper()
	var queries []string
	switch s.name {
	case "postgres":
		queries = []string{
			"SELECT slot_name FROM pg_replication_slots WHERE database = current_database()", "SELECT pubname FROM pg_publication",
			"SELECT tgname FROM pg_trigger WHERE NOT tgisinternal", "SELECT relname FROM pg_class WHERE relname LIKE '\\_sync%' OR relname = '_change_log'",
		}
	case "sqlite":
		queries = []string{"SELECT name FROM sqlite_schema WHERE type = 'trigger' OR name LIKE '\\_sync%' ESCAPE '\\' OR name = '_change_log'"}
	default:
		queries = []string{"SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE()", "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND (table_name LIKE '\\_sync%' OR table_name = '_change_log')"}
	}
	for _, q := range queries {
		if rows := providertest.Query(t, url, q); len(rows) > 0 {
			t.Errorf("left in the source: %v", rows)
		}
	}
}
