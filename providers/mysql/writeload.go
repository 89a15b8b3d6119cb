package mysql

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/syncform/syncform/providers/row"
)

// pieceBytes is how much of a chunk one LOAD DATA takes. Its batches are kept until
// the server has said that every row is in, so that the bad one can be looked for.
const pieceBytes = 4 << 20

// piece is the part of a chunk that one statement writes.
type piece struct {
	writer *tableWriter
	src    row.Reader
	ctx    context.Context // of WriteChunk, for the reader that the driver calls

	batches []*row.Batch
	rows    int
	bytes   int64
	ended   bool  // src has no more
	err     error // of src, or a bad row

	at  int // batches[at] is being encoded, from row on
	row int
	buf []byte
	pos int
}

// write writes the piece; more says that src may have more rows.
func (p *piece) write(ctx context.Context) (more bool, err error) {
	defer p.release()
	if !p.fetch() {
		return false, p.err
	}
	if !p.writer.local {
		if err := p.writer.insert(ctx, p.batches); err != nil {
			return false, err
		}
		return true, nil
	}
	s := p.writer.session
	if _, err := s.exec(ctx, "SAVEPOINT piece"); err != nil {
		return false, err
	}
	p.writer.reading = p
	affected, err := s.exec(ctx, p.writer.text)
	p.writer.reading = nil
	if p.err != nil {
		return false, p.err
	}
	if err == nil {
		var good bool
		if good, _, err = p.writer.clean(ctx, affected, p.rows); good {
			return !p.ended, nil
		}
	}
	if err != nil && behaviourOf(err) != badRow {
		return false, err
	}
	// Rows were bent or skipped. Written again by strict statements, the first bad one
	// is refused by itself.
	if _, err := s.exec(ctx, "ROLLBACK TO SAVEPOINT piece"); err != nil {
		return false, err
	}
	return !p.ended, p.writer.insert(ctx, p.batches)
}

// clean reports whether the last statement wrote all rows and had nothing to remark,
// and the first remark.
func (w *tableWriter) clean(ctx context.Context, affected int64, rows int) (bool, string, error) {
	r, err := w.session.query(ctx, "SHOW WARNINGS LIMIT 1")
	if err != nil {
		return false, "", err
	}
	if len(r) > 0 {
		return false, r[0][2], nil
	}
	return affected == int64(rows), "", nil
}

// fetch takes the next batch of src in.
func (p *piece) fetch() bool {
	if p.ended || p.err != nil {
		return false
	}
	b, err := p.src.Next(p.ctx)
	if errors.Is(err, io.EOF) {
		p.ended = true
		return false
	}
	if err != nil {
		p.err = err
		return false
	}
	if b.Form != row.FormFields && b.Form != formNative || b.Width != len(p.writer.fields) {
		b.Release()
		p.err = fmt.Errorf("bug in syncform: a batch of form %q with %d columns for %d", b.Form, b.Width, len(p.writer.fields))
		return false
	}
	p.batches = append(p.batches, b)
	p.rows, p.bytes = p.rows+b.Rows, p.bytes+int64(len(b.Data))
	return true
}

func (p *piece) release() {
	for _, b := range p.batches {
		b.Release()
	}
	p.batches = nil
}

// Read gives LOAD DATA its lines. An error ends the file for the server, which then
// keeps what it has: the transaction is rolled back.
func (p *piece) Read(dst []byte) (int, error) {
	for p.pos == len(p.buf) {
		p.buf, p.pos = p.buf[:0], 0
		if p.err != nil {
			return 0, p.err
		}
		if p.row == p.batches[p.at].Rows {
			if p.bytes >= pieceBytes || !p.fetch() {
				if p.err != nil {
					return 0, p.err
				}
				return 0, io.EOF
			}
			p.at, p.row = p.at+1, 0
		}
		b := p.batches[p.at]
		for p.row < b.Rows && len(p.buf) < len(dst) {
			if err := p.line(b, p.row); err != nil {
				p.err = err
				return 0, err
			}
			p.row++
		}
	}
	n := copy(dst, p.buf[p.pos:])
	p.pos += n
	return n, nil
}

// line appends a row as LOAD DATA reads it.
func (p *piece) line(b *row.Batch, r int) error {
	w := p.writer
	for i := range w.fields {
		if i > 0 {
			p.buf = append(p.buf, '\t')
		}
		f := &w.fields[i]
		value, state := b.Field(r, i)
		if state != row.Value {
			if !f.nullable {
				return w.badRow(b, r, w.load.Columns[i].Name, reasonNull, nil)
			}
			p.buf = append(p.buf, '\\', 'N')
			continue
		}
		value, why := f.convert(&w.scratch, value)
		if why != "" {
			return w.badRow(b, r, w.load.Columns[i].Name, why, nil)
		}
		if f.plain {
			p.buf = append(p.buf, value...)
		} else {
			p.buf = appendLoad(p.buf, value)
		}
	}
	p.buf = append(p.buf, '\n')
	return nil
}

// loadEscape marks the bytes that LOAD DATA would take for something else.
var loadEscape = [256]byte{0: '0', '\t': 't', '\n': 'n', '\\': '\\', '\r': 'r', 0x1a: 'Z'}

func appendLoad(dst, v []byte) []byte {
	start := 0
	for i, c := range v {
		if e := loadEscape[c]; e != 0 {
			dst = append(dst, v[start:i]...)
			dst = append(dst, '\\', e)
			start = i + 1
		}
	}
	return append(dst, v[start:]...)
}

// loadText writes the statement. The lines are bytes to the server where a column
// holds bytes, and columns of text then say that theirs are UTF-8; else all is UTF-8.
func (w *tableWriter) loadText() string {
	charset := "utf8mb4"
	for _, f := range w.fields {
		if f.binary {
			charset = "binary"
		}
	}
	var targets, sets []string
	for i, f := range w.fields {
		name := ident(w.load.Columns[i].Name)
		if charset == "binary" && f.transcode {
			v := fmt.Sprintf("@v%d", i)
			targets = append(targets, v)
			sets = append(sets, name+" = CONVERT("+v+" USING utf8mb4)")
			continue
		}
		targets = append(targets, name)
	}
	text := "LOAD DATA LOCAL INFILE " + literal("Reader::"+w.name) + " INTO TABLE " + tableIdent(w.load.Table) + " CHARACTER SET " + charset +
		` FIELDS TERMINATED BY '\t' ENCLOSED BY '' ESCAPED BY '\\' LINES STARTING BY '' TERMINATED BY '\n' (` + strings.Join(targets, ", ") + ")"
	if len(sets) > 0 {
		text += " SET " + strings.Join(sets, ", ")
	}
	return text
}
