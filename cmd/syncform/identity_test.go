package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestKillsByIdentity: whatever a source's log says of old rows, a filter that rows leave
// and enter, keys that change, and long values that no update touches come out right,
// however often the runner is killed. SF_TEST_CHAOS: see TestChaos.
func TestKillsByIdentity(t *testing.T) {
	t.Parallel()
	kills := chaosOf(t, 2)
	all := systemsByName()
	for _, pair := range [][2]string{{"postgres", "mysql"}, {"mysql", "postgres"}} {
		t.Run(pair[0]+"-"+pair[1], func(t *testing.T) {
			t.Parallel()
			killsByIdentity(t, all[pair[0]], all[pair[1]], kills)
		})
	}
}

// identities are the tables: of PostgreSQL one for each replica identity, of MySQL one for
// each binlog_row_image.
var identities = map[string][]string{
	"postgres": {"DEFAULT", "USING INDEX t1_key", "FULL", "NOTHING"},
	"mysql":    {"full", "minimal", "noblob"},
}

func killsByIdentity(t *testing.T, from, to system, kills killing) {
	var statements []string
	var mappings string
	images := identities[from.name]
	for i, identity := range images {
		key := ", PRIMARY KEY (id)"
		if strings.HasPrefix(identity, "USING") {
			key = fmt.Sprintf(", CONSTRAINT t%d_key UNIQUE (id)", i)
		}
		statements = append(statements, fmt.Sprintf("CREATE TABLE t%d (id int NOT NULL, kind varchar(5) NOT NULL, n int, body text%s)", i, key))
		if from.name == "postgres" {
			statements = append(statements, fmt.Sprintf("ALTER TABLE t%d ALTER body SET STORAGE EXTERNAL", i), fmt.Sprintf("ALTER TABLE t%d REPLICA IDENTITY %s", i, identity))
		}
		for id := range 20 {
			statements = append(statements, fmt.Sprintf("INSERT INTO t%d VALUES (%d, '%s', %d, REPEAT('Body %d ', %d))", i, id, []string{"a", "x"}[id%2], id, id, 1000*(id%3)))
		}
		mappings += fmt.Sprintf(`
  mapping "t%d" {
    columns = { id = "no", kind = "kind", n = "n" }
    column "size" { expr = "CHAR_LENGTH(body)" }
    column "head" { expr = "LOWER(LEFT(body, 9))" }
    filters = ["kind != 'x'", "CHAR_LENGTH(body) > 3 OR n %% 2 = 0"]
  }
`, i)
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	dir, source, target := following(t, from, to, fmt.Sprintf("i%x", rand.Uint64()), mappings, statements...)
	next := 1000
	fresh := func() int { next++; return next }
	work := func() {
		i, id := r.IntN(len(images)), r.IntN(20)
		var sql []string
		do := func(format string, args ...any) {
			sql = append(sql, strings.ReplaceAll(fmt.Sprintf(format, args...), "TABLE", fmt.Sprintf("t%d", i)))
		}
		switch r.IntN(8) {
		case 0, 1:
			do("UPDATE TABLE SET kind = '%s' WHERE id %% 7 = %d", []string{"a", "b", "x"}[r.IntN(3)], r.IntN(7))
		case 2:
			do("UPDATE TABLE SET n = n + 1 WHERE id %% 5 = %d", r.IntN(5))
		case 3: // a key that goes, and may come back with another row
			do("UPDATE TABLE SET id = %d WHERE id = %d", fresh(), id)
			if r.IntN(2) == 0 {
				do("INSERT INTO TABLE VALUES (%d, 'a', 3, 'Another')", id)
			}
		case 4: // two rows change keys
			do("UPDATE TABLE SET id = -1 WHERE id = %d", id)
			do("UPDATE TABLE SET id = %d WHERE id = %d", id, (id+1)%20)
			do("UPDATE TABLE SET id = %d WHERE id = -1", (id+1)%20)
		case 5:
			do("UPDATE TABLE SET body = %s WHERE id = %d", []string{"NULL", "'ab'", "REPEAT('Long ', 2000)"}[r.IntN(3)], id)
		case 6:
			do("DELETE FROM TABLE WHERE id = %d", id)
			do("INSERT INTO TABLE VALUES (%d, 'a', 1, REPEAT('New ', 3000))", id)
		case 7: // it changes its key and enters or leaves at once
			do("UPDATE TABLE SET id = %d, kind = CASE kind WHEN 'x' THEN 'a' ELSE 'x' END WHERE id = %d", fresh(), id)
		}
		all := append([]string{"BEGIN"}, append(sql, "COMMIT")...)
		if from.name == "mysql" {
			all = append([]string{"SET SESSION binlog_row_image = " + images[i]}, all...)
		}
		providertest.Exec(t, source, all...)
	}
	kills.follow(t, dir, r, work, func() { purge(t, from, source); purge(t, to, target) })
	run(t, dir, 0, "sync", "-once")
	for i := range images {
		want := lines(providertest.Query(t, source, fmt.Sprintf("SELECT id, kind, n, CHAR_LENGTH(body), LOWER(LEFT(body, 9)) FROM t%d WHERE kind <> 'x' AND (CHAR_LENGTH(body) > 3 OR n %% 2 = 0)", i)))
		got := lines(providertest.Query(t, target, fmt.Sprintf("SELECT no, kind, n, size, head FROM t%d", i)))
		if a, b := strings.Join(want, "\n"), strings.Join(got, "\n"); a != b {
			t.Errorf("%s: the target holds\n%s\nand is to hold\n%s", images[i], b, a)
		}
	}
	run(t, dir, 0, "verify")
}
