package postgres

import (
	"encoding/binary"
	"fmt"
	"io"
)

// frameBuffer is what one read of the socket may bring.
const frameBuffer = 256 << 10

// frames reads the server's messages from the socket through one large buffer.
// pgconn reads through it too (Read), and never gets past the end of a message,
// so that between two messages either may go on.
type frames struct {
	r      io.Reader
	buf    []byte
	rp, wp int
	left   int // bytes of the message that Read has begun to give out
}

func newFrames(r io.Reader) *frames { return &frames{r: r, buf: make([]byte, frameBuffer)} }

// need makes sure that n bytes are in the buffer.
func (f *frames) need(n int) error {
	if f.wp-f.rp >= n {
		return nil
	}
	if len(f.buf) < n {
		bigger := make([]byte, n)
		f.wp = copy(bigger, f.buf[f.rp:f.wp])
		f.buf, f.rp = bigger, 0
	} else if len(f.buf)-f.rp < n || f.rp == f.wp {
		f.wp = copy(f.buf, f.buf[f.rp:f.wp])
		f.rp = 0
	}
	got, err := io.ReadAtLeast(f.r, f.buf[f.wp:], n-(f.wp-f.rp))
	f.wp += got
	return err
}

// Read gives pgconn its bytes.
func (f *frames) Read(p []byte) (int, error) {
	if f.left == 0 {
		if err := f.need(5); err != nil {
			return 0, err
		}
		f.left = 1 + int(binary.BigEndian.Uint32(f.buf[f.rp+1:]))
	}
	if f.rp == f.wp {
		if err := f.need(1); err != nil {
			return 0, err
		}
	}
	n := min(len(p), f.left, f.wp-f.rp)
	copy(p, f.buf[f.rp:f.rp+n])
	f.rp += n
	f.left -= n
	return n, nil
}

// next returns the next whole message; the body holds until the next call.
func (f *frames) next() (kind byte, body []byte, err error) {
	if f.left != 0 {
		return 0, nil, fmt.Errorf("bug in syncform: a message of the server was read by half")
	}
	if err := f.need(5); err != nil {
		return 0, nil, err
	}
	n := int(binary.BigEndian.Uint32(f.buf[f.rp+1:]))
	if n < 4 || n > 1<<30+8 {
		return 0, nil, fmt.Errorf("the server sent a message of %d bytes, which the protocol does not allow", n)
	}
	if f.rp == f.wp-5 && len(f.buf) > 16*frameBuffer && n < frameBuffer {
		// One large row must not hold its memory for the rest of the session.
		small := make([]byte, frameBuffer)
		f.wp = copy(small, f.buf[f.rp:f.wp])
		f.buf, f.rp = small, 0
	}
	if err := f.need(1 + n); err != nil {
		return 0, nil, err
	}
	kind, body = f.buf[f.rp], f.buf[f.rp+5:f.rp+1+n]
	f.rp += 1 + n
	return kind, body, nil
}
