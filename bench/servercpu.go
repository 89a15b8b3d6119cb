package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// serverCPU adds up the CPU time of servers' processes on this machine, by what each
// calls itself. Where there is no /proc, or a server runs elsewhere, it counts nothing.
type serverCPU struct {
	roots []int
	used  map[int]time.Duration
	title map[int]string
}

// watchServers finds the processes of servers by their administrators' URLs.
func watchServers(ctx context.Context, postgres string, my ...mysqlServer) *serverCPU {
	w := &serverCPU{}
	if conn, err := pgx.Connect(ctx, postgres); err == nil {
		if st, ok := statOf(int(conn.PgConn().PID())); ok {
			w.roots = append(w.roots, st.parent)
		}
		_ = conn.Close(ctx) // it has said what it was asked
	}
	for _, m := range my {
		if pid, err := myPID(ctx, m.url); err == nil {
			w.roots = append(w.roots, pid)
		}
	}
	return w
}

func myPID(ctx context.Context, u string) (pid int, err error) {
	db, err := myOpen(u)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	var file string
	if err := db.QueryRowContext(ctx, "SELECT IF(LEFT(@@pid_file, 1) = '/', @@pid_file, CONCAT(@@datadir, @@pid_file))").Scan(&file); err != nil {
		return 0, err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}

// begin counts from here. What it returns ends the counting and gives the sum, and the
// greatest parts of it as text.
func (w *serverCPU) begin() func() (time.Duration, string) {
	w.used, w.title = map[int]time.Duration{}, map[int]string{}
	before := w.look()
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				w.look()
			case <-quit:
				w.look()
				return
			}
		}
	}()
	return func() (sum time.Duration, parts string) {
		close(quit)
		<-done
		byTitle := map[string]time.Duration{}
		for pid, used := range w.used {
			used -= before[pid]
			sum += used
			byTitle[w.title[pid]] += used
		}
		var titles []string
		for t, used := range byTitle {
			if used >= 50*time.Millisecond {
				titles = append(titles, t)
			}
		}
		slices.SortFunc(titles, func(a, b string) int { return int(byTitle[b] - byTitle[a]) })
		for _, t := range titles {
			parts += fmt.Sprintf("  %.2f %s;", byTitle[t].Seconds(), t)
		}
		return sum, strings.TrimSuffix(parts, ";")
	}
}

// look notes what each process has used by now, and returns it.
func (w *serverCPU) look() map[int]time.Duration {
	now := map[int]time.Duration{}
	files, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is right
	for _, f := range files {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(f)))
		if err != nil {
			continue
		}
		st, ok := statOf(pid)
		if !ok || !slices.Contains(w.roots, pid) && !slices.Contains(w.roots, st.parent) {
			continue
		}
		now[pid], w.used[pid] = st.used, st.used
		if line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); err == nil && len(line) > 0 {
			w.title[pid] = titleOf(string(line))
		}
	}
	return now
}

// titleOf shortens a command line; those of PostgreSQL's processes say what they do.
func titleOf(line string) string {
	line = strings.TrimSpace(strings.ReplaceAll(line, "\x00", " "))
	line, ok := strings.CutPrefix(line, "postgres: ")
	if !ok {
		line = filepath.Base(strings.Fields(line)[0])
	}
	f := strings.Fields(line)
	for i, word := range f {
		if strings.HasPrefix(word, "127.0.0.1(") {
			f[i] = ""
		}
	}
	return strings.Join(f[:min(len(f), 5)], " ")
}

type processStat struct {
	parent int
	used   time.Duration
}

// statOf reads /proc/PID/stat, whose clock ticks a hundred times a second.
func statOf(pid int) (st processStat, ok bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return st, false
	}
	_, rest, _ := strings.Cut(string(text[strings.LastIndexByte(string(text), ')'):]), " ")
	f := strings.Fields(rest)
	if len(f) < 13 {
		return st, false
	}
	var ticks int64
	for _, i := range []int{11, 12} {
		n, err := strconv.ParseInt(f[i], 10, 64)
		if err != nil {
			return st, false
		}
		ticks += n
	}
	st.parent, err = strconv.Atoi(f[1])
	st.used = time.Duration(ticks) * 10 * time.Millisecond
	return st, err == nil
}
