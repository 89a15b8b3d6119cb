package mysql

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	gomysql "github.com/go-sql-driver/mysql"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// OpenLoad reads or writes the load's chunks in the ledger.
func (c *Conn) OpenLoad(ctx context.Context, l providers.Load, chunks func() ([]providers.Chunk, error)) (providers.LoadState, error) {
	if err := c.ensureLedger(ctx); err != nil {
		return providers.LoadState{}, err
	}
	var st providers.LoadState
	err := c.with(ctx, func(s *session) error {
		return s.transaction(ctx, func() (err error) {
			st, err = c.book().OpenLoad(ctx, s, l.Mapping, l.Generation, chunks)
			return err
		})
	})
	return st, err
}

// CloseLoad notes the table in the ledger and lets the server sample its keys.
func (c *Conn) CloseLoad(ctx context.Context, l providers.Load, rows int64) error {
	if err := c.ensureLedger(ctx); err != nil {
		return err
	}
	return c.with(ctx, func(s *session) error {
		err := s.transaction(ctx, func() error { return c.book().NoteTable(ctx, s, l.Live.String(), rows, "loaded") })
		if err != nil {
			return err
		}
		// LOCAL keeps it out of the binary log. The answer is a row that says what the
		// server made of it; statistics are no reason to fail.
		_, err = s.query(ctx, "ANALYZE LOCAL TABLE "+tableIdent(l.Table))
		if err != nil && serverError(err) == nil {
			return err
		}
		return nil
	})
}

// transaction runs f inside one.
func (s *session) transaction(ctx context.Context, f func() error) error {
	if _, err := s.exec(ctx, "START TRANSACTION"); err != nil {
		return err
	}
	if err := f(); err != nil {
		return err // the session is closed by its user, and so is the transaction
	}
	_, err := s.exec(ctx, "COMMIT")
	return err
}

// tableWriter writes the chunks of one load over one session.
type tableWriter struct {
	conn     *Conn
	load     providers.Load
	fields   []writeField
	computed []string // columns of the table that the server computes
	local    bool     // LOAD DATA LOCAL is allowed
	packet   int      // the server's max_allowed_packet

	session *session // nil after it broke
	name    string   // of the reader that the driver calls for LOAD DATA
	reading *piece   // what that reader reads
	text    string   // LOAD DATA
	out     []byte   // an INSERT in the making
	scratch []byte
}

// OpenWriter takes a session and learns what the table's columns are.
func (c *Conn) OpenWriter(ctx context.Context, l providers.Load) (providers.TableWriter, error) {
	w := &tableWriter{conn: c, load: l}
	w.name = fmt.Sprintf("syncform-%p", w)
	fail := func(err error) (providers.TableWriter, error) {
		w.closeSession()
		return nil, fmt.Errorf("open table %s for writing: %w", l.Table, classify(err))
	}
	if err := c.ensureLedger(ctx); err != nil {
		return fail(err)
	}
	if err := w.open(ctx); err != nil {
		return fail(err)
	}
	rows, err := w.session.query(ctx, "SELECT @@local_infile, @@max_allowed_packet")
	if err != nil {
		return fail(err)
	}
	w.local = rows[0][0] == "1" && !c.noLocal
	if w.packet, err = strconv.Atoi(rows[0][1]); err != nil {
		return fail(err)
	}
	facts, err := w.session.columnFacts(ctx, l)
	if err != nil {
		return fail(err)
	}
	for _, column := range l.Columns {
		f, ok := facts[column.Name]
		if !ok {
			return fail(fmt.Errorf("the table has no column %q", column.Name))
		}
		w.fields = append(w.fields, writeFieldOf(c.server, column, f))
	}
	for name, f := range facts {
		if f.computed {
			w.computed = append(w.computed, name)
		}
	}
	w.text = w.loadText()
	gomysql.RegisterReaderHandler(w.name, func() io.Reader { return w.reading })
	return w, nil
}

// open takes a session for the load. Foreign keys are not checked: a table may be
// loaded before those that it references, and they come later or hold already.
func (w *tableWriter) open(ctx context.Context) error {
	s, err := w.conn.connect(ctx)
	if err != nil {
		return err
	}
	w.session = s
	_, err = s.exec(ctx, "SET foreign_key_checks = 0")
	return err
}

// columnFact is what the catalogue says of a target column.
type columnFact struct {
	nullable bool
	computed bool
	charset  string
}

func (s *session) columnFacts(ctx context.Context, l providers.Load) (map[string]columnFact, error) {
	rows, err := s.query(ctx, "SELECT COLUMN_NAME, IS_NULLABLE, IFNULL(CHARACTER_SET_NAME, ''), EXTRA FROM information_schema.COLUMNS WHERE "+inTable("TABLE", l.Table))
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("there is no such table")
	}
	facts := make(map[string]columnFact, len(rows))
	for _, r := range rows {
		facts[r[0]] = columnFact{nullable: r[1] == "YES" && !strings.Contains(r[3], "auto_increment"), computed: strings.Contains(r[3], "GENERATED") && !strings.Contains(r[3], "DEFAULT_GENERATED"), charset: r[2]}
	}
	return facts, nil
}

// Forms prefers numbers for bools as they are, where only columns of numbers take
// them; fields serve every source.
func (w *tableWriter) Forms() []row.Form {
	for _, c := range w.load.Columns {
		if c.Source.Kind == schema.Bool && c.Type.Kind != schema.Bool && c.Type.Kind != schema.Int {
			return []row.Form{row.FormFields}
		}
	}
	return []row.Form{formNative, row.FormFields}
}

// WriteChunk writes all of src and the chunk's mark in one transaction.
func (w *tableWriter) WriteChunk(ctx context.Context, c providers.Chunk, src row.Reader) (providers.Written, error) {
	var done providers.Written
	if w.session == nil || !w.session.alive() {
		w.closeSession()
		if err := w.open(ctx); err != nil {
			return done, w.failed(err)
		}
	}
	s, book := w.session, w.conn.book()
	err := s.transaction(ctx, func() error {
		if err := book.ClaimChunk(ctx, s, w.load.Mapping, w.load.Generation, c.ID, " FOR UPDATE"); err != nil {
			return err
		}
		for {
			p := &piece{writer: w, src: src, ctx: ctx}
			more, err := p.write(ctx)
			done.Rows, done.Bytes = done.Rows+int64(p.rows), done.Bytes+p.bytes
			if err != nil {
				return err
			}
			if !more {
				return book.MarkChunk(ctx, s, w.load.Mapping, w.load.Generation, c.ID, done.Rows)
			}
		}
	})
	if err != nil {
		w.rollback(ctx)
		return providers.Written{}, w.failed(err)
	}
	return done, nil
}

// rollback ends the transaction; where that fails the session goes, and with it the
// transaction.
func (w *tableWriter) rollback(ctx context.Context) {
	if ctx.Err() != nil || !w.session.alive() {
		w.conn.abandon(w.session)
		w.session = nil
		return
	}
	if _, err := w.session.exec(ctx, "ROLLBACK"); err != nil {
		w.closeSession()
	}
}

// failed says which table it was, unless the error does.
func (w *tableWriter) failed(err error) error {
	var bad *providers.BadRowError
	if errors.As(err, &bad) || errors.Is(err, providers.ErrChunkDone) {
		return err
	}
	return fmt.Errorf("write table %s: %w", w.load.Table, classify(err))
}

func (w *tableWriter) closeSession() {
	if w.session != nil {
		w.session.close()
		w.session = nil
	}
}

// Close ends the session.
func (w *tableWriter) Close() error {
	gomysql.DeregisterReaderHandler(w.name)
	w.closeSession()
	return nil
}

// badRow names the row of a batch.
func (w *tableWriter) badRow(b *row.Batch, r int, column, reason string, err error) *providers.BadRowError {
	bad := &providers.BadRowError{Table: w.load.Table, Column: column, Reason: reason, Err: err}
	var parts []string
	for _, name := range w.load.Key {
		i := slices.IndexFunc(w.load.Columns, func(c providers.WriteColumn) bool { return c.Name == name })
		if i < 0 {
			return bad
		}
		value, state := b.Field(r, i)
		if state != row.Value {
			value = []byte("NULL")
		}
		parts = append(parts, keyPart(name, value, w.load.Columns[i].Source.IsBinary()))
	}
	bad.Key = strings.Join(parts, ", ")
	return bad
}
