package dbserver

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Kill ends the server and all its processes by SIGKILL. Its data stays for Start.
func (s *Server) Kill() error { return s.halt(syscall.SIGKILL) }

// Halt ends the server in order and keeps its data for Start.
func (s *Server) Halt() error {
	if s.proc.end == "INT" {
		return s.halt(syscall.SIGINT)
	}
	return s.halt(syscall.SIGTERM)
}

func (s *Server) halt(sig syscall.Signal) error {
	keep := filepath.Join(s.proc.dir, "keep")
	if err := os.WriteFile(keep, nil, 0o644); err != nil {
		return err
	}
	pid, err := s.pid()
	if err != nil {
		return err
	}
	victims := []int{pid}
	if sig == syscall.SIGKILL {
		// Stopped, so that it starts no child while they are listed.
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("stop the server's process %d: %w", pid, err)
		}
		victims = append(victims, children(pid)...)
	}
	for _, v := range victims {
		if err := syscall.Kill(v, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("end the server's process %d: %w", v, err)
		}
	}
	late := time.After(60 * time.Second)
	select {
	case <-s.proc.done:
	case <-late:
		return fmt.Errorf("the server in %s did not end within a minute", s.proc.dir)
	}
	// A child that still ends holds memory without which the server does not start again.
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for slices.ContainsFunc(victims, alive) {
		select {
		case <-tick.C:
		case <-late:
			return fmt.Errorf("processes of the server in %s did not end within a minute", s.proc.dir)
		}
	}
	return nil
}

// alive reports whether a process runs: one that has ended and waits for its parent to
// ask does not.
func alive(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	return !strings.HasPrefix(rest, "Z")
}

// Start starts a server again that was killed or halted, on its data and its port, and
// waits until it answers.
func (s *Server) Start() error {
	if err := os.Remove(filepath.Join(s.proc.dir, "keep")); err != nil {
		return err
	}
	p, err := start(s.proc.dir, s.proc.end, s.proc.argv)
	if err != nil {
		return err
	}
	s.proc = p
	return p.ready(s.ping)
}

// pid is the server's process: PostgreSQL and the MySQLs write it into a file.
func (s *Server) pid() (int, error) {
	for _, name := range []string{filepath.Join(s.Data, "postmaster.pid"), filepath.Join(s.proc.dir, "pid")} {
		text, err := os.ReadFile(name)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return 0, err
		}
		first, _, _ := strings.Cut(string(text), "\n")
		return strconv.Atoi(strings.TrimSpace(first))
	}
	return 0, fmt.Errorf("the server in %s has no file with its process", s.proc.dir)
}

// children are the processes that a process has started, as /proc says.
func children(pid int) (out []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is well formed
	for _, name := range stats {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		_, rest, _ := strings.Cut(string(text), ") ")
		f := strings.Fields(rest)
		if len(f) > 1 && f[1] == strconv.Itoa(pid) {
			if child, err := strconv.Atoi(filepath.Base(filepath.Dir(name))); err == nil {
				out = append(out, child)
			}
		}
	}
	return out
}
