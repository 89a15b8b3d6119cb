package postgres

import (
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/syncform/syncform/providers"
)

// paced reads a stream of many small messages. The server sends each by itself, and a
// process that is woken for each takes the processor that decoding the log needs; while
// they come thick and fast it lets some gather in the socket, which wakes nobody
// meanwhile. When the source pauses, what comes next is held up by a few pauses at most.
type paced struct {
	r     io.Reader
	conn  net.Conn  // that r reads
	reads int       // that were not thick, or were few, in a row
	since time.Time // when reads began to be counted
	thick bool
	more  bool // the last read was a large one: more waits behind it

	asleep atomic.Int64 // since when, in Unix nanoseconds, a read waits; 0: none does
}

// silent is for how long the read that waits has waited.
func (p *paced) silent() time.Duration {
	since := p.asleep.Load()
	if since == 0 {
		return 0
	}
	return time.Duration(time.Now().UnixNano() - since)
}

func (p *paced) read(b []byte) (int, error) {
	p.asleep.Store(time.Now().UnixNano())
	n, err := p.r.Read(b)
	p.asleep.Store(0)
	return n, err
}

const (
	pacedReads  = 16                    // are looked at together
	pacedWithin = 3 * time.Millisecond  // they are thick if they came in less
	pacedPause  = 10 * time.Millisecond // before a read, while they are
	pacedMore   = frameBuffer / 4       // bytes of a read behind which no pause is made
	pacedFew    = 2048                  // bytes: fewer after a pause is a source that pauses,
	pacedFews   = 4                     // if it is so this often in a row
	pacedWater  = frameBuffer / 4       // bytes that end the quiet of a pause
)

func (p *paced) Read(b []byte) (int, error) {
	if p.thick {
		if !p.more {
			if err := p.gather(); err != nil {
				return 0, err
			}
		}
		n, err := p.read(b)
		p.more = n >= pacedMore
		if n >= pacedFew {
			p.reads = 0
		} else if p.reads++; p.reads == pacedFews {
			p.thick, p.reads = false, 0
		}
		return n, err
	}
	if p.reads == 0 {
		p.since = time.Now()
	}
	n, err := p.read(b)
	if p.reads++; p.reads == pacedReads {
		p.thick, p.reads = n < frameBuffer/8 && time.Since(p.since) < pacedWithin, 0
	}
	return n, err
}

// gather pauses. The socket is as it was before it is read, for a read may have to wait;
// one that can't be set back would wait for ever, so it is closed.
func (p *paced) gather() error {
	set := lowWater(p.conn, pacedWater)
	time.Sleep(pacedPause)
	if set && !lowWater(p.conn, 1) {
		return &providers.RetryableError{Err: errors.Join(errors.New("the socket's low-water mark can't be set back"), p.conn.Close())}
	}
	return nil
}
