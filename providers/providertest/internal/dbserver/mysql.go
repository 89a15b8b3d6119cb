package dbserver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// StartMySQL starts a MySQL server, version 8.0 at least; what is fetched is 9.
func StartMySQL(ctx context.Context, o Options) (*Server, error) {
	return startFamily(ctx, mysqlFamily, o)
}

// StartMariaDB starts a MariaDB server.
func StartMariaDB(ctx context.Context, o Options) (*Server, error) {
	return startFamily(ctx, mariadbFamily, o)
}

func startFamily(ctx context.Context, f family, o Options) (*Server, error) {
	prog, err := f.find()
	if err != nil {
		return nil, err
	}
	s, err := launch(func(port int) (*Server, error) { return startMySQL(ctx, f, prog, port, o) })
	if err != nil {
		return nil, fmt.Errorf("%s does not start: %w", f.name, err)
	}
	s.Version = prog.version
	return s, nil
}

func startMySQL(ctx context.Context, f family, prog program, port int, o Options) (*Server, error) {
	secret := password()
	sql := fmt.Sprintf("CREATE USER IF NOT EXISTS 'sf'@'%%' IDENTIFIED BY '%[1]s';\nGRANT ALL ON *.* TO 'sf'@'%%' WITH GRANT OPTION;\nALTER USER 'root'@'localhost' IDENTIFIED BY '%[1]s';\n", secret)
	files := map[string]string{}
	if o.TLS != nil {
		sql += fmt.Sprintf("CREATE USER IF NOT EXISTS '%[2]s'@'%%' IDENTIFIED BY '%[1]s' REQUIRE SSL;\nGRANT ALL ON *.* TO '%[2]s'@'%%' WITH GRANT OPTION;\nCREATE USER IF NOT EXISTS '%[3]s'@'%%' IDENTIFIED BY '%[1]s' REQUIRE X509;\nGRANT ALL ON *.* TO '%[3]s'@'%%' WITH GRANT OPTION;\n", secret, TLSUser, CertUser)
		files["server.crt"], files["server.key"], files["ca.crt"] = o.TLS.serverCert, o.TLS.serverKey, o.TLS.CACert
	}
	files["init.sql"] = sql
	dir, err := newDir(f.name, files)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	if err := f.init(prog, dir, data); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	argv := append(prog.command(), "--datadir="+data, fmt.Sprintf("--port=%d", port), "--socket="+filepath.Join(dir, "sock"),
		"--pid-file="+filepath.Join(dir, "pid"), "--init-file="+filepath.Join(dir, "init.sql"), "--tmpdir="+dir,
		"--max-connections=300", "--max-allowed-packet=256M", "--character-set-server=utf8mb4", "--local-infile=1", "--secure-file-priv=",
		"--server-id=1", "--log-bin=binlog", "--binlog-format=ROW", "--binlog-row-metadata=FULL", "--binlog-row-image=FULL",
		"--innodb-buffer-pool-size=256M", "--innodb-flush-log-at-trx-commit=0", "--sync-binlog=0", "--innodb-doublewrite=0", "--skip-name-resolve")
	argv = append(argv, f.settings...)
	query := ""
	if o.TLS != nil {
		argv = append(argv, "--bind-address=127.0.0.1"+otherAddress(","), "--require-secure-transport=ON", "--ssl-ca="+filepath.Join(dir, "ca.crt"),
			"--ssl-cert="+filepath.Join(dir, "server.crt"), "--ssl-key="+filepath.Join(dir, "server.key"))
		query = "tls=skip-verify"
	} else {
		argv = append(argv, "--bind-address=127.0.0.1")
		argv = append(argv, withoutTLS(f)...)
	}
	for _, s := range o.Settings {
		argv = append(argv, "--"+s)
	}
	p, err := start(dir, "TERM", argv)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	u := url.URL{Scheme: "mysql", User: url.UserPassword("sf", secret), Host: fmt.Sprintf("127.0.0.1:%d", port), Path: "/", RawQuery: query}
	ping := func() error { return pingMySQL(ctx, u.String()) }
	if err := p.ready(ping); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	return &Server{URL: u.String(), Data: data, proc: p, ping: ping}, nil
}

func withoutTLS(f family) []string {
	if f.name == "mariadb" {
		return []string{"--skip-ssl"}
	}
	return []string{"--tls-version=", "--auto-generate-certs=OFF"}
}

func pingMySQL(ctx context.Context, u string) error {
	cfg, err := MySQLConfig(u)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	c, err := mysql.NewConnector(cfg)
	if err != nil {
		return err
	}
	db := sql.OpenDB(c)
	return errors.Join(db.PingContext(ctx), db.Close())
}

// MySQLConfig turns a mysql:// URL into the driver's configuration. It keeps the
// parameter tls (true, skip-verify, preferred, false) and no other. With tls=true the
// server's certificate is checked against the file in the parameter ca.
func MySQLConfig(u string) (*mysql.Config, error) {
	p, err := url.Parse(u)
	if err != nil || p.Scheme != "mysql" {
		return nil, errors.New("not a mysql:// URL")
	}
	cfg := mysql.NewConfig()
	cfg.Net, cfg.Addr, cfg.DBName, cfg.User = "tcp", p.Host, strings.TrimPrefix(p.Path, "/"), p.User.Username()
	cfg.Passwd, _ = p.User.Password()
	cfg.TLSConfig = p.Query().Get("tls")
	cfg.MaxAllowedPacket = 0 // the server's
	cfg.Logger = &mysql.NopLogger{}
	if p.Port() == "" {
		cfg.Addr = p.Hostname() + ":3306"
	}
	if ca := p.Query().Get("ca"); ca != "" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			return nil, err
		}
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(pem)
		cfg.TLSConfig, cfg.TLS = "", &tls.Config{RootCAs: pool, ServerName: p.Hostname()}
	}
	return cfg, nil
}
