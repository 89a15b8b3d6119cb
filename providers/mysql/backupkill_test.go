package mysql

import (
	"strings"
	"testing"
	"time"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/ledger"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/schema"
)

// TestKilledBackup: a change that is killed before any step of its backup has destroyed
// nothing that is not copied, and the next run ends with the whole copy: of a column, of a
// column without a key and of a table, with names as long as they may be, while a value
// is written in between.
func TestKilledBackup(t *testing.T) {
	long := strings.Repeat("n", 63) + "é"
	in := schema.Name{Name: long}
	providertest.EachMySQL(t, func(t *testing.T, url string) {
		conn := connectTo(t, url)
		for name, c := range map[string]struct{ columns, column string }{
			"column":  {"id INT PRIMARY KEY, x ENUM('ok', 'it''s %')", "x"},
			"keyless": {"id INT, x ENUM('ok', 'it''s %')", "x"},
			"table":   {"id INT PRIMARY KEY, x ENUM('ok', 'it''s %')", ""},
		} {
			t.Run(name, func(t *testing.T) {
				for killed, left := 0, 1; left > 0; killed++ {
					providertest.Exec(t, url, "DROP TABLE IF EXISTS "+ident(long), "CREATE TABLE "+ident(long)+" ("+c.columns+")",
						"INSERT INTO "+ident(long)+" WITH RECURSIVE r AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM r WHERE i < 400) SELECT i, IF(i % 3 = 2, NULL, 1 + i % 3) FROM r")
					b := providers.Backup{Name: ledger.BackupName(planID(), in.String(), c.column), Column: c.column}
					run := func(plan string, upTo int) int {
						t.Helper()
						db := inspect(t, conn)
						b.Of = *db.Table(in)
						var change schema.Change = schema.DropTable{From: b.Of}
						if c.column != "" {
							change = schema.DropColumn{In: in, Column: *b.Of.Column(c.column)}
						}
						destroy, err := conn.PlanSteps(db, change)
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
					if left = run(planID(), killed); left > 0 {
						if got := providertest.Query(t, url, "SELECT COUNT(x) FROM "+ident(long)); got[0][0] != "267" {
							t.Fatalf("killed before step %d, %s values are there", killed, got[0][0])
						}
						providertest.Exec(t, url, "UPDATE "+ident(long)+" SET x = 'ok' WHERE id IN (2, 4)", "DELETE FROM "+ident(long)+" WHERE id = 399")
						run(planID(), -1)
					}
					if got := providertest.Query(t, url, "SELECT COUNT(x), SUM(id = 4 AND x = 'ok') FROM "+ident(b.Name)); got[0][0] != "267" || (got[0][1] == "1") != (left > 0) {
						t.Errorf("killed before step %d: the copy has %v", killed, got[0])
					}
					entries, err := conn.Backups(t.Context())
					if err != nil || len(entries) == 0 || entries[0].Name != b.Name || !entries[0].Done {
						t.Errorf("killed before step %d: entries %+v, %v", killed, entries, err)
					}
				}
			})
		}
	})
}
