package postgres

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgproto3"
)

// session is one connection to the server, set up so that neither the role's nor
// the database's settings change what it reads and writes. It is used by one
// goroutine at a time.
type session struct {
	released time.Time // when it was last given back
	pg       *pgconn.PgConn
	in       *frames
}

// sessionSettings hold for every session. search_path is added by connect.
const sessionSettings = `SET statement_timeout = 0; SET DateStyle = 'ISO, MDY'; SET TimeZone = 'UTC'; SET IntervalStyle = 'postgres'; SET extra_float_digits = 3;` +
	` SET bytea_output = 'hex'; SET standard_conforming_strings = on; SET client_encoding = 'UTF8'; SET lc_monetary = 'C'; SET xmloption = 'content';` +
	` SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET row_security = off; SET jit = off;` +
	` SET client_min_messages = error; SET quote_all_identifiers = off; SET synchronize_seqscans = off; SET array_nulls = on; SET transform_null_equals = off;` +
	` SET default_transaction_isolation = 'read committed'; SET default_transaction_deferrable = off`

// connect opens a session.
func connect(ctx context.Context, base *pgconn.Config, searchPath string) (*session, error) {
	s := &session{}
	cfg := base.Copy()
	cfg.BuildFrontend = func(r io.Reader, w io.Writer) *pgproto3.Frontend {
		s.in = newFrames(r)
		return pgproto3.NewFrontend(s.in, w)
	}
	cfg.BuildContextWatcherHandler = func(pg *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: pg, DeadlineDelay: 3 * time.Second}
	}
	pg, err := pgconn.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	s.pg = pg
	if err := s.setUp(ctx, searchPath); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *session) setUp(ctx context.Context, searchPath string) error {
	settings := sessionSettings
	if s.version() >= 170000 {
		settings += "; SET transaction_timeout = 0"
	}
	if searchPath != "" {
		settings += "; SET search_path = " + quote(searchPath)
	}
	return s.exec(ctx, settings)
}

// version is the server's, as server_version_num has it: 160006 is 16.6.
func (s *session) version() int { return versionNum(s.pg.ParameterStatus("server_version")) }

func versionNum(text string) int {
	major, rest, _ := strings.Cut(text, ".")
	digits := func(s string) int {
		n := 0
		for i := 0; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
			n = n*10 + int(s[i]-'0')
		}
		return n
	}
	return digits(major)*10000 + digits(rest)
}

// close ends the session; what it was doing is rolled back.
func (s *session) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = s.pg.Close(ctx) // nothing rests on it: the server rolls back either way
}

// usable reports whether the session can be given to somebody else.
func (s *session) usable() bool {
	return !s.pg.IsClosed() && !s.pg.IsBusy() && s.pg.TxStatus() == 'I'
}

// exec runs one or more statements without arguments.
func (s *session) exec(ctx context.Context, sql string) error {
	r := s.pg.Exec(ctx, sql)
	return r.Close()
}

// query runs one statement; arguments are string or int64 for $1, $2, ...
func (s *session) query(ctx context.Context, sql string, args ...any) ([][]string, error) {
	values := make([][]byte, len(args))
	for i, a := range args {
		switch a := a.(type) {
		case string:
			values[i] = []byte(a)
		case int64:
			values[i] = strconv.AppendInt(nil, a, 10)
		case nil:
		default:
			return nil, fmt.Errorf("bug in syncform: an argument of type %T", a)
		}
	}
	r := s.pg.ExecParams(ctx, sql, values, nil, nil, nil)
	var rows [][]string
	for r.NextRow() {
		row := make([]string, len(r.Values()))
		for i, v := range r.Values() {
			row[i] = string(v)
		}
		rows = append(rows, row)
	}
	_, err := r.Close()
	return rows, err
}

// queryRow is query for exactly one row.
func (s *session) queryRow(ctx context.Context, sql string, args ...any) ([]string, error) {
	rows, err := s.query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	if len(rows) != 1 {
		return nil, fmt.Errorf("bug in syncform: %d rows for a query that gives one", len(rows))
	}
	return rows[0], nil
}

// queryAll runs several statements in one round trip and hands each row of the
// i-th to row(i, values); values hold only during the call.
func (s *session) queryAll(ctx context.Context, sql string, row func(i int, values [][]byte) error) error {
	r := s.pg.Exec(ctx, sql)
	i := -1
	var bad error
	for r.NextResult() {
		i++
		rr := r.ResultReader()
		for rr.NextRow() {
			if bad == nil {
				bad = row(i, rr.Values())
			}
		}
		if _, err := rr.Close(); err != nil {
			break
		}
	}
	if err := r.Close(); err != nil {
		return err
	}
	return bad
}
