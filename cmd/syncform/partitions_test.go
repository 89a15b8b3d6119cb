package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/syncform/syncform/executor/stream"
	"github.com/syncform/syncform/providers/providertest"
)

// TestPartitionsComeAndGo: that rows come into a partitioned table or leave it with a
// partition is in no log, nor do triggers fire. The table is held and loaded anew; a
// partition that comes without rows is followed.
func TestPartitionsComeAndGo(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"", "trigger"} {
		t.Run("by "+method, func(t *testing.T) {
			t.Parallel()
			name, cdc := "parts_"+method, ""
			if method != "" {
				cdc = fmt.Sprintf("cdc { method = %q }", method)
			}
			dir, source, target := following(t, systemsByName()["postgres"], systemsByName()["sqlite"], name, cdc+`
  mapping "u" {}
  mapping "o" {}`,
				"CREATE TABLE u (id integer PRIMARY KEY, v text) PARTITION BY RANGE (id)", "CREATE TABLE u0 PARTITION OF u FOR VALUES FROM (0) TO (10)", "CREATE TABLE u1 PARTITION OF u FOR VALUES FROM (10) TO (20)",
				"INSERT INTO u VALUES (1, 'a'), (11, 'b')", "CREATE TABLE o (id integer PRIMARY KEY, v text)")
			o := &tampered{operated: &operated{dir, source, target}}
			n := 0
			step := func(want string, statements ...string) {
				t.Helper()
				providertest.Exec(t, source, statements...)
				n++
				providertest.Exec(t, source, fmt.Sprintf("INSERT INTO o VALUES (%d, 'x')", n), fmt.Sprintf("INSERT INTO u VALUES (%d, 'y') ON CONFLICT (id) DO UPDATE SET v = u.v || 'z'", n%10))
				o.want = want
				if want != "" && n%2 == 0 && !o.alarmed(t, stream.AlarmMissed) {
					t.Errorf("%s: no alarm", statements)
				}
				o.told(t, "sync", "-once")
				if o.same(t, "u") != (want == "") || !o.same(t, "o") {
					t.Errorf("%s: u is the same: %v, o is: %v", statements, o.same(t, "u"), o.same(t, "o"))
				}
				if want == "" {
					return
				}
				run(t, dir, 0, "apply", "-auto-approve")
				run(t, dir, 0, "sync", "-once")
				if !o.same(t, "u") {
					t.Errorf("%s: after the apply, source and target differ", statements)
				}
				run(t, dir, 0, "plan", "-detailed-exitcode")
			}
			step("", "CREATE TABLE u2 PARTITION OF u FOR VALUES FROM (20) TO (30)", "INSERT INTO u VALUES (21, 'c')")
			step("partition public.u1 was detached", "ALTER TABLE u DETACH PARTITION u1")
			step("attached to table public.u with rows", "ALTER TABLE u ATTACH PARTITION u1 FOR VALUES FROM (10) TO (20)")
			step("was dropped", "DROP TABLE u2")
			step("", "BEGIN; CREATE TABLE u3 (LIKE u INCLUDING ALL); ALTER TABLE u ATTACH PARTITION u3 FOR VALUES FROM (30) TO (40); INSERT INTO u VALUES (31, 'd'); COMMIT")
			step("attached to table public.u with rows", "BEGIN; CREATE TABLE u4 (LIKE u INCLUDING ALL); INSERT INTO u4 VALUES (41, 'e'); ALTER TABLE u ATTACH PARTITION u4 FOR VALUES FROM (40) TO (50); COMMIT")
			step("taken out of table public.u and put back", "ALTER TABLE u DETACH PARTITION u1", "DELETE FROM u1", "ALTER TABLE u ATTACH PARTITION u1 FOR VALUES FROM (10) TO (20)")
			step("", "TRUNCATE u", "INSERT INTO u VALUES (12, 'f')")
			step("attached to table public.u with rows", "CREATE TABLE w (id integer PRIMARY KEY, v text) PARTITION BY RANGE (id)", "CREATE TABLE w5 PARTITION OF w FOR VALUES FROM (50) TO (60)", "INSERT INTO w VALUES (50, 'g')", "ALTER TABLE u ATTACH PARTITION w FOR VALUES FROM (50) TO (60)")
		})
	}
}

// TestPartitionLacking: rows of a partition that the target lacks wait for the apply that
// makes it.
func TestPartitionLacking(t *testing.T) {
	t.Parallel()
	pg := systemsByName()["postgres"]
	dir, source, target := following(t, pg, pg, "parts_lack", `mapping "u" {}`, "CREATE TABLE u (id integer PRIMARY KEY, v text) PARTITION BY RANGE (id)", "CREATE TABLE u0 PARTITION OF u FOR VALUES FROM (0) TO (10)")
	o := &tampered{operated: &operated{dir, source, target}}
	providertest.Exec(t, source, "CREATE TABLE u1 PARTITION OF u FOR VALUES FROM (10) TO (20)", "INSERT INTO u VALUES (1, 'a'), (11, 'b')")
	if out := strings.Join(strings.Fields(strings.ReplaceAll(refusedSync(t, dir), "│", "")), " "); !strings.Contains(out, "no partition of the target's table takes the row") || !strings.Contains(out, "id=11") {
		t.Errorf("the sync: %s", out)
	}
	run(t, dir, 0, "apply", "-auto-approve")
	run(t, dir, 0, "sync", "-once")
	if !o.same(t, "u") {
		t.Error("source and target differ")
	}
}
