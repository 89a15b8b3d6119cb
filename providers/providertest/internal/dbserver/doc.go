// Package dbserver starts real database servers for tests: PostgreSQL, MariaDB and
// MySQL, each on a free port with a data directory of its own, and stops them when
// the process that started them ends, however it ends.
//
// The binaries are those of the machine where there are any, else they are fetched
// once by the ordinary package clients into a cache directory (CacheDir).
package dbserver

import "errors"

// ErrUnavailable is wrapped by errors that say that a server's binaries can't be had
// on this machine. A server that was found and does not start is another error.
var ErrUnavailable = errors.New("not available on this machine")

// Unavailable begins the value of an environment variable that says, in place of a
// URL, why there is no such server, so that it is looked for only once per run.
const Unavailable = "unavailable: "

// Server is a running server.
type Server struct {
	// URL reaches its administrator with a database to begin in (PostgreSQL), or none.
	URL string
	// Version as the server's binary prints it.
	Version string
	// Data is the server's data directory.
	Data string
	proc *process
	ping func() error
}

// Stop ends the server and removes its data.
func (s *Server) Stop() error { return s.proc.stop() }

// Options of a server.
type Options struct {
	// TLS, if not nil, makes the server take TLS connections only, and adds the users
	// TLSUser and CertUser.
	TLS *PKI
	// Settings are added to the server's own, as "name=value".
	Settings []string
}

// The users of a server that was started with Options.TLS. TLSUser has the
// administrator's password and needs a TLS connection; CertUser needs a client
// certificate that the server's authority has signed, too.
const (
	TLSUser  = "sf_tls"
	CertUser = "sf_cert"
)
