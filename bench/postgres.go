package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// database names a database that this run of the program makes and drops.
func database(role string) string { return fmt.Sprintf("syncform_bench_%d_%s", os.Getpid(), role) }

// The databases of a contest.
var (
	sourceDB = database("source")
	targetDB = database("target")
)

// pgDo runs statements over a new connection, one by one.
func pgDo(ctx context.Context, u string, statements ...string) error {
	conn, err := pgx.Connect(ctx, u)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, s := range statements {
		if err := conn.PgConn().Exec(ctx, s).Close(); err != nil {
			return fmt.Errorf("%.60s: %w", s, err)
		}
	}
	return nil
}

// pgFresh makes an empty database in place of what stands there, and returns its URL.
func pgFresh(ctx context.Context, admin, name string) (string, error) {
	if err := pgDo(ctx, admin, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)", "CREATE DATABASE "+name+" TEMPLATE template0 ENCODING 'UTF8'", "CHECKPOINT"); err != nil {
		return "", err
	}
	return withDatabase(admin, name)
}

func pgDrop(ctx context.Context, admin string, names ...string) error {
	var errs []error
	for _, n := range names {
		errs = append(errs, pgDo(ctx, admin, "DROP DATABASE IF EXISTS "+n+" WITH (FORCE)"))
	}
	return errors.Join(errs...)
}

func (t table) createPostgres() string {
	list := make([]string, len(t.columns))
	for i, c := range t.columns {
		list[i] = c.name + " " + c.postgres
		if !c.nullable {
			list[i] += " NOT NULL"
		}
	}
	return "CREATE TABLE " + t.name + " (" + strings.Join(list, ", ") + ")"
}

func (t table) keyPostgres() string { return "ALTER TABLE " + t.name + " ADD PRIMARY KEY (id)" }

// pgFill makes the source: both tables with rows, keys and statistics.
func (b *bench) pgFill(ctx context.Context, u string) error {
	for _, t := range tables {
		if err := pgDo(ctx, u, t.createPostgres()); err != nil {
			return err
		}
		err := piped(
			func(w io.Writer) error { return t.write(w, t.rowsOf(b.rows)) },
			func(r io.Reader) error { return pgCopyIn(ctx, u, t.name, "", r) })
		if err != nil {
			return err
		}
		if err := pgDo(ctx, u, t.keyPostgres()); err != nil {
			return err
		}
	}
	return pgDo(ctx, u, "VACUUM ANALYZE", "CHECKPOINT")
}

func pgCopyIn(ctx context.Context, u, into, options string, r io.Reader) error {
	conn, err := pgconn.Connect(ctx, u)
	if err != nil {
		return err
	}
	_, err = conn.CopyFrom(ctx, r, "COPY "+into+" FROM STDIN "+options)
	return errors.Join(err, conn.Close(ctx))
}

func pgCopyOut(ctx context.Context, u, what, options string, w io.Writer) error {
	conn, err := pgconn.Connect(ctx, u)
	if err != nil {
		return err
	}
	_, err = conn.CopyTo(ctx, w, "COPY "+what+" TO STDOUT "+options)
	return errors.Join(err, conn.Close(ctx))
}

// pgCheck counts the target's rows.
func (b *bench) pgCheck(ctx context.Context, u string) error {
	conn, err := pgx.Connect(ctx, u)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, t := range tables {
		var n int
		if err := conn.QueryRow(ctx, "SELECT count(*) FROM "+t.name).Scan(&n); err != nil {
			return err
		}
		if n != t.rowsOf(b.rows) {
			return fmt.Errorf("%s holds %d rows, not %d", t.name, n, t.rowsOf(b.rows))
		}
	}
	return nil
}

// intoPostgres is what all contests with a PostgreSQL target share.
func (b *bench) intoPostgres(c contest, admin, provider string, source func() string, parallel int, limit func(ctx context.Context, target string) (time.Duration, error)) contest {
	var target string
	c.rows = b.rows
	c.reset = func(ctx context.Context) (err error) {
		target, err = pgFresh(ctx, admin, targetDB)
		return err
	}
	c.runLimit = func(ctx context.Context) (cost, error) {
		got, err := timed(func() (time.Duration, error) { return limit(ctx, target) })
		if err != nil {
			return got, err
		}
		return got, b.pgCheck(ctx, target)
	}
	c.runOurs = func(ctx context.Context) (cost, error) {
		dir, err := b.configure(c.name, provider, "postgresql", parallel)
		if err != nil {
			return cost{}, err
		}
		got, err := b.ours(ctx, dir, source(), target, "apply", "-auto-approve")
		if err != nil {
			return got, err
		}
		return got, b.pgCheck(ctx, target)
	}
	return c
}

// postgresToPostgres is measured against a COPY pipe per table, one table at a time:
// of text for one table at a time, of binary for tables in parallel.
func (b *bench) postgresToPostgres(admin string, parallel bool) contest {
	c := contest{name: "pg-pg", what: "PostgreSQL to PostgreSQL, one table at a time", limit: "text COPY pipe, then ADD PRIMARY KEY", target: 1.1}
	options, workers := "", 1
	if parallel {
		c.name, c.what, c.limit, c.target = "pg-pg-parallel", "PostgreSQL to PostgreSQL, tables in parallel", "binary COPY pipe, then ADD PRIMARY KEY, one table at a time", 1.0
		options, workers = "(FORMAT binary)", 4
	}
	var source string
	c.prepare = func(ctx context.Context) (err error) {
		if source, err = pgFresh(ctx, admin, sourceDB); err != nil {
			return err
		}
		return b.pgFill(ctx, source)
	}
	c.cleanup = func(ctx context.Context) error { return pgDrop(ctx, admin, sourceDB, targetDB) }
	return b.intoPostgres(c, admin, "postgresql", func() string { return source }, workers, func(ctx context.Context, target string) (time.Duration, error) {
		for _, t := range tables {
			if err := pgDo(ctx, target, t.createPostgres()); err != nil {
				return 0, err
			}
			err := piped(
				func(w io.Writer) error { return pgCopyOut(ctx, source, t.name, options, w) },
				func(r io.Reader) error { return pgCopyIn(ctx, target, t.name, options, r) })
			if err != nil {
				return 0, err
			}
			if err := pgDo(ctx, target, t.keyPostgres()); err != nil {
				return 0, err
			}
		}
		return 0, nil
	})
}
