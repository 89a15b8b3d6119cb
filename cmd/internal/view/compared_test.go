package view

import (
	"testing"
	"time"
)

func TestCompared(t *testing.T) {
	for _, x := range []struct {
		rows, of int64
		want     string
	}{
		{0, 100, "0 rows compared..."},
		{5_000, 20_000, "5,000 of about 20,000 rows compared, about 30s left..."},
		{30_000, 20_000, "30,000 rows compared..."}, // an estimate, and a second reading
		{7, 0, "7 rows compared..."},
	} {
		if got := Compared(x.rows, x.of, 10*time.Second); got != x.want {
			t.Errorf("%q, want %q", got, x.want)
		}
	}
}
