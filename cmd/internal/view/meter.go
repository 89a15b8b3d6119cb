package view

import (
	"strings"
	"time"

	"github.com/syncform/syncform/executor"
)

// meter follows one load: how fast it is and how long it will take.
type meter struct {
	start time.Time
	last  executor.LoadProgress
}

// rates gives rows and bytes a second since this run's start.
func (m *meter) rates(now time.Time) (rows, bytes float64) {
	s := now.Sub(m.start).Seconds()
	if s <= 0 {
		return 0, 0
	}
	return float64(m.last.Rows-m.last.Resumed) / s, float64(m.last.Bytes) / s
}

// left estimates the time to the end; false where that can't be said.
func (m *meter) left(now time.Time) (time.Duration, bool) {
	rows, _ := m.rates(now)
	if m.last.TotalRows < 0 || rows <= 0 {
		return 0, false
	}
	rest := float64(m.last.TotalRows-m.last.Rows) / rows
	if rest < 0 {
		return 0, false // there are more rows than the estimate said
	}
	return time.Duration(rest * float64(time.Second)).Round(time.Second), true
}

// percent of the estimate that is written, at most 99 while it runs.
func (m *meter) percent() (int64, bool) {
	switch {
	case m.last.Done:
		return 100, true
	case m.last.TotalRows <= 0:
		return 0, false
	}
	return min(99, m.last.Rows*100/m.last.TotalRows), true
}

// text is a line of progress: 120,000 of ~1,200,000 rows, 45k rows/s, 8.2 MB/s, 24s left.
func (m *meter) text(now time.Time) string {
	p := m.last
	parts := []string{Count(p.Rows) + " rows"}
	if p.TotalRows >= p.Rows {
		parts[0] = Count(p.Rows) + " of ~" + Count(p.TotalRows) + " rows"
	}
	if rows, bytes := m.rates(now); rows >= 1 {
		parts = append(parts, Short(int64(rows))+" rows/s")
		if bytes >= 1 {
			parts = append(parts, Bytes(int64(bytes))+"/s")
		}
	}
	if left, ok := m.left(now); ok && left > 0 {
		parts = append(parts, left.String()+" left")
	}
	return strings.Join(parts, ", ")
}

// took writes a duration for people: 12ms, 3.4s, 2m5s.
func took(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return d.Round(100 * time.Microsecond).String()
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
