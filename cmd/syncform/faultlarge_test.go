package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/syncform/syncform/providers/providertest"
)

// TestFaultLargeTransaction: one transaction of so many rows flows through with bounded
// memory. SF_TEST_LARGE says how many (5,000,000).
func TestFaultLargeTransaction(t *testing.T) {
	long(t)
	rows := 5_000_000
	if s := os.Getenv("SF_TEST_LARGE"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("SF_TEST_LARGE: %v", err)
		}
		rows = n
	}
	const most = 150 << 10 // KiB
	for _, name := range []string{"postgres", "mysql", "mariadb"} {
		t.Run(name, func(t *testing.T) {
			from := named(t, name)
			f := disturb(t, from, named(t, "postgres"), places{})
			s := f.start()
			f.arrives()
			digits := "(SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)"
			insert := fmt.Sprintf("INSERT INTO pairs SELECT 1000 + n, n, CONCAT('row ', n) FROM (SELECT a.d + 10*b.d + 100*c.d + 1000*e.d + 10000*f.d + 100000*g.d + 1000000*h.d AS n FROM %[1]s a, %[1]s b, %[1]s c, %[1]s e, %[1]s f, %[1]s g, %[1]s h) s WHERE n < %[2]d", digits, rows)
			if name == "postgres" {
				insert = fmt.Sprintf("INSERT INTO pairs SELECT 1000 + n, n, 'row ' || n FROM generate_series(1, %d) n", rows)
			}
			if err := providertest.TryFor(20*time.Minute, f.source, "BEGIN", insert, fmt.Sprintf("INSERT INTO ticks VALUES (%d)", f.w.fresh()), "COMMIT"); err != nil {
				t.Fatal(err)
			}
			within(t, 20*time.Minute, "the transaction has arrived", func() bool {
				s.goesOn()
				return providertest.Query(t, f.target, "SELECT count(*) FROM pairs WHERE a >= 1000")[0][0] == fmt.Sprint(rows)
			})
			peak := peakMemory(t, s.c.Process.Pid)
			t.Logf("%d rows, at most %d KiB", rows, peak)
			if peak > most {
				t.Errorf("a transaction of %d rows took %d KiB of memory, more than %d", rows, peak, most)
			}
			s.stop()
			if err := providertest.TryFor(20*time.Minute, f.source, "DELETE FROM pairs WHERE a >= 1000"); err != nil {
				t.Fatal(err)
			}
			f.end()
		})
	}
}

// peakMemory is the most that a process has had in memory, in KiB.
func peakMemory(t *testing.T, pid int) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Skipf("NOT MEASURED: a process's memory is only known on Linux: %v", err)
	}
	for _, line := range strings.Split(string(text), "\n") {
		if v, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(v, "kB")))
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatal("no VmHWM")
	return 0
}
