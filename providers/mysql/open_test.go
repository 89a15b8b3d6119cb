package mysql

import (
	"net"
	"net/url"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
)

func tryOpen(t *testing.T, attrs map[string]any) error {
	t.Helper()
	conn, err := Provider{}.Open(t.Context(), providers.Config{Addr: "source.mysql.shop", Attrs: attrs})
	if err == nil {
		err = conn.Close()
	}
	return err
}

// Every mode of ssl over real TLS, against a server that insists on it.
func TestTLS(t *testing.T) {
	t.Run("mysql", func(t *testing.T) { testTLS(t, providertest.MySQLTLS(t)) })
	t.Run("mariadb", func(t *testing.T) { testTLS(t, providertest.MariaDBTLS(t)) })
}

func testTLS(t *testing.T, s providertest.TLS) {
	other := ""
	if s.OtherHost != "" {
		u, err := url.Parse(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		u.Host = s.OtherHost + ":" + u.Port()
		other = u.String()
	}
	for _, c := range []struct {
		what, url string
		attrs     map[string]any
		fails     string // what the error says; "" where it opens
	}{
		{"nothing said", s.URL, nil, ""},
		{"preferred", s.URL, map[string]any{"ssl": "preferred"}, ""},
		{"required", s.URL, map[string]any{"ssl": "required"}, ""},
		{"disabled", s.URL, map[string]any{"ssl": "disabled"}, `set ssl = "required"`},
		{"the authority", s.URL, map[string]any{"ssl": "verify_ca", "ca_file": s.CAFile}, ""},
		{"another authority", s.URL, map[string]any{"ssl": "verify_ca", "ca_file": s.OtherCAFile}, "unknown authority"},
		{"no authority", s.URL, map[string]any{"ssl": "verify_full"}, "unknown authority"},
		{"the name", s.URL, map[string]any{"ssl": "verify_full", "ca_file": s.CAFile}, ""},
		{"another name, unchecked", other, map[string]any{"ssl": "verify_ca", "ca_file": s.CAFile}, ""},
		{"another name", other, map[string]any{"ssl": "verify_full", "ca_file": s.CAFile}, "certificate"},
		{"no client certificate", s.CertURL, map[string]any{"ssl": "verify_full", "ca_file": s.CAFile}, "refused"},
		{"a client certificate", s.CertURL, map[string]any{"ssl": "verify_full", "ca_file": s.CAFile, "cert_file": s.CertFile, "key_file": s.KeyFile}, ""},
		{"in the URL", s.URL + "?ssl-mode=VERIFY_IDENTITY&ssl-ca=" + s.CAFile, nil, ""},
	} {
		if c.url == "" {
			continue
		}
		attrs := map[string]any{"connection": c.url}
		for k, v := range c.attrs {
			attrs[k] = v
		}
		err := tryOpen(t, attrs)
		switch {
		case c.fails == "" && err != nil:
			t.Errorf("%s: %v", c.what, err)
		case c.fails != "" && (err == nil || !strings.Contains(err.Error(), c.fails) && !strings.Contains(err.Error(), "wrong user")):
			t.Errorf("%s: want an error with %q, have %v", c.what, c.fails, err)
		}
	}
}

// What is wrong with a block is said without any of its secrets.
func TestOpenArguments(t *testing.T) {
	url := providertest.MariaDB(t)
	const secret = "s3cret-%2F"
	for _, c := range []struct {
		attrs map[string]any
		want  string
	}{
		{map[string]any{"host": "127.0.0.1"}, "set database"},
		{map[string]any{"connection": "postgres://a:" + secret + "@h/d"}, "not mysql://"},
		{map[string]any{"connection": "mysql://a:" + secret + "%zz@h/d"}, "percent-encode"},
		{map[string]any{"connection": "mysql://a:" + secret + "@h/d?sssl=x"}, `"sssl"`},
		{map[string]any{"connection": "mysql://a:" + secret + "@h/d?ssl=x"}, "verify_full"},
		{map[string]any{"connection": "a:" + secret + "@tcp(h/d"}, "user:password@tcp"},
		{map[string]any{"connection": url, "ssl": "always"}, "verify_full"},
		{map[string]any{"connection": url, "ca_file": "/nowhere.pem", "ssl": "verify_ca"}, "nowhere.pem"},
		{map[string]any{"connection": url, "tinyint1": "yes"}, "bool or int"},
		{map[string]any{"connection": url, "ssl": "required"}, "offers none"},
	} {
		err := tryOpen(t, c.attrs)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "source.mysql.shop") {
			t.Errorf("%v: want an error with %q, have %v", c.attrs, c.want, err)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("the error holds the password: %v", err)
		}
	}
}

// A host that takes a connection and says nothing is given up.
func TestSilentHost(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	err = tryOpen(t, map[string]any{"connection": "mysql://u:s3cret@" + silent.Addr().String() + "/d?connect_timeout=0.2"})
	if err == nil || !strings.Contains(err.Error(), "no answer within 200ms") || !providers.IsRetryable(err) {
		t.Errorf("want no answer, worth another try, have %v", err)
	}
}

// A URL, a DSN and single arguments lead to the same database.
func TestWaysToConnect(t *testing.T) {
	providertest.EachMySQL(t, func(t *testing.T, text string) {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal("a test server's URL is malformed")
		}
		password, _ := u.User.Password()
		want := inspect(t, connectTo(t, text)).Identity
		dsn := u.User.Username() + ":" + password + "@tcp(" + u.Host + ")" + u.Path + "?parseTime=true"
		if got := inspect(t, connectTo(t, dsn)).Identity; got != want {
			t.Errorf("the DSN leads to %s, not %s", got, want)
		}
		conn, err := Provider{}.Open(t.Context(), providers.Config{
			Addr: "target.mysql.x", Username: u.User.Username(), Password: password,
			Attrs: map[string]any{"host": u.Hostname(), "port": int64(atoi(u.Port())), "database": strings.TrimPrefix(u.Path, "/"), "connect_timeout": int64(5)},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if got := inspect(t, conn.(*Conn)).Identity; got != want {
			t.Errorf("the arguments lead to %s, not %s", got, want)
		}
	})
}
