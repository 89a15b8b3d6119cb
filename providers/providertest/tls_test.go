package providertest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"net"
	"net/url"
	"os"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"

	"github.com/syncform/syncform/providers/providertest/internal/dbserver"
)

func TestPostgresTLS(t *testing.T) {
	s := PostgresTLS(t)
	connect := func(u, query string) error {
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		conn, err := pgx.Connect(ctx, u+query)
		if err != nil {
			return err
		}
		return conn.Close(ctx)
	}
	full := "?sslmode=verify-full&sslrootcert=" + s.CAFile
	client := full + "&sslcert=" + s.CertFile + "&sslkey=" + s.KeyFile
	succeeds(t, "the server's name", connect(s.URL, full))
	succeeds(t, "a client certificate", connect(s.CertURL, client))
	fails(t, "no TLS", connect(s.URL, "?sslmode=disable"))
	fails(t, "another authority", connect(s.URL, "?sslmode=verify-full&sslrootcert="+s.OtherCAFile))
	fails(t, "no client certificate", connect(s.CertURL, full))
	if s.OtherHost != "" {
		other := atHost(t, s.URL, s.OtherHost)
		succeeds(t, "another name, unchecked", connect(other, "?sslmode=verify-ca&sslrootcert="+s.CAFile))
		fails(t, "another name", connect(other, full))
	}
}

func TestMySQLsTLS(t *testing.T) {
	t.Run("mysql", func(t *testing.T) { checkMySQLTLS(t, MySQLTLS(t)) })
	t.Run("mariadb", func(t *testing.T) { checkMySQLTLS(t, MariaDBTLS(t)) })
}

func checkMySQLTLS(t *testing.T, s TLS) {
	connect := func(u string, c *tls.Config) error {
		cfg, err := dbserver.MySQLConfig(u)
		if err != nil {
			return err
		}
		cfg.TLS = c
		connector, err := mysql.NewConnector(cfg)
		if err != nil {
			return err
		}
		db := sql.OpenDB(connector)
		defer db.Close()
		return db.Ping()
	}
	full := func(ca string) *tls.Config {
		pem, err := os.ReadFile(ca)
		if err != nil {
			t.Fatal(err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			t.Fatal("no certificate in the authority's file")
		}
		return &tls.Config{RootCAs: pool, ServerName: "localhost"}
	}
	cert, err := tls.LoadX509KeyPair(s.CertFile, s.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	client := full(s.CAFile)
	client.Certificates = []tls.Certificate{cert}
	succeeds(t, "the server's name", connect(s.URL, full(s.CAFile)))
	succeeds(t, "a client certificate", connect(s.CertURL, client))
	fails(t, "no TLS", connect(s.URL, nil))
	fails(t, "another authority", connect(s.URL, full(s.OtherCAFile)))
	fails(t, "no client certificate", connect(s.CertURL, full(s.CAFile)))
	if s.OtherHost != "" {
		other := full(s.CAFile)
		other.ServerName = s.OtherHost
		fails(t, "another name", connect(atHost(t, s.URL, s.OtherHost), other))
	}
}

func atHost(t *testing.T, u, host string) string {
	t.Helper()
	p, err := url.Parse(u)
	if err != nil {
		t.Fatal(err)
	}
	p.Host = net.JoinHostPort(host, p.Port())
	return p.String()
}

func succeeds(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

func fails(t *testing.T, what string, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: connected, and should not", what)
	}
}
