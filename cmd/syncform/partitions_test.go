package main

import (
	"fmt"
	"reflect"
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

// TestPartitionLacking: a partition that the target lacks is made when its first row comes,
// under the name that goes with the target's table. Where it can't be, its rows wait.
func TestPartitionLacking(t *testing.T) {
	t.Parallel()
	all := systemsByName()
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		pg := all["postgres"]
		dir, source, target := following(t, pg, pg, "parts_lack", `mapping "u" { target_table = "copy" }`,
			"CREATE TABLE u (id integer PRIMARY KEY, v text) PARTITION BY RANGE (id)", "CREATE TABLE u0 PARTITION OF u FOR VALUES FROM (0) TO (10)", "CREATE TABLE u9 PARTITION OF u FOR VALUES FROM (90) TO (99) PARTITION BY LIST (id)")
		compare := func() {
			t.Helper()
			if a, b := providertest.Query(t, source, "SELECT * FROM u ORDER BY 1"), providertest.Query(t, target, "SELECT * FROM copy ORDER BY 1"); !reflect.DeepEqual(a, b) {
				t.Errorf("the source has %v, the target %v", a, b)
			}
		}
		providertest.Exec(t, source, "CREATE TABLE u1 PARTITION OF u FOR VALUES FROM (10) TO (20)", "CREATE TABLE u91 PARTITION OF u9 FOR VALUES IN (91)", "INSERT INTO u VALUES (1, 'a'), (11, 'b'), (91, 'c')")
		run(t, dir, 0, "sync", "-once")
		compare()
		if out := run(t, dir, 0, "plan", "-detailed-exitcode"); strings.Contains(out, "outside of syncform") {
			t.Errorf("the plan takes the partition for somebody else's:\n%s", out)
		}

		providertest.Exec(t, target, "CREATE TABLE copy_2 (mine integer)")
		providertest.Exec(t, source, "CREATE TABLE u2 PARTITION OF u FOR VALUES FROM (20) TO (30)", "INSERT INTO u VALUES (21, 'd')")
		if out := strings.Join(strings.Fields(strings.ReplaceAll(refusedSync(t, dir), "│", "")), " "); !strings.Contains(out, "no partition of the target's table takes the row") || !strings.Contains(out, "id=21") {
			t.Errorf("the sync: %s", out)
		}
		providertest.Exec(t, target, "DROP TABLE copy_2")
		run(t, dir, 0, "sync", "-once")
		compare()
		run(t, dir, 0, "plan", "-detailed-exitcode")
	})
	for _, name := range []string{"mysql", "mariadb"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			my := all[name]
			dir, source, target := following(t, my, my, "parts_lack", `mapping "u" { target_table = "copy" }`,
				"CREATE TABLE u (id integer PRIMARY KEY, v text) PARTITION BY RANGE COLUMNS (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION `a,)b` VALUES LESS THAN (20) COMMENT 'it''s (one)')")
			providertest.Exec(t, source, "ALTER TABLE u ADD PARTITION (PARTITION p2 VALUES LESS THAN (30) COMMENT 'x', PARTITION p3 VALUES LESS THAN (MAXVALUE))", "INSERT INTO u VALUES (1, 'a'), (21, 'b'), (1000, 'c')")
			run(t, dir, 0, "sync", "-once")
			if a, b := providertest.Query(t, source, "SELECT * FROM u ORDER BY 1"), providertest.Query(t, target, "SELECT * FROM copy ORDER BY 1"); !reflect.DeepEqual(a, b) {
				t.Errorf("the source has %v, the target %v", a, b)
			}
			run(t, dir, 0, "plan", "-detailed-exitcode")
		})
	}
}
