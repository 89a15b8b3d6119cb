package postgres

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/ledger"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/schema"
)

// TestKilledBackup: a change that is killed before any step of its backup has destroyed
// nothing that is not copied, and the next run ends with the whole copy: of plain and
// partitioned tables, with types of their own and names as long as they may be.
func TestKilledBackup(t *testing.T) {
	long := strings.Repeat("n", 61) + "é"
	for name, make := range map[string]string{
		"plain":       `CREATE TABLE %s (id int PRIMARY KEY, x mood)`,
		"partitioned": `CREATE TABLE %s (id int PRIMARY KEY, x mood) PARTITION BY RANGE (id); CREATE TABLE part1 PARTITION OF %[1]s FOR VALUES FROM (0) TO (200); CREATE TABLE part2 PARTITION OF %[1]s DEFAULT`,
		"keyless":     `CREATE TABLE %s (id int, x mood)`,
	} {
		t.Run(name, func(t *testing.T) {
			url := providertest.Postgres(t, "")
			conn := open(t, url)
			in := schema.Name{Schema: "public", Name: long}
			for killed, left := 0, 1; left > 0; killed++ {
				providertest.Exec(t, url, `DROP TABLE IF EXISTS `+quote(long), `DROP TYPE IF EXISTS mood`, `CREATE TYPE mood AS ENUM ('ok', 'it''s %')`, fmt.Sprintf(make, quote(long)),
					`INSERT INTO `+quote(long)+` SELECT i, CASE i % 3 WHEN 0 THEN 'ok'::mood WHEN 1 THEN 'it''s %' END FROM generate_series(1, 400) i`, `ANALYZE`)
				b := providers.Backup{Name: ledger.BackupName(fmt.Sprint("p", killed), in.String(), "x"), Column: "x"}
				run := func(plan string, upTo int) int {
					t.Helper()
					db := inspect(t, conn)
					b.Of = *db.Table(in)
					destroy, err := conn.PlanSteps(db, schema.DropColumn{In: in, Column: *b.Of.Column("x")})
					if err != nil {
						t.Fatal(err)
					}
					steps, err := conn.BackupSteps(db, b, destroy)
					if err != nil {
						t.Fatal(err)
					}
					if err := conn.NoteBackup(t.Context(), providers.BackupEntry{Backup: b, Addr: "a", Plan: plan, Taken: time.Now()}); err != nil {
						t.Fatal(err)
					}
					for i, s := range steps {
						if i == upTo {
							return len(steps) - i
						}
						if _, err := conn.RunStep(t.Context(), providers.StepKey{Plan: plan, Action: "a", Step: i}, s); err != nil {
							t.Fatalf("killed before step %d: %v\n%s", killed, err, s.Text)
						}
					}
					return 0
				}
				if left = run(fmt.Sprint("a", killed), killed); left > 0 {
					if got := providertest.Query(t, url, "SELECT count(x) FROM "+quote(long)); got[0][0] != "267" {
						t.Fatalf("killed before step %d, %s values are there", killed, got[0][0])
					}
					providertest.Exec(t, url, "UPDATE "+quote(long)+" SET x = 'ok' WHERE id IN (2, 4)", "DELETE FROM "+quote(long)+" WHERE id = 399")
					run(fmt.Sprint("b", killed), -1)
				}
				if got := providertest.Query(t, url, "SELECT count(x), count(*) FILTER (WHERE id = 4 AND x = 'ok') FROM "+quote(b.Name)); got[0][0] != "267" || (got[0][1] == "1") != (left > 0) {
					t.Errorf("killed before step %d: the copy has %v", killed, got[0])
				}
				entries, err := conn.Backups(t.Context())
				if err != nil || len(entries) == 0 || entries[0].Name != b.Name || !entries[0].Done {
					t.Errorf("killed before step %d: entries %+v, %v", killed, entries, err)
				}
				if got := providertest.Query(t, url, "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"); len(got) > 0 {
					t.Errorf("killed before step %d: trigger %s is left", killed, got[0][0])
				}
			}
		})
	}
}
