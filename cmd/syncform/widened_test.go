package main

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestColumnsWiden: a column that takes more at the source takes more in the target at that
// place of the stream, where this is a moment's work and the policy lets it; else its table
// is held.
func TestColumnsWiden(t *testing.T) {
	t.Parallel()
	all := systemsByName()
	for _, c := range []struct {
		from, to, method, policy, held string
	}{
		{from: "postgres", to: "postgres"},
		{from: "postgres", to: "postgres", method: "trigger"},
		{from: "postgres", to: "mysql"},
		{from: "mysql", to: "mysql"},
		{from: "mysql", to: "postgres", method: "trigger"},
		{from: "mariadb", to: "mariadb"},
		{from: "mariadb", to: "postgres"},
		{from: "postgres", to: "sqlite"},
		{from: "mariadb", to: "mariadb", policy: "review", held: "schema_policy.team says review"},
	} {
		from, to := all[c.from], all[c.to]
		t.Run(strings.Trim(c.from+"-"+c.to+"-"+c.method+c.policy, "-"), func(t *testing.T) {
			t.Parallel()
			body := `mapping "*" {}`
			if c.method != "" {
				body += fmt.Sprintf("\ncdc { method = %q }", c.method)
			}
			if c.policy != "" {
				body += fmt.Sprintf("\nschema_policy = schema_policy.team\n}\nschema_policy \"team\" {\n  modify_type {\n action = %q\n safe_changes = []\n}", c.policy)
			}
			dir, source, target := following(t, from, to, fmt.Sprintf("w%x", rand.Uint64()), body,
				"CREATE TABLE t (code varchar(8) NOT NULL PRIMARY KEY, v varchar(5), n numeric(4,2))",
				"CREATE TABLE other (id int NOT NULL PRIMARY KEY, v varchar(5))",
				"INSERT INTO t VALUES ('a', 'aaaaa', 12.50), ('b', NULL, NULL)", "INSERT INTO other VALUES (1, 'x')")
			wide := func(column, to string) string {
				if from.provider == "postgresql" {
					return fmt.Sprintf("ALTER TABLE t ALTER COLUMN %s TYPE %s", column, to)
				}
				if column == "code" {
					to += " NOT NULL"
				}
				return fmt.Sprintf("ALTER TABLE t MODIFY %s %s", column, to)
			}
			providertest.Exec(t, source, "UPDATE t SET v = 'bbbbb' WHERE code = 'b'", wide("v", "varchar(9)"), "INSERT INTO t VALUES ('c', '123456789', 1.25)",
				wide("v", "varchar(12)"), wide("code", "varchar(11)"),
				"INSERT INTO t VALUES ('0123456789a', '123456789012', 2.25)", "UPDATE t SET v = 'x' WHERE code = 'c'", "INSERT INTO other VALUES (2, 'y')")
			if c.held == "" {
				run(t, dir, 0, "sync", "-once")
			} else {
				out, err := command(t, dir, "sync", "-once").CombinedOutput()
				if said := strings.Join(strings.Fields(strings.ReplaceAll(string(out), "│", "")), " "); err != nil || !strings.Contains(said, c.held) {
					t.Errorf("the sync: %v\n%s", err, out)
				}
			}
			for _, q := range []string{"SELECT code, v FROM t ORDER BY code", "SELECT * FROM other ORDER BY id"} {
				a, b := providertest.Query(t, source, q), providertest.Query(t, target, q)
				if reflect.DeepEqual(a, b) == (c.held != "" && strings.Contains(q, "code")) {
					t.Errorf("the source has %v, the target %v", a, b)
				}
			}
			if c.held != "" {
				return
			}
			run(t, dir, 0, "plan", "-detailed-exitcode")
			run(t, dir, 0, "verify")
		})
	}
}

// TestEnumsGrow: a label that an enum gets at the source is one in the target too before
// the first row with it is written.
func TestEnumsGrow(t *testing.T) {
	t.Parallel()
	all := systemsByName()
	for _, c := range [][3]string{{"postgres", "postgres"}, {"postgres", "postgres", "trigger"}, {"postgres", "mysql"}, {"postgres", "sqlite"}, {"mysql", "mysql"}, {"mariadb", "mariadb", "trigger"}} {
		from, to := all[c[0]], all[c[1]]
		t.Run(strings.Trim(strings.Join(c[:], "-"), "-"), func(t *testing.T) {
			t.Parallel()
			body := `mapping "*" {}`
			if c[2] != "" {
				body += fmt.Sprintf("\ncdc { method = %q }", c[2])
			}
			kind, make, grow := "enum('sad','ok')", []string{}, []string{"ALTER TABLE t MODIFY m enum('sad','ok','glad')"}
			if from.provider == "postgresql" {
				kind, make, grow = "mood", []string{"CREATE TYPE mood AS ENUM ('sad', 'ok')"}, []string{"ALTER TYPE mood ADD VALUE 'glad'"}
			}
			if to.provider == "postgresql" { // MySQL would number the others anew
				grow = append(grow, "ALTER TYPE mood ADD VALUE 'so so' BEFORE 'ok'")
			}
			dir, source, target := following(t, from, to, fmt.Sprintf("e%x", rand.Uint64()), body,
				append(make, "CREATE TABLE t (id int NOT NULL PRIMARY KEY, m "+kind+")", "INSERT INTO t VALUES (1, 'sad'), (2, NULL)")...)
			providertest.Exec(t, source, append(grow, "INSERT INTO t VALUES (3, 'glad')", "UPDATE t SET m = 'ok' WHERE id = 2")...)
			run(t, dir, 0, "sync", "-once")
			if got := fmt.Sprint(providertest.Query(t, target, "SELECT id, m FROM t ORDER BY id")); got != "[[1 sad] [2 ok] [3 glad]]" {
				t.Errorf("the target has %s", got)
			}
			run(t, dir, 0, "plan", "-detailed-exitcode")
			run(t, dir, 0, "verify")
		})
	}
}
