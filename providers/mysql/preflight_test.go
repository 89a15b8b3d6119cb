package mysql

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/schema"
)

// A user who may do nothing is told what is missing; once the statements were run,
// nothing is.
func TestPreflight(t *testing.T) {
	providertest.EachMySQL(t, func(t *testing.T, admin string) {
		const user, password = "sf pre'flight", "pa\\ss'w"
		quoted := literal(user) + "@'127.0.0.1'"
		providertest.Exec(t, admin, "DROP USER IF EXISTS "+quoted, "CREATE USER "+quoted+" IDENTIFIED BY "+literal(password),
			"CREATE TABLE `re``ad` (id int primary key)", "CREATE TABLE other (id int primary key) ENGINE=MyISAM", "CREATE TRIGGER tr BEFORE INSERT ON `re``ad` FOR EACH ROW SET @x = 1")
		t.Cleanup(func() { providertest.Exec(t, admin, "DROP USER IF EXISTS "+quoted) })
		u, err := url.Parse(admin)
		if err != nil {
			t.Fatal("a test server's URL is malformed")
		}
		database := strings.TrimPrefix(u.Path, "/")
		u.User = url.UserPassword(user, password)
		if err := tryOpen(t, map[string]any{"connection": u.String()}); err == nil || !strings.Contains(err.Error(), "no privilege on database") {
			t.Errorf("without any privilege: %v", err)
		}
		// A pattern and a privilege on a column are not all of it.
		providertest.Exec(t, admin, "GRANT SELECT (id) ON "+ident(database)+".`re``ad` TO "+quoted, "GRANT INSERT ON `"+strings.ReplaceAll(database, "_", "\\_")+"`.* TO "+quoted)
		c := connectTo(t, u.String())
		if _, err := c.Normalize(t.Context(), []schema.Table{{Name: named("x"), Columns: []schema.Column{{Name: "a", Type: c.server.typeOf("int", nil, nil, false, false, ""), Nullable: true, Default: &schema.Default{Text: "(1 + 1)"}}}}}); !errors.Is(err, providers.ErrReadOnly) {
			t.Errorf("asking for spelling: %v, want ErrReadOnly", err)
		}
		if _, err := c.RunStep(t.Context(), providers.StepKey{Plan: "p", Action: "a"}, providers.Step{Text: "CREATE TABLE x (id int)"}); !errors.Is(err, providers.ErrPrivilege) {
			t.Errorf("a step: %v, want ErrPrivilege", err)
		}
		what := providers.Preflight{Read: []schema.Name{named("re`ad"), named("other")}, Write: []schema.Name{named("re`ad"), named("other"), named("made later")}}
		findings := preflight(t, c, what)
		texts := ""
		for _, f := range findings {
			texts += f.Text + "\n"
			if f.Fix != "" && !strings.HasPrefix(f.Fix, "SET GLOBAL") {
				providertest.Exec(t, admin, f.Fix)
			}
		}
		for _, want := range []string{"table re`ad can't be read", "RELOAD", "CREATE, DROP, ALTER", "CREATE TEMPORARY TABLES", "MyISAM"} {
			if !strings.Contains(texts, want) {
				t.Errorf("nothing is said of %s in:\n%s", want, texts)
			}
		}
		if strings.Contains(texts, "SELECT, INSERT") {
			t.Errorf("INSERT is granted by a pattern, and missing:\n%s", texts)
		}
		if all := preflight(t, connectTo(t, admin), what); !slices.ContainsFunc(all, func(f providers.Finding) bool { return strings.Contains(f.Text, "trigger tr") }) {
			t.Errorf("nothing is said of the trigger: %v", all)
		}
		for _, f := range preflight(t, connectTo(t, u.String()), what) {
			if f.Fatal {
				t.Errorf("still fatal: %s", f.Text)
			}
		}
		run(t, connectTo(t, u.String()), nil, schema.AddTable{To: schema.Table{Name: named("made later"), Columns: []schema.Column{{Name: "id", Type: c.server.typeOf("int", nil, nil, false, false, "")}}}})
	})
}

func preflight(t *testing.T, c *Conn, p providers.Preflight) []providers.Finding {
	t.Helper()
	findings, err := c.Preflight(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return findings
}

func TestLike(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"a%", "abc", true}, {"a\\_b", "a_b", true}, {"a\\_b", "axb", false}, {"a_b", "axb", true}, {"%", "", true}, {"a", "ab", false}, {"%b%", "abc", true}, {"a\\", "a\\", true},
	} {
		if got := like(c.pattern, c.name); got != c.want {
			t.Errorf("like(%q, %q) = %v", c.pattern, c.name, got)
		}
	}
}
