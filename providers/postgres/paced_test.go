package postgres

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// TestPacedNeverStalls: what comes by itself after a rush of small messages arrives, in a
// socket that wakes its reader for single bytes again, and a deadline still ends a read.
func TestPacedNeverStalls(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	p := &paced{r: conn, conn: conn}
	buf := make([]byte, frameBuffer)
	message := bytes.Repeat([]byte("m"), 80)
	take := func(want int) {
		t.Helper()
		if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		for want > 0 {
			n, err := p.Read(buf)
			if err != nil {
				t.Fatal(err)
			}
			want -= n
		}
	}
	for range 3 {
		for tries := 0; !p.thick; tries++ {
			if tries == 10_000 {
				t.Fatal("messages that come thick and fast are not noticed")
			}
			if _, err := server.Write(message); err != nil {
				t.Fatal(err)
			}
			take(len(message))
		}
		sent := make(chan error, 1)
		go func() {
			for range 1000 {
				if _, err := server.Write(message); err != nil {
					sent <- err
					return
				}
			}
			sent <- nil
		}()
		take(1000 * len(message))
		if err := <-sent; err != nil {
			t.Fatal(err)
		}
		for i := 0; p.thick; i++ {
			if i > 2*pacedFews {
				t.Fatal("a source that pauses is not noticed")
			}
			if _, err := server.Write([]byte{1}); err != nil {
				t.Fatal(err)
			}
			take(1)
		}
	}
	p.thick = true
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Read(buf); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a read with a deadline ended with %v", err)
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Read(buf); !errors.Is(err, io.EOF) {
		t.Errorf("the end is told as %v", err)
	}
}
