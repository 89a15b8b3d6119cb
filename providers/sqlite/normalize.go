package sqlite

import (
	"context"
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// Normalize makes the tables in a database in memory and inspects them there: what
// comes back is what an inspection of the file will say once they are made.
func (c *Conn) Normalize(ctx context.Context, tables []schema.Table) (out []schema.Table, err error) {
	db, err := sqlite.OpenConn(":memory:", sqlite.OpenReadWrite)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetInterrupt(ctx.Done())
	for i := range tables {
		t := &tables[i]
		if err := execute(db, tableSQL(t, t.Name.Name)); err != nil {
			return nil, fmt.Errorf("SQLite does not take table %s: %w", t.Name, err)
		}
		for j := range t.Indexes {
			if err := execute(db, indexSQL(t.Name.Name, &t.Indexes[j])); err != nil {
				return nil, fmt.Errorf("SQLite does not take index %q of table %s: %w", t.Indexes[j].Name, t.Name, err)
			}
		}
	}
	d, err := inspectFile(db, providers.InspectOptions{NoEstimates: true, Tables: bareNames(tables)})
	if err != nil {
		return nil, because(ctx, err)
	}
	for i := range tables {
		t := d.Table(schema.Name{Name: tables[i].Name.Name})
		if t == nil {
			return nil, fmt.Errorf("bug in syncform: table %s was made and is not there", tables[i].Name)
		}
		n := *t
		n.Name, n.Rows, n.Bytes = tables[i].Name, tables[i].Rows, tables[i].Bytes
		out = append(out, n)
	}
	return out, nil
}

// bareNames leaves out schemas, which SQLite has not.
func bareNames(tables []schema.Table) []schema.Name {
	names := make([]schema.Name, len(tables))
	for i := range tables {
		names[i].Name = tables[i].Name.Name
	}
	return names
}
