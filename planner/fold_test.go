package planner

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
)

// TestOneTableMadeAnew changes a SQLite table in many ways, each of which makes it anew: it
// is made anew once, what goes is copied in the same transaction, and an apply that ends
// behind any action is finished by the next.
func TestOneTableMadeAnew(t *testing.T) {
	sqlite := liveSystems[3]
	const rows = "SELECT id, a, b, note FROM t ORDER BY id"
	want := ""
	for ends := 0; ; ends++ {
		source, target := sqlite.fresh(t), sqlite.fresh(t)
		providertest.Exec(t, target,
			"CREATE TABLE t (id INTEGER PRIMARY KEY, a INT4, b VARCHAR(10) UNIQUE, gone TEXT, gone2 TEXT, note TEXT, x INT4)",
			"CREATE TABLE u (id INTEGER PRIMARY KEY, a INT4)",
			"CREATE INDEX i ON t (x)",
			"CREATE VIEW beside AS SELECT id FROM u", // ALTER TABLE is not for a file with views
			"INSERT INTO t VALUES (1, 2, 'three', 'four', 'five', 'six', 7), (8, 9, 'ten', NULL, 'eleven', NULL, 12)")
		providertest.Exec(t, source,
			"CREATE TABLE t (id INTEGER PRIMARY KEY, a BIGINT CHECK (a < 100), b VARCHAR(200), note TEXT NOT NULL DEFAULT '', n INT4 DEFAULT 4, u INT4 REFERENCES u (id), x BIGINT, CHECK (n > 0))",
			"CREATE TABLE u (id INTEGER PRIMARY KEY, a BIGINT)",
			"CREATE INDEX i ON t (x DESC)", "CREATE INDEX j ON t (n, a)")
		providertest.Exec(t, target, "UPDATE t SET note = '' WHERE note IS NULL")
		if want == "" {
			want = fmt.Sprint(providertest.Query(t, target, rows))
		}
		var codes []string
		for _, h := range Hazards {
			codes = append(codes, fmt.Sprintf("%q", h.Code))
		}
		l := newLive(t, sqlite, sqlite, source, target, `mapping "*" {
    prune         = true
    allow_hazards = [`+strings.Join(codes, ", ")+`]
  }`)
		l.cfg.Syncs[0].Mode = "schema"
		p := l.plan()
		text := steps(p)
		if n := strings.Count(text, `of "t"`); n != 1 {
			t.Fatalf("table t is made anew %d times:\n%s", n, text)
		}
		l.part(p, ends)
		if ends < len(p.Actions) {
			l.apply(l.noted(l.plan()))
		}
		l.settled(fmt.Sprintf("after an apply that ended behind action %d", ends))
		if got := fmt.Sprint(providertest.Query(t, target, rows)); got != want {
			t.Errorf("ended behind action %d: the rows were %s and are %s", ends, want, got)
		}
		for column, values := range map[string]string{"gone": "[[four]]", "gone2": "[[five] [eleven]]"} {
			kept := providertest.Query(t, target, "SELECT name FROM _sync_backup WHERE column_name = '"+column+"' AND state = 'done'")
			if len(kept) != 1 {
				t.Fatalf("ended behind action %d: column %s has %d backups:\n%s", ends, column, len(kept), text)
			}
			if got := fmt.Sprint(providertest.Query(t, target, `SELECT "`+column+`" FROM "`+kept[0][0]+`" ORDER BY id`)); got != values {
				t.Errorf("ended behind action %d: the backup of column %s holds %s, not %s", ends, column, got, values)
			}
		}
		if ends == len(p.Actions) {
			return
		}
	}
}

// part applies the first actions of a plan, as an apply that is killed does.
func (l *live) part(p *plan.Plan, n int) {
	l.t.Helper()
	l.state = state.New("test")
	l.state.Begin(p)
	part := *l.noted(p)
	part.Actions = slices.Clone(p.Actions[:n])
	for i := range part.Actions {
		l.run(p, &part.Actions[i])
	}
	if n == len(p.Actions) {
		l.state.Finish(p, "test", p.CreatedAt)
	}
}

// noted has the backups of a plan in the target's list.
func (l *live) noted(p *plan.Plan) *plan.Plan {
	l.t.Helper()
	for _, a := range p.Actions {
		if a.Backup == nil {
			continue
		}
		keeper, err := providers.As[providers.Backuper](l.conns[a.Endpoint])
		if err == nil {
			err = keeper.NoteBackup(context.Background(), providers.BackupEntry{Backup: *a.Backup, Addr: a.Addr, Plan: p.ID})
		}
		if err != nil {
			l.t.Fatal(err)
		}
	}
	return p
}
