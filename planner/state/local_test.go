package state

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
	"strings"
	"sync"
	"testing"
	"time"
)

// holderEnv makes this test binary a process that holds a lock until its input ends.
const holderEnv = "SF_STATE_TEST_HOLD"

func TestMain(m *testing.M) {
	if what := os.Getenv(holderEnv); what != "" {
		if err := hold(what); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// hold takes the lock of the backend that what names, says so, and waits.
func hold(what string) error {
	b, err := open(what)
	if err != nil {
		return err
	}
	info := NewLockInfo("apply")
	unlock, err := b.Lock(context.Background(), info, 0)
	if err != nil {
		return err
	}
	fmt.Println("locked", info.ID)
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	return unlock(context.Background())
}

func open(what string) (Backend, error) {
	if strings.HasPrefix(what, "postgres") {
		return NewPostgres(what, "default")
	}
	return NewLocal(what), nil
}

// holder is another process that holds a lock.
type holder struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	id    string
}

func startHolder(t *testing.T, what string) *holder {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), holderEnv+"="+what)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	h := &holder{cmd: cmd, stdin: stdin}
	t.Cleanup(h.kill)
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if _, scanErr := fmt.Sscanf(line, "locked %s", &h.id); scanErr != nil {
		t.Fatalf("the holder said %q, %v", line, err)
	}
	return h
}

// kill ends the process as kill -9 does; a second call does nothing.
func (h *holder) kill() {
	if h.cmd.ProcessState == nil {
		_ = h.cmd.Process.Kill() // it may have ended by itself
		_ = h.cmd.Wait()         // says that it was killed
	}
}

func save(t *testing.T, b Backend, s *State) {
	t.Helper()
	if err := Save(context.Background(), b, s); err != nil {
		t.Fatal(err)
	}
}

// testWrites is what every backend must do, whatever it keeps the state in.
func testWrites(t *testing.T, open func() Backend) {
	ctx := context.Background()
	b := open()
	if s, err := b.Read(ctx); s != nil || err != nil {
		t.Fatalf("before the first write: %v, %v", s, err)
	}
	s := sample()
	s.Serial = 0
	save(t, b, s)
	save(t, b, s)
	got, err := open().Read(ctx)
	if err != nil || got.Serial != 2 || got.Lineage != s.Lineage || len(got.Mappings) != 1 {
		t.Fatalf("read back %+v, %v", got, err)
	}
	stale := *got
	save(t, b, s)
	if err := Save(ctx, b, &stale); !errors.Is(err, ErrMoved) || stale.Serial != 2 {
		t.Errorf("a write behind another's: %v", err)
	}
	jump := *s
	jump.Serial += 5
	if err := b.Write(ctx, &jump); !errors.Is(err, ErrMoved) {
		t.Errorf("a serial that skips: %v", err)
	}
	other := *s
	other.Lineage = New("x").Lineage
	if err := Save(ctx, b, &other); !errors.Is(err, ErrMoved) || !strings.Contains(err.Error(), "lineage") {
		t.Errorf("another lineage: %v", err)
	}
	if err := Push(ctx, b, &other, false); err == nil || !strings.Contains(err.Error(), "lineage") {
		t.Errorf("push of another lineage: %v", err)
	}
	if err := Push(ctx, b, &stale, false); err == nil || !strings.Contains(err.Error(), "newer") {
		t.Errorf("push of an older serial: %v", err)
	}
	if err := Push(ctx, b, &other, true); err != nil {
		t.Errorf("push -force: %v", err)
	}
	if got, err := open().Read(ctx); err != nil || got.Lineage != s.Lineage || got.Serial != s.Serial+1 {
		t.Errorf("after the push: %+v, %v", got, err)
	}
}

// testRace lets several backends write at once: each serial is given once.
func testRace(t *testing.T, open func() Backend, lock bool) {
	ctx := context.Background()
	s := New("1")
	save(t, open(), s)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			b := open()
			for range 5 {
				if err := increment(ctx, b, lock); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	got, err := open().Read(ctx)
	if err != nil || got.Serial != 21 || len(got.Mappings) != 20 {
		t.Errorf("serial %d with %d mappings, %v; want 21 with 20", got.Serial, len(got.Mappings), err)
	}
}

// increment adds a mapping under the lock, or trying again until no other was first.
func increment(ctx context.Context, b Backend, lock bool) error {
	if lock {
		unlock, err := b.Lock(ctx, NewLockInfo("apply"), time.Minute)
		if err != nil {
			return err
		}
		defer func() {
			if err := unlock(ctx); err != nil {
				panic(err)
			}
		}()
	}
	for {
		s, err := b.Read(ctx)
		if err != nil {
			return err
		}
		m := Mapping{Status: Loaded}
		m.Addr = fmt.Sprintf("sync.s.mapping[%q]", newLineage())
		s.Mappings = append(s.Mappings, m)
		if err := Save(ctx, b, s); lock || !errors.Is(err, ErrMoved) {
			return err
		}
	}
}

// testLock is what every backend's lock must do, with a holder in another process.
func testLock(t *testing.T, what string, open func() Backend) {
	ctx := context.Background()
	h := startHolder(t, what)
	b := open()
	_, err := b.Lock(ctx, NewLockInfo("plan"), 0)
	var le *LockedError
	if !errors.As(err, &le) || le.Holder.ID != h.id || le.Holder.PID != h.cmd.Process.Pid {
		t.Fatalf("lock while another holds it: %v", err)
	}
	for _, want := range []string{Who(), "apply", "force-unlock " + h.id, "ago"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q: %v", want, err)
		}
	}

	// The holder gives it back while another waits.
	waited := make(chan error, 1)
	var unlock Unlock
	go func() {
		var err error
		unlock, err = b.Lock(ctx, NewLockInfo("plan"), time.Minute)
		waited <- err
	}()
	if err := h.stdin.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-waited; err != nil {
		t.Fatalf("lock once the holder is done: %v", err)
	}
	if err := unlock(ctx); err != nil {
		t.Fatal(err)
	}

	// The holder dies.
	h = startHolder(t, what)
	h.kill()
	unlock, err = b.Lock(ctx, NewLockInfo("plan"), 10*time.Second)
	if err != nil {
		t.Fatalf("lock after the holder died: %v", err)
	}
	save(t, b, New("1"))
	if err := unlock(ctx); err != nil {
		t.Fatal(err)
	}

	// A holder that gives up waiting.
	h = startHolder(t, what)
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := b.Lock(cancelled, NewLockInfo("plan"), time.Minute); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled wait: %v", err)
	}
	if err := b.ForceUnlock(ctx, "another"); !errors.Is(err, ErrNoLock) {
		t.Errorf("force-unlock of another ID: %v", err)
	}
	if err := b.ForceUnlock(ctx, h.id); err != nil {
		t.Fatal(err)
	}
	unlock, err = b.Lock(ctx, NewLockInfo("plan"), 10*time.Second)
	if err != nil {
		t.Fatalf("lock after force-unlock: %v", err)
	}
	if err := unlock(ctx); err != nil {
		t.Fatal(err)
	}
	if err := b.ForceUnlock(ctx, h.id); !errors.Is(err, ErrNoLock) {
		t.Errorf("force-unlock where there is no lock: %v", err)
	}
}

// testFence takes the lock from a holder that lives: it can't write any more.
func testFence(t *testing.T, open func() Backend) {
	ctx := context.Background()
	old, fresh := open(), open()
	info := NewLockInfo("apply")
	unlock, err := old.Lock(ctx, info, 0)
	if err != nil {
		t.Fatal(err)
	}
	s := New("1")
	save(t, old, s)
	if err := fresh.ForceUnlock(ctx, info.ID); err != nil {
		t.Fatal(err)
	}
	unlockFresh, err := fresh.Lock(ctx, NewLockInfo("apply"), 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if err := Save(ctx, old, s); !errors.Is(err, ErrLockLost) {
		t.Errorf("a write without the lock: %v", err)
	}
	_ = unlock(ctx) // its lock is gone, which it may say
	if _, err := old.Lock(ctx, NewLockInfo("apply"), 0); err == nil {
		t.Error("unlocking what was lost took the other's lock away")
	}
	save(t, fresh, s)
	if err := unlockFresh(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestLocal(t *testing.T) {
	path := func(t *testing.T) string { return filepath.Join(t.TempDir(), "new folder", "x.sfstate") }
	t.Run("writes", func(t *testing.T) { p := path(t); testWrites(t, func() Backend { return NewLocal(p) }) })
	t.Run("race", func(t *testing.T) { p := path(t); testRace(t, func() Backend { return NewLocal(p) }, true) })
	t.Run("lock", func(t *testing.T) { p := path(t); testLock(t, p, func() Backend { return NewLocal(p) }) })
	t.Run("fence", func(t *testing.T) { p := path(t); testFence(t, func() Backend { return NewLocal(p) }) })
}

func TestLocalLeavesNoFileBehind(t *testing.T) {
	dir := t.TempDir()
	l := NewLocal(filepath.Join(dir, "x.sfstate"))
	unlock, err := l.Lock(context.Background(), NewLockInfo("apply"), 0)
	if err != nil {
		t.Fatal(err)
	}
	s := New("1")
	save(t, l, s)
	save(t, l, s)
	if err := unlock(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := unlock(context.Background()); err != nil {
		t.Errorf("unlock again: %v", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if got := strings.Join(names, " "); got != "x.sfstate x.sfstate.backup" {
		t.Errorf("the folder holds %s", got)
	}
}

// TestLocalCutFile cuts the state file: the error names the backup, and no write
// goes over what is left.
func TestLocalCutFile(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "x.sfstate")
	l := NewLocal(path)
	s := sample()
	s.Serial = 0
	save(t, l, s)
	save(t, l, s)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	half := b[:len(b)/2]
	if err := os.WriteFile(path, half, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = l.Read(ctx)
	if err == nil || !strings.Contains(err.Error(), "ends in the middle") || !strings.Contains(err.Error(), path+".backup") {
		t.Errorf("read: %v", err)
	}
	if err := Save(ctx, l, s); err == nil {
		t.Error("wrote over a damaged state")
	}
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, half) {
		t.Errorf("the damaged state was changed: %v", err)
	}
	backup, err := os.ReadFile(l.BackupPath())
	if err != nil {
		t.Fatal(err)
	}
	if old, err := Decode(backup); err != nil || old.Serial != 1 {
		t.Errorf("backup: %+v, %v", old, err)
	}
}

func TestLocalOtherLineage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.sfstate")
	l := NewLocal(path)
	save(t, l, New("1"))
	b, err := Encode(&State{FormatVersion: 1, Lineage: "other", Serial: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Read(context.Background()); err == nil || !strings.Contains(err.Error(), "another lineage") {
		t.Errorf("read: %v", err)
	}
}
