package postgres

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/syncform/syncform/providers/row"
)

// pipe sends the statements of a transaction without waiting for the answer to each: the
// answers are read when one is needed. After an error the server passes over everything
// up to the next sync, so a COMMIT behind it does not happen.
type pipe struct {
	s       *session
	out     []byte // not answered yet; calls know where their parameters stand
	flushed int    // bytes of out that are sent
	copied  int    // bytes of COPY since the last sync
	calls   []call // not answered yet
	failed  error  // of the transaction: nothing but a rollback gets through
	begun   bool   // the server has heard of the transaction
	named   int    // statements, for their names
}

// statement is prepared when it is first sent.
type statement struct {
	sql  string
	name string
	sent bool
}

// call is a statement that was sent.
type call struct {
	parsed *statement // whose Parse came with it
	on     *applyTable
	copies string // the table that a COPY fills, which errors name
	bind   int    // where in out the parameters begin; 0: none that name a row
	keyAt  []int  // which of them are the row's key
	params []int  // which column each of them is for

	none    error // of mustHit
	commits bool
	count   *int64 // gets the rows that were hit
	miss    *[]int // gets index where no row was hit
	index   int
	rows    func(body []byte) error // takes DataRow messages
}

// syncAt bytes of statements or of COPY the answers are read, so that neither what is
// kept nor what is done in vain grows without bound.
const (
	syncAt     = 256 << 10
	syncCopyAt = 16 << 20
	flushAt    = 64 << 10
)

func (p *pipe) message(kind byte) (start int) {
	p.out = append(p.out, kind, 0, 0, 0, 0)
	return len(p.out) - 4
}

func (p *pipe) end(start int) { binary.BigEndian.PutUint32(p.out[start:], uint32(len(p.out)-start)) }

func (p *pipe) cstring(s string) { p.out = append(append(p.out, s...), 0) }

// prepare sends the statement's text where the server does not have it.
func (p *pipe) prepare(st *statement) *statement {
	if st.sent {
		return nil
	}
	if st.name == "" {
		p.named++
		st.name = "s" + strconv.Itoa(p.named)
	}
	p.parse(st.name, st.sql)
	st.sent = true
	return st
}

func (p *pipe) parse(name, sql string) {
	m := p.message('P')
	p.cstring(name)
	p.cstring(sql)
	p.out = append(p.out, 0, 0)
	p.end(m)
}

// bind begins a Bind with n parameters, which the caller appends by param and ends by run.
func (p *pipe) bind(name string, n int) (start, params int) {
	start = p.message('B')
	p.out = append(p.out, 0) // portal
	p.cstring(name)
	p.out = append(p.out, 0, 0) // all parameters are text
	p.out = binary.BigEndian.AppendUint16(p.out, uint16(n))
	return start, len(p.out)
}

// run ends the Bind and executes it.
func (p *pipe) run(start int, c call) {
	p.out = append(p.out, 0, 0) // all results are text
	p.end(start)
	m := p.message('E')
	p.out = append(p.out, 0, 0, 0, 0, 0)
	p.end(m)
	p.calls = append(p.calls, c)
}

func (p *pipe) null() { p.out = append(p.out, 0xff, 0xff, 0xff, 0xff) }

func (p *pipe) param(v string) {
	p.out = binary.BigEndian.AppendUint32(p.out, uint32(len(v)))
	p.out = append(p.out, v...)
}

// field appends a field as a parameter. An error leaves the pipe as it was at from.
func (p *pipe) field(e *fieldEncoder, b *row.Batch, r, at, column, from int) error {
	v, state := b.Field(r, at)
	if state != row.Value {
		p.null()
		return nil
	}
	size := len(p.out)
	p.out = append(p.out, 0, 0, 0, 0)
	out, err := e.text(p.out, b, r, column, v)
	if err != nil {
		p.out = p.out[:from]
		return err
	}
	p.out = out
	binary.BigEndian.PutUint32(p.out[size:], uint32(len(p.out)-size-4))
	return nil
}

// exec queues a statement that is not prepared.
func (p *pipe) exec(sql string, c call) {
	p.parse("", sql)
	start, _ := p.bind("", 0)
	p.run(start, c)
}

// flush sends what is queued.
func (p *pipe) flush(ctx context.Context) error {
	if p.flushed == len(p.out) {
		return nil
	}
	p.begun = true
	stop := p.s.watch(ctx)
	_, err := p.s.pg.Conn().Write(p.out[p.flushed:])
	p.flushed = len(p.out)
	if !stop() || err != nil {
		return p.lost(ctx, err)
	}
	return nil
}

// lost closes the session, whose connection is in an unknown state. What the server said
// before it broke is not looked for: the transaction is rolled back.
func (p *pipe) lost(ctx context.Context, err error) error {
	p.s.close()
	if err == nil {
		err = ctx.Err()
	}
	p.failed = p.s.ioError(ctx, err)
	return p.failed
}

// room reads the answers where much is waiting for them.
func (p *pipe) room(ctx context.Context) error {
	switch {
	case len(p.out) > syncAt || p.copied > syncCopyAt:
		return p.sync(ctx)
	case len(p.out)-p.flushed > flushAt:
		return p.flush(ctx)
	}
	return nil
}

// data sends rows of the COPY that was queued last.
func (p *pipe) data(ctx context.Context, rows []byte) error {
	if err := p.flush(ctx); err != nil {
		return err
	}
	p.copied += len(rows)
	stop := p.s.watch(ctx)
	for len(rows) > 0 {
		n := min(len(rows), maxMessage)
		var head [5]byte
		head[0] = 'd'
		binary.BigEndian.PutUint32(head[1:], uint32(n+4))
		if _, err := p.s.pg.Conn().Write(head[:]); err != nil {
			stop()
			return p.lost(ctx, err)
		}
		if _, err := p.s.pg.Conn().Write(rows[:n]); err != nil {
			stop()
			return p.lost(ctx, err)
		}
		rows = rows[n:]
	}
	if !stop() {
		return p.lost(ctx, nil)
	}
	return nil
}

func (p *pipe) copyDone() {
	m := p.message('c')
	p.end(m)
}

// copyFail ends a COPY whose rows end early; the transaction fails with it.
func (p *pipe) copyFail() {
	m := p.message('f')
	p.cstring("a value that is not sent")
	p.end(m)
}

// sync reads all answers.
func (p *pipe) sync(ctx context.Context) error {
	if p.failed != nil || len(p.calls) == 0 && len(p.out) == 0 {
		return p.failed
	}
	p.end(p.message('S'))
	if err := p.flush(ctx); err != nil {
		return err
	}
	stop := p.s.watch(ctx)
	done, err := p.answers()
	if !stop() {
		return p.lost(ctx, nil)
	}
	if p.s.pg.IsClosed() {
		return p.failed
	}
	p.failed = err
	p.drop(done)
	return p.failed
}

// drop empties the pipe; the server has passed over the calls behind done.
func (p *pipe) drop(done int) {
	for _, c := range p.calls[done:] {
		if c.parsed != nil {
			c.parsed.sent = false
		}
	}
	clear(p.calls)
	p.calls, p.out, p.flushed, p.copied = p.calls[:0], p.out[:0], 0, 0
	if cap(p.out) > 8*syncAt {
		p.out = nil
	}
}

// answers takes the server's messages up to the end of the sync, and says how many calls
// were carried out.
func (p *pipe) answers() (at int, failed error) {
	for {
		kind, body, err := p.s.in.next()
		if err != nil {
			p.s.close()
			p.failed = classify(err)
			return at, p.failed
		}
		var c *call
		if at < len(p.calls) {
			c = &p.calls[at]
		}
		switch {
		case kind == 'Z':
			return at, failed
		case kind == 'E' && c != nil:
			failed = c.refused(parseServerError(body), p.out)
		case kind == 'E':
			failed = classify(parseServerError(body))
		case c == nil:
		case kind == '1':
			c.parsed = nil
		case kind == 'D' && c.rows != nil && failed == nil:
			failed = c.rows(body)
		case kind == 'C':
			if err := c.done(body); err != nil && failed == nil {
				failed = err
			}
			at++
		}
	}
}

// done takes the count of rows from a command's tag: "INSERT 0 5", "UPDATE 5".
func (c *call) done(tag []byte) error {
	tag = bytes.TrimSuffix(tag, []byte{0})
	if c.commits && string(tag) != "COMMIT" {
		return errors.New("bug in syncform: the server rolled back what was to be committed")
	}
	if c.count == nil && c.miss == nil {
		return nil
	}
	var n int64
	for _, d := range tag[bytes.LastIndexByte(tag, ' ')+1:] {
		if d < '0' || d > '9' {
			return nil
		}
		n = n*10 + int64(d-'0')
	}
	if c.count != nil {
		*c.count += n
	}
	if n == 0 && c.miss != nil {
		*c.miss = append(*c.miss, c.index)
	}
	return nil
}

// mustHit makes an UPDATE fail at the server where it hits no row, so that a COMMIT that
// was sent behind it does not happen.
func mustHit(update string) string {
	return "WITH hit AS (" + update + " RETURNING 1) SELECT 1 / pg_catalog.count(*) FROM hit"
}

const divisionByZero = "22012"

// refused gives an error of the server its meaning for whoever applies changes.
func (c *call) refused(pg *pgconn.PgError, out []byte) error {
	switch {
	case c.none != nil && pg.Code == divisionByZero:
		return c.none
	case c.on != nil:
		return c.on.refused(c, pg, out)
	}
	return classify(pg)
}
