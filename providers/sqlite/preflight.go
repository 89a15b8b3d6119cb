package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"zombiezen.com/go/sqlite"

	"github.com/syncform/syncform/providers"
)

// Preflight looks whether the file can be written to, where tables are to be.
func (c *Conn) Preflight(ctx context.Context, p providers.Preflight) ([]providers.Finding, error) {
	if !p.Writes() {
		return nil, nil
	}
	// SQLite puts its journal beside the file.
	dir := filepath.Dir(c.path)
	probe, err := os.CreateTemp(dir, ".syncform-*")
	switch {
	case errors.Is(err, fs.ErrPermission):
		return []providers.Finding{{Fatal: true, Text: fmt.Sprintf("the folder %s can't be written to; SQLite keeps its journal there", dir), Fix: "chmod u+w " + shellQuote(dir)}}, nil
	case err != nil:
		return []providers.Finding{{Fatal: true, Text: fmt.Sprintf("the folder %s can't be written to: %v", dir, err)}}, nil
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		return nil, err
	}
	if !c.exists() {
		if !c.create {
			return []providers.Finding{{Fatal: true, Text: fmt.Sprintf("there is no file %s; only a target block's file is made where it is missing", c.path)}}, nil
		}
		return nil, nil
	}
	// The write lock is taken and given back; SQLite refuses it where the file can't be written.
	err = c.transact(ctx, func(*sqlite.Conn) error { return errNothing })
	switch {
	case errors.Is(err, providers.ErrReadOnly):
		return []providers.Finding{{Fatal: true, Text: fmt.Sprintf("the database file %s can't be written to", c.path), Fix: "chmod u+w " + shellQuote(c.path)}}, nil
	case errors.Is(err, errNothing), providers.IsRetryable(err): // somebody else is writing: it can be done
		return nil, nil
	}
	return nil, err
}

var errNothing = errors.New("nothing to do")

func shellQuote(s string) string {
	quoted := []byte{'\''}
	for i := 0; i < len(s); i++ {
		if s[i] == '\'' {
			quoted = append(quoted, `'\'`...)
		}
		quoted = append(quoted, s[i])
	}
	return string(append(quoted, '\''))
}
