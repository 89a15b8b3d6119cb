package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestColumnsThatOthersRead: PostgreSQL changes no type of a column that a view, a policy,
// a trigger or a function of the target reads. The plan says which, the rest is applied,
// and once it is gone the change is made.
func TestColumnsThatOthersRead(t *testing.T) {
	t.Parallel()
	postgres := systemsByName()["postgres"]
	dir, source, target := following(t, postgres, postgres, fmt.Sprintf("u%x", rand.Uint64()), `mapping "*" {}`,
		`CREATE TABLE "Wide ""users" (id int PRIMARY KEY, name varchar(20), "N""n" int, free int, p int, g int, f int)`, `INSERT INTO "Wide ""users" VALUES (1, 'a', 1, 1, 1, 1, 1)`)
	providertest.Exec(t, target,
		`CREATE VIEW v AS SELECT id, name FROM "Wide ""users"`, `CREATE MATERIALIZED VIEW m AS SELECT "N""n", count(*) FROM "Wide ""users" GROUP BY 1`,
		`CREATE POLICY pol ON "Wide ""users" USING (p > 0)`,
		`CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'`, `CREATE TRIGGER tr BEFORE UPDATE OF g ON "Wide ""users" FOR EACH ROW EXECUTE FUNCTION noted()`,
		`CREATE FUNCTION reads() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT f FROM "Wide ""users" LIMIT 1; END`)
	providertest.Exec(t, source, `ALTER TABLE "Wide ""users" ALTER name TYPE varchar(40), ALTER "N""n" TYPE bigint, ALTER free TYPE bigint, ALTER p TYPE bigint, ALTER g TYPE bigint, ALTER f TYPE bigint, ADD added int`)
	out := strings.Join(strings.Fields(run(t, dir, 3, "plan", "-detailed-exitcode", "-no-color")), " ")
	for _, want := range []string{"held: view v needs", "held: materialized view m needs", "held: policy pol on table", "held: trigger tr on table", "held: function reads() needs"} {
		if !strings.Contains(out, want) {
			t.Errorf("the plan does not say %q:\n%s", want, out)
		}
	}
	run(t, dir, 0, "apply", "-auto-approve")
	types := func() string {
		return strings.Join(lines(providertest.Query(t, target, `SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = '"Wide ""users"'::regclass AND attnum > 0`)), "; ")
	}
	if got := types(); !strings.Contains(got, "bigint") || !strings.Contains(got, "added") || !strings.Contains(got, "character varying(20)") {
		t.Errorf("what nothing reads was not changed: %s", got)
	}
	providertest.Exec(t, target, "DROP VIEW v", "DROP MATERIALIZED VIEW m", `DROP POLICY pol ON "Wide ""users"`, `DROP TRIGGER tr ON "Wide ""users"`, "DROP FUNCTION reads()")
	run(t, dir, 0, "apply", "-auto-approve")
	if got := types(); strings.Count(got, "bigint") != 5 || !strings.Contains(got, "character varying(40)") {
		t.Errorf("the columns are %s", got)
	}
	run(t, dir, 0, "plan", "-detailed-exitcode")
	run(t, dir, 0, "verify")
}
