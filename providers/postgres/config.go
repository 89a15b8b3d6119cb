package postgres

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/attr"
)

// sslModes maps ours to libpq's.
var sslModes = map[string]string{
	"disabled": "disable", "preferred": "prefer", "required": "require", "verify_ca": "verify-ca", "verify_full": "verify-full",
}

// Schema says which arguments a postgresql block takes.
func (Provider) Schema() attr.Provider {
	single := []string{"host", "port", "database"}
	return attr.Provider{
		Name: "postgresql", Source: true, Target: true, Available: true,
		Text: "A PostgreSQL database, 14 to 18.",
		Attributes: []attr.Attribute{
			{Name: "connection", Type: attr.String, Sensitive: true, Conflicts: single, Text: "A URL (postgres://user@host:5432/database) or a libpq keyword string, in place of host, port and database."},
			{Name: "host", Type: attr.String, Default: "localhost", Text: "The server's host name, address, or the folder of its Unix socket."},
			{Name: "port", Type: attr.Int, Default: "5432", Text: "The server's port."},
			{Name: "database", Type: attr.String, Default: "the user's name", Text: "The database."},
			{Name: "schema", Type: attr.String, Default: "public", Text: "The schema of tables that are named without one, and of syncform's own tables."},
			{Name: "ssl", Type: attr.String, Default: "preferred", OneOf: []string{"disabled", "preferred", "required", "verify_ca", "verify_full"}, Text: "Whether the connection is encrypted, and how far the server's certificate is checked."},
			{Name: "ca_file", Type: attr.String, Text: "The certificates (PEM) of the authorities that may have signed the server's, relative to the configuration."},
			{Name: "cert_file", Type: attr.String, Text: "The client's certificate (PEM), where the server asks for one."},
			{Name: "key_file", Type: attr.String, Text: "The private key of cert_file (PEM)."},
			{Name: "connect_timeout", Type: attr.Int, Default: "15", Text: "How many seconds a connection may take to be made."},
			{Name: "application_name", Type: attr.String, Default: "syncform", Text: "What pg_stat_activity shows."},
			{Name: "options", Type: attr.StringMap, Text: "Further libpq connection keywords and server settings, such as keepalives or target_session_attrs."},
		},
	}
}

// config makes the connection's settings. Its errors hold no part of the
// connection string.
func config(cfg providers.Config) (*pgconn.Config, error) {
	set := map[string]string{}
	for _, f := range [][2]string{{"host", "host"}, {"database", "dbname"}, {"application_name", "application_name"}} {
		if v := cfg.String(f[0]); v != "" {
			set[f[1]] = v
		}
	}
	if p := cfg.Int("port", 0); p != 0 {
		set["port"] = fmt.Sprint(p)
	}
	if v := cfg.String("ssl"); v != "" {
		mode, ok := sslModes[v]
		if !ok {
			return nil, fmt.Errorf("ssl is one of disabled, preferred, required, verify_ca, verify_full, not %q", v)
		}
		set["sslmode"] = mode
	}
	for _, f := range [][2]string{{"ca_file", "sslrootcert"}, {"cert_file", "sslcert"}, {"key_file", "sslkey"}} {
		name := cfg.String(f[0])
		if name == "" {
			continue
		}
		if !filepath.IsAbs(name) {
			name = filepath.Join(cfg.Dir, name)
		}
		if _, err := os.Stat(name); err != nil {
			return nil, fmt.Errorf("%s: %w", f[0], err)
		}
		set[f[1]] = name
	}
	if options, ok := cfg.Attrs["options"].(map[string]string); ok {
		maps.Copy(set, options)
	}
	connection := cfg.String("connection")
	if connection == "" && set["host"] == "" && os.Getenv("PGHOST") == "" {
		set["host"] = "localhost"
	}
	text, err := withSettings(connection, set)
	if err != nil {
		return nil, err
	}
	pg, err := pgconn.ParseConfig(text)
	if err != nil {
		return nil, parseError(connection, err)
	}
	if cfg.Username != "" {
		pg.User = cfg.Username
	}
	if cfg.Password != "" {
		pg.Password = cfg.Password
	}
	if pg.RuntimeParams["application_name"] == "" {
		pg.RuntimeParams["application_name"] = "syncform"
	}
	pg.ConnectTimeout = time.Duration(cfg.Int("connect_timeout", int64(max(pg.ConnectTimeout.Seconds(), 15)))) * time.Second
	return pg, nil
}

// withSettings adds settings to a URL or a keyword string.
func withSettings(connection string, set map[string]string) (string, error) {
	if isURL(connection) {
		u, err := url.Parse(connection)
		if err != nil {
			return "", errors.New("connection is not a valid URL: special characters in user, password or database must be percent-encoded")
		}
		q := u.Query()
		for k, v := range set {
			q.Set(k, v)
		}
		u.RawQuery = q.Encode()
		return u.String(), nil
	}
	var b strings.Builder
	b.WriteString(connection)
	for _, k := range slices.Sorted(maps.Keys(set)) {
		b.WriteString(" " + k + "='" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(set[k]) + "'")
	}
	return b.String(), nil
}

func isURL(s string) bool {
	return strings.HasPrefix(s, "postgres://") || strings.HasPrefix(s, "postgresql://")
}

// parseError keeps what is wrong and leaves out the text in which it is wrong.
func parseError(connection string, err error) error {
	cause := rootCause(err).Error()
	if connection != "" {
		if isURL(connection) {
			return errors.New("connection is not a valid URL of the form postgres://user@host:port/database?sslmode=require")
		}
		return errors.New("connection is neither a URL (postgres://user@host:port/database) nor a string of keywords (host=... dbname=...)")
	}
	return fmt.Errorf("the connection's settings are not valid: %s", cause)
}
