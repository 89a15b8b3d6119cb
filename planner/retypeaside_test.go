package planner

import (
	"strings"
	"testing"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers/mysql"
	"github.com/syncform/syncform/providers/providertest"
)

// TestRetypeOfABigTable: a change of type that would write a big table anew is not held,
// for it is made on a new column; one that is given up in the middle is taken away; one
// that can't be made so says why, and is held.
func TestRetypeOfABigTable(t *testing.T) {
	versions := providertest.PostgresVersions()
	v := versions[len(versions)-1]
	t.Run("postgresql", func(t *testing.T) {
		retypeBig(t, newPairs(t, "postgresql", v, func() string { return providertest.Postgres(t, v) }), "INSERT INTO t SELECT i, i FROM generate_series(1, 100100) i; ANALYZE t")
	})
	const fill = "INSERT INTO t WITH RECURSIVE r AS (SELECT 0 AS i UNION ALL SELECT i + 1 FROM r WHERE i < 900) SELECT i, i FROM r; ANALYZE TABLE t"
	for name, open := range map[string]func(testing.TB) string{"mysql": providertest.MySQL, "mariadb": providertest.MariaDB} {
		t.Run(name, func(t *testing.T) {
			b := newPairs(t, "mysql", name, func() string { return open(t) })
			b.from = mysql.Provider{RetypeFrom: 500}
			retypeBig(t, b, fill)
		})
	}
}

func retypeBig(t *testing.T, b *pairBench, fill string) {
	b.hazards = `"SF114"`
	const old = "CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL);"
	const wide = "CREATE TABLE t (id int PRIMARY KEY, n bigint NOT NULL);"
	b.load(t, b.target, old+fill)
	b.targetConn = b.open(t, "target."+b.provider+".b", b.target)
	defer func() {
		if err := b.targetConn.Close(); err != nil {
			t.Error(err)
		}
	}()
	makePlan := func(to string) *plan.Plan {
		t.Helper()
		p, diags := b.plan(t, to)
		if diags != "" {
			t.Fatal(diags)
		}
		return p
	}
	apply := func(p *plan.Plan) {
		t.Helper()
		if err := b.apply(p); err != "" {
			t.Fatal(err)
		}
	}
	p := makePlan(wide)
	if len(p.Actions) != 1 || p.Held > 0 || !strings.Contains(p.Actions[0].Info, "on a new column") || strings.Contains(render(p, nil), hazardRewrite) {
		t.Fatalf("not made on a new column:\n%s", render(p, nil))
	}
	p.Actions[0].Steps = p.Actions[0].Steps[:4]
	apply(p)
	p = makePlan(old)
	if len(p.Actions) != 1 || p.Held > 0 || p.Actions[0].Kind != plan.Delete || p.Actions[0].Backup != nil {
		t.Fatalf("what was begun does not go again:\n%s", render(p, nil))
	}
	apply(p)
	if p = makePlan(old); !p.Empty() {
		t.Fatalf("something is left:\n%s", render(p, nil))
	}
	apply(makePlan(wide))
	if p = makePlan(wide); !p.Empty() {
		t.Fatalf("the next plan is not empty:\n%s", render(p, nil))
	}
	if got := providertest.Query(t, b.target, "SELECT count(*) FROM t WHERE n <> id"); got[0][0] != "0" {
		t.Errorf("%s rows have another value", got[0][0])
	}
	providertest.Exec(t, b.target, "ALTER TABLE t ADD COLUMN twice bigint GENERATED ALWAYS AS (n * 2) STORED")
	p = makePlan("CREATE TABLE t (id int PRIMARY KEY, n numeric(20,0) NOT NULL, twice bigint GENERATED ALWAYS AS (n * 2) STORED);")
	if p.Held == 0 && b.from == nil || !strings.Contains(render(p, nil), `column "twice" is computed from it`) {
		t.Errorf("not held with the reason:\n%s", render(p, nil))
	}
}
