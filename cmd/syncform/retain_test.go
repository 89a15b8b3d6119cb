package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/syncform/syncform/executor/stream"
	"github.com/syncform/syncform/providers/providertest"
)

// TestRetained follows PostgreSQL with a limit of what it may keep: a sync whose target
// is blocked gives its slot up, plan and status say so with the command that mends it,
// and that command does.
func TestRetained(t *testing.T) {
	t.Parallel()
	pg := systems()[0]
	// A server of its own: what others write counts as kept, too.
	o := &operated{t.TempDir(), providertest.Own(t, "postgres").Database(), pg.fresh(t)}
	providertest.Exec(t, o.source, "CREATE TABLE kept (id bigint PRIMARY KEY, v text)", "INSERT INTO kept SELECT n, 'v' FROM generate_series(1, 1000) n")
	write(t, filepath.Join(o.dir, "main.sf.hcl"), pg.endpoint("source", "from", o.source)+pg.endpoint("target", "to", o.target)+`
sync "retained" {
  source           = source.postgresql.from
  target           = target.postgresql.to
  batch_size       = 100
  max_snapshot_age = "1ms"
  cdc {
    max_retained_wal = "1MB"
    on_exceed        = "drop_slot"
  }
  mapping "kept" {}
}
`)
	run(t, o.dir, 0, "apply", "-auto-approve")
	t.Cleanup(func() { run(t, o.dir, 0, "destroy", "-auto-approve") })
	if plan := run(t, o.dir, 0, "plan", "-detailed-exitcode"); strings.Contains(plan, "can't go on") {
		t.Errorf("a sound stream: %s", plan)
	}
	slots := "SELECT slot_name FROM pg_replication_slots WHERE database = current_database()"
	if n := providertest.Query(t, o.source, slots); len(n) != 1 {
		t.Fatalf("slots: %v", n)
	}
	// Nothing is acknowledged while the table can't be written.
	release := providertest.HoldPostgres(t, o.target, "LOCK TABLE kept")
	defer release()
	c := command(t, o.dir, "sync")
	var out strings.Builder
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	providertest.Exec(t, o.source, "INSERT INTO kept SELECT n, repeat(md5(n::text), 40) FROM generate_series(1001, 4000) n")
	var err error
	until(t, "the sync gives the slot up", func() bool {
		select {
		case err = <-ended:
			return true
		default:
			return false
		}
	})
	if err == nil || !strings.Contains(out.String(), "more than max_retained_wal") {
		t.Errorf("sync ended with %v and said\n%s", err, &out)
	}
	if n := providertest.Query(t, o.source, slots); len(n) != 0 {
		t.Errorf("slots: %v", n)
	}
	release()
	if !o.alarmed(t, stream.AlarmLost) {
		t.Error("a slot that is gone is no alarm")
	}
	if plan := run(t, o.dir, 0, "plan"); !strings.Contains(strings.Join(strings.Fields(plan), " "), "can't go on: the replication slot") || !strings.Contains(plan, "-replace=sync.retained") {
		t.Errorf("plan says nothing of a slot that is gone:\n%s", plan)
	}
	run(t, o.dir, 0, "apply", "-auto-approve", "-replace=sync.retained")
	same := func() {
		t.Helper()
		q := "SELECT count(*), sum(id), sum(length(v)) FROM kept"
		want, got := lines(providertest.Query(t, o.source, q)), lines(providertest.Query(t, o.target, q))
		if want[0] != got[0] {
			t.Errorf("%v at the source, %v at the target", want, got)
		}
	}
	same()
	run(t, o.dir, 0, "sync", "-once")
	providertest.Exec(t, o.source, "DO $$ DECLARE p text; BEGIN FOR p IN SELECT pubname FROM pg_publication LOOP EXECUTE format('DROP PUBLICATION %I', p); END LOOP; END $$")
	// A plan that made it again would hide what went by meanwhile.
	if out, err := command(t, o.dir, "plan").CombinedOutput(); err == nil || !strings.Contains(strings.Join(strings.Fields(string(out)), " "), "can't go on: the publication") {
		t.Errorf("plan says nothing of a publication that is gone:\n%s", out)
	}
	run(t, o.dir, 0, "apply", "-auto-approve", "-replace=sync.retained")
	// A target that was restored is behind what its slot has given away.
	before := providertest.Query(t, o.target, "SELECT position FROM _sync_checkpoint")[0][0]
	providertest.Exec(t, o.source, "INSERT INTO kept VALUES (-1, 'late')")
	run(t, o.dir, 0, "sync", "-once")
	providertest.Exec(t, o.target, "UPDATE _sync_checkpoint SET position = '"+before+"'", "DELETE FROM kept WHERE id = -1")
	if plan := run(t, o.dir, 0, "plan"); !strings.Contains(strings.Join(strings.Fields(plan), " "), "the target was restored") {
		t.Errorf("plan says nothing of a target that was restored:\n%s", plan)
	}
	if !o.alarmed(t, stream.AlarmLost) {
		t.Error("a target that was restored is no alarm")
	}
	run(t, o.dir, 1, "sync", "-once")
	run(t, o.dir, 0, "apply", "-auto-approve", "-replace=sync.retained")
	same()
}
