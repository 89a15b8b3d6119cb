package postgres

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// copyOut is one COPY FROM STDIN under way: data goes straight to the socket in
// messages as large as the batches, while a goroutine waits for the server's word,
// which comes early only when it has found an error.
type copyOut struct {
	s      *session
	stop   func() bool
	early  atomic.Bool // the server has spoken
	answer chan copyAnswer
	failed error // of the socket
}

type copyAnswer struct {
	rows int64
	err  error
	io   bool // err is the connection's, not the server's
}

// copyIn begins a COPY FROM STDIN.
func (s *session) copyIn(ctx context.Context, sql string) (*copyOut, error) {
	o := &copyOut{s: s, stop: s.watch(ctx), answer: make(chan copyAnswer, 1)}
	f := s.pg.Frontend()
	f.SendQuery(&pgproto3.Query{String: sql})
	if err := f.Flush(); err != nil {
		return nil, o.give(s.ioError(ctx, err))
	}
	var refused error
	for {
		kind, body, err := s.in.next()
		if err != nil {
			return nil, o.give(s.ioError(ctx, err))
		}
		switch kind {
		case 'G':
			go o.listen()
			return o, nil
		case 'E':
			refused = parseServerError(body)
		case 'Z':
			o.stop()
			if refused == nil {
				refused = errors.New("bug in syncform: the server did not begin the COPY")
			}
			return nil, refused
		}
	}
}

// give ends the session, whose connection is in an unknown state.
func (o *copyOut) give(err error) error {
	o.stop()
	o.s.close()
	return err
}

// listen takes the server's messages up to the end of the command.
func (o *copyOut) listen() {
	var a copyAnswer
	for {
		kind, body, err := o.s.in.next()
		if err != nil {
			o.answer <- copyAnswer{err: err, io: true}
			o.early.Store(true)
			return
		}
		switch kind {
		case 'E':
			a.err = parseServerError(body)
			o.early.Store(true)
		case 'C':
			a.rows = commandRows(body)
		case 'Z':
			o.answer <- a
			return
		}
	}
}

// commandRows reads "COPY 123\0".
func commandRows(tag []byte) int64 {
	if len(tag) < 6 {
		return 0
	}
	n, err := strconv.ParseInt(string(tag[5:len(tag)-1]), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// maxMessage keeps a CopyData message below what the server takes.
const maxMessage = 512 << 20

// data sends rows; false means that there is no use in sending more. Rows need not
// end where a message does.
func (o *copyOut) data(rows []byte) bool {
	for len(rows) > 0 && o.failed == nil && !o.early.Load() {
		n := min(len(rows), maxMessage)
		var head [5]byte
		head[0] = 'd'
		binary.BigEndian.PutUint32(head[1:], uint32(n+4))
		buffers := net.Buffers{head[:], rows[:n]}
		if _, err := buffers.WriteTo(o.s.pg.Conn()); err != nil {
			o.failed = err
		}
		rows = rows[n:]
	}
	return o.failed == nil && !o.early.Load()
}

// end says that all rows were sent, and returns how many the server has taken.
func (o *copyOut) end(ctx context.Context) (int64, error) {
	return o.finish(ctx, []byte{'c', 0, 0, 0, 4})
}

// abort makes the server drop the rows; the transaction is to be rolled back.
func (o *copyOut) abort(ctx context.Context) {
	const reason = "the source ended early"
	message := binary.BigEndian.AppendUint32([]byte{'f'}, uint32(4+len(reason)+1))
	_, _ = o.finish(ctx, append(append(message, reason...), 0)) // the caller has the error that matters
}

func (o *copyOut) finish(ctx context.Context, message []byte) (int64, error) {
	if o.failed == nil {
		_, o.failed = o.s.pg.Conn().Write(message)
	}
	if o.failed != nil && !o.early.Load() {
		// What the server said before the connection broke explains it best.
		_ = o.s.pg.Conn().SetReadDeadline(time.Now().Add(2 * time.Second)) // an error means that it is closed
	}
	a := <-o.answer
	clean := o.stop()
	switch {
	case a.err != nil && !a.io:
		if !clean || o.failed != nil {
			o.s.close()
		}
		return 0, a.err
	case o.failed != nil || a.io || !clean:
		o.s.close()
		if o.failed == nil {
			o.failed = a.err
		}
		if o.failed == nil {
			o.failed = ctx.Err()
		}
		return 0, o.s.ioError(ctx, o.failed)
	}
	return a.rows, nil
}
