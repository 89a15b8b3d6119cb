package mysql

import (
	"strings"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/schema"
)

// TestAddOnline: what the plan says of a new column is what the server does: it is added
// while others write, or the plan says that it can't be.
func TestAddOnline(t *testing.T) {
	providertest.EachMySQL(t, func(t *testing.T, url string) {
		conn := aside(t, url)
		online := map[bool]int{}
		for _, ddl := range []string{
			"LONGBLOB NOT NULL DEFAULT (x'')", "LONGBLOB NOT NULL DEFAULT (x'00ff')", "TEXT NOT NULL DEFAULT ('')", "JSON NOT NULL DEFAULT ('{}')", "JSON",
			"VARCHAR(20) NOT NULL DEFAULT ('x')", "VARCHAR(20) NOT NULL DEFAULT 'x'", "INT NOT NULL DEFAULT (1 + 1)", "INT NOT NULL DEFAULT (id + 1)", "DATE NOT NULL DEFAULT (CURRENT_DATE)",
			"DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)", "BIT(3) NOT NULL DEFAULT b'101'", "BINARY(2) NOT NULL DEFAULT x'00ff'", "DECIMAL(5,2) DEFAULT '1.5'",
		} {
			providertest.Exec(t, url, "DROP TABLE IF EXISTS t", "CREATE TABLE t (id INT PRIMARY KEY, x "+ddl+")")
			x := *inspect(t, conn).Table(retypedT).Column("x")
			if strings.HasPrefix(ddl, "LONGBLOB") && !x.Default.Literal {
				t.Errorf("%s is read as %+v", ddl, *x.Default)
			}
			providertest.Exec(t, url, "ALTER TABLE t DROP COLUMN x", "INSERT INTO t VALUES (1)", "ANALYZE TABLE t")
			db := inspect(t, conn)
			change := schema.AddColumn{In: retypedT, Column: x}
			steps, err := conn.PlanSteps(db, change)
			if err != nil {
				t.Fatal(err)
			}
			is := strings.HasSuffix(steps[0].Text, "LOCK=NONE")
			online[is]++
			if is == (len(steps[0].Hazards) > 0 && steps[0].Hazards[0].Code == providers.HazardLock) {
				t.Errorf("%s: %+v", ddl, steps[0])
			}
			run(t, conn, db, change)
			if got := inspect(t, conn).Table(retypedT).Column("x"); got == nil || got.Default != nil && *got.Default != *x.Default {
				t.Errorf("%s became %+v", ddl, got)
			}
		}
		if online[true] == 0 || online[false] == 0 {
			t.Errorf("online: %v", online)
		}
	})
}
