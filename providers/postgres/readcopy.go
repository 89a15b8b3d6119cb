package postgres

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// copyReader reads one COPY TO STDOUT straight from the socket's buffer: one message
// is one row, whose bytes go into the batch in one copy.
type copyReader struct {
	snapshot *snapshot
	reading  *reading
	table    providers.ReadTable
	form     row.Form
	pool     *row.Pool
	fields   *fieldDecoder // for FormFields
	parts    *partsDecoder // for parts

	header   bool // the binary header has been passed
	finished bool // the server has no more to say
	failed   error

	closing sync.Once
	mu      sync.Mutex // guards giving the session back against a late Next
}

// Form is the form that was agreed upon.
func (r *copyReader) Form() row.Form { return r.form }

// start sends the COPY and waits until the server begins to answer it.
func (r *copyReader) start(ctx context.Context, sql string) error {
	s := r.reading.session
	stop := s.watch(ctx)
	defer func() {
		if !stop() {
			r.reading.broken = true
		}
	}()
	f := s.pg.Frontend()
	f.SendQuery(&pgproto3.Query{String: sql})
	if err := f.Flush(); err != nil {
		return s.ioError(ctx, err)
	}
	for {
		kind, body, err := s.in.next()
		if err != nil {
			return s.ioError(ctx, err)
		}
		switch kind {
		case 'H':
			return nil
		case 'E':
			return classify(parseServerError(body))
		}
	}
}

// Next fills a batch.
func (r *copyReader) Next(ctx context.Context) (*row.Batch, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.failed != nil:
		return nil, r.failed
	case r.finished:
		return nil, io.EOF
	}
	width := 0
	switch {
	case r.form == row.FormFields:
		width = len(r.table.Columns)
	case r.parts != nil:
		width = len(r.table.Parts)
	}
	b := r.pool.Get(r.form, width)
	stop := r.reading.session.watch(ctx)
	defer func() {
		if !stop() {
			r.reading.broken = true
		}
	}()
	for !b.Full() {
		more, err := r.message(ctx, b)
		if err != nil {
			b.Release()
			r.failed = err
			return nil, err
		}
		if !more {
			r.finished = true
			break
		}
	}
	if b.Rows == 0 {
		b.Release()
		return nil, io.EOF
	}
	return b, nil
}

// message takes one message; more is false when the COPY has ended.
func (r *copyReader) message(ctx context.Context, b *row.Batch) (more bool, err error) {
	s := r.reading.session
	kind, body, err := s.in.next()
	if err != nil {
		return false, fmt.Errorf("read table %s: %w", r.table.Name, s.ioError(ctx, err))
	}
	switch kind {
	case 'd':
		return true, r.row(b, body)
	case 'E':
		return false, fmt.Errorf("read table %s: %w", r.table.Name, classify(parseServerError(body)))
	case 'Z':
		return false, nil
	}
	return true, nil // the end of the data, notices, settings: 'Z' comes last
}

// binarySignature begins a binary COPY, then 4 bytes of flags and the length of an extension.
var binarySignature = []byte("PGCOPY\n\xff\r\n\x00")

func (r *copyReader) row(b *row.Batch, body []byte) error {
	switch {
	case r.fields != nil:
		return r.fields.row(b, body)
	case r.form == textForm:
	default:
		if !r.header {
			if !bytes.HasPrefix(body, binarySignature) || len(body) < 19 {
				return errors.New("bug in syncform: a binary COPY without its header")
			}
			r.header = true
			body = body[19+binary.BigEndian.Uint32(body[15:]):]
			if len(body) == 0 {
				return nil
			}
		}
		if len(body) == 2 && body[0] == 0xff && body[1] == 0xff {
			return nil // the trailer
		}
		if r.parts != nil {
			return r.parts.row(b, body)
		}
	}
	b.Data = append(b.Data, body...)
	b.Rows++
	return nil
}

// Close ends the read. A COPY that was not read to its end is broken off, and its
// session with it: another reader takes its place in the snapshot.
func (r *copyReader) Close() error {
	r.closing.Do(func() {
		s := r.reading.session
		if !r.mu.TryLock() {
			// A Next waits for the server.
			_ = s.pg.Conn().SetDeadline(longAgo) // an error means that it is closed
			r.mu.Lock()
			r.reading.broken = true
		}
		defer r.mu.Unlock()
		if r.failed == nil && !r.finished {
			r.failed = errors.New("the read was closed")
		}
		if !r.finished {
			r.reading.broken = true
			s.cancelQuery()
		}
		r.snapshot.give(r.reading)
	})
	return nil
}

// watch breaks reads and writes of the socket off when ctx ends. stop reports whether
// that has not happened; else the session is of no more use.
func (s *session) watch(ctx context.Context) (stop func() bool) {
	if ctx.Done() == nil {
		return func() bool { return true }
	}
	conn := s.pg.Conn()
	return context.AfterFunc(ctx, func() { _ = conn.SetDeadline(longAgo) }) // an error means that it is closed
}

var longAgo = time.Unix(1, 0)

// ioError says why the socket failed: because ctx ended, or by itself.
func (s *session) ioError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return classify(fmt.Errorf("%w", err))
}

// cancelQuery asks the server to stop what it is doing; closing the connection alone
// would only be noticed when it writes.
func (s *session) cancelQuery() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = s.pg.CancelRequest(ctx) // the connection is closed next, which ends it too
}

// parseServerError reads an ErrorResponse.
func parseServerError(body []byte) *pgconn.PgError {
	var m pgproto3.ErrorResponse
	if err := m.Decode(body); err != nil {
		return &pgconn.PgError{Code: "08P01", Message: "an error message that can't be read: " + err.Error()}
	}
	return pgconn.ErrorResponseToPgError(&m)
}
