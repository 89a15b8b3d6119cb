package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/syncform/syncform/providers/row"
)

// session is one connection, set up so that neither the server's nor the user's
// settings change what it reads and writes. It is used by one goroutine at a time.
// The driver is used without database/sql, which would copy and box each field.
type session struct {
	conn driver.Conn
	id   string // the server's number of the connection, for KILL
	idle time.Time
}

// needed hold for every session: without them text would be bent. Zero dates and dates
// such as February 31 that a server holds can be read and written: strict mode refuses
// what would be bent, and these are not.
var needed = []string{
	"NAMES utf8mb4", "time_zone = '+00:00'", "foreign_key_checks = 1", "sql_notes = 1",
	"sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'",
}

// settings gives the needed ones and those that only take a server's own habits away,
// so that nothing is cut, hidden or stopped; some need a privilege on some servers.
func (s *server) settings() (all []string) {
	all = append(all, needed...)
	all = append(all, "autocommit = 1", "unique_checks = 1", "max_error_count = 1024", "sql_warnings = 0", "sql_quote_show_create = 1", "sql_auto_is_null = 0",
		"sql_safe_updates = 0", "sql_select_limit = DEFAULT", "sql_big_selects = 1", "max_join_size = DEFAULT", "big_tables = 0",
		"div_precision_increment = 4", "group_concat_max_len = 4294967295", "explicit_defaults_for_timestamp = 1",
		"net_read_timeout = 86400", "net_write_timeout = 86400", "wait_timeout = 86400", s.isolationVariable()+" = 'REPEATABLE-READ'")
	if s.mariadb() {
		return append(all, "max_statement_time = 0", "check_constraint_checks = 1", "sql_if_exists = 0", "system_versioning_asof = DEFAULT", "system_versioning_alter_history = 'KEEP'")
	}
	return append(all, "max_execution_time = 0", "information_schema_stats_expiry = 0", "show_gipk_in_create_table_and_information_schema = 0", "restrict_fk_on_non_standard_key = OFF")
}

// isolationVariable is the variable's name: MariaDB had another before 11.1.
func (s *server) isolationVariable() string {
	if s.mariadb() && s.num < 110100 {
		return "tx_isolation"
	}
	return "transaction_isolation"
}

// connect opens a session; the first one of an endpoint asks what the server is.
func (c *Conn) connect(ctx context.Context) (*session, error) {
	timed, cancel := context.WithTimeout(ctx, c.options.timeout) // the handshake too
	defer cancel()
	conn, err := c.connector.Connect(timed)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, c.connectError(contextError(timed, err))
	}
	s := &session{conn: conn}
	if err := s.setUp(ctx, c); err != nil {
		s.close()
		return nil, classify(err)
	}
	return s, nil
}

func (s *session) setUp(ctx context.Context, c *Conn) error {
	if c.server == nil {
		server, err := askServer(ctx, s)
		if err != nil {
			return err
		}
		server.tinyInts = c.options.tinyint1 == tinyint1Int
		c.server = server
	}
	if err := s.set(ctx, c.server); err != nil {
		return fmt.Errorf("prepare the session: %w", err)
	}
	rows, err := s.query(ctx, "SELECT CONNECTION_ID()")
	if err != nil {
		return err
	}
	s.id = rows[0][0]
	return nil
}

// set makes the settings, all at once where the server lets the user; a setting that
// is not needed, and not allowed or not known there, is left as it is.
func (s *session) set(ctx context.Context, server *server) error {
	settings := server.settings()
	server.mu.Lock()
	settings = slices.DeleteFunc(settings, func(one string) bool { return server.without[one] })
	server.mu.Unlock()
	_, err := s.exec(ctx, "SET "+strings.Join(settings, ", "))
	if serverError(err) == nil {
		return err
	}
	for i, one := range settings {
		_, err := s.exec(ctx, "SET "+one)
		switch {
		case err == nil:
		case i < len(needed) || serverError(err) == nil:
			return err
		default:
			server.mu.Lock()
			server.without[one] = true
			server.mu.Unlock()
		}
	}
	return nil
}

// close ends the session; what it had not committed is rolled back by the server.
func (s *session) close() {
	// The connection may be broken already; there is nothing to be done about it.
	_ = s.conn.Close()
}

// alive reports whether the driver holds the connection for usable.
func (s *session) alive() bool {
	v, ok := s.conn.(driver.Validator)
	return !ok || v.IsValid()
}

// exec runs one or more statements and gives the rows that they affected.
func (s *session) exec(ctx context.Context, text string, args ...any) (int64, error) {
	named, err := namedValues(args)
	if err != nil {
		return 0, err
	}
	res, err := s.conn.(driver.ExecerContext).ExecContext(ctx, text, named)
	if err != nil {
		return 0, contextError(ctx, err)
	}
	return res.RowsAffected()
}

// open starts a query whose rows are read one by one off the wire.
func (s *session) open(ctx context.Context, text string, args ...any) (driver.Rows, error) {
	named, err := namedValues(args)
	if err != nil {
		return nil, err
	}
	rows, err := s.conn.(driver.QueryerContext).QueryContext(ctx, text, named)
	return rows, contextError(ctx, err)
}

// query gives all rows as text, NULL as "".
func (s *session) query(ctx context.Context, text string, args ...any) ([][]string, error) {
	var all [][]string
	err := s.each(ctx, text, func(r []string) error {
		all = append(all, r)
		return nil
	}, args...)
	return all, err
}

// each calls f with every row of every result of the statements in text.
func (s *session) each(ctx context.Context, text string, f func([]string) error, args ...any) (err error) {
	rows, err := s.open(ctx, text, args...)
	if err != nil {
		return err
	}
	defer func() { err = contextError(ctx, errors.Join(err, rows.Close())) }()
	for {
		dest := make([]driver.Value, len(rows.Columns()))
		for {
			err := rows.Next(dest)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return err
			}
			r := make([]string, len(dest))
			for i, v := range dest {
				r[i] = textOf(v)
			}
			if err := f(r); err != nil {
				return err
			}
		}
		more, ok := rows.(driver.RowsNextResultSet)
		if !ok || !more.HasNextResultSet() {
			return nil
		}
		if err := more.NextResultSet(); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

// Exec and Query make a session a ledger.DB.
func (s *session) Exec(ctx context.Context, text string, args ...any) error {
	_, err := s.exec(ctx, text, args...)
	return err
}

// Query gives every field as text, NULL as "".
func (s *session) Query(ctx context.Context, text string, args ...any) ([][]string, error) {
	return s.query(ctx, text, args...)
}

func namedValues(args []any) ([]driver.NamedValue, error) {
	named := make([]driver.NamedValue, len(args))
	for i, a := range args {
		switch a.(type) {
		case string, int64, []byte:
			named[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
		default:
			return nil, fmt.Errorf("bug in syncform: an SQL argument of type %T", a)
		}
	}
	return named, nil
}

// textOf gives a field of the text protocol as the text that it was, or nearly: the
// driver parses numbers.
func textOf(v driver.Value) string {
	switch v := v.(type) {
	case nil:
		return ""
	case []byte:
		return string(v)
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case uint64:
		return strconv.FormatUint(v, 10)
	case float64:
		return string(row.AppendFloat(nil, v, 64))
	case float32:
		return string(row.AppendFloat(nil, float64(v), 32))
	}
	panic(fmt.Sprintf("bug in syncform: a field of type %T", v))
}

// contextError prefers the context's reason to the broken connection that follows it.
func contextError(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}
