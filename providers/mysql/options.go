package mysql

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	gomysql "github.com/go-sql-driver/mysql"

	"github.com/syncform/syncform/providers"
)

// options are an endpoint's arguments, whatever way they were written.
type options struct {
	host, socket, database    string
	port                      int64
	user, password            string
	ssl                       string
	caFile, certFile, keyFile string
	timeout                   time.Duration
	tinyint1                  string
	cleartext                 bool // the DSN allowed passwords in clear text
}

// defaults of the arguments.
const (
	defaultPort    = 3306
	defaultTimeout = 10 * time.Second
)

// The modes of ssl.
const (
	sslDisabled   = "disabled"
	sslPreferred  = "preferred"
	sslRequired   = "required"
	sslVerifyCA   = "verify_ca"
	sslVerifyFull = "verify_full"
)

// readOptions takes the arguments of a block: those of the connection string first,
// then those written out, then the credentials. No error repeats any of them but names.
func readOptions(cfg providers.Config) (options, error) {
	o := options{host: "127.0.0.1", port: defaultPort, ssl: sslPreferred, timeout: defaultTimeout}
	if c := cfg.String("connection"); c != "" {
		var err error
		if strings.Contains(c, "://") {
			err = o.readURL(c)
		} else {
			err = o.readDSN(c)
		}
		if err != nil {
			return o, err
		}
	}
	for name, field := range map[string]*string{
		"host": &o.host, "socket": &o.socket, "database": &o.database, "ssl": &o.ssl,
		"ca_file": &o.caFile, "cert_file": &o.certFile, "key_file": &o.keyFile, "tinyint1": &o.tinyint1,
	} {
		if v := cfg.String(name); v != "" {
			*field = v
		}
	}
	o.port = cfg.Int("port", o.port)
	if s := cfg.Int("connect_timeout", 0); s > 0 {
		o.timeout = time.Duration(s) * time.Second
	}
	if cfg.Username != "" {
		o.user = cfg.Username
	}
	if cfg.Password != "" {
		o.password = cfg.Password
	}
	for _, f := range []*string{&o.caFile, &o.certFile, &o.keyFile} {
		if *f != "" && !filepath.IsAbs(*f) {
			*f = filepath.Join(cfg.Dir, *f)
		}
	}
	if o.database == "" {
		return o, errors.New("no database is named: set database")
	}
	return o, nil
}

// readURL reads mysql://user:password@host:port/database?ssl=required&...
func (o *options) readURL(text string) error {
	u, err := url.Parse(text)
	if err != nil { // its text holds the URL
		return errors.New("connection is not a valid URL: percent-encode what is special in user and password")
	}
	if u.Scheme != "mysql" && u.Scheme != "mariadb" {
		return fmt.Errorf("connection is a %s:// URL, not mysql://", u.Scheme)
	}
	if h := u.Hostname(); h != "" {
		o.host = h
	}
	if p := u.Port(); p != "" {
		if o.port, err = strconv.ParseInt(p, 10, 32); err != nil {
			return errors.New("the port in connection is not a number")
		}
	}
	o.user = u.User.Username()
	o.password, _ = u.User.Password()
	o.database = strings.TrimPrefix(u.Path, "/")
	for name, values := range u.Query() {
		if err := o.readParameter(name, values[len(values)-1]); err != nil {
			return err
		}
	}
	return nil
}

// readParameter reads one parameter of a URL, under the names that MySQL's own
// programs, this provider and Go's driver have for it.
func (o *options) readParameter(name, value string) error {
	switch strings.ReplaceAll(strings.ToLower(name), "-", "_") {
	case "ssl", "ssl_mode", "sslmode", "tls":
		mode, ok := sslModes[strings.ReplaceAll(strings.ToLower(value), "-", "_")]
		if !ok {
			return fmt.Errorf("connection: %s is disabled, preferred, required, verify_ca or verify_full", name)
		}
		o.ssl = mode
	case "ca_file", "ssl_ca", "ca", "sslrootcert":
		o.caFile = value
	case "cert_file", "ssl_cert", "sslcert":
		o.certFile = value
	case "key_file", "ssl_key", "sslkey":
		o.keyFile = value
	case "socket":
		o.socket = value
	case "tinyint1":
		o.tinyint1 = value
	case "connect_timeout", "timeout":
		d, err := time.ParseDuration(value)
		if err != nil {
			if d, err = time.ParseDuration(value + "s"); err != nil {
				return fmt.Errorf("connection: %s is not a number of seconds", name)
			}
		}
		o.timeout = d
	case "charset", "collation", "parsetime", "loc":
		// Every session is utf8mb4 and in UTC.
	default:
		return fmt.Errorf("connection: unknown parameter %q; known are ssl, ca_file, cert_file, key_file, socket, connect_timeout and tinyint1", name)
	}
	return nil
}

// sslModes gives our mode for each spelling: ours, MySQL's ssl-mode, PostgreSQL's, Go's tls.
var sslModes = map[string]string{
	"disabled": sslDisabled, "disable": sslDisabled, "false": sslDisabled, "0": sslDisabled,
	"preferred": sslPreferred, "prefer": sslPreferred,
	"required": sslRequired, "require": sslRequired, "skip_verify": sslRequired,
	"verify_ca":   sslVerifyCA,
	"verify_full": sslVerifyFull, "verify_identity": sslVerifyFull, "true": sslVerifyFull, "1": sslVerifyFull,
}

// readDSN reads user:password@tcp(host:port)/database, as Go's driver has it.
func (o *options) readDSN(text string) error {
	d, err := gomysql.ParseDSN(text)
	if err != nil { // its text may hold parts of the DSN
		return errors.New("connection is neither a mysql:// URL nor user:password@tcp(host:port)/database")
	}
	o.user, o.password, o.database, o.cleartext = d.User, d.Passwd, d.DBName, d.AllowCleartextPasswords
	if d.Net == "unix" {
		o.socket = d.Addr
	} else {
		host, port, err := net.SplitHostPort(d.Addr)
		if err != nil {
			return errors.New("the address in connection is not host:port")
		}
		if o.port, err = strconv.ParseInt(port, 10, 32); err != nil {
			return errors.New("the port in connection is not a number")
		}
		o.host = host
	}
	if d.Timeout > 0 {
		o.timeout = d.Timeout
	}
	if d.TLSConfig != "" {
		mode, ok := sslModes[strings.ReplaceAll(strings.ToLower(d.TLSConfig), "-", "_")]
		if !ok {
			return errors.New("connection: tls is true, false, skip-verify or preferred")
		}
		o.ssl = mode
	}
	return nil
}

// address is how messages name the endpoint.
func (o *options) address() string {
	if o.socket != "" {
		return o.socket
	}
	return net.JoinHostPort(o.host, strconv.FormatInt(o.port, 10))
}

// tlsConfig gives the configuration of TLS, nil for none.
func (o *options) tlsConfig() (*tls.Config, error) {
	if o.ssl == sslDisabled || o.socket != "" {
		return nil, nil
	}
	c := &tls.Config{ServerName: o.host, MinVersion: tls.VersionTLS12}
	if o.caFile != "" {
		pem, err := os.ReadFile(o.caFile)
		if err != nil {
			return nil, fmt.Errorf("ca_file: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("ca_file: %s holds no certificate in PEM form", o.caFile)
		}
	}
	if o.certFile != "" || o.keyFile != "" {
		pair, err := tls.LoadX509KeyPair(o.certFile, o.keyFile)
		if err != nil {
			return nil, fmt.Errorf("cert_file and key_file: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	switch o.ssl {
	case sslPreferred, sslRequired:
		c.InsecureSkipVerify = true
	case sslVerifyCA:
		roots := c.RootCAs
		c.InsecureSkipVerify = true // the chain is checked here, without the host's name
		c.VerifyConnection = func(s tls.ConnectionState) error {
			o := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
			for _, cert := range s.PeerCertificates[1:] {
				o.Intermediates.AddCert(cert)
			}
			_, err := s.PeerCertificates[0].Verify(o)
			if err != nil {
				return &tls.CertificateVerificationError{UnverifiedCertificates: s.PeerCertificates, Err: err}
			}
			return nil
		}
	case sslVerifyFull:
	default:
		return nil, fmt.Errorf("ssl is %q; it must be disabled, preferred, required, verify_ca or verify_full", o.ssl)
	}
	return c, nil
}

// driverConfig is what the driver needs to connect.
func (o *options) driverConfig() (*gomysql.Config, error) {
	c := gomysql.NewConfig()
	c.User, c.Passwd, c.DBName, c.Timeout = o.user, o.password, o.database, o.timeout
	c.Net, c.Addr = "tcp", o.address()
	if o.socket != "" {
		c.Net = "unix"
	}
	tlsConfig, err := o.tlsConfig()
	if err != nil {
		return nil, err
	}
	c.TLS, c.AllowFallbackToPlaintext = tlsConfig, o.ssl == sslPreferred
	// A password goes in clear text only to a server that has proved who it is.
	c.AllowCleartextPasswords = o.cleartext || tlsConfig != nil && !tlsConfig.InsecureSkipVerify
	c.Logger = &gomysql.NopLogger{}
	c.InterpolateParams, c.MultiStatements, c.CheckConnLiveness = true, true, false
	c.MaxAllowedPacket = 1 << 30 // the writer keeps to the server's own limit
	return c, nil
}
