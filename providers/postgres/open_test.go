package postgres

import (
	"errors"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
)

func TestOpenTellsApart(t *testing.T) {
	link := providertest.Postgres(t, "")
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal("the test server's URL is malformed")
	}
	with := func(change func(*url.URL)) string {
		c := *u
		change(&c)
		return c.String()
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		attrs map[string]any
		want  string
	}{
		{"database", map[string]any{"connection": with(func(u *url.URL) { u.Path = "/not there" })}, `there is no database "not there"`},
		{"host", map[string]any{"connection": with(func(u *url.URL) { u.Host = "no-such-host.invalid:5432" })}, `the host "no-such-host.invalid" is not known`},
		{"port", map[string]any{"connection": with(func(u *url.URL) { u.Host = nobody })}, "nothing answers at " + nobody},
		{"no TLS there", map[string]any{"connection": link, "ssl": "required"}, "does not offer TLS"},
		{"a URL that is none", map[string]any{"connection": "postgres://user:s3cret@host:port/x"}, "not a valid URL"},
		{"keywords that are none", map[string]any{"connection": "password=s3cret host"}, "neither a URL"},
		{"ssl mode", map[string]any{"connection": link, "ssl": "sometimes"}, "ssl is one of"},
		{"ca_file", map[string]any{"connection": link, "ca_file": "not there"}, "ca_file: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn, err := Provider{}.Open(t.Context(), providers.Config{Addr: "source.postgresql.x", Attrs: c.attrs})
			if err == nil {
				t.Fatal("opened", conn.Close())
			}
			if !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "source.postgresql.x: ") {
				t.Errorf("%v", err)
			}
			if password, _ := u.User.Password(); strings.Contains(err.Error(), "s3cret") || password != "" && strings.Contains(err.Error(), password) {
				t.Error("the error holds a secret")
			}
		})
	}
}

func TestTLS(t *testing.T) {
	server := providertest.PostgresTLS(t)
	for _, c := range []struct {
		ssl, host, ca, want string // want "": opens, and is encrypted
	}{
		{"required", "", "", ""},
		{"preferred", "", "", ""},
		{"verify_ca", "", server.CAFile, ""},
		{"verify_full", "", server.CAFile, ""},
		{"verify_ca", "", server.OtherCAFile, "not trusted"},
		{"verify_full", "", server.OtherCAFile, "not trusted"},
		{"verify_full", server.OtherHost, server.CAFile, "another host name"},
		{"verify_ca", server.OtherHost, server.CAFile, ""},
		{"disabled", "", "", "does not let"},
	} {
		t.Run(c.ssl+" "+c.host+" "+filepath.Base(c.ca), func(t *testing.T) {
			attrs := map[string]any{"connection": server.URL, "ssl": c.ssl}
			if c.host != "" {
				u, err := url.Parse(server.URL)
				if err != nil {
					t.Fatal("the test server's URL is malformed")
				}
				u.Host = net.JoinHostPort(c.host, u.Port())
				attrs["connection"] = u.String()
			}
			if c.ca != "" {
				attrs["ca_file"] = c.ca
			}
			conn, err := Provider{}.Open(t.Context(), providers.Config{Addr: "x", Attrs: attrs})
			if c.want != "" {
				if err == nil {
					t.Fatal("opened", conn.Close())
				}
				if !strings.Contains(err.Error(), c.want) {
					t.Error(err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			s, err := conn.(*Conn).acquire(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.(*Conn).release(s)
			got, err := s.queryRow(t.Context(), "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
			if err != nil || got[0] != "t" {
				t.Error(got, err)
			}
		})
	}
}

// TestClientCertificate: a user who has no password shows a certificate.
func TestClientCertificate(t *testing.T) {
	server := providertest.PostgresTLS(t)
	attrs := map[string]any{"connection": server.CertURL, "ssl": "verify_full", "ca_file": server.CAFile}
	if conn, err := (Provider{}).Open(t.Context(), providers.Config{Addr: "x", Attrs: attrs}); err == nil {
		t.Fatal("opened without the certificate", conn.Close())
	}
	attrs["cert_file"], attrs["key_file"] = server.CertFile, server.KeyFile
	conn, err := Provider{}.Open(t.Context(), providers.Config{Addr: "x", Attrs: attrs})
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
}

func TestConfigFromAttributes(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ca.pem"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config(providers.Config{Username: "ann's", Password: `p\'w`, Attrs: map[string]any{
		"host": "db.example.com", "port": int64(6432), "database": `odd 'name\`, "ssl": "disabled", "connect_timeout": int64(3), "application_name": "me",
		"options": map[string]string{"statement_timeout": "5"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Host != "db.example.com" || cfg.Port != 6432 || cfg.Database != `odd 'name\` || cfg.User != "ann's" || cfg.Password != `p\'w` || cfg.TLSConfig != nil ||
		cfg.ConnectTimeout.Seconds() != 3 || cfg.RuntimeParams["application_name"] != "me" || cfg.RuntimeParams["statement_timeout"] != "5" {
		t.Errorf("%+v", cfg)
	}
	if _, err := config(providers.Config{Dir: dir, Attrs: map[string]any{"ca_file": "ca.pem", "ssl": "verify_ca"}}); err == nil || errors.Is(err, os.ErrNotExist) {
		t.Error("a relative file is looked for beside the configuration, and an empty one is no certificate:", err)
	}
}
