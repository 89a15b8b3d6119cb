package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

func (t table) createSQLite() string {
	list := make([]string, len(t.columns))
	for i, c := range t.columns {
		list[i] = c.name + " " + c.sqlite
		switch {
		case c.name == "id":
			list[i] += " PRIMARY KEY NOT NULL"
		case !c.nullable:
			list[i] += " NOT NULL"
		}
	}
	return "CREATE TABLE " + t.name + " (" + strings.Join(list, ", ") + ")"
}

// liteFill writes both tables. The columns' affinities turn text into numbers.
func (b *bench) liteFill(path string) (err error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite, sqlite.OpenCreate)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	for _, s := range []string{"PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF", "BEGIN"} {
		if err := sqlitex.ExecuteTransient(conn, s, nil); err != nil {
			return err
		}
	}
	for _, t := range tables {
		if err := sqlitex.ExecuteTransient(conn, t.createSQLite(), nil); err != nil {
			return err
		}
		insert, err := conn.Prepare("INSERT INTO " + t.name + " VALUES (?" + strings.Repeat(", ?", len(t.columns)-1) + ")")
		if err != nil {
			return err
		}
		var text []byte
		for i := range t.rowsOf(b.rows) {
			for c := range t.columns {
				var null bool
				if text, null = t.value(text[:0], i, c); null {
					insert.BindNull(c + 1)
				} else {
					insert.BindText(c+1, string(text))
				}
			}
			if _, err := insert.Step(); err != nil {
				return err
			}
			if err := insert.Reset(); err != nil {
				return err
			}
		}
		if err := insert.Finalize(); err != nil {
			return err
		}
	}
	return sqlitex.ExecuteTransient(conn, "COMMIT", nil)
}

// sqliteToPostgres is measured against csv into COPY: by the program sqlite3 where there
// is one, else by this program.
func (b *bench) sqliteToPostgres(admin string) contest {
	c := contest{name: "sqlite-pg", what: "SQLite to PostgreSQL", limit: "csv into COPY, then ADD PRIMARY KEY, one table at a time", target: 1.1}
	if _, err := exec.LookPath("sqlite3"); err == nil {
		c.limit = "sqlite3 -csv into COPY, then ADD PRIMARY KEY, one table at a time"
	}
	path := filepath.Join(b.dir, "source.db")
	c.prepare = func(context.Context) error { return b.liteFill(path) }
	c.cleanup = func(ctx context.Context) error { return errors.Join(pgDrop(ctx, admin, targetDB), os.Remove(path)) }
	return b.intoPostgres(c, admin, "sqlite", func() string { return path }, 4, func(ctx context.Context, target string) (time.Duration, error) {
		var child time.Duration
		for _, t := range tables {
			if err := pgDo(ctx, target, t.createPostgres()); err != nil {
				return child, err
			}
			err := piped(
				func(w io.Writer) error {
					used, err := liteCSV(ctx, path, t, w)
					child += used
					return err
				},
				func(r io.Reader) error { return pgCopyIn(ctx, target, t.name, "(FORMAT csv)", r) })
			if err != nil {
				return child, err
			}
			if err := pgDo(ctx, target, t.keyPostgres()); err != nil {
				return child, err
			}
		}
		return child, nil
	})
}

// liteCSV writes a table as csv; it says what CPU time a program that did it took.
func liteCSV(ctx context.Context, path string, t table, w io.Writer) (time.Duration, error) {
	if program, err := exec.LookPath("sqlite3"); err == nil {
		cmd := exec.CommandContext(ctx, program, "-readonly", "-csv", path, "SELECT * FROM "+t.name)
		cmd.Stdout = w
		if err := cmd.Run(); err != nil {
			return 0, fmt.Errorf("sqlite3: %w", err)
		}
		return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
	}
	return 0, liteScan(path, t, w)
}

func liteScan(path string, t table, w io.Writer) (err error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadOnly)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	out := bufio.NewWriter(w)
	var value []byte
	err = sqlitex.ExecuteTransient(conn, "SELECT * FROM "+t.name, &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
		for i := range s.ColumnCount() {
			if i > 0 {
				out.WriteByte(',') // the writer keeps its first error for Flush
			}
			if s.ColumnType(i) == sqlite.TypeNull {
				continue
			}
			n := s.ColumnLen(i)
			if cap(value) < n {
				value = make([]byte, n)
			}
			s.ColumnBytes(i, value[:n])
			out.WriteByte('"')
			out.Write(value[:n])
			out.WriteByte('"')
		}
		return out.WriteByte('\n')
	}})
	return errors.Join(err, out.Flush())
}
