package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// findBinary makes the path absolute and says what to do where there is none.
func findBinary(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(abs); err != nil {
		return "", fmt.Errorf("no binary to measure (make build makes it): %w", err)
	}
	return abs, nil
}

// configure writes a configuration folder. Connections come by the environment.
func (b *bench) configure(name, source, target string, parallel int) (string, error) {
	dir := filepath.Join(b.dir, name)
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	text := endpoint("source", source, "BENCH_SOURCE") + endpoint("target", target, "BENCH_TARGET") + fmt.Sprintf(`
sync "bench" {
  source         = source.%s.bench
  target         = target.%s.bench
  mode           = "full"
  parallel_tables = %d
  mapping "*" {}
}
`, source, target, parallel)
	return dir, os.WriteFile(filepath.Join(dir, "bench.sf.hcl"), []byte(text), 0o644)
}

func endpoint(role, provider, env string) string {
	if provider == "sqlite" {
		return fmt.Sprintf("%s \"sqlite\" \"bench\" {\n  path = env(%q)\n}\n", role, env)
	}
	return fmt.Sprintf("%s %q \"bench\" {\n  connection = env(%q)\n}\n", role, provider, env)
}

// ours runs the binary in a configuration folder and measures it.
func (b *bench) ours(ctx context.Context, dir, source, target string, args ...string) (cost, error) {
	cmd := exec.CommandContext(ctx, b.bin, append([]string{"-chdir=" + dir}, args...)...)
	cmd.Env = append(os.Environ(), "BENCH_SOURCE="+source, "BENCH_TARGET="+target, "SF_IN_AUTOMATION=1", "NO_COLOR=1")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	c, err := measured(cmd)
	if err != nil {
		return c, fmt.Errorf("syncform %s: %w\n%s", strings.Join(args, " "), err, out.String())
	}
	return c, nil
}

// measured runs a command and takes its wall time, CPU time and peak of memory.
func measured(cmd *exec.Cmd) (cost, error) {
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return cost{}, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var c cost
	for {
		select {
		case <-tick.C:
			// ru_maxrss would count this program's own memory, from before the exec.
			c.memory = max(c.memory, peakMemory(cmd.Process.Pid))
		case err := <-ended:
			c.wall = time.Since(began)
			c.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
			return c, err
		}
	}
}

// peakMemory reads VmHWM; 0 where the system has no /proc.
func peakMemory(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			if err != nil {
				return 0
			}
			return kb << 10
		}
	}
	return 0
}

// timed measures work of this process; child is the CPU time of helpers that it ran.
func timed(work func() (child time.Duration, err error)) (cost, error) {
	before, began := cpuTime(), time.Now()
	child, err := work()
	return cost{wall: time.Since(began), cpu: cpuTime() - before + child}, err
}

// piped gives what produce writes to consume, with a buffer between, and joins their errors.
func piped(produce func(io.Writer) error, consume func(io.Reader) error) error {
	r, w := io.Pipe()
	produced := make(chan error, 1)
	go func() {
		out := bufio.NewWriterSize(w, 256<<10)
		err := produce(out)
		if err == nil {
			err = out.Flush()
		}
		produced <- errors.Join(err, w.CloseWithError(err))
	}()
	err := consume(bufio.NewReaderSize(r, 256<<10))
	return errors.Join(err, r.Close(), <-produced)
}
