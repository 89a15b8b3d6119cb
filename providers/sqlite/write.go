package sqlite

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"zombiezen.com/go/sqlite"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// OpenLoad looks the load up in the ledger, or writes the chunks that are proposed.
func (c *Conn) OpenLoad(ctx context.Context, l providers.Load, chunks func() ([]providers.Chunk, error)) (st providers.LoadState, err error) {
	// What the source proposes is asked for outside of the transaction: it may be a read
	// of the same file.
	var proposed []providers.Chunk
	open := func(chunks func() ([]providers.Chunk, error)) error {
		return c.withLedger(ctx, func(_ *sqlite.Conn, at ledgerDB) error {
			st, err = book.OpenLoad(ctx, at, l.Mapping, l.Generation, chunks)
			return err
		})
	}
	if err := open(func() ([]providers.Chunk, error) { return nil, errAsk }); !errors.Is(err, errAsk) {
		return st, err
	}
	if proposed, err = chunks(); err != nil {
		return st, err
	}
	err = open(func() ([]providers.Chunk, error) { return proposed, nil })
	return st, err
}

// errAsk says that the ledger does not have the load yet.
var errAsk = errors.New("no chunks yet")

// CloseLoad notes the table for users to read.
func (c *Conn) CloseLoad(ctx context.Context, l providers.Load, rows int64) error {
	return c.withLedger(ctx, func(_ *sqlite.Conn, at ledgerDB) error {
		return book.NoteTable(ctx, at, l.Live.String(), rows, "loaded")
	})
}

// OpenWriter prepares nothing at the file: the connection that writes is taken for
// each chunk.
func (c *Conn) OpenWriter(ctx context.Context, l providers.Load) (providers.TableWriter, error) {
	w := &writer{c: c, load: l}
	names := make([]string, len(l.Columns))
	read := providers.ReadTable{Columns: make([]providers.ReadColumn, len(l.Columns))}
	for i, col := range l.Columns {
		names[i] = col.Name
		read.Columns[i] = providers.ReadColumn{Type: col.Source}
		w.columns = append(w.columns, newWriteColumn(col))
	}
	for _, name := range l.Key {
		if i := slices.Index(names, name); i >= 0 {
			w.key = append(w.key, i)
		}
	}
	// A conflict clause of the table's own (ON CONFLICT REPLACE) must not take rows away.
	w.insert = "INSERT OR ABORT INTO " + ident(l.Table.Name) + " DEFAULT VALUES"
	if len(names) > 0 {
		w.insert = "INSERT OR ABORT INTO " + ident(l.Table.Name) + " (" + idents(names) + ") VALUES (" + strings.TrimSuffix(strings.Repeat("?,", len(names)), ",") + ")"
	}
	if sameDeclarations(l.Columns) {
		w.stored = formStored(read)
	}
	return w, nil
}

// sameDeclarations reports whether every value that the source stores can be stored as
// it is: both sides' columns have the same declared types.
func sameDeclarations(columns []providers.WriteColumn) bool {
	for _, c := range columns {
		if c.Source.System != schema.SQLite || !c.Source.Equal(c.Type) {
			return false
		}
	}
	return true
}

type writer struct {
	c       *Conn
	load    providers.Load
	columns []writeColumn
	key     []int // the key's columns among them
	insert  string
	stored  row.Form
}

var _ providers.TableWriter = (*writer)(nil)

// Forms is the form of stored values where both sides' declarations are the same, and
// row.FormFields.
func (w *writer) Forms() []row.Form {
	if w.stored != "" {
		return []row.Form{w.stored, row.FormFields}
	}
	return []row.Form{row.FormFields}
}

// WriteChunk inserts the rows and marks the chunk in one transaction. The first batch
// is waited for before the turn to write is, so that who has the turn never waits for
// a reader that another writer keeps.
func (w *writer) WriteChunk(ctx context.Context, c providers.Chunk, src row.Reader) (done providers.Written, err error) {
	first, err := src.Next(ctx)
	if err != nil && err != io.EOF {
		return done, err
	}
	err = w.c.transact(ctx, func(db *sqlite.Conn) error {
		done = providers.Written{}
		l := ledgerDB{db}
		if err := book.ClaimChunk(ctx, l, w.load.Mapping, w.load.Generation, c.ID, ""); err != nil {
			if first != nil {
				first.Release()
			}
			return err
		}
		if err := w.rows(ctx, db, first, src, &done); err != nil {
			return err
		}
		return book.MarkChunk(ctx, l, w.load.Mapping, w.load.Generation, c.ID, done.Rows)
	})
	if err != nil {
		return providers.Written{}, err
	}
	return done, nil
}

// rows inserts batch after batch; b is the first, nil where there is none.
func (w *writer) rows(ctx context.Context, db *sqlite.Conn, b *row.Batch, src row.Reader, done *providers.Written) (err error) {
	stmt, _, err := db.PrepareTransient(w.insert)
	if err != nil {
		if b != nil {
			b.Release()
		}
		return err
	}
	defer func() {
		ferr := stmt.Finalize() // repeats the error of the last step, if that failed
		if err == nil {
			err = ferr
		}
	}()
	for b != nil {
		if src.Form() == row.FormFields {
			err = w.fields(stmt, b)
		} else {
			err = w.values(stmt, b)
		}
		done.Rows += int64(b.Rows)
		done.Bytes += int64(len(b.Data))
		b.Release()
		if err != nil {
			return err
		}
		if b, err = src.Next(ctx); err != nil && err != io.EOF {
			return err
		}
	}
	return nil
}

// Close has nothing to give back.
func (w *writer) Close() error { return nil }
