package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/syncform/syncform/providers/providertest"
)

// long is a fault that takes too long, or a server of its own too many, for every run.
func long(t *testing.T) {
	t.Helper()
	if os.Getenv("SF_TEST_FAULTS") == "" {
		t.Skip("NOT RUN: it is of the suite's long form; make chaos runs it")
	}
}

// disturbed is a source under a random workload, and a sync of it that a test disturbs.
type disturbed struct {
	t              *testing.T
	from, to       system
	source, target string // as the test reaches them
	dir, name      string // of the configuration, of the sync
	w              *workload
	first          int // the first tick that only the stream can bring
	replaced       bool
}

// places are the databases of a disturbed, and how syncform reaches them.
type places struct{ source, target, viaSource, viaTarget string }

// disturb applies a sync of the workload's tables.
func disturb(t *testing.T, from, to system, p places) *disturbed {
	t.Helper()
	if p.source == "" {
		p.source = from.fresh(t)
	}
	if p.target == "" {
		p.target = to.fresh(t)
	}
	if p.viaSource == "" {
		p.viaSource = p.source
	}
	if p.viaTarget == "" {
		p.viaTarget = p.target
	}
	providertest.Exec(t, p.source, append(busyTables(from), "CREATE TABLE ticks (id integer NOT NULL PRIMARY KEY)")...)
	f := &disturbed{t: t, from: from, to: to, source: p.source, target: p.target}
	f.dir = copyConfig(t, from, p.viaSource, to, p.viaTarget)
	file := filepath.Join(f.dir, "main.sf.hcl")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	// Slots have names that a server knows once.
	f.name = fmt.Sprintf("f%x", rand.Uint64())
	write(t, file, strings.NewReplacer(`"full"`, `"incremental"`, `sync "all"`, `sync "`+f.name+`"`).Replace(string(text)))
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	f.w = &workload{r: rand.New(rand.NewPCG(seed, 0)), s: from, t: t, url: p.source, ticks: true}
	f.w.some(30)
	f.run(0, "apply", "-auto-approve")
	f.first = f.w.n + 1
	providertest.Exec(t, f.target, countTicks(to)...)
	return f
}

func (f *disturbed) run(exit int, args ...string) string {
	f.t.Helper()
	return run(f.t, f.dir, exit, args...)
}

// countTicks makes the target count each tick that comes in, with nothing that would
// hide a second one.
func countTicks(s system) []string {
	seen := "CREATE TABLE seen (id integer NOT NULL)"
	switch s.name {
	case "postgres":
		return []string{seen, "CREATE FUNCTION note_tick() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO seen VALUES (NEW.id); RETURN NEW; END'",
			"CREATE TRIGGER note_tick AFTER INSERT OR UPDATE ON ticks FOR EACH ROW EXECUTE FUNCTION note_tick()", "ALTER TABLE ticks ENABLE ALWAYS TRIGGER note_tick"}
	case "sqlite":
		return []string{seen, "CREATE TRIGGER note_insert AFTER INSERT ON ticks BEGIN INSERT INTO seen VALUES (NEW.id); END", "CREATE TRIGGER note_update AFTER UPDATE ON ticks BEGIN INSERT INTO seen VALUES (NEW.id); END"}
	}
	return []string{seen, "CREATE TRIGGER note_insert AFTER INSERT ON ticks FOR EACH ROW INSERT INTO seen VALUES (NEW.id)", "CREATE TRIGGER note_update AFTER UPDATE ON ticks FOR EACH ROW INSERT INTO seen VALUES (NEW.id)"}
}

// syncing is a sync, or another command, in a process of its own.
type syncing struct {
	t     *testing.T
	c     *exec.Cmd
	mu    sync.Mutex
	out   strings.Builder
	ended chan struct{}
}

func (s *syncing) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Write(b)
}

func (s *syncing) said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.String()
}

// start runs sync in a process of its own until it is stopped or the test ends.
func (f *disturbed) start() *syncing {
	f.t.Helper()
	return launch(f.t, f.dir, "sync")
}

// launch runs a command in a process of its own until it is stopped or the test ends.
func launch(t *testing.T, dir string, args ...string) *syncing {
	t.Helper()
	s := &syncing{t: t, c: command(t, dir, args...), ended: make(chan struct{})}
	s.c.Stdout, s.c.Stderr = s, s
	if err := s.c.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(s.ended)
		_ = s.c.Wait() // the exit code is asked for by whoever wants it
	}()
	t.Cleanup(func() {
		_ = s.c.Process.Signal(syscall.SIGCONT) // it may have ended
		if t.Failed() {
			s.showsWhereItStands()
		}
		_ = s.c.Process.Kill()
		<-s.ended
		if t.Failed() {
			t.Logf("%s said:\n%s", args[0], s.said())
		}
	})
	return s
}

// showsWhereItStands makes it end with what its goroutines wait for.
func (s *syncing) showsWhereItStands() {
	_ = s.c.Process.Signal(syscall.SIGQUIT) // it may have ended
	select {
	case <-s.ended:
	case <-time.After(time.Minute):
	}
}

// follows waits until the sync has begun: what can't be reached before that is an error.
func (s *syncing) follows() {
	s.t.Helper()
	until(s.t, "the sync follows", func() bool {
		s.goesOn()
		return strings.Contains(s.said(), "msg=following")
	})
}

// goesOn fails the test if the sync has ended.
func (s *syncing) goesOn() {
	s.t.Helper()
	select {
	case <-s.ended:
		s.t.Fatalf("it ended (%v):\n%s", s.c.ProcessState, s.said())
	default:
	}
}

// kill ends it where it stands.
func (s *syncing) kill() {
	s.t.Helper()
	s.goesOn()
	if err := s.c.Process.Kill(); err != nil {
		s.t.Fatal(err)
	}
	<-s.ended
}

// stop ends the sync in order.
func (s *syncing) stop() {
	s.t.Helper()
	s.goesOn()
	if err := s.c.Process.Signal(os.Interrupt); err != nil {
		s.t.Fatal(err)
	}
	if code := s.exit(); code != 0 {
		s.t.Fatalf("the sync was stopped and exited with %d:\n%s", code, s.said())
	}
}

// exit waits for the end of the sync.
func (s *syncing) exit() int {
	s.t.Helper()
	select {
	case <-s.ended:
	case <-time.After(5 * time.Minute):
		s.t.Fatalf("the sync does not end:\n%s", s.said())
	}
	return s.c.ProcessState.ExitCode()
}

// stopsWith waits until the sync has failed, with a reason.
func (s *syncing) stopsWith(want string) {
	s.t.Helper()
	if code := s.exit(); code != 1 || !strings.Contains(s.said(), want) {
		s.t.Fatalf("the sync exited with %d and did not say %q:\n%s", code, want, s.said())
	}
}

// arrives waits until the target has what the source has now, which nobody changes.
func (f *disturbed) arrives() {
	f.t.Helper()
	defer f.showSessions()
	id := f.w.fresh()
	until(f.t, "the source takes a row", func() bool {
		return providertest.Try(f.source, fmt.Sprintf("INSERT INTO ticks VALUES (%d)", id)) == nil
	})
	until(f.t, "the source's last row arrives", func() bool {
		return len(providertest.Query(f.t, f.target, fmt.Sprintf("SELECT 1 FROM ticks WHERE id = %d", id))) > 0
	})
}

// showSessions logs, once the test has failed, what the servers' sessions do and wait for.
func (f *disturbed) showSessions() {
	if !f.t.Failed() {
		return
	}
	for _, at := range []struct {
		url string
		s   system
	}{{f.source, f.from}, {f.target, f.to}} {
		queries := []string{
			"SELECT now(), pid, application_name, backend_type, state, wait_event_type, wait_event, xact_start, state_change, pg_blocking_pids(pid)::text, query FROM pg_stat_activity WHERE datname = current_database()",
			"SELECT pid, locktype, relation::regclass::text, transactionid::text, classid, objid, mode, granted FROM pg_locks WHERE pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database()) ORDER BY pid",
			"SELECT slot_name, active_pid, restart_lsn, confirmed_flush_lsn, pg_current_wal_lsn(), wal_status FROM pg_replication_slots WHERE database = current_database()",
		}
		switch at.s.provider {
		case "sqlite":
			continue
		case "mysql":
			queries = []string{"SHOW FULL PROCESSLIST", "SELECT trx_mysql_thread_id, trx_state, trx_started, trx_wait_started, trx_query FROM information_schema.innodb_trx"}
		}
		for _, q := range queries {
			f.t.Logf("%s: %s\n%s", at.s.name, q, strings.Join(lines(providertest.Query(f.t, at.url, q)), "\n"))
		}
	}
}

// load runs the workload until the returned function is called. tolerant: the source
// may go away.
func (f *disturbed) load(tolerant bool) (stop func()) {
	quit, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-quit:
				return
			default:
			}
			if err := f.w.try(1 + f.w.r.IntN(4)); err != nil && !tolerant {
				f.t.Errorf("the workload: %v", err)
				return
			}
		}
	}()
	stop = sync.OnceFunc(func() {
		close(quit)
		<-ended
	})
	f.t.Cleanup(stop)
	return stop
}

// same compares source and target by queries, and that nothing came twice.
func (f *disturbed) same() {
	f.t.Helper()
	for _, table := range slices.Concat(busyNames, []string{"ticks"}) {
		sameTable(f.t, f.from, f.source, f.to, f.target, table)
	}
	if f.replaced {
		return
	}
	want := lines(providertest.Query(f.t, f.source, fmt.Sprintf("SELECT id FROM ticks WHERE id >= %d", f.first)))
	got := lines(providertest.Query(f.t, f.target, "SELECT id FROM seen"))
	if fmt.Sprint(want) != fmt.Sprint(got) {
		f.t.Errorf("%d rows of the stream came as %d", len(want), len(got))
	}
}

// end brings the sync to the source's end, compares, and takes everything down.
func (f *disturbed) end() {
	f.t.Helper()
	f.run(0, "sync", "-once")
	f.same()
	f.run(0, "plan", "-detailed-exitcode")
	f.run(0, "destroy", "-auto-approve")
	left(f.t, f.from, f.source)
	f.noLocks(f.target, f.to)
	f.noLocks(f.source, f.from)
}

// noLocks: no session of ours is left inside a transaction.
func (f *disturbed) noLocks(url string, s system) {
	f.t.Helper()
	q := "SELECT pid, state, query FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'syncform'"
	switch s.name {
	case "sqlite":
		return // a file that is locked would have failed the comparison
	case "mysql", "mariadb":
		q = "SELECT t.trx_id FROM information_schema.innodb_trx t JOIN " + processes(s) + " p ON p.id = t.trx_mysql_thread_id WHERE p.db = DATABASE() AND p.id <> CONNECTION_ID()"
	}
	until(f.t, "no session of ours is left", func() bool { return len(providertest.Query(f.t, url, q)) == 0 })
}

// resync loads everything anew by the command that the sync has named.
func (f *disturbed) resync(said string) {
	f.t.Helper()
	if !strings.Contains(said, "apply -replace=sync."+f.name) {
		f.t.Errorf("the way out is not named:\n%s", said)
	}
	f.replaced = true
	f.run(0, "apply", "-auto-approve", "-replace=sync."+f.name)
	f.w.some(5)
	f.run(0, "sync", "-once")
	f.same()
}

func named(t *testing.T, name string) system {
	t.Helper()
	for _, s := range systems() {
		if s.name == name {
			return s
		}
	}
	t.Fatalf("no system %q", name)
	return system{}
}
