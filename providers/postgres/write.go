package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// OpenLoad makes the ledger where it is missing and says how far an earlier run got.
func (c *Conn) OpenLoad(ctx context.Context, l providers.Load, chunks func() ([]providers.Chunk, error)) (providers.LoadState, error) {
	var st providers.LoadState
	s, err := c.acquire(ctx)
	if err != nil {
		return st, err
	}
	defer c.release(s)
	if err := c.ensureLedger(ctx, s); err != nil {
		return st, err
	}
	err = inTransaction(ctx, s, func() error {
		st, err = c.ledger().OpenLoad(ctx, ledgerDB{s}, l.Mapping, l.Generation, chunks)
		return err
	})
	return st, err
}

// CloseLoad notes the table and its rows. Statistics are left to autovacuum, which
// looks at a table once it has grown.
func (c *Conn) CloseLoad(ctx context.Context, l providers.Load, rows int64) error {
	s, err := c.acquire(ctx)
	if err != nil {
		return err
	}
	defer c.release(s)
	if err := c.ensureLedger(ctx, s); err != nil {
		return err
	}
	return inTransaction(ctx, s, func() error {
		return c.ledger().NoteTable(ctx, ledgerDB{s}, l.Live.String(), rows, "loaded")
	})
}

func isCode(err error, code string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == code
}

// OpenWriter takes a session for one worker.
func (c *Conn) OpenWriter(ctx context.Context, l providers.Load) (providers.TableWriter, error) {
	s, err := c.acquire(ctx)
	if err != nil {
		return nil, err
	}
	// Where the role may not, triggers and foreign keys are alive during the load.
	if err := s.exec(ctx, "SET session_replication_role = replica"); err != nil && !isCode(err, "42501") {
		s.close()
		return nil, classify(err)
	}
	names := make([]string, len(l.Columns))
	for i, col := range l.Columns {
		names[i] = col.Name
	}
	target := "COPY " + quoteName(l.Table) + " (" + quoteAll(names) + ") FROM STDIN"
	return &tableWriter{conn: c, session: s, load: l, forms: writeForms(l), copySQL: target, encode: newFieldEncoder(l), parts: newPartsEncoder(l)}, nil
}

// tableWriter writes chunks by COPY over one session of its own.
type tableWriter struct {
	conn    *Conn
	session *session
	load    providers.Load
	forms   []row.Form
	copySQL string
	encode  *fieldEncoder
	parts   *partsEncoder
	kept    keptBatches // of COPY's own formats
	keys    keptKeys    // of fields
}

// Forms lists COPY's own formats where these columns pass unchanged.
func (w *tableWriter) Forms() []row.Form { return w.forms }

// Close ends the session, which has settings that others should not find.
func (w *tableWriter) Close() error {
	w.session.close()
	return nil
}

// WriteChunk copies src into the table and marks the chunk as done, together.
func (w *tableWriter) WriteChunk(ctx context.Context, c providers.Chunk, src row.Reader) (providers.Written, error) {
	var done providers.Written
	s, l := w.session, w.conn.ledger()
	if s.pg.IsClosed() {
		return done, &providers.RetryableError{Err: errors.New("the connection to the server was lost")}
	}
	err := w.chunk(ctx, func() error {
		if err := l.ClaimChunk(ctx, ledgerDB{s}, w.load.Mapping, w.load.Generation, c.ID, " FOR UPDATE"); err != nil {
			return err
		}
		var err error
		if done, err = w.copy(ctx, c, src); err != nil {
			return err
		}
		return l.MarkChunk(ctx, ledgerDB{s}, w.load.Mapping, w.load.Generation, c.ID, done.Rows)
	})
	if err != nil {
		return providers.Written{}, err
	}
	return done, nil
}

// chunk is one transaction. The rows and the mark are committed together, so that a
// crash of the server that loses the one loses the other: it need not wait for the disk.
func (w *tableWriter) chunk(ctx context.Context, f func() error) error {
	if err := w.session.exec(ctx, "BEGIN; SET LOCAL synchronous_commit = off"); err != nil {
		return classify(err)
	}
	if err := f(); err != nil {
		w.session.rollback()
		return err
	}
	return classify(w.session.exec(ctx, "COMMIT"))
}

// copy runs the COPY itself.
func (w *tableWriter) copy(ctx context.Context, c providers.Chunk, src row.Reader) (done providers.Written, err error) {
	form := src.Form()
	binary := form.Parts() || strings.HasPrefix(string(form), binaryPrefix)
	sql := w.copySQL
	if binary {
		sql += " (FORMAT binary)"
	}
	w.keys.reset(w.load)
	w.kept.reset()
	defer w.kept.reset()
	out, err := w.session.copyIn(ctx, sql)
	if err != nil {
		return done, w.badRow(c, form, err)
	}
	var source error
	if binary {
		out.data(binaryHeader)
	}
	for {
		b, err := src.Next(ctx)
		if err == io.EOF {
			break
		}
		if err != nil {
			source = err
			break
		}
		if b.Form != form {
			source = fmt.Errorf("bug in syncform: a batch of form %q where %q was agreed upon", b.Form, form)
			break
		}
		done.Rows += int64(b.Rows)
		done.Bytes += int64(len(b.Data))
		data := b.Data
		switch {
		case form == row.FormFields:
			data, err = w.encode.batch(b)
		case form.Parts():
			data, err = w.parts.batch(b)
		}
		if err != nil {
			b.Release()
			source = err
			break
		}
		ok := out.data(data)
		if form == row.FormFields {
			w.keys.add(b, len(data))
			b.Release()
		} else {
			w.kept.add(b)
		}
		if !ok {
			break
		}
	}
	if source != nil {
		out.abort(ctx)
		return done, source
	}
	if binary {
		out.data(binaryTrailer)
	}
	rows, err := out.end(ctx)
	if err != nil {
		return done, w.badRow(c, form, err)
	}
	if rows != done.Rows {
		return done, fmt.Errorf("table %s: the server took %d of %d rows: a rule or a trigger of the table keeps rows away, and the role may not turn it off (session_replication_role)", w.load.Table, rows, done.Rows)
	}
	return done, nil
}

var (
	binaryHeader  = append(append([]byte{}, binarySignature...), 0, 0, 0, 0, 0, 0, 0, 0)
	binaryTrailer = []byte{0xff, 0xff}
)

// badRow turns the server's word on a value into a BadRowError that names the row.
func (w *tableWriter) badRow(c providers.Chunk, form row.Form, err error) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || !isBadValue(pg.Code) {
		return fmt.Errorf("write table %s: %w", w.load.Table, classify(err))
	}
	bad := &providers.BadRowError{Table: w.load.Table, Column: pg.ColumnName, Reason: badReason(pg), Err: classify(pg)}
	line, column := copyContext(pg.Where, w.load.Table.Name, w.load)
	if column != "" {
		bad.Column = column
	}
	if bad.Column == "" && pg.ConstraintName != "" {
		bad.Reason += fmt.Sprintf(" (constraint %q)", pg.ConstraintName)
	}
	if line > 0 {
		if form == row.FormFields {
			bad.Key = w.keys.key(w.load, line)
		} else {
			bad.Key = w.kept.key(line, func(b *row.Batch, r int) string {
				if form.Parts() {
					return w.parts.key(b, r)
				}
				if fields, ok := fieldsOf(b, r, len(w.load.Columns), form); ok {
					return keyOf(fields, w.load, form)
				}
				return ""
			})
		}
		if bad.Key == "" {
			bad.Reason += fmt.Sprintf("; it is row %d of the chunk %s", line, chunkName(c))
		}
	}
	return bad
}

func chunkName(c providers.Chunk) string {
	b, err := parseBounds(c.Bounds)
	if err != nil || b.From == nil && b.To == nil {
		return fmt.Sprintf("%d", c.ID)
	}
	return fmt.Sprintf("%d, of keys from %s to below %s", c.ID, strings.Join(b.From, ", "), strings.Join(b.To, ", "))
}

// isBadValue knows the SQLSTATEs that a row's own values bring about: data exceptions
// and integrity violations.
func isBadValue(code string) bool {
	return strings.HasPrefix(code, "22") || strings.HasPrefix(code, "23") || code == "54000"
}

// badReason says what is wrong without the value, which the server's message may quote.
func badReason(pg *pgconn.PgError) string {
	if pg.Code == "23514" && pg.Routine == "ExecFindPartition" { // of all versions
		return "no partition of the target's table takes the row"
	}
	reason, ok := badReasons[pg.Code]
	if !ok {
		reason = "PostgreSQL can't take the value"
	}
	return reason + " (SQLSTATE " + pg.Code + ")"
}

var badReasons = map[string]string{
	"22001": "the value is too long for the column",
	"22003": "the number is out of the column's range",
	"22007": "PostgreSQL has no such date or time",
	"22008": "the date or time is out of PostgreSQL's range",
	"22015": "the interval is out of PostgreSQL's range",
	"22021": "the text holds a NUL or bytes that are not UTF-8, which PostgreSQL does not store in text: map it to bytea, or repair it",
	"22026": "the bit string has another length than the column",
	"22030": "a key of the JSON document stands twice",
	"22P02": "the text is not a value of the column's type",
	"22P03": "the binary value is not one of the column's type",
	"22P05": "the database's encoding lacks a character of the text",
	"22P04": "the row does not have the columns that the table has",
	"23502": "the column takes no NULL",
	"23503": "the row refers to another that is not there",
	"23505": "another row has the same key",
	"23514": "the row violates a check of the table",
	"23P01": "the row conflicts with another by an exclusion constraint",
	"54000": "the value is too large for an index of the table",
	"2200M": "the text is not an XML document",
	"2200N": "the text is not XML content",
}
