package providertest

import (
	"compress/gzip"
	"context"
	"database/sql"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/syncform/syncform/providers/providertest/internal/dbserver"
)

// timeout of whatever a test asks a server directly.
const timeout = 2 * time.Minute

// Exec runs statements over one new connection, as a user would by hand: independent
// of the provider under test. url is one that Postgres, MySQL, MariaDB or SQLite gave.
func Exec(t testing.TB, url string, statements ...string) {
	t.Helper()
	if err := Try(url, statements...); err != nil {
		t.Fatal(err)
	}
}

// Try is Exec for statements that the server may refuse.
func Try(url string, statements ...string) error { return TryFor(timeout, url, statements...) }

// TryFor is Try for statements that may take so long.
func TryFor(patience time.Duration, url string, statements ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	switch system(url) {
	case "postgres":
		return withPostgres(ctx, url, func(c *pgx.Conn) error {
			for _, s := range statements {
				if err := c.PgConn().Exec(ctx, s).Close(); err != nil {
					return failed(s, err)
				}
			}
			return nil
		})
	case "mysql":
		return withMySQL(ctx, url, nil, func(c *sql.Conn) error {
			for _, s := range statements {
				if _, err := c.ExecContext(ctx, s); err != nil {
					return failed(s, err)
				}
			}
			return nil
		})
	default:
		return withSQLite(url, func(c *sqlite.Conn) error {
			for _, s := range statements {
				if err := sqlitex.ExecuteTransient(c, s, nil); err != nil {
					return failed(s, err)
				}
			}
			return nil
		})
	}
}

// HoldPostgres runs statements in a transaction that stays open until release is called
// or the test ends.
func HoldPostgres(t testing.TB, url string, statements ...string) (release func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	late := time.AfterFunc(timeout, cancel) // for the statements alone: what holds, holds until it is released
	holds, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- withPostgres(ctx, url, func(c *pgx.Conn) error {
			for _, s := range append([]string{"BEGIN"}, statements...) {
				if err := c.PgConn().Exec(ctx, s).Close(); err != nil {
					return failed(s, err)
				}
			}
			close(holds)
			<-ctx.Done()
			return nil
		})
	}()
	select {
	case <-holds:
		late.Stop()
	case err := <-ended:
		cancel()
		t.Fatal(err)
	}
	release = sync.OnceFunc(func() {
		cancel()
		<-ended // closing a connection whose context has ended may fail; the server rolls back
	})
	t.Cleanup(release)
	return release
}

// Null is what Query gives for NULL.
const Null = `\N`

// Query returns the rows of one query over one new connection, every field as the
// text that the server writes, NULL as Null.
func Query(t testing.TB, url, query string) [][]string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	var rows [][]string
	var err error
	switch system(url) {
	case "postgres":
		err = withPostgres(ctx, url, func(c *pgx.Conn) error {
			results, err := c.PgConn().Exec(ctx, query).ReadAll()
			for _, r := range results {
				for _, fields := range r.Rows {
					rows = append(rows, texts(fields))
				}
			}
			return err
		})
	case "mysql":
		err = withMySQL(ctx, url, nil, func(c *sql.Conn) error {
			rows, err = queryMySQL(ctx, c, query)
			return err
		})
	default:
		err = withSQLite(url, func(c *sqlite.Conn) error {
			return sqlitex.ExecuteTransient(c, query, &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
				r := make([]string, s.ColumnCount())
				for i := range r {
					if r[i] = s.ColumnText(i); s.ColumnType(i) == sqlite.TypeNull {
						r[i] = Null
					}
				}
				rows = append(rows, r)
				return nil
			}})
		})
	}
	if err != nil {
		t.Fatal(failed(query, err))
	}
	return rows
}

// LoadSQL runs a file of SQL, gzipped if its name ends in .gz. A relative name is one
// of the sample data's (Shared).
func LoadSQL(t testing.TB, url, file string) {
	t.Helper()
	if !filepath.IsAbs(file) {
		file = filepath.Join(Shared(t), "data", file)
	}
	script, err := readScript(file)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	switch system(url) {
	case "postgres":
		err = withPostgres(ctx, url, func(c *pgx.Conn) error { return c.PgConn().Exec(ctx, script).Close() })
	case "mysql":
		params := map[string]string{"sql_mode": "''", "foreign_key_checks": "0"}
		err = withMySQL(ctx, url, params, func(c *sql.Conn) error { _, err := c.ExecContext(ctx, script); return err })
	default:
		err = withSQLite(url, func(c *sqlite.Conn) error { return sqlitex.ExecScript(c, script) })
	}
	if err != nil {
		t.Fatalf("load %s: %v", filepath.Base(file), err)
	}
}

func readScript(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(file, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return "", err
		}
	}
	b, err := io.ReadAll(r)
	return string(b), err
}

func system(url string) string {
	switch {
	case strings.HasPrefix(url, "postgres://"), strings.HasPrefix(url, "postgresql://"):
		return "postgres"
	case strings.HasPrefix(url, "mysql://"):
		return "mysql"
	}
	return "sqlite"
}

// failed adds the statement, of which the first line is enough.
func failed(statement string, err error) error {
	line, _, _ := strings.Cut(strings.TrimSpace(statement), "\n")
	return errors.Join(errors.New(line), err)
}

func withPostgres(ctx context.Context, url string, f func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	return errors.Join(f(conn), conn.Close(ctx))
}

func withMySQL(ctx context.Context, url string, params map[string]string, f func(*sql.Conn) error) error {
	cfg, err := dbserver.MySQLConfig(url)
	if err != nil {
		return err
	}
	cfg.MultiStatements, cfg.Params, cfg.ParseTime = true, params, false
	c, err := mysql.NewConnector(cfg)
	if err != nil {
		return err
	}
	db := sql.OpenDB(c)
	conn, err := db.Conn(ctx)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	return errors.Join(f(conn), conn.Close(), db.Close())
}

func queryMySQL(ctx context.Context, c *sql.Conn, query string) ([][]string, error) {
	rs, err := c.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rs.Close()
	names, err := rs.Columns()
	if err != nil {
		return nil, err
	}
	var rows [][]string
	for rs.Next() {
		fields := make([]sql.RawBytes, len(names))
		pointers := make([]any, len(names))
		for i := range fields {
			pointers[i] = &fields[i]
		}
		if err := rs.Scan(pointers...); err != nil {
			return nil, err
		}
		raw := make([][]byte, len(fields))
		for i, f := range fields {
			raw[i] = f
		}
		rows = append(rows, texts(raw))
	}
	return rows, rs.Err()
}

func texts(fields [][]byte) []string {
	r := make([]string, len(fields))
	for i, f := range fields {
		if r[i] = string(f); f == nil {
			r[i] = Null
		}
	}
	return r
}

func withSQLite(path string, f func(*sqlite.Conn) error) error {
	conn, err := sqlite.OpenConn(strings.TrimPrefix(path, "sqlite:"), sqlite.OpenReadWrite, sqlite.OpenCreate)
	if err != nil {
		return err
	}
	conn.SetBlockOnBusy()
	return errors.Join(f(conn), conn.Close())
}

// Hold runs statements over one new connection and keeps it open, with its locks, until
// the returned function is called or the test ends.
func Hold(t testing.TB, url string, statements ...string) (free func()) {
	t.Helper()
	done, held := make(chan struct{}), make(chan error, 1)
	ended := make(chan error, 1)
	ctx := context.Background()
	wait := func(exec func(string) error) error {
		for _, s := range statements {
			if err := exec(s); err != nil {
				held <- failed(s, err)
				return nil
			}
		}
		held <- nil
		<-done
		return nil
	}
	go func() {
		switch system(url) {
		case "postgres":
			ended <- withPostgres(ctx, url, func(c *pgx.Conn) error {
				return wait(func(s string) error { return c.PgConn().Exec(ctx, s).Close() })
			})
		case "mysql":
			ended <- withMySQL(ctx, url, nil, func(c *sql.Conn) error {
				return wait(func(s string) error { _, err := c.ExecContext(ctx, s); return err })
			})
		default:
			ended <- withSQLite(url, func(c *sqlite.Conn) error {
				return wait(func(s string) error { return sqlitex.ExecuteTransient(c, s, nil) })
			})
		}
	}()
	select {
	case err := <-held:
		if err != nil {
			t.Fatal(err)
		}
	case err := <-ended:
		t.Fatal(err)
	}
	free = sync.OnceFunc(func() {
		close(done)
		if err := <-ended; err != nil {
			t.Errorf("end the connection that held locks: %v", err)
		}
	})
	t.Cleanup(free)
	return free
}
