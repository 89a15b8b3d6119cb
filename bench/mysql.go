package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os/exec"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// myOpen opens a database by its mysql:// URL.
func myOpen(u string) (*sql.DB, error) {
	cfg, err := myConfig(u)
	if err != nil {
		return nil, err
	}
	c, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(c), nil
}

func myConfig(u string) (*mysql.Config, error) {
	p, err := url.Parse(u)
	if err != nil {
		return nil, errors.New("a server's URL is malformed") // the error would hold its password
	}
	cfg := mysql.NewConfig()
	cfg.User = p.User.Username()
	cfg.Passwd, _ = p.User.Password()
	cfg.Net, cfg.Addr, cfg.DBName = "tcp", p.Host, strings.TrimPrefix(p.Path, "/")
	cfg.Params = map[string]string{"time_zone": "'+00:00'"}
	return cfg, nil
}

func myDo(ctx context.Context, u string, statements ...string) error {
	db, err := myOpen(u)
	if err != nil {
		return err
	}
	for _, s := range statements {
		if _, err := db.ExecContext(ctx, s); err != nil {
			return errors.Join(fmt.Errorf("%.60s: %w", s, err), db.Close())
		}
	}
	return db.Close()
}

func myFresh(ctx context.Context, admin, name string) (string, error) {
	if err := myDo(ctx, admin, "DROP DATABASE IF EXISTS "+name, "CREATE DATABASE "+name+" CHARACTER SET utf8mb4"); err != nil {
		return "", err
	}
	return withDatabase(admin, name)
}

// createMySQL makes the key with the table: InnoDB keeps the rows in its order, and
// adding it later would write them twice.
func (t table) createMySQL() string {
	list := make([]string, len(t.columns))
	for i, c := range t.columns {
		list[i] = c.name + " " + c.mysql + " NULL"
		if !c.nullable {
			list[i] = c.name + " " + c.mysql + " NOT NULL"
		}
	}
	return "CREATE TABLE " + t.name + " (" + strings.Join(list, ", ") + ", PRIMARY KEY (id)) ENGINE=InnoDB"
}

// myLoad runs LOAD DATA LOCAL over what r gives.
func myLoad(ctx context.Context, u string, t table, r io.Reader) error {
	name := "bench_" + t.name
	mysql.RegisterReaderHandler(name, func() io.Reader { return r })
	defer mysql.DeregisterReaderHandler(name)
	return myDo(ctx, u, "LOAD DATA LOCAL INFILE 'Reader::"+name+"' INTO TABLE "+t.name+" CHARACTER SET utf8mb4")
}

func (b *bench) myFill(ctx context.Context, u string) error {
	for _, t := range tables {
		if err := myDo(ctx, u, t.createMySQL()); err != nil {
			return err
		}
		err := piped(
			func(w io.Writer) error { return t.write(w, t.rowsOf(b.rows)) },
			func(r io.Reader) error { return myLoad(ctx, u, t, r) })
		if err != nil {
			return err
		}
		if err := myDo(ctx, u, "ANALYZE TABLE "+t.name); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) myCheck(ctx context.Context, u string) error {
	db, err := myOpen(u)
	if err != nil {
		return err
	}
	defer db.Close()
	for _, t := range tables {
		var n int
		if err := db.QueryRowContext(ctx, "SELECT count(*) FROM "+t.name).Scan(&n); err != nil {
			return err
		}
		if n != t.rowsOf(b.rows) {
			return fmt.Errorf("%s holds %d rows, not %d", t.name, n, t.rowsOf(b.rows))
		}
	}
	return nil
}

// postgresToMySQL is measured against COPY TO into LOAD DATA LOCAL.
func (b *bench) postgresToMySQL(admin string, to mysqlServer) contest {
	c := contest{name: "pg-" + to.name, what: "PostgreSQL to " + to.name, limit: "COPY into LOAD DATA LOCAL, one table at a time", target: 1.15, rows: b.rows}
	var source, target string
	c.prepare = func(ctx context.Context) (err error) {
		if source, err = pgFresh(ctx, admin, sourceDB); err != nil {
			return err
		}
		return b.pgFill(ctx, source)
	}
	c.reset = func(ctx context.Context) (err error) {
		target, err = myFresh(ctx, to.url, targetDB)
		return err
	}
	c.cleanup = func(ctx context.Context) error {
		return errors.Join(pgDrop(ctx, admin, sourceDB), myDo(ctx, to.url, "DROP DATABASE IF EXISTS "+targetDB))
	}
	c.runLimit = func(ctx context.Context) (cost, error) {
		got, err := timed(func() (time.Duration, error) {
			for _, t := range tables {
				if err := myDo(ctx, target, t.createMySQL()); err != nil {
					return 0, err
				}
				err := piped(
					func(w io.Writer) error { return pgCopyOut(ctx, source, t.selectForMySQL(), "", w) },
					func(r io.Reader) error { return myLoad(ctx, target, t, r) })
				if err != nil {
					return 0, err
				}
			}
			return 0, nil
		})
		if err != nil {
			return got, err
		}
		return got, b.myCheck(ctx, target)
	}
	c.runOurs = func(ctx context.Context) (cost, error) {
		dir, err := b.configure(c.name, "postgresql", "mysql", 4)
		if err != nil {
			return cost{}, err
		}
		got, err := b.ours(ctx, dir, source, target, "apply", "-auto-approve")
		if err != nil {
			return got, err
		}
		return got, b.myCheck(ctx, target)
	}
	return c
}

// selectForMySQL is a query whose COPY text LOAD DATA takes as it is.
func (t table) selectForMySQL() string {
	list := make([]string, len(t.columns))
	for i, c := range t.columns {
		if list[i] = c.name; c.fromPostgres != "" {
			list[i] = c.fromPostgres
		}
	}
	return "(SELECT " + strings.Join(list, ", ") + " FROM " + t.name + ")"
}

// mysqlToPostgres is measured against an unbuffered read of the text protocol into
// COPY: by the client program's --batch where there is one, else by this program.
func (b *bench) mysqlToPostgres(from mysqlServer, admin string) contest {
	c := contest{name: from.name + "-pg", what: from.name + " to PostgreSQL", target: 1.2}
	client := findClient()
	c.limit = "an unbuffered text read into COPY, then ADD PRIMARY KEY, one table at a time"
	if client != "" {
		c.limit = client + " --batch --quick into COPY, then ADD PRIMARY KEY, one table at a time"
	}
	var source string
	c.prepare = func(ctx context.Context) (err error) {
		if source, err = myFresh(ctx, from.url, sourceDB); err != nil {
			return err
		}
		return b.myFill(ctx, source)
	}
	c.cleanup = func(ctx context.Context) error {
		return errors.Join(pgDrop(ctx, admin, targetDB), myDo(ctx, from.url, "DROP DATABASE IF EXISTS "+sourceDB))
	}
	return b.intoPostgres(c, admin, "mysql", func() string { return source }, 4, func(ctx context.Context, target string) (time.Duration, error) {
		var child time.Duration
		for _, t := range tables {
			if err := pgDo(ctx, target, t.createPostgres()); err != nil {
				return child, err
			}
			options := ""
			read := func(w io.Writer) error { return myRead(ctx, source, t, w) }
			if client != "" {
				options = "(NULL 'NULL')"
				read = func(w io.Writer) error {
					used, err := myBatch(ctx, client, source, t, w)
					child += used
					return err
				}
			}
			if err := piped(read, func(r io.Reader) error { return pgCopyIn(ctx, target, t.name, options, r) }); err != nil {
				return child, err
			}
			if err := pgDo(ctx, target, t.keyPostgres()); err != nil {
				return child, err
			}
		}
		return child, nil
	})
}

func findClient() string {
	for _, name := range []string{"mariadb", "mysql"} {
		if _, err := exec.LookPath(name); err == nil {
			return name
		}
	}
	return ""
}

// myBatch reads a table by the client program; it says what CPU time that took.
func myBatch(ctx context.Context, client, u string, t table, w io.Writer) (time.Duration, error) {
	cfg, err := myConfig(u)
	if err != nil {
		return 0, err
	}
	host, port, _ := strings.Cut(cfg.Addr, ":")
	cmd := exec.CommandContext(ctx, client, "--batch", "--quick", "--skip-column-names", "--default-character-set=utf8mb4",
		"--host="+host, "--port="+port, "--user="+cfg.User, "--init-command=SET time_zone='+00:00'", "--execute=SELECT * FROM "+t.name, cfg.DBName)
	cmd.Env = append(cmd.Environ(), "MYSQL_PWD="+cfg.Passwd)
	cmd.Stdout = w
	if err := cmd.Run(); err != nil {
		return 0, fmt.Errorf("%s: %w", client, err)
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
}

// myRead reads a table by the driver, row by row, and writes COPY's text. No value of
// the data needs an escape.
func myRead(ctx context.Context, u string, t table, w io.Writer) error {
	db, err := myOpen(u)
	if err != nil {
		return err
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, "SELECT * FROM "+t.name)
	if err != nil {
		return err
	}
	defer rows.Close()
	fields := make([]sql.RawBytes, len(t.columns))
	into := make([]any, len(fields))
	for i := range fields {
		into[i] = &fields[i]
	}
	var line []byte
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		line = line[:0]
		for i, f := range fields {
			if i > 0 {
				line = append(line, '\t')
			}
			if f == nil {
				line = append(line, `\N`...)
			} else {
				line = append(line, f...)
			}
		}
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return rows.Err()
}
