package providertest

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/syncform/syncform/providers/providertest/internal/dbserver"
)

// TLS is a new empty database on a server that refuses connections without TLS, and
// what a client needs to talk to it. The URLs' host is localhost and they hold no ssl
// parameter.
type TLS struct {
	URL     string // a user with a password
	CertURL string // a user who must show CertFile and KeyFile, too (PostgreSQL: instead of a password)

	CAFile            string // signed the server's certificate, which is for localhost and 127.0.0.1
	OtherCAFile       string // did not
	CertFile, KeyFile string // the client's
	// OtherHost is an address at which the server answers and that its certificate does
	// not name; "" where the system has none.
	OtherHost string
}

// PostgresTLS starts the newest PostgreSQL with TLS. The server is another one than
// Postgres's, which has none.
func PostgresTLS(t testing.TB) TLS {
	t.Helper()
	versions := PostgresVersions()
	newest := versions[len(versions)-1]
	return newTLS(t, "postgres", newPostgres, func(o dbserver.Options) (*dbserver.Server, error) {
		return dbserver.StartPostgres(context.Background(), newest, o)
	})
}

// MySQLTLS starts MySQL with TLS.
func MySQLTLS(t testing.TB) TLS {
	t.Helper()
	return newTLS(t, "mysql", newMySQL, func(o dbserver.Options) (*dbserver.Server, error) {
		return dbserver.StartMySQL(context.Background(), o)
	})
}

// MariaDBTLS starts MariaDB with TLS.
func MariaDBTLS(t testing.TB) TLS {
	t.Helper()
	return newTLS(t, "mariadb", newMySQL, func(o dbserver.Options) (*dbserver.Server, error) {
		return dbserver.StartMariaDB(context.Background(), o)
	})
}

// authority is this process's, for all of its servers.
var authority = sync.OnceValues(dbserver.NewPKI)

func newTLS(t testing.TB, name string, database func(testing.TB, string) string, start func(dbserver.Options) (*dbserver.Server, error)) TLS {
	t.Helper()
	pki, err := authority()
	if err != nil {
		t.Fatal(err)
	}
	admin := administrator(t, name+"-tls", "", func() (*dbserver.Server, error) { return start(dbserver.Options{TLS: pki}) })
	u, err := url.Parse(database(t, admin))
	if err != nil {
		t.Fatal("a test server's URL is malformed")
	}
	u.Host, u.RawQuery = "localhost:"+u.Port(), ""
	secret, _ := u.User.Password()
	with := func(user *url.Userinfo) string {
		c := *u
		c.User = user
		return c.String()
	}
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return TLS{
		URL:         with(url.UserPassword(dbserver.TLSUser, secret)),
		CertURL:     with(url.UserPassword(dbserver.CertUser, secret)),
		CAFile:      file("ca.pem", pki.CACert),
		OtherCAFile: file("other-ca.pem", pki.OtherCACert),
		CertFile:    file("client.pem", pki.ClientCert),
		KeyFile:     file("client.key", pki.ClientKey),
		OtherHost:   dbserver.OtherHost(),
	}
}
