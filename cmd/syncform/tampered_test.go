package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/syncform/syncform/executor/stream"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
)

// tampering is a way to break what captures the changes of table u, which has to do with no
// other table.
type tampering struct {
	name, system, cdc string
	find, sql         string // sql, with each ? what find gives
	want              string // in what is said
	usual             bool   // part of every run; all are with SF_TEST_PAIRS=all
}

var (
	byTrigger = `cdc { method = "trigger" }`
	// Triggers of table u, by the provider's catalogue.
	updateTriggerMySQL = "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() AND EVENT_OBJECT_TABLE = 'u' AND EVENT_MANIPULATION = 'UPDATE'"
	updateTriggerLite  = "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'u' AND name LIKE '%\\_update' ESCAPE '\\' AND name NOT LIKE '%before%'"
	touchTriggerLite   = "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'u' AND name LIKE '%before_insert'"
)

var tamperings = []tampering{
	{"out of the publication", "postgresql", "", "", "ALTER PUBLICATION @PUB DROP TABLE u", "not in the publication", false},
	{"out and in again", "postgresql", "", "", "ALTER PUBLICATION @PUB DROP TABLE u; UPDATE u SET v = v + 1; ALTER PUBLICATION @PUB ADD TABLE u", "taken out of the publication", true},
	{"made anew", "postgresql", "", "", "CREATE TABLE n (LIKE u INCLUDING ALL); INSERT INTO n SELECT * FROM u; DROP TABLE u; ALTER TABLE n RENAME TO u", "not in the publication", false},
	{"a trigger off", "postgresql", byTrigger, "", "ALTER TABLE u DISABLE TRIGGER ALL", "gone or disabled", false},
	{"not noted", "postgresql", byTrigger, "", "ALTER TABLE _change_log ADD CONSTRAINT no CHECK (operation <> 'u') NOT VALID; UPDATE u SET v = v + 1; ALTER TABLE _change_log DROP CONSTRAINT no", "could not be noted", true},
	{"a trigger dropped", "mysql", byTrigger, updateTriggerMySQL, "DROP TRIGGER ?", "is gone", false},
	{"a trigger exchanged", "mysql", byTrigger, updateTriggerMySQL, "DROP TRIGGER ?; CREATE TRIGGER ? AFTER UPDATE ON u FOR EACH ROW BEGIN END", "somebody exchanged it", true},
	{"made anew", "mysql", byTrigger, "", "CREATE TABLE n LIKE u; INSERT INTO n SELECT * FROM u; DROP TABLE u; RENAME TABLE n TO u", "is gone", false},
	{"a trigger exchanged", "mariadb", byTrigger, updateTriggerMySQL, "DROP TRIGGER ?; CREATE TRIGGER ? AFTER UPDATE ON u FOR EACH ROW BEGIN END", "somebody exchanged it", false},
	{"a trigger dropped", "sqlite", "", updateTriggerLite, "DROP TRIGGER ?", "lost the triggers", false},
	{"a trigger exchanged", "sqlite", "", updateTriggerLite, "DROP TRIGGER ?; CREATE TRIGGER ? AFTER UPDATE ON u BEGIN SELECT 1; END", "somebody exchanged or", false},
	{"a second trigger dropped", "sqlite", "", touchTriggerLite, "DROP TRIGGER ?", "exchanged or dropped", false},
	{"made anew", "sqlite", "", "", "CREATE TABLE n (id integer PRIMARY KEY, v integer, w integer UNIQUE); INSERT INTO n SELECT * FROM u; DROP TABLE u; ALTER TABLE n RENAME TO u", "lost the triggers", true},
	{"triggers off and on", "postgresql", byTrigger, "", "ALTER TABLE u DISABLE TRIGGER ALL; UPDATE u SET v = v + 1; ALTER TABLE u ENABLE TRIGGER ALL", "turned off and on", false},
	{"a trigger made again", "postgresql", byTrigger, "SELECT 'DROP TRIGGER ' || tgname || ' ON u; UPDATE u SET v = v + 1; ' || pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = 'u'::regclass AND tgname LIKE '%\\_u'", "?", "are not those", true},
}

// tampered is a sync whose capture is tampered with.
type tampered struct {
	*operated
	tampering
	sync string
}

// newTampered follows the tables u and o into PostgreSQL.
func newTampered(t *testing.T, x tampering) *tampered {
	t.Helper()
	from, ok := systemsByName()[map[string]string{"postgresql": "postgres"}[x.system]]
	if !ok {
		from = systemsByName()[x.system]
	}
	to := systemsByName()["postgres"]
	sync := fmt.Sprintf("%.8s_%d", strings.ToLower(strings.TrimPrefix(strings.TrimPrefix(t.Name(), "Test"), "Tampered")), indexOf(x))
	sync = strings.Map(func(r rune) rune {
		if r == '/' {
			return '_'
		}
		return r
	}, "t"+sync)
	o := &tampered{tampering: x, sync: sync}
	dir, source, target := following(t, from, to, sync, x.cdc+"\n  mapping \"u\" {}\n  mapping \"o\" {}",
		"CREATE TABLE u (id integer PRIMARY KEY, v integer, w integer UNIQUE)", "INSERT INTO u VALUES (1, 1, 1), (2, 2, 2)", "CREATE TABLE o (id integer PRIMARY KEY, v integer)", "INSERT INTO o VALUES (1, 1)")
	o.operated = &operated{dir, source, target}
	return o
}

// tamper does the harm, and changes both tables behind it.
func (o *tampered) tamper(t *testing.T, round int) {
	t.Helper()
	sql := strings.ReplaceAll(o.sql, "@PUB", "syncform_"+o.sync)
	if o.find != "" {
		sql = strings.ReplaceAll(sql, "?", providertest.Query(t, o.source, o.find)[0][0])
	}
	for _, s := range splitSQL(sql) {
		providertest.Exec(t, o.source, s)
	}
	o.change(t, round)
}

// splitSQL splits statements, but for those within BEGIN and END.
func splitSQL(sql string) []string {
	if i := strings.Index(sql, "CREATE TRIGGER"); i >= 0 {
		return append(splitSQL(sql[:i]), sql[i:])
	}
	var out []string
	for s := range strings.SplitSeq(sql, "; ") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func (o *tampered) change(t *testing.T, round int) {
	t.Helper()
	providertest.Exec(t, o.source, fmt.Sprintf("UPDATE u SET v = %d, w = %d WHERE id = 1", round, 100+round), fmt.Sprintf("UPDATE o SET v = %d WHERE id = 1", round), fmt.Sprintf("INSERT INTO u VALUES (%d, 0, %[1]d)", 10+round))
}

// same reports whether a table is the same on both sides.
func (o *tampered) same(t *testing.T, table string) bool {
	t.Helper()
	q := "SELECT * FROM " + table + " ORDER BY id"
	return fmt.Sprint(providertest.Query(t, o.source, q)) == fmt.Sprint(providertest.Query(t, o.target, q))
}

// told runs a command that succeeds, and looks for what was tampered with.
func (o *tampered) told(t *testing.T, args ...string) string {
	t.Helper()
	out, err := command(t, o.dir, args...).CombinedOutput()
	text := strings.Join(strings.Fields(strings.ReplaceAll(string(out), "│", "")), " ")
	if err != nil || !strings.Contains(text, o.want) {
		t.Errorf("%s: %v; %q is not said:\n%s", args[0], err, o.want, text)
	}
	return text
}

// TestTampered: where somebody has broken by hand what captures a table's changes, that
// table is held and loaded anew by the next apply, and the others go on.
func TestTampered(t *testing.T) {
	t.Parallel()
	for _, x := range tamperings {
		if !x.usual && os.Getenv("SF_TEST_PAIRS") != "all" {
			continue
		}
		t.Run(x.system+" "+x.name, func(t *testing.T) {
			t.Parallel()
			o := newTampered(t, x)
			o.tamper(t, 1)
			o.told(t, "sync", "-once")
			if o.same(t, "u") || !o.same(t, "o") {
				t.Errorf("the sync: u is the same: %v, o is: %v", o.same(t, "u"), o.same(t, "o"))
			}
			o.mend(t)
			// Without a sync in between, that would hold the table, the plan sees it itself.
			o.tamper(t, 2)
			if !o.alarmed(t, stream.AlarmMissed) {
				t.Errorf("status: no alarm %s", stream.AlarmMissed)
			}
			o.mend(t)
		})
	}
}

// mend plans, applies, and sees that all is well.
func (o *tampered) mend(t *testing.T) {
	t.Helper()
	if out := o.told(t, "plan", "-no-color"); !strings.Contains(out, "1 backfill") {
		t.Errorf("the plan is not to load one table:\n%s", out)
	}
	run(t, o.dir, 0, "apply", "-auto-approve")
	if !o.same(t, "u") || !o.same(t, "o") {
		t.Error("after the apply, source and target differ")
	}
	o.change(t, 50)
	run(t, o.dir, 0, "sync", "-once")
	if !o.same(t, "u") || !o.same(t, "o") {
		t.Error("after a sync, source and target differ")
	}
	run(t, o.dir, 0, "plan", "-detailed-exitcode")
	providertest.Exec(t, o.source, "DELETE FROM u WHERE id = 60")
	run(t, o.dir, 0, "sync", "-once")
}

// TestTamperedWhileItRuns: a sync that runs holds the table, and takes it up once it is
// loaded anew beside it.
func TestTamperedWhileItRuns(t *testing.T) {
	t.Parallel()
	for _, system := range []string{"postgresql", "mysql", "sqlite"} {
		t.Run(system, func(t *testing.T) {
			t.Parallel()
			x := tamperings[0]
			for x.system != system {
				x = tamperings[indexOf(x)+1]
			}
			o := newTampered(t, x)
			o.start(t)
			o.tamper(t, 1)
			until(t, "the table is held, for what was tampered with", func() bool {
				return o.has(t, o.target, "SELECT 1 FROM _sync_table WHERE mapping LIKE '%\"u\"%' AND state = 'held' AND reason LIKE '%"+x.want+"%'")
			})
			o.change(t, 2)
			until(t, "the other table goes on", func() bool { return o.same(t, "o") })
			if o.same(t, "u") {
				t.Error("the table that is held goes on")
			}
			h := o.status(t)
			if h.State != stream.StateRunning || !o.alarmed(t, stream.AlarmHeld) || o.alarmed(t, stream.AlarmMissed) {
				t.Errorf("status: %+v", h)
			}
			run(t, o.dir, 0, "apply", "-auto-approve")
			o.change(t, 3)
			until(t, "both tables go on", func() bool { return o.same(t, "o") && o.same(t, "u") })
		})
	}
}

func indexOf(x tampering) int {
	for i := range tamperings {
		if tamperings[i] == x {
			return i
		}
	}
	return -1
}

// TestTamperedThenKilled: an apply that is killed when the triggers are there again, and
// the load has not begun, leaves a table that nobody takes for good.
func TestTamperedThenKilled(t *testing.T) {
	t.Parallel()
	for _, x := range []tampering{tamperings[0], tamperings[5], tamperings[9]} {
		t.Run(x.system, func(t *testing.T) {
			t.Parallel()
			o := newTampered(t, x)
			o.tamper(t, 1)
			providertest.Exec(t, o.target,
				"CREATE FUNCTION wait_before_load() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NEW; END'",
				"CREATE TRIGGER wait_before_load BEFORE INSERT OR UPDATE ON _sync_table FOR EACH ROW WHEN (NEW.state = 'loading') EXECUTE FUNCTION wait_before_load()",
				"ALTER TABLE _sync_table ENABLE ALWAYS TRIGGER wait_before_load")
			release := providertest.HoldPostgres(t, o.target, "SELECT pg_advisory_xact_lock(1)")
			a := launch(t, o.dir, "apply", "-auto-approve")
			until(t, "the apply has made what captures changes, and waits", func() bool {
				return o.has(t, o.target, "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'")
			})
			a.kill()
			release()
			if out := refusedSync(t, o.dir); !strings.Contains(out, "not finished") {
				t.Errorf("a sync begins: %s", out)
			}
			if !o.has(t, o.target, "SELECT 1 FROM _sync_table WHERE mapping LIKE '%\"u\"%' AND state = '"+string(providers.TableHeld)+"'") {
				t.Error("the table is taken for good")
			}
			o.change(t, 2)
			run(t, o.dir, 0, "apply", "-auto-approve")
			o.change(t, 3)
			run(t, o.dir, 0, "sync", "-once")
			if !o.same(t, "u") || !o.same(t, "o") {
				t.Error("source and target differ")
			}
		})
	}
}

// TestTamperedTargeted: a plan for another table does not mend what captures the changes of
// the one that must be loaded.
func TestTamperedTargeted(t *testing.T) {
	t.Parallel()
	o := newTampered(t, tamperings[9])
	o.tamper(t, 1)
	out, err := command(t, o.dir, "plan", "-no-color", "-target=sync."+o.sync+`.mapping["o"]`).CombinedOutput()
	if text := strings.Join(strings.Fields(strings.ReplaceAll(string(out), "│", "")), " "); err == nil || !strings.Contains(text, o.want) || !strings.Contains(text, "-target leaves it out") {
		t.Errorf("%v:\n%s", err, text)
	}
	o.mend(t)
}
