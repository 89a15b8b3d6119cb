package mysql

import (
	"bufio"
	"errors"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// TestLogSilence: a log that comes without a break for longer than a server may be silent,
// and whose reader rests for longer than that, is read on, wherever its packets are cut; a
// server that says nothing is given up.
func TestLogSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		defer near.Close()
		l := &logConn{raw: near, in: bufio.NewReaderSize(logReader{near}, 64)}
		packet := []byte{6, 0, 0, 0, 0, 'e', 'v', 'e', 'n', 't'}
		const packets = 200
		go func() {
			rest := packet[:7]
			for range packets {
				<-time.After(time.Second)
				if _, err := far.Write(rest); err != nil {
					t.Error(err)
				}
				rest = append(append([]byte{}, packet[7:]...), packet[:7]...)
			}
			if _, err := far.Write(packet[7:]); err != nil {
				t.Error(err)
			}
		}()
		for i := range packets {
			if i%50 == 10 {
				<-time.After(3 * logSilence)
			}
			got, err := l.next()
			if err != nil || string(got) != "event" {
				t.Fatalf("packet %d: %q, %v", i, got, err)
			}
		}
		began := time.Now()
		if _, err := l.next(); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) != logSilence {
			t.Errorf("after %s of silence: %v", time.Since(began), err)
		}
	})
}
