package sqlite

import (
	"context"
	"fmt"
	"path/filepath"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
	sqltext "github.com/syncform/syncform/providers/script"
)

// TrySchema runs the files in a database in memory: the scratch file is only looked at,
// and stays as it is.
func (c *Conn) TrySchema(ctx context.Context, files []sqltext.File, o providers.InspectOptions) (*schema.Database, error) {
	own, err := c.Inspect(ctx, providers.InspectOptions{NoEstimates: true})
	if err != nil {
		return nil, err
	}
	if len(own.Tables) > 0 {
		return nil, &providers.NotEmptyError{Database: c.path, Holds: fmt.Sprintf("table %q", own.Tables[0].Name.Name)}
	}
	db, err := sqlite.OpenConn(":memory:", sqlite.OpenReadWrite)
	if err != nil {
		return nil, classify(err)
	}
	defer func() { _ = db.Close() }() // nothing of it is kept
	db.SetInterrupt(ctx.Done())
	if err := execute(db, "PRAGMA foreign_keys = OFF"); err != nil {
		return nil, because(ctx, err)
	}
	for _, f := range files {
		statements, err := sqltext.Split(schema.SQLite, f)
		if err != nil {
			return nil, err
		}
		for _, st := range statements {
			if w := sqltext.Words(st.Text, 1); len(w) > 0 && (w[0] == "ATTACH" || w[0] == "DETACH" || w[0] == "VACUUM") {
				return nil, &providers.ScriptError{Statement: st, Err: fmt.Errorf("%s can't be tried out: it concerns more than the schema", w[0])}
			}
			if err := sqlitex.ExecuteTransient(db, st.Text, nil); err != nil {
				return nil, &providers.ScriptError{Statement: st, Err: because(ctx, err)}
			}
		}
	}
	if !db.AutocommitEnabled() {
		if err := execute(db, "COMMIT"); err != nil {
			return nil, because(ctx, err)
		}
	}
	d, err := inspectFile(db, o)
	if err != nil {
		return nil, fmt.Errorf("inspect: %w", because(ctx, err))
	}
	d.Identity, d.Name = c.path, filepath.Base(c.path)
	return d, nil
}
