package sqlite_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/schema"
	"github.com/syncform/syncform/providers/sqlite"
)

func TestOpenSaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("text", "this is no database at all, but it is long enough to look at", 0o600)
	write("short", "SQLite", 0o600)
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		addr  string
		attrs map[string]any
		want  string
	}{
		{"source.sqlite.a", map[string]any{}, "path is required"},
		{"source.sqlite.a", map[string]any{"path": "a", "connection": "sqlite:a"}, "path and connection say the same thing"},
		{"source.sqlite.a", map[string]any{"connection": "postgres://x"}, "connection must be sqlite:PATH"},
		{"source.sqlite.a", map[string]any{"path": ":memory:"}, "nothing to sync"},
		{"source.sqlite.a", map[string]any{"path": "missing"}, "there is no file "},
		{"source.sqlite.a", map[string]any{"path": "text"}, "it is not an SQLite database"},
		{"source.sqlite.a", map[string]any{"path": "short"}, "it is not an SQLite database"},
		{"target.sqlite.a", map[string]any{"connection": "sqlite:text"}, "it is not an SQLite database"},
		{"source.sqlite.a", map[string]any{"path": "folder"}, "is a folder"},
		{"target.sqlite.a", map[string]any{"path": "nowhere/a.db"}, "is not there"},
	} {
		_, err := sqlite.Provider{}.Open(ctx, providers.Config{Addr: c.addr, Dir: dir, Attrs: c.attrs})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), c.addr+": ") {
			t.Errorf("%v: %v; want %q", c.attrs, err, c.want)
		}
	}
}

func TestATargetIsMadeByTheFirstWriteOnly(t *testing.T) {
	path := providertest.SQLite(t)
	c := opened(t, "target.sqlite.a", path)
	if d := inspect(t, c); len(d.Tables) != 0 || d.Identity != path {
		t.Errorf("a file that is not there is %+v", d)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("looking at it has made it")
	}
	if ran, err := c.RunStep(ctx, providers.StepKey{Plan: "p", Action: "a"}, providers.Step{Text: "CREATE TABLE t (a INTEGER)", Transactional: true}); err != nil || !ran {
		t.Fatal(ran, err)
	}
	if d := inspect(t, c); d.Table(schema.Name{Name: "t"}) == nil {
		t.Error("the table is not there")
	}
}

func TestPreflight(t *testing.T) {
	c := source(t, "CREATE TABLE t (a INTEGER)")
	found, err := c.Preflight(ctx, providers.Preflight{Read: []schema.Name{{Name: "t"}}, Write: []schema.Name{{Name: "t"}}})
	if err != nil || len(found) != 0 {
		t.Errorf("%v %v", found, err)
	}
}

func TestALockedFileIsWorthAnotherTry(t *testing.T) {
	path := providertest.SQLite(t)
	c := opened(t, "target.sqlite.a", path)
	step := providers.Step{Text: "CREATE TABLE t (a INTEGER)", Transactional: true}
	if _, err := c.RunStep(ctx, providers.StepKey{Plan: "p", Action: "a"}, step); err != nil {
		t.Fatal(err)
	}
	release := holdWriteLock(t, path)
	_, err := c.RunStep(ctx, providers.StepKey{Plan: "p", Action: "b"}, providers.Step{Text: "DROP TABLE t", Transactional: true})
	release()
	if !providers.IsRetryable(err) || !strings.Contains(err.Error(), "locked by another process") {
		t.Errorf("%v", err)
	}
	if _, err := c.RunStep(ctx, providers.StepKey{Plan: "p", Action: "b"}, providers.Step{Text: "DROP TABLE t", Transactional: true}); err != nil {
		t.Error(err)
	}
}
