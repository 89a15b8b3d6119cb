package main

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// failing runs a command that must fail, and returns what it says, its frame and the
// breaks of its lines left out.
func failing(t *testing.T, dir string, args ...string) string {
	t.Helper()
	c := command(t, dir, args...)
	out, err := c.CombinedOutput()
	if c.ProcessState == nil || c.ProcessState.ExitCode() != 1 {
		t.Fatalf("syncform %v: %v, wanted exit 1\n%s", args, err, out)
	}
	return strings.Join(strings.Fields(strings.ReplaceAll(string(out), "│", " ")), " ")
}

// contains wants each of some texts.
func contains(t *testing.T, out string, wanted ...string) {
	t.Helper()
	for _, w := range wanted {
		if !strings.Contains(out, w) {
			t.Errorf("no %q in: %s", w, out)
		}
	}
}

// TestEndpointsThatCantBeReached: which block, where, what is wrong; no secret; and
// nothing is made.
func TestEndpointsThatCantBeReached(t *testing.T) {
	t.Parallel()
	const secret = "s3cret-c4nary"
	for _, s := range systems() {
		if s.name == "sqlite" {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			fresh := s.fresh(t)
			for _, c := range []struct {
				name   string
				change func(*url.URL)
				ssl    string
				want   string
			}{
				{"password", func(u *url.URL) { u.User = url.UserPassword(u.User.Username(), secret) }, "", "password"},
				{"user", func(u *url.URL) { u.User = url.UserPassword("nobody_here", secret) }, "", `user "nobody_here"`},
				{"database", func(u *url.URL) { u.Path = "/not_there" }, "", `there is no database "not_there"`},
				{"host", func(u *url.URL) { u.Host = "no-such-host.invalid:1234" }, "", `host "no-such-host.invalid"`},
				{"port", func(u *url.URL) { u.Host = "127.0.0.1:1" }, "", "check host and port"},
				{"tls", func(*url.URL) {}, "verify_full", "TLS"},
			} {
				t.Run(c.name, func(t *testing.T) {
					u, err := url.Parse(fresh)
					if err != nil {
						t.Fatal("the test server's URL is malformed")
					}
					c.change(u)
					dir := t.TempDir()
					ssl := ""
					if c.ssl != "" {
						ssl = fmt.Sprintf("  ssl        = %q\n", c.ssl)
					}
					write(t, filepath.Join(dir, "main.sf.hcl"), fmt.Sprintf("source %q \"bad\" {\n  connection = %q\n%s}\n", s.provider, u, ssl)+`
target "sqlite" "to" {
  path = "to.db"
}
sync "all" {
  source = source.`+s.provider+`.bad
  target = target.sqlite.to
  mode   = "full"
  mapping "*" {}
}
`)
					for _, args := range [][]string{{"plan"}, {"apply", "-auto-approve"}} {
						out := failing(t, dir, args...)
						contains(t, out, "Can't open source."+s.provider+".bad", "on main.sf.hcl line 1", c.want)
						if password, _ := u.User.Password(); strings.Contains(out, secret) || password != "" && strings.Contains(out, ":"+password+"@") {
							t.Error("the message holds a secret")
						}
					}
					for _, f := range []string{"to.db", "syncform.sfstate"} {
						if _, err := os.Stat(filepath.Join(dir, f)); !os.IsNotExist(err) {
							t.Errorf("%s: %v", f, err)
						}
					}
				})
			}
		})
	}
}

// TestAKeyThatIsNotUnique names the key and the way out, which works.
func TestAKeyThatIsNotUnique(t *testing.T) {
	t.Parallel()
	from := systems()[0]
	for _, to := range systems() {
		t.Run(to.name, func(t *testing.T) {
			source, target := from.fresh(t), to.fresh(t)
			providertest.Exec(t, source, "CREATE TABLE users (id integer NOT NULL, name text)", "INSERT INTO users VALUES (1, 'a'), (7, 'b'), (7, 'c')")
			dir := copyConfig(t, from, source, to, target)
			hcl, err := os.ReadFile(filepath.Join(dir, "main.sf.hcl"))
			if err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, "main.sf.hcl"), strings.Replace(string(hcl), `mapping "*" {}`, "mapping \"users\" {\n    key = [\"id\"]\n  }", 1))
			if out := run(t, dir, 0, "plan"); !strings.Contains(strings.Join(strings.Fields(out), " "), "public.users does not enforce it") {
				t.Errorf("the plan has no note of the key:\n%s", out)
			}
			out := failing(t, dir, "apply", "-auto-approve")
			contains(t, out, `sync.all.mapping["users"]`, "make the values unique at the source", `-replace='sync.all.mapping["users"]'`)
			if !strings.Contains(out, "id=7") && !strings.Contains(out, "(id)=(7)") {
				t.Errorf("the key is not named: %s", out)
			}
			providertest.Exec(t, source, "DELETE FROM users WHERE name = 'b'")
			run(t, dir, 0, "apply", "-auto-approve", `-replace=sync.all.mapping["users"]`)
			applied(t, dir)
			if rows := lines(providertest.Query(t, target, "SELECT id, name FROM users")); len(rows) != 2 || rows[1] != "7\tc" {
				t.Errorf("rows %q", rows)
			}
		})
	}
}

// TestATypeWithoutCounterpart names table, column and type: refused and nothing made
// where nothing holds its values, else noted.
func TestATypeWithoutCounterpart(t *testing.T) {
	t.Parallel()
	all := systemsByName()
	for _, c := range []struct {
		from, to string
		ddl      []string
		refused  bool
		want     string
	}{
		{"postgres", "postgres", []string{"CREATE TYPE odd", "CREATE FUNCTION odd_in(cstring) RETURNS odd IMMUTABLE STRICT LANGUAGE internal AS 'textin'", "CREATE FUNCTION odd_out(odd) RETURNS cstring IMMUTABLE STRICT LANGUAGE internal AS 'textout'",
			"CREATE TYPE odd (INPUT = odd_in, OUTPUT = odd_out, LIKE = text)", "CREATE TABLE docs (id integer PRIMARY KEY, v odd)"}, true, "odd"},
		{"mysql", "mariadb", []string{"CREATE TABLE docs (id integer PRIMARY KEY, v vector(3))"}, false, "there is no vector(3) here; it is longblob"},
		{"mariadb", "mysql", []string{"CREATE TABLE docs (id integer PRIMARY KEY, v inet6)"}, false, "there is no inet6 here; it is varchar(39)"},
	} {
		t.Run(c.from+"-"+c.to, func(t *testing.T) {
			source, target := all[c.from].fresh(t), all[c.to].fresh(t)
			providertest.Exec(t, source, c.ddl...)
			dir := copyConfig(t, all[c.from], source, all[c.to], target)
			if !c.refused {
				contains(t, strings.Join(strings.Fields(run(t, dir, 0, "plan")), " "), `sync.all.mapping["docs"]: column "v": `+c.want)
				return
			}
			for _, args := range [][]string{{"plan"}, {"apply", "-auto-approve"}} {
				contains(t, failing(t, dir, args...), "on main.sf.hcl line", "docs", `"v"`, c.want)
			}
			if tables := providertest.Query(t, target, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"); len(tables) > 0 {
				t.Errorf("made %v", tables)
			}
		})
	}
}

// TestTwoSyncsOfOneTable: also where two targets lead to one database by other words.
func TestTwoSyncsOfOneTable(t *testing.T) {
	t.Parallel()
	for _, s := range systems() {
		t.Run(s.name, func(t *testing.T) {
			source, target := s.fresh(t), s.fresh(t)
			providertest.Exec(t, source, "CREATE TABLE users (id integer PRIMARY KEY)")
			other := strings.Replace(target, "127.0.0.1", "localhost", 1)
			if s.name == "sqlite" {
				other = filepath.Dir(target) + "/./" + filepath.Base(target)
			}
			dir := copyConfig(t, s, source, s, target)
			write(t, filepath.Join(dir, "other.sf.hcl"), s.endpoint("target", "other", other)+fmt.Sprintf(`
sync "other" {
  source = source.%[1]s.from
  target = target.%[1]s.other
  mode   = "full"
  mapping "users" {}
}
`, s.provider))
			contains(t, failing(t, dir, "apply", "-auto-approve"), "Two mappings of one target table", `sync.other.mapping["users"]`, `sync.all.mapping["users"] (main.sf.hcl:`)
		})
	}
}

// TestATargetTableOfOthers: a table with other columns, and rows, is left as it is.
func TestATargetTableOfOthers(t *testing.T) {
	t.Parallel()
	for _, s := range systems() {
		t.Run(s.name, func(t *testing.T) {
			source, target := s.fresh(t), s.fresh(t)
			providertest.Exec(t, source, "CREATE TABLE users (id integer PRIMARY KEY, name varchar(20))", "INSERT INTO users VALUES (1, 'a')")
			providertest.Exec(t, target, "CREATE TABLE users (id integer PRIMARY KEY, other varchar(20) NOT NULL)", "INSERT INTO users VALUES (7, 'seven')")
			dir := copyConfig(t, s, source, s, target)
			contains(t, failing(t, dir, "apply", "-auto-approve"), "Target table holds rows", "Target table has other columns", `"other"`, "on main.sf.hcl line")
			if rows := lines(providertest.Query(t, target, "SELECT id, other FROM users")); len(rows) != 1 || rows[0] != "7\tseven" {
				t.Errorf("rows %q", rows)
			}
		})
	}
}
