// Package scaffold writes the configuration of a live database: its tables, each
// mapped onto the target's table of the same name.
package scaffold

import (
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers"
)

// Location is a database as the command line names it: a URL, or the path of an
// SQLite file.
type Location struct {
	Provider string // postgresql, mysql, sqlite
	URL      string // "" for SQLite
	Path     string // of the SQLite file
	secret   bool   // the URL holds a password
}

// Parse reads postgres://, postgresql://, mysql://, mariadb:// and sqlite:PATH; text
// without a scheme is the path of an SQLite file. Errors hold no part of the URL but
// its scheme.
func Parse(text string) (Location, error) {
	scheme, rest, ok := strings.Cut(text, ":")
	switch {
	case text == "":
		return Location{}, fmt.Errorf("it is empty")
	case !ok || len(scheme) == 1 || strings.ContainsAny(scheme, `/\.@`): // a path; a drive's letter
		return Location{Provider: "sqlite", Path: text}, nil
	}
	switch scheme {
	case "sqlite", "sqlite3", "file":
		path := strings.TrimPrefix(rest, "//")
		if path == "" {
			return Location{}, fmt.Errorf("sqlite:PATH names no file")
		}
		return Location{Provider: "sqlite", Path: path}, nil
	case "postgres", "postgresql":
		return server("postgresql", text)
	case "mysql", "mariadb":
		return server("mysql", "mysql:"+rest)
	}
	return Location{}, fmt.Errorf("%q is no scheme that is known: a connection is postgres://user@host/database, mysql://user@host/database, or sqlite:PATH", scheme)
}

func server(provider, text string) (Location, error) {
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" {
		return Location{}, fmt.Errorf("it can't be read as a URL: expected %s://user:password@host:port/database, with special characters in user and password as %%XX", provider)
	}
	_, password := u.User.Password()
	query := u.Query()
	return Location{Provider: provider, URL: text, secret: password || query.Has("password")}, nil
}

// Config is what the provider opens the location with.
func (l Location) Config(addr, dir string) providers.Config {
	if l.Provider == "sqlite" {
		return providers.Config{Addr: addr, Dir: dir, Attrs: map[string]any{"path": l.Path}}
	}
	return providers.Config{Addr: addr, Dir: dir, Attrs: map[string]any{"connection": l.URL}}
}

// String names the location without its password.
func (l Location) String() string {
	if l.Provider == "sqlite" {
		return "sqlite:" + l.Path
	}
	u, err := url.Parse(l.URL)
	if err != nil {
		return l.Provider
	}
	u.RawQuery = ""
	return u.Redacted()
}

// name makes a block's name of the database's.
func (l Location) name() string {
	base := filepath.Base(l.Path)
	base = strings.TrimSuffix(base, filepath.Ext(base))
	if l.Provider != "sqlite" {
		u, err := url.Parse(l.URL)
		if err != nil {
			return "main"
		}
		base = strings.Trim(u.Path, "/")
	}
	var b strings.Builder
	for _, r := range base {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == '_', b.Len() > 0 && r >= '0' && r <= '9':
			b.WriteRune(r)
		default:
			b.WriteByte('_')
		}
	}
	if name := strings.Trim(b.String(), "_"); name != "" && !(name[0] >= '0' && name[0] <= '9') {
		return name
	}
	return "main"
}

// variable is the environment variable that a URL with a password is read from:
// one that holds it already, else one of the given name.
func variable(l Location, environ []string, name string) string {
	sorted := slices.Sorted(slices.Values(environ))
	for _, kv := range sorted {
		k, v, _ := strings.Cut(kv, "=")
		if v == l.URL && k != "_" { // "_" is the shell's last argument
			return k
		}
	}
	return name
}
