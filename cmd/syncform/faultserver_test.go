package main

import (
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/syncform/syncform/providers/providertest"
)

// TestFaultServerKilled: SIGKILL of the server under the workload, of the source, of the
// target, and of both; the sync waits for it and goes on by itself, nothing is lost,
// nothing comes twice.
func TestFaultServerKilled(t *testing.T) {
	t.Parallel() // it waits more than it works
	for _, c := range []struct {
		from, to, killed string
		long             bool
	}{
		{"postgres", "postgres", "both", false},
		{"postgres", "mysql", "source", true}, {"postgres", "mariadb", "target", true},
		{"mysql", "postgres", "source", true}, {"mysql", "mysql", "both", true}, {"postgres", "mysql", "target", true},
		{"mariadb", "postgres", "source", true}, {"mariadb", "mariadb", "both", true},
		{"mysql", "postgres", "target", true}, {"sqlite", "postgres", "target", true}, {"postgres", "sqlite", "source", true},
	} {
		t.Run(c.from+"-"+c.to+"-"+c.killed, func(t *testing.T) {
			kills := 2
			if c.long {
				long(t)
				kills = 6
			}
			var p places
			var s *providertest.OwnServer
			if c.killed == "target" {
				s = providertest.Own(t, c.to)
				p.target = s.Database()
			} else {
				s = providertest.Own(t, c.from)
				p.source = s.Database()
			}
			if c.killed == "both" {
				p.target = s.Database()
			}
			f := disturb(t, named(t, c.from), named(t, c.to), p)
			run := f.start()
			run.follows()
			for range kills {
				stop := f.load(true)
				after(time.Duration(200+rand.IntN(1500)) * time.Millisecond)
				s.Kill()
				stop()
				run.goesOn()
				s.Start()
				run.goesOn()
				f.w.ids = nil // what a transaction came to that was under way nobody knows
				providertest.Exec(t, f.source, "DELETE FROM items")
			}
			f.arrives()
			run.stop()
			f.end()
		})
	}
}

// after lets the workload go on for a while: how long is part of the chance.
func after(d time.Duration) { <-time.After(d) }

// TestFaultConnectionsCut: connections that are reset in the middle of a message, that
// stall there, and both, on either side.
func TestFaultConnectionsCut(t *testing.T) {
	t.Parallel() // it waits more than it works
	for _, c := range []struct {
		from, to string
		long     bool
	}{{"postgres", "mysql", false}, {"mysql", "postgres", true}, {"mariadb", "mariadb", true}, {"mysql", "mysql", true}, {"postgres", "postgres", true}} {
		t.Run(c.from+"-"+c.to, func(t *testing.T) {
			cuts := 6
			if c.long {
				long(t)
				cuts = 60
			}
			from, to := named(t, c.from), named(t, c.to)
			p := places{source: from.fresh(t), target: to.fresh(t)}
			var a, b *providertest.Proxy
			a, p.viaSource = providertest.NewProxy(t, p.source)
			b, p.viaTarget = providertest.NewProxy(t, p.target)
			f := disturb(t, from, to, p)
			run := f.start()
			run.follows()
			stop := f.load(false)
			for range cuts {
				x := []*providertest.Proxy{a, b}[rand.IntN(2)]
				after(time.Duration(rand.IntN(300)) * time.Millisecond)
				switch rand.IntN(3) {
				case 0:
					x.CutAfter(rand.IntN(20_000))
				case 1:
					x.Stall()
					after(time.Duration(rand.IntN(500)) * time.Millisecond)
					x.Flow()
				default:
					x.Stall()
					after(time.Duration(rand.IntN(500)) * time.Millisecond)
					x.Cut()
					x.Flow()
				}
				run.goesOn()
			}
			stop()
			f.arrives()
			run.stop()
			f.end()
		})
	}
}

// TestFaultTwoInstances: one instance is frozen by SIGSTOP, another takes the sync over,
// and the first wakes up: it can write nothing, and says why it ends. It is frozen while it
// rests, inside a transaction that has written already, or while it gives a sign of life.
func TestFaultTwoInstances(t *testing.T) {
	t.Parallel() // it waits more than it works
	for _, c := range []struct {
		from, to, frozen string
		long             bool
	}{
		{"postgres", "postgres", "inside", false}, {"postgres", "postgres", "beating", true}, {"postgres", "mysql", "resting", true}, {"postgres", "mysql", "inside", true},
		{"postgres", "mysql", "beating", true}, {"mariadb", "mariadb", "inside", true}, {"mariadb", "mariadb", "beating", true}, {"sqlite", "sqlite", "resting", true},
	} {
		t.Run(c.from+"-"+c.to+"-"+c.frozen, func(t *testing.T) {
			t.Parallel() // it waits more than it works
			if c.long {
				long(t)
			}
			f := disturb(t, named(t, c.from), named(t, c.to), places{})
			if c.from == "postgres" {
				// Else the frozen instance keeps the slot for a minute.
				name := providertest.Query(t, f.source, "SELECT current_database()")[0][0]
				providertest.Exec(t, f.source, "ALTER DATABASE "+name+" SET wal_sender_timeout = '3s'")
			}
			first := f.start()
			f.arrives()
			freed := func() {}
			switch c.frozen {
			case "beating":
				freed = providertest.Hold(t, f.target, "BEGIN", "SELECT 1 FROM _sync_lease FOR UPDATE")
				waitsForLease(t, f.target, f.to)
			case "inside":
				freed = lockTable(t, f.target, f.to, "names")
				providertest.Exec(t, f.source, "INSERT INTO parents VALUES (-1, 1)", "INSERT INTO names VALUES ('held up', 'x')")
				waitsForLock(t, f.target, f.to)
			default:
				f.w.some(5)
			}
			if err := first.c.Process.Signal(syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
			freed()
			f.w.some(5)
			second := f.start()
			f.arrives()
			if !strings.Contains(second.said(), "no sign of life") {
				t.Errorf("the second instance did not say whom it took over:\n%s", second.said())
			}
			if err := first.c.Process.Signal(syscall.SIGCONT); err != nil {
				t.Fatal(err)
			}
			f.w.some(20)
			if code := first.exit(); code != 1 {
				t.Errorf("the first instance exited with %d", code)
			}
			if !strings.Contains(first.said(), "another instance") {
				t.Errorf("the first instance did not say why it ended:\n%s", first.said())
			}
			f.w.some(5)
			f.arrives()
			second.stop()
			f.end()
		})
	}
}

// lockTable keeps others from writing a table until the returned function is called.
func lockTable(t *testing.T, url string, s system, table string) (free func()) {
	t.Helper()
	lock := []string{"BEGIN", "LOCK TABLE " + table + " IN SHARE MODE"}
	if s.provider == "mysql" {
		lock = []string{"LOCK TABLES " + table + " READ"}
	}
	return providertest.Hold(t, url, lock...)
}

// waitsForLock waits until a session of ours waits for a lock.
func waitsForLock(t *testing.T, url string, s system) {
	t.Helper()
	q := "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'syncform' AND wait_event_type = 'Lock'"
	if s.provider == "mysql" {
		q = "SELECT 1 FROM " + processes(s) + " WHERE db = DATABASE() AND state LIKE '%lock%'"
	}
	until(t, "the sync waits for the lock", func() bool { return len(providertest.Query(t, url, q)) > 0 })
}

// waitsForLease waits until a session of ours waits for the lease's row.
func waitsForLease(t *testing.T, url string, s system) {
	t.Helper()
	q := "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'syncform' AND wait_event_type = 'Lock' AND query LIKE 'UPDATE%_sync_lease%'"
	if s.provider == "mysql" {
		q = "SELECT 1 FROM " + processes(s) + " WHERE db = DATABASE() AND state LIKE 'updating' AND info LIKE 'UPDATE%_sync_lease%'"
	}
	until(t, "the sync waits for its lease", func() bool { return len(providertest.Query(t, url, q)) > 0 })
}

// processes lists the sessions of a MySQL or MariaDB server. MySQL's information_schema fails
// where any of them runs a statement with characters beyond three bytes.
func processes(s system) string {
	if s.name == "mysql" {
		return "performance_schema.processlist"
	}
	return "information_schema.processlist"
}

// TestFaultStopWhileOpening: a sync that is stopped before it has its connections ends as
// any that is stopped.
func TestFaultStopWhileOpening(t *testing.T) {
	t.Parallel() // it waits more than it works
	pg := named(t, "postgres")
	p := places{source: pg.fresh(t), target: pg.fresh(t)}
	proxy, via := providertest.NewProxy(t, p.source)
	p.viaSource = via
	f := disturb(t, pg, pg, p)
	proxy.Stall()
	before := proxy.Accepted()
	s := f.start()
	until(t, "the sync knocks", func() bool { return proxy.Accepted() > before })
	if err := s.c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := s.exit(); code != 0 {
		t.Errorf("it exited with %d:\n%s", code, s.said())
	}
	proxy.Flow()
	f.end()
}
