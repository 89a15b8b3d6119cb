package main

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// A fault of a position: what is done while nobody runs the sync, and what the sync must
// say of it.
type lostPosition struct {
	name string
	do   func(f *disturbed)
	want string
}

// lost goes through faults of positions: each is noticed, the sync stops with the
// reason, and the command that it names mends it.
func (f *disturbed) lost(faults []lostPosition) {
	f.t.Helper()
	for _, x := range faults {
		f.w.some(3)
		f.run(0, "sync", "-once")
		x.do(f)
		f.w.some(3)
		s := f.start()
		s.stopsWith(x.want)
		if out := command(f.t, f.dir, "status"); out.Run() == nil {
			f.t.Errorf("%s: status has no alarm", x.name)
		}
		f.resync(s.said())
		if f.t.Failed() {
			f.t.Fatalf("after %q", x.name)
		}
	}
	f.end()
}

func (f *disturbed) onSource(statements ...string) func(*disturbed) {
	return func(f *disturbed) { providertest.Exec(f.t, f.source, statements...) }
}

// TestFaultSlotLost: the slot or the publication was dropped, made anew, or read by
// another; the checkpoint was dropped; the target was restored from an older copy.
func TestFaultSlotLost(t *testing.T) {
	t.Parallel() // it waits more than it works
	pg := named(t, "postgres")
	f := disturb(t, pg, pg, places{})
	object := "syncform_" + f.name
	drop := "SELECT pg_drop_replication_slot('" + object + "')"
	faults := []lostPosition{
		{"slot dropped", f.onSource(drop), "is gone"},
		{"checkpoint table dropped", func(f *disturbed) { providertest.Exec(t, f.target, "DROP TABLE _sync_checkpoint") }, "no checkpoint"},
		{"target restored", restored, "begins at"},
	}
	if os.Getenv("SF_TEST_FAULTS") != "" {
		faults = append(faults,
			lostPosition{"slot recreated", f.onSource(drop, "INSERT INTO names VALUES ('unseen', 'x')", "SELECT pg_create_logical_replication_slot('"+object+"', 'pgoutput')"), "begins at"},
			lostPosition{"slot read on by another", f.onSource("INSERT INTO names VALUES ('unseen too', 'x')", "SELECT pg_replication_slot_advance('"+object+"', pg_current_wal_lsn())"), "begins at"},
			lostPosition{"publication dropped", f.onSource("DROP PUBLICATION " + object), "publication"},
			lostPosition{"lease table dropped", func(f *disturbed) { providertest.Exec(t, f.target, "DROP TABLE _sync_lease") }, "no checkpoint"},
			lostPosition{"checkpoint row deleted", func(f *disturbed) { providertest.Exec(t, f.target, "DELETE FROM _sync_checkpoint") }, "no checkpoint"},
		)
	}
	f.lost(faults)
}

// restored puts an older copy in the target's place.
func restored(f *disturbed) {
	u, err := url.Parse(f.target)
	if err != nil {
		f.t.Fatal("the test server's URL is malformed")
	}
	name := strings.TrimPrefix(u.Path, "/")
	u.Path = "/postgres"
	providertest.Exec(f.t, u.String(), "CREATE DATABASE "+name+"_copy TEMPLATE "+name)
	f.w.some(5)
	f.run(0, "sync", "-once")
	providertest.Exec(f.t, u.String(), "DROP DATABASE "+name+" WITH (FORCE)", "ALTER DATABASE "+name+"_copy RENAME TO "+name)
}

// TestFaultCheckpointDroppedMidRun: a running sync stops, and does not begin at zero.
func TestFaultCheckpointDroppedMidRun(t *testing.T) {
	for _, c := range []struct{ to, do string }{{"postgres", "DROP TABLE _sync_checkpoint"}, {"mysql", "DROP TABLE _sync_checkpoint"}, {"sqlite", "DELETE FROM _sync_checkpoint"}} {
		t.Run(c.to, func(t *testing.T) {
			long(t)
			f := disturb(t, named(t, "postgres"), named(t, c.to), places{})
			s := f.start()
			f.arrives()
			providertest.Exec(t, f.target, c.do)
			f.w.some(3)
			s.stopsWith("no checkpoint")
			f.resync(s.said())
			f.end()
		})
	}
}

// TestFaultBinlogLost: the binary log was purged behind us, or the server has begun a new
// one.
func TestFaultBinlogLost(t *testing.T) {
	for _, name := range []string{"mysql", "mariadb"} {
		t.Run(name, func(t *testing.T) {
			long(t)
			s := providertest.Own(t, name)
			f := disturb(t, named(t, name), named(t, "postgres"), places{source: s.Database()})
			reset := "RESET MASTER"
			if name == "mysql" {
				reset = "RESET BINARY LOGS AND GTIDS"
			}
			purge := func(f *disturbed) {
				f.w.some(3)
				providertest.Exec(t, f.source, "FLUSH BINARY LOGS")
				status := "SHOW MASTER STATUS"
				if name == "mysql" {
					status = "SHOW BINARY LOG STATUS"
				}
				now := providertest.Query(t, f.source, status)[0][0]
				until(t, "the log is purged, which a reader that is gone holds up for a while", func() bool {
					providertest.Exec(t, f.source, "PURGE BINARY LOGS TO '"+now+"'")
					return providertest.Query(t, f.source, "SHOW BINARY LOGS")[0][0] == now
				})
			}
			f.lost([]lostPosition{{"purged", purge, "purged"}, {"reset", f.onSource(reset), ""}})
		})
	}
}

// TestFaultTargetRestored: a source that still has what follows the older copy's
// position sends it again; nothing comes twice.
func TestFaultTargetRestored(t *testing.T) {
	long(t)
	f := disturb(t, named(t, "mysql"), named(t, "sqlite"), places{})
	f.w.some(5)
	f.run(0, "sync", "-once")
	text, err := os.ReadFile(f.target)
	if err != nil {
		t.Fatal(err)
	}
	f.w.some(20)
	f.run(0, "sync", "-once")
	for _, more := range []string{"-wal", "-shm"} {
		if err := os.Remove(f.target + more); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(f.target, text, 0o600); err != nil {
		t.Fatal(err)
	}
	f.end()
}

// TestFaultFailover: a standby takes over. One that has all that we have applied is
// disturbed on its own timeline; one that lacks the last commits is another history.
func TestFaultFailover(t *testing.T) {
	long(t)
	pg := named(t, "postgres")
	s := providertest.Own(t, "postgres")
	f := disturb(t, pg, pg, places{source: s.Database()})
	f.w.some(5)
	f.run(0, "sync", "-once")
	copied := standby(t, s)
	promote(t, s, copied)
	f.w.some(10)
	f.run(0, "sync", "-once") // on the new timeline
	f.same()

	f.lost([]lostPosition{
		{"the last commits are missing", func(f *disturbed) {
			copied := standby(t, s)
			f.w.some(20)
			f.run(0, "sync", "-once")
			promote(t, s, copied)
		}, "the source"},
		{"another history, which is longer by now", func(f *disturbed) {
			copied := standby(t, s)
			f.w.some(2)
			f.run(0, "sync", "-once")
			promote(t, s, copied)
			f.w.ids = nil
			providertest.Exec(t, f.source, "DELETE FROM items")
			f.w.some(60)
		}, "another history"},
	})
}

// standby copies a server as it is now.
func standby(t *testing.T, s *providertest.OwnServer) (dir string) {
	t.Helper()
	dir = s.Data() + "-standby"
	s.Halt()
	if out, err := exec.Command("cp", "-a", s.Data(), dir).CombinedOutput(); err != nil {
		t.Fatalf("copy the server: %v\n%s", err, out)
	}
	s.Start()
	return dir
}

// promote puts a standby in the place of its server, which is gone.
func promote(t *testing.T, s *providertest.OwnServer, dir string) {
	t.Helper()
	s.Kill()
	if err := os.RemoveAll(s.Data()); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(dir, s.Data()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.Data(), "standby.signal"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	s.Start()
	providertest.Exec(t, s.Administrator(), "SELECT pg_promote(true, 60)")
	until(t, "the standby has taken over", func() bool {
		return providertest.Query(t, s.Administrator(), "SELECT pg_is_in_recovery()")[0][0] == "f"
	})
}

// TestFaultPasswordRotated: the old password is refused when a connection is made anew:
// the sync ends with that reason, and goes on where it was with the new one.
func TestFaultPasswordRotated(t *testing.T) {
	long(t)
	pg := named(t, "postgres")
	source := pg.fresh(t)
	role := "sf_rotated_" + strings.TrimPrefix(providertest.Query(t, source, "SELECT current_database()")[0][0], "sf_")
	providertest.Exec(t, source, "CREATE ROLE "+role+" SUPERUSER LOGIN PASSWORD 'old-secret-1'")
	t.Cleanup(func() { providertest.Exec(t, source, "DROP OWNED BY "+role, "DROP ROLE "+role) })
	u, err := url.Parse(source)
	if err != nil {
		t.Fatal("the test server's URL is malformed")
	}
	u.User = url.UserPassword(role, "old-secret-1")
	f := disturb(t, pg, pg, places{source: source, viaSource: u.String()})
	s := f.start()
	f.arrives()
	providertest.Exec(t, source, "ALTER ROLE "+role+" PASSWORD 'new-secret-2'")
	providertest.Query(t, source, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '"+role+"'")
	f.w.some(5)
	s.stopsWith("password authentication failed")
	if strings.Contains(s.said(), "old-secret") {
		t.Error("the log holds the password")
	}
	file := filepath.Join(f.dir, "main.sf.hcl")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, strings.ReplaceAll(string(text), "old-secret-1", "new-secret-2"))
	f.end()
}

// TestFaultSilentTarget: a table of the target is locked for several times as long as the
// source's server waits for a sign of life: the stream goes on without a break.
func TestFaultSilentTarget(t *testing.T) {
	t.Parallel() // it waits more than it works
	pg := named(t, "postgres")
	f := disturb(t, pg, pg, places{})
	name := providertest.Query(t, f.source, "SELECT current_database()")[0][0]
	providertest.Exec(t, f.source, "ALTER DATABASE "+name+" SET wal_sender_timeout = '3s'")
	s := f.start()
	f.arrives()
	reader := func() string {
		rows := providertest.Query(t, f.source, "SELECT coalesce(active_pid::text, '') FROM pg_replication_slots WHERE slot_name = 'syncform_"+f.name+"'")
		return fmt.Sprint(rows)
	}
	before := reader()
	free := lockTable(t, f.target, f.to, "names")
	providertest.Exec(t, f.source, "INSERT INTO names VALUES ('held up', 'x')", "INSERT INTO parents SELECT g, 1 FROM generate_series(-50000, -1) g")
	waitsForLock(t, f.target, f.to)
	since := providertest.Query(t, f.source, "SELECT now()")[0][0]
	until(t, "three times the server's patience has passed", func() bool {
		return providertest.Query(t, f.source, "SELECT now() > '"+since+"'::timestamptz + interval '9s'")[0][0] == "t"
	})
	if now := reader(); now != before {
		t.Errorf("the source has given the stream up: its reader was %s and is %s", before, now)
	}
	if strings.Contains(s.said(), "interrupted") {
		t.Errorf("the stream was interrupted:\n%s", s.said())
	}
	free()
	f.arrives()
	s.stop()
	f.end()
}
