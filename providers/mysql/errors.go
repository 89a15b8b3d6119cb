package mysql

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"

	gomysql "github.com/go-sql-driver/mysql"

	"github.com/syncform/syncform/providers"
)

// Server errors by number, where behaviour depends on them.
const (
	errAccessDatabase  = 1044
	errAccessUser      = 1045
	errUnknownDatabase = 1049
	errDuplicateIndex  = 1061
	errDuplicateEntry  = 1062
	errNoThread        = 1094
	errNoSuchTable     = 1146
	errUnknownColumn   = 1054
	errNoTrigger       = 1360
	errLockTimeout     = 1205
	errInterrupted     = 1317
	errDuplicateNamed  = 1586
)

// behaviour of a server error.
type behaviour int

const (
	fatal behaviour = iota
	retryable
	diskFull
	privilege
	readOnly
	badRow // the server refuses a value or row
)

// behaviours lists the server's errors that are not simply fatal.
var behaviours = map[uint16]behaviour{
	1021: diskFull, 1114: diskFull,
	1040: retryable, 1053: retryable, 1203: retryable, 1205: retryable, 1213: retryable, 1226: retryable,
	1158: retryable, 1159: retryable, 1160: retryable, 1161: retryable, 1317: retryable, 1412: retryable, 1927: retryable,
	3101: retryable, 4031: retryable, 1077: retryable, 1079: retryable, 1080: retryable, 1129: fatal,
	1044: privilege, 1142: privilege, 1143: privilege, 1227: privilege, 1370: privilege, 1419: privilege, 3888: privilege,
	1290: readOnly, 1792: readOnly, 1836: readOnly, 3170: badRow,
	1048: badRow, 1062: badRow, 1263: badRow, 1264: badRow, 1265: badRow, 1292: badRow, 1300: badRow, 1364: badRow,
	1366: badRow, 1406: badRow, 1411: badRow, 1416: badRow, 1425: badRow, 1438: badRow, 1525: badRow, 1526: badRow,
	1586: badRow, 1690: badRow, 3140: badRow, 3141: badRow, 3144: badRow, 3146: badRow, 3156: badRow, 3157: badRow, 3158: badRow,
	3037: badRow, 3055: badRow, 3548: badRow, 3616: badRow, 3617: badRow, 3618: badRow, 3643: badRow, 3819: badRow, 3903: badRow, 3904: badRow,
	4025: badRow, 4078: badRow, 1210: badRow, 1118: badRow,
}

// serverError gives the server's error in the chain, or nil.
func serverError(err error) *gomysql.MySQLError {
	var e *gomysql.MySQLError
	if errors.As(err, &e) {
		return e
	}
	return nil
}

func behaviourOf(err error) behaviour {
	e := serverError(err)
	if e == nil {
		return fatal
	}
	// The storage engine's own errors carry the operating system's number.
	if strings.Contains(e.Message, "No space left on device") || strings.Contains(e.Message, "errno: 28") || strings.Contains(e.Message, "Errcode: 28") {
		return diskFull
	}
	return behaviours[e.Number]
}

// classify marks an error by what can be done about it.
func classify(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || providers.IsRetryable(err) {
		return err
	}
	switch behaviourOf(err) {
	case retryable:
		return &providers.RetryableError{Err: err}
	case diskFull:
		return join(providers.ErrDiskFull, err)
	case privilege:
		return join(providers.ErrPrivilege, err)
	case readOnly:
		return join(providers.ErrReadOnly, err)
	case badRow:
		if isDuplicate(serverError(err)) {
			return join(providers.ErrNotUnique, err)
		}
	}
	if serverError(err) == nil && isLost(err) {
		return &providers.RetryableError{Err: fmt.Errorf("lost the connection to the server: %w", err)}
	}
	return err
}

// isDuplicate reports a row whose unique value another row has.
func isDuplicate(e *gomysql.MySQLError) bool {
	return e.Number == errDuplicateEntry || e.Number == errDuplicateNamed
}

func join(kind, err error) error {
	if errors.Is(err, kind) {
		return err
	}
	return fmt.Errorf("%w: %w", kind, err)
}

// isLost reports a connection that broke.
func isLost(err error) bool {
	var network net.Error
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, gomysql.ErrInvalidConn) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, gomysql.ErrMalformPkt) || errors.Is(err, gomysql.ErrBusyBuffer) || errors.Is(err, net.ErrClosed) || errors.As(err, &network)
}

// connectError says why a connection could not be made, telling apart host, TLS,
// password and database. The driver's and the server's texts hold no password.
func (c *Conn) connectError(err error) error {
	if cause := c.connectCause(err); cause != "" {
		err = fmt.Errorf("%s: %w", cause, err)
	}
	err = fmt.Errorf("connect to %s: %w", c.options.address(), err)
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		return err
	}
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) || errors.Is(err, gomysql.ErrNoTLS) {
		return err
	}
	if errors.Is(err, context.DeadlineExceeded) { // connect_timeout, not the caller's
		return &providers.RetryableError{Err: err}
	}
	return classify(err)
}

func (c *Conn) connectCause(err error) string {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var network net.Error
	switch e := serverError(err); {
	case e != nil && (e.Number == errAccessUser || e.Number == 1698):
		if c.options.password == "" {
			return fmt.Sprintf("user %q was refused, and no password was given", c.options.user)
		}
		return fmt.Sprintf("wrong user or password for user %q", c.options.user)
	case e != nil && e.Number == errUnknownDatabase:
		return fmt.Sprintf("there is no database %q on the server", c.options.database)
	case e != nil && e.Number == errAccessDatabase:
		return fmt.Sprintf("user %q has no privilege on database %q: GRANT SELECT ON %s.* TO that user", c.options.user, c.options.database, ident(c.options.database))
	case e != nil && (e.Number == 1129 || e.Number == 1130):
		return "the server does not let this machine connect"
	case e != nil && e.Number == 3159, e != nil && strings.Contains(e.Message, "require_secure_transport"):
		return `the server insists on TLS: set ssl = "required"`
	case e != nil:
		return ""
	case errors.Is(err, gomysql.ErrNoTLS):
		return fmt.Sprintf("TLS: ssl is %q and the server offers none", c.options.ssl)
	case errors.As(err, &unknown):
		return "TLS: the server's certificate is signed by an unknown authority: set ca_file"
	case errors.As(err, &certificate):
		return "TLS: the server's certificate does not hold"
	case errors.As(err, &record), errors.As(err, &alert):
		return "TLS: the server refuses the connection"
	case errors.As(err, &dns):
		return fmt.Sprintf("there is no host %q", c.options.host)
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there: check host and port, and that the server runs"
	case errors.As(err, &network) && network.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("no answer within %s: check host and port, and the firewall between", c.options.timeout)
	case errors.Is(err, gomysql.ErrUnknownPlugin), errors.Is(err, gomysql.ErrCleartextPassword), errors.Is(err, gomysql.ErrNativePassword), errors.Is(err, gomysql.ErrOldPassword):
		return fmt.Sprintf("the server wants user %q to sign in by a way that is not supported over this connection", c.options.user)
	}
	return ""
}

// columnOf gives the column of columns that a server's message about a row names,
// or "". The message may quote the value too, which stands before the column.
func columnOf(message string, columns []string) string {
	lower := strings.ToLower(message)
	for end := len(lower); ; {
		at := strings.LastIndex(lower[:end], "column ")
		if at < 0 {
			return ""
		}
		rest, best := message[at:], ""
		for _, name := range columns {
			named := strings.Contains(rest, "'"+name+"'") || strings.Contains(rest, "`"+name+"`") || strings.Contains(rest, ident(name)) || strings.Contains(rest, "."+name+"'")
			if named && len(name) > len(best) {
				best = name
			}
		}
		if best != "" {
			return best
		}
		end = at
	}
}
