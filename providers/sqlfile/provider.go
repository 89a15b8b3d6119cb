// Package sqlfile is the provider of a schema that stands in files: a source without
// rows. Its files are tried out in a scratch database, whose provider reads back what
// they made, in its server's normal form.
package sqlfile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/attr"
	"github.com/syncform/syncform/providers/schema"
	"github.com/syncform/syncform/providers/script"
)

// Provider opens sets of files.
type Provider struct{}

// Schema says which arguments a block takes.
func (Provider) Schema() attr.Provider {
	return attr.Provider{
		Name: "sql", Source: true, Available: true,
		Text: "A schema without rows, from files of SQL, for mode = \"schema\".",
		Attributes: []attr.Attribute{
			{Name: "files", Type: attr.StringList, Required: true, Text: "The files, as patterns from the configuration's folder, in this order; those of one pattern in the order of their names."},
			{Name: "scratch", Type: attr.Endpoint, Required: true, Text: "An empty database of the target's system and version, where the files are tried out and their normal form is read. It is left as empty as it was."},
		},
	}
}

// Open reads the files. The scratch database is asked at Inspect.
func (Provider) Open(_ context.Context, cfg providers.Config) (providers.Conn, error) {
	fail := func(err error) (providers.Conn, error) { return nil, fmt.Errorf("%s: %w", cfg.Addr, err) }
	if cfg.Scratch == nil {
		return fail(errors.New("bug in syncform: the scratch database was not opened"))
	}
	trier, err := providers.As[providers.SchemaTrier](cfg.Scratch)
	if err != nil {
		return fail(fmt.Errorf("its scratch database can't try out files: %w", err))
	}
	c := &Conn{addr: cfg.Addr, scratch: cfg.Scratch, trier: trier}
	if c.files, err = read(cfg.Dir, cfg.Strings("files")); err != nil {
		return fail(err)
	}
	return c, nil
}

// read reads the files of all patterns, each once.
func read(dir string, patterns []string) ([]script.File, error) {
	var files []script.File
	seen := map[string]bool{}
	for _, p := range patterns {
		full := p
		if !filepath.IsAbs(full) {
			full = filepath.Join(dir, p)
		}
		names, err := filepath.Glob(full)
		if err != nil {
			return nil, fmt.Errorf("files: the pattern %q is malformed: %w", p, err)
		}
		if len(names) == 0 {
			return nil, fmt.Errorf("files: no file is there for %q", p)
		}
		slices.Sort(names)
		for _, name := range names {
			if seen[name] {
				continue
			}
			seen[name] = true
			text, err := os.ReadFile(name)
			if err != nil {
				return nil, fmt.Errorf("files: %w", err)
			}
			shown := name
			if rel, err := filepath.Rel(dir, name); err == nil && !filepath.IsAbs(p) {
				shown = rel
			}
			files = append(files, script.File{Name: shown, Text: string(text)})
		}
	}
	return files, nil
}

// Conn is a set of files and the scratch database, which it owns.
type Conn struct {
	addr    string
	files   []script.File
	scratch providers.Conn
	trier   providers.SchemaTrier

	mu    sync.Mutex
	tried *schema.Database // the whole of it, once it was read
}

// Inspect tries the files out, once, and gives the tables asked for.
func (c *Conn) Inspect(ctx context.Context, o providers.InspectOptions) (*schema.Database, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tried == nil {
		db, err := c.trier.TrySchema(ctx, c.files, providers.InspectOptions{})
		if err != nil {
			return nil, err
		}
		for i := range db.Tables {
			db.Tables[i].Rows, db.Tables[i].Bytes = 0, 0
		}
		// The files are a database of their own, whatever stands in them.
		db.Identity = "files:" + c.addr
		c.tried = db
	}
	if o.Tables == nil {
		return c.tried, nil
	}
	db := *c.tried
	db.Tables = nil
	for _, t := range c.tried.Tables {
		if slices.Contains(o.Tables, t.Name) {
			db.Tables = append(db.Tables, t)
		}
	}
	return &db, nil
}

// Close closes the scratch database.
func (c *Conn) Close() error { return c.scratch.Close() }

var (
	_ providers.Provider = Provider{}
	_ providers.Conn     = (*Conn)(nil)
)
