// Package sqlite is the provider of SQLite database files, as source and as target.
//
// SQLite checks no types: a column's declared type gives it an affinity, by which
// values are bent when they are stored. types*.go say which declaration holds each
// kind of value exactly; read*.go refuse what a source holds against its own
// declaration; write*.go store nothing that would be bent. What ALTER TABLE can't
// do is done by making the table anew (stepsrebuild.go), in one transaction.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/attr"
)

// busyTimeout is how long a statement waits for another process's lock before it
// fails with an error that is worth another try.
const busyTimeout = 5 * time.Second

// Provider opens SQLite database files.
type Provider struct{}

// Schema says which arguments a block takes.
func (Provider) Schema() attr.Provider {
	return attr.Provider{
		Name: "sqlite", Source: true, Target: true, Available: true,
		Text: "An SQLite database file.",
		Attributes: []attr.Attribute{
			{
				Name: "path", Type: attr.String, Conflicts: []string{"connection"},
				Text: "The database file; a relative path starts at the configuration's folder. A source's file must be there, a target's is made by the first step that writes.",
			},
			{
				Name: "connection", Type: attr.String, Conflicts: []string{"path"},
				Text: "`sqlite:PATH`, in place of `path`.",
			},
		},
	}
}

// Open checks that the path leads to an SQLite database, or for a target that one
// can be made there. A target's file that is missing is not made yet: until the
// first write it reads as an empty database.
func (Provider) Open(ctx context.Context, cfg providers.Config) (providers.Conn, error) {
	path, err := filePath(cfg)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", cfg.Addr, err)
	}
	c := &Conn{addr: cfg.Addr, path: path, create: strings.HasPrefix(cfg.Addr, "target."), turn: make(chan struct{}, 1), standIns: map[*sqlite.Conn]bool{}}
	if err := c.check(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w", cfg.Addr, err)
	}
	return c, nil
}

// filePath reads the block: an absolute path, symbolic links resolved where the file
// (or at least its folder) is there.
func filePath(cfg providers.Config) (string, error) {
	path := cfg.String("path")
	if url := cfg.String("connection"); url != "" {
		if path != "" {
			return "", errors.New("path and connection say the same thing: give one of them")
		}
		rest, ok := strings.CutPrefix(url, "sqlite:")
		if !ok {
			return "", errors.New("connection must be sqlite:PATH")
		}
		path = strings.TrimPrefix(rest, "//")
	}
	switch {
	case path == "":
		return "", errors.New("path is required (or connection = \"sqlite:PATH\")")
	case path == ":memory:":
		return "", errors.New("a database in memory has nothing to sync: give a file's path")
	case strings.ContainsRune(path, 0):
		return "", errors.New("the path holds a NUL character")
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(cfg.Dir, path)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("path %q: %w", path, err)
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real, nil
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		return filepath.Join(dir, filepath.Base(path)), nil
	}
	return path, nil
}

// Conn is an open SQLite endpoint. Each use opens a connection to the file of its
// own; what writes takes turns, as SQLite has one writer at a time.
type Conn struct {
	addr   string
	path   string
	create bool // a target: its file may be made

	turn chan struct{} // held by the one that writes

	mu       sync.Mutex
	idle     []*sqlite.Conn        // open connections, ready for reuse
	writer   *sqlite.Conn          // the one that writes, while nobody does
	ensured  bool                  // the ledger's tables are there
	standIns map[*sqlite.Conn]bool // connections that stand for a missing file
	closed   bool
}

// Close closes the connections that nobody uses; those in use close when their user is done.
func (c *Conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for _, db := range c.idle {
		errs = append(errs, db.Close())
	}
	if c.writer != nil {
		errs = append(errs, c.writer.Close())
	}
	c.idle, c.writer, c.closed = nil, nil, true
	return errors.Join(errs...)
}

// exists reports whether the database file is there.
func (c *Conn) exists() bool {
	_, err := os.Stat(c.path)
	return err == nil
}

var (
	_ providers.Provider       = Provider{}
	_ providers.Conn           = (*Conn)(nil)
	_ providers.Historian      = (*Conn)(nil)
	_ providers.Backuper       = (*Conn)(nil)
	_ providers.Migrator       = (*Conn)(nil)
	_ providers.NumberAdvancer = (*Conn)(nil)
	_ providers.Numberer       = (*Conn)(nil)
	_ providers.Translator     = (*Conn)(nil)
	_ providers.Normalizer     = (*Conn)(nil)
	_ providers.StepPlanner    = (*Conn)(nil)
	_ providers.StepFolder     = (*Conn)(nil)
	_ providers.StepRunner     = (*Conn)(nil)
	_ providers.Preflighter    = (*Conn)(nil)
	_ providers.UserFinder     = (*Conn)(nil)
	_ providers.SnapshotReader = (*Conn)(nil)
	_ providers.Writer         = (*Conn)(nil)
	_ providers.Applier        = (*Conn)(nil)
	_ providers.StreamKeeper   = (*Conn)(nil)
	_ providers.SchemaTrier    = (*Conn)(nil)

	_ providers.ExpressionComparer = (*Conn)(nil)
	_ providers.Capturer           = (*Conn)(nil)
)
