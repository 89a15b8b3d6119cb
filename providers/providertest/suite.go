package providertest

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// Suite says which provider to test, and where.
type Suite struct {
	Provider providers.Provider
	// New makes a new empty database and returns its URL, or of SQLite its path:
	// MySQL, MariaDB, SQLite, or Postgres of one version.
	New func(t testing.TB) string
}

// Run tests everything that the contract of package providers promises, as subtests,
// on real databases. It says nothing about one system's own promises, such as which type
// becomes which: those are the provider's own tests.
func Run(t *testing.T, s Suite) {
	for _, part := range []struct {
		name string
		test func(*testing.T, Suite)
	}{
		{"open", testOpen},
		{"inspect", testInspectOptions},
		{"preflight", testPreflight},
		{"everything", testEverything},
		{"hostile names", testHostileNames},
		{"steps", testSteps},
		{"changes", testChanges},
		{"aside", testAside},
		{"chunks", testChunks},
		{"snapshot", testSnapshot},
		{"write", testWrite},
		{"values", testValues},
		{"foreign values", testForeignValues},
		{"large values", testLargeValues},
		{"bad rows", testBadRows},
		{"forms", testForms},
		{"checksum", testChecksum},
	} {
		t.Run(part.name, func(t *testing.T) { part.test(t, s) })
	}
}

// endpoint is an open database.
type endpoint struct {
	url  string
	conn providers.Conn
	db   *schema.Database // as it was when it was opened
}

// limited is the context of one thing that is asked of a provider: it ends, so that a
// provider that hangs fails its test and not the whole run.
func limited(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	t.Cleanup(cancel)
	return ctx
}

// config is the block that leads to a database, as a target.
func config(url string) providers.Config {
	if system(url) == "sqlite" {
		url = "sqlite:" + strings.TrimPrefix(url, "sqlite:")
	}
	return providers.Config{Addr: "target.test.suite", Attrs: map[string]any{"connection": url}}
}

// open makes a new database and connects to it.
func (s Suite) open(t testing.TB) *endpoint {
	t.Helper()
	return s.reopen(t, s.New(t))
}

// reopen connects to a database.
func (s Suite) reopen(t testing.TB, url string) *endpoint {
	t.Helper()
	conn, err := s.Provider.Open(limited(t), config(url))
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	e := &endpoint{url: url, conn: conn}
	e.db = e.inspect(t)
	return e
}

// inspect reads the catalogue anew.
func (e *endpoint) inspect(t testing.TB, tables ...schema.Name) *schema.Database {
	t.Helper()
	db, err := e.conn.Inspect(limited(t), providers.InspectOptions{Tables: tables})
	if err != nil {
		t.Fatalf("inspect: %v", err)
	}
	return db
}

// table inspects one table, which must be there.
func (e *endpoint) table(t testing.TB, name string) schema.Table {
	t.Helper()
	n := e.name(name)
	db := e.inspect(t, n)
	table := db.Table(n)
	if table == nil {
		t.Fatalf("table %s is not there after all", n)
	}
	return *table
}

// name is the name of a table in the default schema.
func (e *endpoint) name(table string) schema.Name {
	return schema.Name{Schema: e.db.DefaultSchema, Name: table}
}

// exec runs statements beside the provider.
func (e *endpoint) exec(t testing.TB, statements ...string) {
	t.Helper()
	Exec(t, e.url, statements...)
}

// capability is what the contract asks of the endpoint's system.
func capability[T any](t testing.TB, e *endpoint) T {
	t.Helper()
	c, err := providers.As[T](e.conn)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// sameTables compares tables but for their estimates.
func sameTables(t testing.TB, what string, want, got []schema.Table) {
	t.Helper()
	same(t, what, withoutEstimates(want), withoutEstimates(got))
}

func withoutEstimates(tables []schema.Table) []schema.Table {
	out := make([]schema.Table, len(tables))
	for i, table := range tables {
		table.Rows, table.Bytes = 0, 0
		out[i] = table
	}
	return out
}

// same compares two values of a type by their JSON, and shows a diff.
func same[T any](t testing.TB, what string, want, got T) {
	t.Helper()
	w, g := lines(t, want), lines(t, got)
	if !bytes.Equal(w, g) {
		t.Errorf("%s:\n%s", what, diff.Diff("want", w, "got", g))
	}
}

func lines(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

// testOpen: an endpoint that can't be opened says which and why, without its password.
func testOpen(t *testing.T, s Suite) {
	good := s.New(t)
	if system(good) == "sqlite" {
		path := s.New(t)
		if err := os.WriteFile(path, bytes.Repeat([]byte("not a database. "), 100), 0o600); err != nil {
			t.Fatal(err)
		}
		refuses(t, s, "a file that is no database", path, "")
		return
	}
	u, err := url.Parse(good)
	if err != nil {
		t.Fatal("a test server's URL is malformed")
	}
	changed := func(f func(*url.URL)) string {
		c := *u
		f(&c)
		return c.String()
	}
	const wrong = "Wr0ng-passw0rd"
	secret, _ := u.User.Password()
	messages := map[string]string{}
	for what, url := range map[string]string{
		"a wrong password": changed(func(c *url.URL) { c.User = url.UserPassword(u.User.Username(), wrong) }),
		"a wrong database": changed(func(c *url.URL) { c.Path = "/no_such_database" }),
		"a wrong port":     changed(func(c *url.URL) { c.Host = u.Hostname() + ":1" }),
		"a wrong host":     changed(func(c *url.URL) { c.Host = "no-such-host.invalid:" + u.Port() }),
	} {
		m := refuses(t, s, what, url, secret, wrong)
		if other, ok := messages[m]; ok {
			t.Errorf("%s and %s give the same error: %s", what, other, m)
		}
		messages[m] = what
	}
}

func refuses(t *testing.T, s Suite, what, url string, secrets ...string) string {
	t.Helper()
	conn, err := s.Provider.Open(limited(t), config(url))
	if err == nil {
		t.Errorf("%s: opened", what)
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		return ""
	}
	m := err.Error()
	if !strings.Contains(m, "target.test.suite") {
		t.Errorf("%s: the error does not name the endpoint: %s", what, m)
	}
	for _, secret := range secrets {
		if secret != "" && strings.Contains(m, secret) {
			t.Errorf("%s: the error holds a password", what)
		}
	}
	return m
}
