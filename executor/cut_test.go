package executor_test

import (
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/syncform/syncform/executor"
	"github.com/syncform/syncform/providers/providertest"
)

// proxy stands before a server and cuts connections.
type proxy struct {
	server   string
	listener net.Listener
	mu       sync.Mutex
	open     []net.Conn
}

// newProxy returns the URL by which the server of the URL is reached through a proxy.
func newProxy(t testing.TB, server string) (*proxy, string) {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{server: u.Host, listener: listener}
	t.Cleanup(func() {
		if err := listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		p.cut()
	})
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

func (p *proxy) serve(client net.Conn) {
	server, err := net.Dial("tcp", p.server)
	if err != nil {
		_ = client.Close() // the client sees it
		return
	}
	p.mu.Lock()
	p.open = append(p.open, client, server)
	p.mu.Unlock()
	for _, pair := range [][2]net.Conn{{client, server}, {server, client}} {
		go func() {
			_, _ = io.Copy(pair[0], pair[1]) // it ends when either side does, and so does the other
			_ = pair[0].Close()
			_ = pair[1].Close()
		}()
	}
}

// cut resets every connection that is open.
func (p *proxy) cut() {
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

// end cuts every connection and takes no more.
func (p *proxy) end() {
	_ = p.listener.Close() // it may be closed already
	p.cut()
}

// TestAServerThatIsGone goes away in the middle of the copy and stays away: the apply
// ends, says that nothing is lost, and the next one goes on.
func TestAServerThatIsGone(t *testing.T) {
	for _, c := range []struct{ from, to, gone string }{{"postgres", "sqlite", "source"}, {"mariadb", "sqlite", "source"}, {"sqlite", "postgres", "target"}, {"sqlite", "mysql", "target"}} {
		t.Run(c.from+"-"+c.to+"-"+c.gone, func(t *testing.T) {
			source, target := systems[c.from].fresh(t), systems[c.to].fresh(t)
			providertest.Exec(t, source, shop(c.from, 20_000)...)
			from, to := source, target
			var p *proxy
			if c.gone == "source" {
				p, from = newProxy(t, source)
			} else {
				p, to = newProxy(t, target)
			}
			conns, dir, w := openBoth(t, from, to), t.TempDir(), newWatcher()
			pl := makePlan(t, "p1", conns, want{tables: shopNames(), batch: 500, parallel: 2, retries: 2})
			w.atLoad(2, p.end)
			_, err := apply(t, t.Context(), pl, conns, dir, func(e *executor.Env) { e.Observer = w })
			if err == nil || !strings.Contains(err.Error(), "nothing is lost: apply again") {
				t.Fatalf("error %v", err)
			}
			if _, err := apply(t, t.Context(), pl, openBoth(t, source, target), dir, nil); err != nil {
				t.Fatal(err)
			}
			sameRows(t, source, target, shopTables)
		})
	}
}

// TestCutConnectionsLoseNothing cuts all connections of one side, and of both, some
// times in the middle of the copy.
func TestCutConnectionsLoseNothing(t *testing.T) {
	for _, pair := range [][2]string{{"postgres", "postgres"}, {"postgres", "mariadb"}, {"mariadb", "postgres"}} {
		for _, which := range []string{"source", "target", "both"} {
			t.Run(pair[0]+"-"+pair[1]+"-"+which, func(t *testing.T) {
				source, target := systems[pair[0]].fresh(t), systems[pair[1]].fresh(t)
				providertest.Exec(t, source, shop(pair[0], 20_000)...)
				var proxies []*proxy
				from, to := source, target
				if which != "target" {
					p, u := newProxy(t, source)
					proxies, from = append(proxies, p), u
				}
				if which != "source" {
					p, u := newProxy(t, target)
					proxies, to = append(proxies, p), u
				}
				conns, dir, w := openBoth(t, from, to), t.TempDir(), newWatcher()
				p := makePlan(t, "p1", conns, want{tables: shopNames(), batch: 500, parallel: 2, retries: 5})
				cut := func() {
					for _, p := range proxies {
						p.cut()
					}
				}
				cuts := 0
				var mu sync.Mutex
				w.atLoad(3, cut)
				w.progress = func(l executor.LoadProgress) {
					mu.Lock()
					defer mu.Unlock()
					if cuts < 2 && l.Rows > 0 && !l.Done && l.ChunksDone > cuts {
						cuts++
						cut()
					}
				}
				if _, err := apply(t, t.Context(), p, conns, dir, func(e *executor.Env) { e.Observer = w }); err != nil {
					t.Fatal(err)
				}
				sameRows(t, source, target, shopTables)
				if w.retries == 0 {
					t.Error("nothing was tried again")
				}
			})
		}
	}
}

// TestACutSnapshotSaysWhatToDo: the tables of one moment can't be gone on with from
// another one.
func TestACutSnapshotSaysWhatToDo(t *testing.T) {
	source, target := systems["postgres"].fresh(t), providertest.SQLite(t)
	providertest.Exec(t, source, shop("postgres", 20_000)...)
	proxy, from := newProxy(t, source)
	conns, dir, w := openBoth(t, from, target), t.TempDir(), newWatcher()
	p := makePlan(t, "p1", conns, want{mode: "snapshot", tables: shopNames(), batch: 500, parallel: 2, retries: 1})
	w.atLoad(3, proxy.cut) // by then one table at least is written
	if _, err := apply(t, t.Context(), p, conns, dir, func(e *executor.Env) { e.Observer = w }); err == nil || !strings.Contains(err.Error(), "plan and apply again") || strings.Contains(err.Error(), "goes on from here") {
		t.Fatalf("error %v", err)
	}
}
