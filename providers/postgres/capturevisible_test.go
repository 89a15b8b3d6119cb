package postgres

import (
	"fmt"
	"testing"
)

// TestEnded: transactions of 32 bits are placed in the time of a snapshot, whose numbers
// have 64, also where the 32 bits begin anew.
func TestEnded(t *testing.T) {
	for _, x := range []struct {
		snapshot string
		xid      uint32
		want     bool
	}{
		{"100:110:103,105", 99, true}, {"100:110:103,105", 103, false}, {"100:110:103,105", 104, true},
		{"100:110:103,105", 110, false}, // later than all that have ended, and running or not begun
		{"4294967290:4294967300:4294967295,4294967299", 4294967289, true}, {"4294967290:4294967300:4294967295,4294967299", 4294967295, false},
		{"4294967290:4294967300:4294967295,4294967299", 2, true}, {"4294967290:4294967300:4294967295,4294967299", 3, false}, {"4294967290:4294967300:4294967295,4294967299", 4, false},
		{"4294967280:4294967290:", 5, false}, {"4294967280:4294967290:", 4000000000, true},
	} {
		sn, err := parseSnapshot(x.snapshot)
		if err != nil {
			t.Fatal(err)
		}
		if got := sn.ended(x.xid); got != x.want {
			t.Errorf("%s: %d has ended: %v", x.snapshot, x.xid, got)
		}
	}
}

// TestSent: what was acknowledged is not waited for, nor what comes behind a batch.
func TestSent(t *testing.T) {
	var s sent
	for i := range 5 {
		s.add(sentTransaction{lsn(10 * (i + 1)), uint32(i + 1)})
	}
	if got := fmt.Sprint(s.upTo(0), s.upTo(35)); got != "[1 2 3 4 5] [1 2 3]" {
		t.Error(got)
	}
	s.acknowledged(25)
	if got := fmt.Sprint(s.upTo(0), s.upTo(25)); got != "[3 4 5] []" {
		t.Error(got)
	}
}
