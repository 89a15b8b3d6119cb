package planner

import (
	"context"
	"strings"
	"testing"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/schema"
)

// TestRenames: renamed_from keeps a column's values under another name, with all that
// names it, and a likely rename is pointed out, not guessed.
func TestRenames(t *testing.T) {
	for _, s := range liveSystems {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			source, target := s.fresh(t), s.fresh(t)
			const create = "CREATE TABLE t (id int NOT NULL PRIMARY KEY, COL int NOT NULL, CONSTRAINT k CHECK (COL > 0))"
			providertest.Exec(t, source, strings.ReplaceAll(create, "COL", "loyalty_tier"), "CREATE INDEX i ON t (loyalty_tier)")
			providertest.Exec(t, target, strings.ReplaceAll(create, "COL", "tier"), "CREATE INDEX i ON t (tier)", "INSERT INTO t VALUES (1, 7)")
			l := newLive(t, s, s, source, target, `mapping "t" {
    prune = true
  }`)
			l.cfg.Syncs[0].Mode = "schema"
			const hint = `column "loyalty_tier" { renamed_from = "tier" }`
			if _, diags := Make(context.Background(), l.input()); !diags.HasErrors() || !strings.Contains(diags.Error(), hint) { // the row would have no value
				t.Errorf("nothing is pointed out: %v", diags)
			}
			providertest.Exec(t, target, "DELETE FROM t")
			noted := false
			for _, n := range l.plan().Notes {
				noted = noted || strings.Contains(n.Text, hint)
			}
			if !noted {
				t.Error("nothing is pointed out where there are no rows")
			}
			providertest.Exec(t, target, "INSERT INTO t VALUES (1, 7)")
			l = newLive(t, s, s, source, target, `mapping "t" {
    prune = true
    column "loyalty_tier" { renamed_from = "tier" }
  }`)
			l.cfg.Syncs[0].Mode = "schema"
			p := l.plan()
			for _, a := range p.Actions {
				if _, ok := a.Change.(schema.RenameColumn); !ok && a.Kind != plan.NoteKind && s.name != "mysql" { // whose check goes and comes back
					t.Errorf("more than a rename: %s", schema.ChangeKind(a.Change))
				}
			}
			l.apply(p)
			l.settled("after the rename")
			if got := providertest.Query(t, target, "SELECT loyalty_tier FROM t"); got[0][0] != "7" {
				t.Errorf("the value is %q", got)
			}
		})
	}
}
