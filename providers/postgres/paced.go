package postgres

import (
	"io"
	"time"
)

// paced reads a stream of many small messages. The server sends each by itself, and a
// reader that is woken for each takes the processor that decoding the log needs; while
// they come thick and fast it lets some gather in the socket. The first message after a
// pause is never held up.
type paced struct {
	r     io.Reader
	reads int
	since time.Time // when reads began to be counted
	thick bool
}

const (
	pacedReads  = 32                   // are looked at together
	pacedWithin = 3 * time.Millisecond // they are thick if they came in less
	pacedPause  = time.Millisecond     // before a read, while they are
	pacedFew    = 256                  // bytes: fewer after a pause is a source that pauses
)

func (p *paced) Read(b []byte) (int, error) {
	if p.thick {
		time.Sleep(pacedPause)
		n, err := p.r.Read(b)
		if n < pacedFew {
			p.thick, p.reads = false, 0
		}
		return n, err
	}
	if p.reads == 0 {
		p.since = time.Now()
	}
	n, err := p.r.Read(b)
	if p.reads++; p.reads == pacedReads {
		p.thick, p.reads = n < frameBuffer/8 && time.Since(p.since) < pacedWithin, 0
	}
	return n, err
}
