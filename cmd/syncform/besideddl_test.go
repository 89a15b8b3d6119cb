package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// TestSourceChangesBesideLoad: tables that are to be loaded beside a stream are emptied,
// altered and dropped before their rows are read. The emptied one is loaded as it is then,
// each other is held, with the reason; the rest is loaded, the stream goes on meanwhile, and
// the next apply brings all to rights.
func TestSourceChangesBesideLoad(t *testing.T) {
	t.Parallel()
	all := systemsByName()
	for _, name := range []string{"postgres", "mysql", "sqlite"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sourceChanges(t, all[name], all["postgres"])
		})
	}
}

func sourceChanges(t *testing.T, from, to system) {
	l := &loading{&operated{t.TempDir(), from.fresh(t), to.fresh(t)}, from, 1}
	if from.name == "sqlite" {
		providertest.Exec(t, l.source, "PRAGMA journal_mode = WAL")
	}
	providertest.Exec(t, l.source, "CREATE TABLE there (id integer PRIMARY KEY, v varchar(40))", "INSERT INTO there VALUES (1, 'one')",
		"CREATE TABLE late (id integer PRIMARY KEY, v varchar(40), u integer UNIQUE)", l.more(3000))
	for _, name := range []string{"cut", "wide", "gone"} {
		providertest.Exec(t, l.source, "CREATE TABLE "+name+" (id integer PRIMARY KEY, v varchar(40))", "INSERT INTO "+name+" VALUES (1, 'one'), (2, 'two')")
	}
	config := l.follow(t, to, "changes_"+from.name, 1)
	const mappings = "mapping \"there\" {}\n  mapping \"late\" {}\n  mapping \"cut\" {}\n  mapping \"wide\" {}\n"
	config(mappings + "  mapping \"gone\" {}")
	// The apply is held where the source tells of the tables, and none is read yet.
	providertest.Exec(t, l.target,
		"CREATE FUNCTION wait_before_load() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NEW; END'",
		"CREATE TRIGGER wait_before_load BEFORE INSERT OR UPDATE ON _sync_table FOR EACH ROW WHEN (NEW.state = 'loading') EXECUTE FUNCTION wait_before_load()",
		"ALTER TABLE _sync_table ENABLE ALWAYS TRIGGER wait_before_load")
	release := providertest.HoldPostgres(t, l.target, "SELECT pg_advisory_xact_lock(1)")
	a := launch(t, l.dir, "apply", "-auto-approve", "-json")
	until(t, "the apply waits", func() bool {
		return l.has(t, l.target, "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'")
	})
	empty := "TRUNCATE TABLE cut"
	if from.name == "sqlite" {
		empty = "DELETE FROM cut"
	}
	providertest.Exec(t, l.source, empty, "INSERT INTO cut VALUES (3, 'three')", "ALTER TABLE wide ADD COLUMN w integer", "INSERT INTO wide VALUES (3, 'three', 3)", "INSERT INTO there VALUES (2, 'two')")
	drops := from.name != "mysql" // whose log's DROP TABLE ends the stream
	if drops {
		providertest.Exec(t, l.source, "DROP TABLE gone")
	}
	release()
	within(t, timeToLoad, "the apply ends", func() bool {
		select {
		case <-a.ended:
			return true
		default:
			return false
		}
	})
	if code := a.c.ProcessState.ExitCode(); code != 0 {
		t.Errorf("the apply ended with %d", code)
	}
	for _, line := range strings.Split(strings.TrimSpace(a.said()), "\n") {
		if strings.HasPrefix(line, "{") {
			validJSON(t, "apply", []byte(line))
		}
	}
	if out := a.said(); !strings.Contains(out, `"type":"warning"`) || !strings.Contains(out, "the source's table") || strings.Contains(out, "the stream rests") {
		t.Errorf("the apply said:\n%s", out)
	}
	held := fmt.Sprint(lines(providertest.Query(t, l.target, "SELECT table_name, reason FROM _sync_table WHERE state = 'held' ORDER BY table_name")))
	for _, want := range []string{"gone\t", "wide\t"} {
		if !strings.Contains(held, want) && (drops || want != "gone\t") {
			t.Errorf("%s is not held: %s", want, held)
		}
	}
	providertest.Exec(t, l.source, "INSERT INTO there VALUES (3, 'three')", "UPDATE late SET v = 'changed' WHERE id % 10 = 0", "INSERT INTO cut VALUES (4, 'four')")
	until(t, "the others go on", func() bool {
		return l.has(t, l.target, "SELECT 1 FROM there WHERE id = 3") && l.has(t, l.target, "SELECT 1 FROM late WHERE id = 3000 AND v = 'changed'")
	})
	if drops {
		config(mappings)
	}
	applied(t, l.dir)
	providertest.Exec(t, l.source, "INSERT INTO cut VALUES (5, 'five')", "INSERT INTO wide VALUES (4, 'four', 4)")
	until(t, "all tables go on", func() bool {
		return l.has(t, l.target, "SELECT 1 FROM cut WHERE id = 5") && l.has(t, l.target, "SELECT 1 FROM wide WHERE id = 4")
	})
	l.allSame(t, "*", "there", "late", "cut", "wide")
}

// allSame compares columns of tables, in the order of their ids.
func (l *loading) allSame(t *testing.T, columns string, tables ...string) {
	t.Helper()
	for _, table := range tables {
		q := "SELECT " + columns + " FROM " + table + " ORDER BY id"
		if want, got := providertest.Query(t, l.source, q), providertest.Query(t, l.target, q); fmt.Sprint(want) != fmt.Sprint(got) {
			t.Errorf("%s: %d rows at the target, %d at the source, and they differ", table, len(got), len(want))
		}
	}
}

// flowsBeside awaits row 2 of the table there while a load waits, and then the apply's end.
func (l *loading) flowsBeside(t *testing.T, a *syncing, release func()) {
	t.Helper()
	until(t, "the stream flows on", func() bool {
		a.goesOn()
		return l.has(t, l.target, "SELECT 1 FROM there WHERE id = 2")
	})
	release()
	if code := a.exit(); code != 0 || strings.Contains(a.said(), "held") {
		t.Errorf("the apply ended with %d:\n%s", code, a.said())
	}
}

// TestTruncateBesideLoad: a table is emptied whose rows are copied already, while another
// is still loaded. The stream flows on, and the apply ends with what is there now. On
// PostgreSQL a TRUNCATE waits until the load's transaction has read all its tables.
func TestTruncateBesideLoad(t *testing.T) {
	t.Parallel()
	all := systemsByName()
	for _, name := range []string{"mysql", "mariadb"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := &loading{&operated{t.TempDir(), all[name].fresh(t), all["postgres"].fresh(t)}, all[name], 1}
			providertest.Exec(t, l.source, "CREATE TABLE there (id integer PRIMARY KEY, v varchar(40))", "INSERT INTO there VALUES (1, 'one')",
				"CREATE TABLE late (id integer PRIMARY KEY, v varchar(40), u integer UNIQUE)", l.more(1000),
				"CREATE TABLE cut (id integer PRIMARY KEY, v varchar(40))", "INSERT INTO cut VALUES (1, 'one'), (2, 'two'), (3, 'three')")
			config := l.follow(t, all["postgres"], "truncate_"+name, 2)
			config("mapping \"there\" {}\n  mapping \"late\" {}\n  mapping \"cut\" {}")
			release := holdLoads(t, l.target)
			a := launch(t, l.dir, "apply", "-auto-approve")
			within(t, timeToLoad, "one table is copied, and the other on its way", func() bool {
				a.goesOn()
				return l.count(t, l.target, "SELECT count(*) FROM _sync_chunk WHERE done_at IS NOT NULL") >= 3 && l.has(t, l.target, "SELECT 1 FROM cut")
			})
			providertest.Exec(t, l.source, "INSERT INTO cut VALUES (4, 'four')", "UPDATE cut SET v = 'other' WHERE id = 1", "TRUNCATE TABLE cut", "INSERT INTO cut VALUES (1, 'again'), (5, 'five')", "INSERT INTO there VALUES (2, 'two')")
			l.flowsBeside(t, a, release)
			l.allSame(t, "id, v", "there", "late", "cut")
		})
	}
}

// TestTruncateBeforeLoad: a table is emptied that waits for its turn, behind the snapshot
// which its rows are to be read in.
func TestTruncateBeforeLoad(t *testing.T) {
	t.Parallel()
	all := systemsByName()
	for _, name := range []string{"postgres", "mysql", "mariadb"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := &loading{&operated{t.TempDir(), all[name].fresh(t), all["postgres"].fresh(t)}, all[name], 1}
			providertest.Exec(t, l.source, "CREATE TABLE there (id integer PRIMARY KEY, v varchar(40))", "INSERT INTO there VALUES (1, 'one')",
				"CREATE TABLE late (id integer PRIMARY KEY, v varchar(40), u integer UNIQUE)", l.more(1000),
				"CREATE TABLE later (id integer PRIMARY KEY, v varchar(40), u integer UNIQUE)", "INSERT INTO later SELECT * FROM late")
			config := l.follow(t, all["postgres"], "truncate_before_"+name, 1)
			config("mapping \"there\" {}\n  mapping \"late\" {}\n  mapping \"later\" {}")
			release := holdLoads(t, l.target)
			a := launch(t, l.dir, "apply", "-auto-approve")
			chunks := func(table string) int {
				return l.count(t, l.target, "SELECT count(*) FROM _sync_chunk WHERE done_at IS NOT NULL AND mapping LIKE '%\""+table+"\"%'")
			}
			within(t, timeToLoad, "one of the tables is on its way", func() bool {
				a.goesOn()
				return chunks("late")+chunks("later") >= 2
			})
			empty := "late"
			if chunks("late") > 0 {
				empty = "later"
			}
			providertest.Exec(t, l.source, "UPDATE "+empty+" SET v = 'other' WHERE id = 1", "TRUNCATE TABLE "+empty, "INSERT INTO "+empty+" VALUES (1, 'again', 1), (5000, 'new', 2)", "INSERT INTO there VALUES (2, 'two')")
			l.flowsBeside(t, a, release)
			l.allSame(t, "id, v", "there", "late", "later")
		})
	}
}
