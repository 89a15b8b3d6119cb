package sqlite_test

import (
	"context"
	"io"
	"path/filepath"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
	"github.com/syncform/syncform/providers/sqlite"
)

var ctx = context.Background()

// source makes a file by statements and opens it as a source.
func source(t testing.TB, statements ...string) *sqlite.Conn {
	t.Helper()
	path := providertest.SQLite(t)
	providertest.Exec(t, path, statements...)
	return opened(t, "source.sqlite.test", path)
}

func opened(t testing.TB, addr, path string) *sqlite.Conn {
	t.Helper()
	c, err := sqlite.Provider{}.Open(ctx, providers.Config{Addr: addr, Dir: filepath.Dir(path), Attrs: map[string]any{"path": filepath.Base(path)}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c.(*sqlite.Conn)
}

func inspect(t testing.TB, c *sqlite.Conn) *schema.Database {
	t.Helper()
	d, err := c.Inspect(ctx, providers.InspectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// readTable reads a table as it was inspected.
func readTable(t testing.TB, c *sqlite.Conn, name string) providers.ReadTable {
	t.Helper()
	table := inspect(t, c).Table(schema.Name{Name: name})
	if table == nil {
		t.Fatalf("no table %s", name)
	}
	r := providers.ReadTable{Name: table.Name}
	for _, col := range table.Columns {
		r.Columns = append(r.Columns, providers.ReadColumn{Name: col.Name, Type: col.Type})
	}
	if table.PrimaryKey != nil {
		r.Key = table.PrimaryKey.Columns()
	}
	return r
}

// chunkRows reads a chunk's rows as canonical text; NULL is "<null>".
func chunkRows(t testing.TB, sn providers.Snapshot, r providers.ReadTable, c providers.Chunk) ([][]string, error) {
	t.Helper()
	src, err := sn.Read(ctx, r, c, []row.Form{row.FormFields})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err := src.Close(); err != nil {
			t.Error(err)
		}
	}()
	var out [][]string
	for {
		b, err := src.Next(ctx)
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		for i := range b.Rows {
			line := make([]string, b.Width)
			for j := range line {
				v, state := b.Field(i, j)
				line[j] = string(v)
				if state == row.Null {
					line[j] = "<null>"
				}
			}
			out = append(out, line)
		}
		b.Release()
	}
}

// snapshot opens one that is closed when the test ends.
func snapshot(t testing.TB, c *sqlite.Conn, o providers.SnapshotOptions) providers.Snapshot {
	t.Helper()
	sn, err := c.OpenSnapshot(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sn.Close(); err != nil {
			t.Error(err)
		}
	})
	return sn
}
