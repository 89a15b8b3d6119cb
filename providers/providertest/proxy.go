package providertest

import (
	"errors"
	"net"
	"net/url"
	"sync"
	"testing"
)

// Proxy stands before a server and cuts and holds up its connections.
type Proxy struct {
	server   string
	listener net.Listener

	mu     sync.Mutex
	open   []net.Conn
	flows  sync.Cond // on mu: stalled or left has changed
	stalls bool
	taken  int // connections
	left   int // bytes until the connections are cut; negative: for ever
}

// NewProxy returns the URL by which the server of the URL is reached through a proxy.
func NewProxy(t testing.TB, server string) (*Proxy, string) {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal("a test server's URL is malformed")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{server: u.Host, listener: listener, left: -1}
	p.flows.L = &p.mu
	t.Cleanup(p.End)
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return // the listener was closed
			}
			p.serve(c)
		}
	}()
	u.Host = listener.Addr().String()
	return p, u.String()
}

func (p *Proxy) serve(client net.Conn) {
	server, err := net.Dial("tcp", p.server)
	if err != nil {
		_ = client.Close() // the client sees it
		return
	}
	p.mu.Lock()
	p.open = append(p.open, client, server)
	p.taken++
	p.mu.Unlock()
	for _, pair := range [][2]net.Conn{{client, server}, {server, client}} {
		go func() {
			p.copy(pair[0], pair[1])
			// It ends when either side does, and so does the other.
			_ = pair[0].Close()
			_ = pair[1].Close()
		}()
	}
}

func (p *Proxy) copy(to, from net.Conn) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			n, cut := p.pass(n)
			if _, werr := to.Write(buf[:n]); werr != nil {
				return
			}
			if cut {
				p.Cut()
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// pass says how many of n bytes go through, once any may, and whether the connections
// are to be cut then.
func (p *Proxy) pass(n int) (int, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.stalls {
		p.flows.Wait()
	}
	if p.left < 0 {
		return n, false
	}
	if n < p.left {
		p.left -= n
		return n, false
	}
	n, p.left = p.left, -1
	return n, true
}

// Accepted is how many connections were made.
func (p *Proxy) Accepted() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.taken
}

// Cut resets every connection that is open.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.open {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // so that it is a reset, where it is open still
		}
		_ = c.Close()
	}
	p.open = nil
}

// CutAfter cuts every connection once so many bytes more have passed, of either
// direction: in the middle of a message.
func (p *Proxy) CutAfter(bytes int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left = bytes
}

// Stall holds every byte up until Flow, without closing anything.
func (p *Proxy) Stall() { p.stall(true) }

// Flow ends a stall.
func (p *Proxy) Flow() { p.stall(false) }

func (p *Proxy) stall(yes bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stalls = yes
	p.flows.Broadcast()
}

// End cuts every connection and takes no more.
func (p *Proxy) End() {
	if err := p.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		panic("close the proxy: " + err.Error())
	}
	p.Flow()
	p.Cut()
}
