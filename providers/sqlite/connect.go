package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/syncform/syncform/providers"
)

// check looks at the path without changing anything, and reads the schema once
// where there is a file.
func (c *Conn) check(ctx context.Context) error {
	info, err := os.Stat(c.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return c.checkMissing()
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("no permission to reach %s", c.path)
	case err != nil:
		return fmt.Errorf("database file: %w", err)
	case info.IsDir():
		return fmt.Errorf("%s is a folder; path must name a database file", c.path)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a regular file", c.path)
	}
	// The file is not opened but by SQLite: to close it would give up the locks that the
	// process holds on it by other connections (POSIX).
	db, err := c.get(ctx)
	if err != nil {
		return err
	}
	defer c.put(db)
	err = because(ctx, execute(db, "SELECT count(*) FROM sqlite_schema"))
	switch {
	case errors.Is(err, providers.ErrReadOnly):
		return fmt.Errorf("%s has a WAL journal, so that even to read it SQLite must be able to write to its folder: %w", c.path, err)
	case err != nil:
		return fmt.Errorf("%s: %w", c.path, err)
	}
	return nil
}

func (c *Conn) checkMissing() error {
	if !c.create {
		return fmt.Errorf("there is no file %s (only a target's file is made where it is missing)", c.path)
	}
	dir := filepath.Dir(c.path)
	switch info, err := os.Stat(dir); {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the folder %s, where the database file shall be made, is not there", dir)
	case err != nil:
		return fmt.Errorf("folder of the database file: %w", err)
	case !info.IsDir():
		return fmt.Errorf("%s is not a folder", dir)
	}
	return nil
}

// get takes a connection to read; a missing file reads as an empty database.
// Statements end with an error when ctx is cancelled. The caller puts it back.
func (c *Conn) get(ctx context.Context) (*sqlite.Conn, error) {
	c.mu.Lock()
	var db *sqlite.Conn
	if n := len(c.idle); n > 0 {
		db, c.idle = c.idle[n-1], c.idle[:n-1]
	}
	c.mu.Unlock()
	if db == nil {
		return c.open(ctx, false)
	}
	db.SetInterrupt(ctx.Done())
	return db, nil
}

// open opens a connection. write says that it is to write, and that the file is made
// where it is missing.
func (c *Conn) open(ctx context.Context, write bool) (*sqlite.Conn, error) {
	c.mu.Lock()
	closed := c.closed
	c.mu.Unlock()
	if closed {
		return nil, errors.New("bug in syncform: the endpoint is closed")
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	db, standIn, err := c.dial(write)
	if err != nil {
		return nil, classify(err)
	}
	if standIn {
		c.mu.Lock()
		c.standIns[db] = true
		c.mu.Unlock()
	}
	db.SetInterrupt(ctx.Done())
	return db, nil
}

// dial opens a connection; standIn says that it is to the memory that stands for a
// file that is missing.
func (c *Conn) dial(write bool) (db *sqlite.Conn, standIn bool, err error) {
	flags := sqlite.OpenReadWrite
	path := c.path
	switch {
	case c.exists():
	case write && c.create:
		flags |= sqlite.OpenCreate
	case write:
		return nil, false, fmt.Errorf("there is no file %s (only a target's file is made where it is missing)", c.path)
	default:
		path, standIn = ":memory:", true
	}
	db, err = sqlite.OpenConn(path, flags)
	if err != nil && sqlite.ErrCode(err).ToPrimary() == sqlite.ResultCantOpen {
		err = fmt.Errorf("can't open %s (permission of the file and its folder?): %w", c.path, err)
	}
	if err != nil {
		return nil, false, err
	}
	db.SetBusyTimeout(busyTimeout)
	// Foreign keys are not looked at: a load brings rows in any order.
	// Reading goes forward and needs few pages; who writes builds indexes.
	cache := "PRAGMA cache_size = -4096"
	if write {
		cache = "PRAGMA cache_size = -16384"
	}
	for _, pragma := range []string{"PRAGMA foreign_keys = OFF", cache} {
		if err := execute(db, pragma); err != nil {
			return nil, false, errors.Join(err, db.Close())
		}
	}
	return db, standIn, nil
}

// put gives a connection back. One inside a transaction, or to a stand-in, is closed.
func (c *Conn) put(db *sqlite.Conn) {
	db.SetInterrupt(nil)
	keep := db.AutocommitEnabled() && db.CheckReset() == ""
	c.mu.Lock()
	defer c.mu.Unlock()
	if keep && !c.closed && !c.standIns[db] {
		c.idle = append(c.idle, db)
		return
	}
	delete(c.standIns, db)
	_ = db.Close() // what it was used for has ended, well or not, and was reported
}

// take waits for the turn to write and takes the connection that writes: always the
// same one, for SQLite reads the whole schema anew on any other after each DDL. The
// caller gives the turn back.
func (c *Conn) take(ctx context.Context) (*sqlite.Conn, func(), error) {
	select {
	case c.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	c.mu.Lock()
	db := c.writer
	c.writer = nil
	c.mu.Unlock()
	if db == nil {
		var err error
		if db, err = c.open(ctx, true); err != nil {
			<-c.turn
			return nil, nil, err
		}
	}
	db.SetInterrupt(ctx.Done())
	return db, func() {
		db.SetInterrupt(nil)
		c.mu.Lock()
		keep := db.AutocommitEnabled() && !c.closed
		if keep {
			c.writer = db
		}
		c.mu.Unlock()
		if !keep {
			_ = db.Close() // its transaction's failure was reported
		}
		<-c.turn
	}, nil
}

// transact runs f in one write transaction, with the turn to write.
func (c *Conn) transact(ctx context.Context, f func(db *sqlite.Conn) error) error {
	db, done, err := c.take(ctx)
	if err != nil {
		return err
	}
	defer done()
	return inTransaction(ctx, db, f)
}

// withLedger is transact for what writes into the ledger, whose tables it makes where
// they are missing.
func (c *Conn) withLedger(ctx context.Context, f func(db *sqlite.Conn, l ledgerDB) error) error {
	c.mu.Lock()
	there := c.ensured
	c.mu.Unlock()
	err := c.transact(ctx, func(db *sqlite.Conn) error {
		if !there {
			if err := book.Ensure(ctx, ledgerDB{db}); err != nil {
				return err
			}
		}
		return f(db, ledgerDB{db})
	})
	if err == nil && !there {
		c.mu.Lock()
		c.ensured = true
		c.mu.Unlock()
	}
	return err
}

// inTransaction begins with the write lock, so that nothing fails half-way for the
// want of it.
func inTransaction(ctx context.Context, db *sqlite.Conn, f func(db *sqlite.Conn) error) (err error) {
	if err := execute(db, "BEGIN IMMEDIATE"); err != nil {
		return because(ctx, err)
	}
	defer func() {
		if err == nil || db.AutocommitEnabled() { // some errors roll back by themselves
			return
		}
		db.SetInterrupt(nil) // an interrupted statement must not keep the rollback from running
		if rerr := execute(db, "ROLLBACK"); rerr != nil {
			err = errors.Join(err, fmt.Errorf("roll back: %w", rerr))
		}
	}()
	if err := f(db); err != nil {
		return because(ctx, err)
	}
	return because(ctx, execute(db, "COMMIT"))
}

// because classifies an error; a statement that a cancelled context has stopped
// fails for the context's reason.
func because(ctx context.Context, err error) error {
	if err != nil && interrupted(err) && ctx.Err() != nil {
		return ctx.Err()
	}
	return classify(err)
}

// execute runs a statement that returns nothing of interest, unprepared.
func execute(db *sqlite.Conn, sql string) error { return sqlitex.ExecuteTransient(db, sql, nil) }

var errNoRows = errors.New("no row")

// one runs a query for one row of text columns; NULL is "".
func one(db *sqlite.Conn, query string, args ...any) ([]string, error) {
	rows, err := all(db, query, args...)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("%s: %w", query, errNoRows)
	}
	return rows[0], nil
}

// pragma asks for the one value of a pragma.
func pragma(db *sqlite.Conn, name string) (value string, err error) {
	err = sqlitex.ExecuteTransient(db, "PRAGMA "+name, &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
		value = s.ColumnText(0)
		return nil
	}})
	return value, err
}

// all runs a query and returns every field as text, NULL as "".
func all(db *sqlite.Conn, query string, args ...any) ([][]string, error) {
	var rows [][]string
	err := sqlitex.Execute(db, query, &sqlitex.ExecOptions{Args: args, ResultFunc: func(s *sqlite.Stmt) error {
		r := make([]string, s.ColumnCount())
		for i := range r {
			r[i] = s.ColumnText(i)
		}
		rows = append(rows, r)
		return nil
	}})
	return rows, err
}
