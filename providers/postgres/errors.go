package postgres

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/syncform/syncform/providers"
)

// classify gives an error of the server or the connection its behaviour: what may be
// tried again, a full disk, a read-only session, a missing privilege. The message is
// kept, with the server's detail and hint but for those that quote values.
func classify(err error) error {
	if err == nil {
		return nil
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		if lostConnection(err) {
			return &providers.RetryableError{Err: fmt.Errorf("the connection to the server was lost: %w", err)}
		}
		return err
	}
	text := serverError(pg)
	switch {
	case pg.Code == "53100":
		return &providers.RetryableError{Err: fmt.Errorf("%w: %w", providers.ErrDiskFull, text)}
	case pg.Code == "25006":
		return fmt.Errorf("%w: %w", providers.ErrReadOnly, text)
	case pg.Code == "23505":
		return fmt.Errorf("%w: %w", providers.ErrNotUnique, text)
	case pg.Code == "42501":
		return fmt.Errorf("%w: %w", providers.ErrPrivilege, text)
	case retryableCode(pg.Code):
		return &providers.RetryableError{Err: text}
	}
	return text
}

// retryableCode knows the SQLSTATEs after which trying again may help.
func retryableCode(code string) bool {
	switch code {
	case "40001", "40P01", // serialization failure, deadlock
		"55P03", "55006", // lock timeout, object in use
		"57P01", "57P02", "57P03", "57P05", // shutdown, crash, starting up, idle session timeout
		"53300", "53200", "53400", // too many connections, out of memory, configuration limit
		"25P03", "25P04": // idle in transaction, transaction timeout
		return true
	}
	return strings.HasPrefix(code, "08") || code == "58030" // connection, I/O error
}

// ServerError is what PostgreSQL said, in one line; Unwrap gives pgconn's own.
type ServerError struct{ pg *pgconn.PgError }

func serverError(pg *pgconn.PgError) error { return &ServerError{pg} }

func (e *ServerError) Error() string {
	b := e.pg.Message
	// The details of these name objects and privileges; others may quote rows.
	switch {
	case e.pg.Detail != "" && (strings.HasPrefix(e.pg.Code, "42") || strings.HasPrefix(e.pg.Code, "2B") || e.pg.Code == "23505" || e.pg.Code == "23503"):
		b += ": " + strings.ReplaceAll(e.pg.Detail, "\n", "; ")
	case e.pg.Hint != "":
		b += " (" + e.pg.Hint + ")"
	}
	return b + " (SQLSTATE " + e.pg.Code + ")"
}

// Unwrap returns the error as it came from the connection.
func (e *ServerError) Unwrap() error { return e.pg }

func lostConnection(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	var op *net.OpError
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || errors.As(err, &op) ||
		strings.Contains(err.Error(), "conn closed")
}

// openError says in one sentence why an endpoint can't be reached. It never quotes
// the connection string.
func openError(cfg *pgconn.Config, err error) error {
	where := fmt.Sprintf("%s:%d", cfg.Host, cfg.Port)
	if strings.HasPrefix(cfg.Host, "/") {
		where = "the socket in " + cfg.Host
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code {
		case "28P01":
			return fmt.Errorf("the server at %s refused the password of user %q: check username and password: %w", where, cfg.User, serverError(pg))
		case "28000":
			return fmt.Errorf("the server at %s does not let user %q into database %q: %w", where, cfg.User, cfg.Database, serverError(pg))
		case "3D000":
			return fmt.Errorf("there is no database %q on the server at %s: check database: %w", cfg.Database, where, serverError(pg))
		}
		return fmt.Errorf("connect to %s: %w", where, classify(pg))
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return retryableIf(dns.IsTemporary || dns.IsTimeout, fmt.Errorf("the host %q is not known: check host", cfg.Host))
	}
	if reason := tlsReason(err); reason != "" {
		return fmt.Errorf("no TLS connection with the server at %s: %s", where, reason)
	}
	var op *net.OpError
	switch {
	case errors.Is(err, context.DeadlineExceeded) || os.IsTimeout(err) || pgconn.Timeout(err):
		return &providers.RetryableError{Err: fmt.Errorf("the server at %s did not answer in time: check host, port and firewall", where)}
	case errors.As(err, &op):
		return &providers.RetryableError{Err: fmt.Errorf("nothing answers at %s: check host and port: %w", where, op.Err)}
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return &providers.RetryableError{Err: fmt.Errorf("the server at %s closed the connection while it was set up", where)}
	}
	if strings.Contains(err.Error(), "password") {
		return fmt.Errorf("the server at %s asks user %q for a password and none is given: set it in credentials", where, cfg.User)
	}
	return fmt.Errorf("connect to %s as %q: %w", where, cfg.User, rootCause(err))
}

func retryableIf(yes bool, err error) error {
	if yes {
		return &providers.RetryableError{Err: err}
	}
	return err
}

// rootCause leaves the layers out that repeat the connection's settings.
func rootCause(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// tlsReason says what is wrong with TLS, "" where it is something else.
func tlsReason(err error) string {
	var (
		authority  x509.UnknownAuthorityError
		hostname   x509.HostnameError
		invalid    x509.CertificateInvalidError
		alert      tls.AlertError
		verify     *tls.CertificateVerificationError
		recordType tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &authority):
		return "its certificate is signed by an authority that is not trusted: set ca_file to the authority's certificate"
	case errors.As(err, &hostname):
		return "its certificate is for another host name: connect by that name, or use ssl = \"verify_ca\": " + hostname.Error()
	case errors.As(err, &invalid):
		return "its certificate is not valid: " + invalid.Error()
	case errors.As(err, &alert):
		return "it refused ours: " + alert.Error() + " (a server that asks for a client certificate needs cert_file and key_file)"
	case errors.As(err, &verify):
		return verify.Err.Error()
	case errors.As(err, &recordType):
		return "what answers does not speak TLS"
	case strings.Contains(err.Error(), "server refused TLS"):
		return "it does not offer TLS: use ssl = \"disabled\" or \"preferred\", or turn ssl on at the server"
	}
	if strings.Contains(err.Error(), "tls error") {
		return rootCause(err).Error()
	}
	return ""
}
