package main

import (
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/syncform/syncform/providers/providertest"
)

// TestPreflightOfASchema: an apply that changes tables, keys, types and sequences with a
// role that may do next to nothing begins with none of it and says the exact statements;
// once those were run, and no others, it comes to its end.
func TestPreflightOfASchema(t *testing.T) {
	role := "few_" + strings.ReplaceAll(uuid.NewString(), "-", "")[:20]
	for _, c := range []struct {
		name, provider string
		fresh          func(testing.TB) string
		old, new       []string
		prepare        func(database string) []string
		clean          []string
	}{
		{"postgres", "postgresql", func(t testing.TB) string { return providertest.Postgres(t, "") },
			[]string{"CREATE TYPE mood AS ENUM ('a', 'b')", "CREATE DOMAIN short AS varchar(5)", "CREATE SEQUENCE s", "CREATE SEQUENCE gone", "CREATE TABLE parent (id int PRIMARY KEY)", "CREATE TABLE t (id int PRIMARY KEY, m mood, d int, p int)", "CREATE TABLE old (id int)"},
			[]string{"CREATE SCHEMA apart", "CREATE EXTENSION citext", "CREATE TYPE mood AS ENUM ('b')", "CREATE DOMAIN short AS varchar(9)", "CREATE SEQUENCE s INCREMENT 5", "CREATE TABLE parent (id int PRIMARY KEY)",
				"CREATE TABLE t (id int PRIMARY KEY, m mood, p int REFERENCES parent, e int, c citext)", "CREATE INDEX i ON t (e)", "CREATE TABLE added (id int)"},
			func(database string) []string {
				return []string{fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD 'pw'", role), fmt.Sprintf("CREATE ROLE %s_owner", role), "REVOKE ALL ON SCHEMA public FROM PUBLIC", fmt.Sprintf("ALTER TABLE t OWNER TO %s_owner", role), fmt.Sprintf("ALTER TABLE old OWNER TO %s_owner", role), "REVOKE ALL ON DATABASE " + database + " FROM PUBLIC", "GRANT CONNECT ON DATABASE " + database + " TO " + role,
					"GRANT CREATE ON SCHEMA public TO " + role + "_owner"}
			},
			[]string{"REASSIGN OWNED BY " + role + ", " + role + "_owner TO CURRENT_USER", "DROP OWNED BY " + role + ", " + role + "_owner", "DROP ROLE " + role + ", " + role + "_owner"}},
		{"mysql", "mysql", providertest.MySQL, mysqlOld, mysqlNew, nil, nil},
		{"mariadb", "mysql", providertest.MariaDB, mysqlOld, mysqlNew, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			source, target := c.fresh(t), c.fresh(t)
			u, err := url.Parse(target)
			if err != nil {
				t.Fatal("a test server's URL is malformed")
			}
			providertest.Exec(t, target, c.old...)
			providertest.Exec(t, source, c.new...)
			database := strings.TrimPrefix(u.Path, "/")
			name := role
			if c.prepare != nil {
				providertest.Exec(t, target, c.prepare(database)...)
				t.Cleanup(func() { providertest.Exec(t, target, c.clean...) })
			} else {
				name = role[:24] + c.name[:5]
				user := "'" + name + "'@'127.0.0.1'"
				providertest.Exec(t, target, "CREATE USER "+user+" IDENTIFIED BY 'pw'", "GRANT SELECT ON `"+database+"`.* TO "+user)
				t.Cleanup(func() { providertest.Exec(t, target, "DROP USER "+user) })
			}
			u.User = url.UserPassword(name, "pw")
			dir := t.TempDir()
			write(t, filepath.Join(dir, "main.sf.hcl"), fmt.Sprintf(`
source %[1]q "a" {
  connection = %[2]q
}
target %[1]q "b" {
  connection = %[3]q
}
sync "copy" {
  source        = source.%[1]s.a
  target        = target.%[1]s.b
  mode          = "schema"
  schema_policy = schema_policy.p
  mapping "*" {
    prune         = true
    allow_hazards = ["SF101", "SF102", "SF103", "SF104", "SF109", "SF112", "SF113"]
  }
}
schema_policy "p" {
  mode = "evolve"
  backup {
    before = ["drop_column", "drop_table"]
  }
}
`, c.provider, source, u))
			fixes := regexp.MustCompile(`(?m)^ {4,}((?:GRANT|ALTER|CREATE|SET) .*)$`)
			for round := 1; ; round++ {
				out, err := command(t, dir, "apply", "-auto-approve", "-no-color").CombinedOutput()
				if err == nil {
					if round == 1 {
						t.Errorf("nothing was missing:\n%s", out)
					}
					break
				}
				found := fixes.FindAllStringSubmatch(string(out), -1)
				if !strings.Contains(string(out), "Nothing was changed") || len(found) == 0 || round > 6 {
					t.Fatalf("round %d: %s", round, out)
				}
				for _, f := range found {
					providertest.Exec(t, target, f[1])
				}
				t.Logf("round %d: %v", round, found)
			}
			run(t, dir, 0, "plan", "-detailed-exitcode")
		})
	}
}

var (
	mysqlOld = []string{"CREATE TABLE parent (id int PRIMARY KEY)", "CREATE TABLE t (id int PRIMARY KEY, d int, p int)", "INSERT INTO t VALUES (1, 2, NULL)", "CREATE TABLE old (id int PRIMARY KEY)"}
	mysqlNew = []string{"CREATE TABLE parent (id int PRIMARY KEY)", "CREATE TABLE t (id int PRIMARY KEY, p int, e int, KEY i (e), FOREIGN KEY (p) REFERENCES parent (id))", "CREATE TABLE added (id int PRIMARY KEY)"}
)
