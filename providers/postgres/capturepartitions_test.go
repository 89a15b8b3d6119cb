package postgres

import (
	"strings"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
)

// TestPartitionSeen: who has seen a partition that came after the plan knows when it goes,
// and says so once; what the note has is said until it is made anew.
func TestPartitionSeen(t *testing.T) {
	edgeServers(t, func(t *testing.T, version string) {
		from, to := twin(t, version, "CREATE TABLE f (id integer PRIMARY KEY, v text) PARTITION BY LIST (id)", "CREATE TABLE f1 PARTITION OF f FOR VALUES IN (1)")
		st := startStream(t, from, to, providers.Capture{Method: providers.LogicalReplication}, "f")
		missed := func(what, want string) {
			t.Helper()
			m, err := st.from.Missed(t.Context(), st.capture)
			if err != nil || len(m) != min(len(want), 1) || want != "" && !strings.Contains(m[0].Why, want) {
				t.Errorf("%s: %v, %v", what, m, err)
			}
		}
		missed("nothing has happened", "")
		providertest.Exec(t, from, "CREATE TABLE f2 PARTITION OF f FOR VALUES IN (2)", "INSERT INTO f VALUES (1, 'a'), (2, 'b')")
		missed("a new partition", "")
		providertest.Exec(t, from, "DROP TABLE f2")
		missed("it was dropped", "was dropped")
		missed("it was told", "")
		providertest.Exec(t, from, "ALTER TABLE f DETACH PARTITION f1")
		missed("detached", "f1 was detached")
		missed("still detached", "f1 was detached")
		p := planned(t, st.from, st.capture, &st.capture)
		if p.Capture.Tables[0].Made != st.capture.Tables[0].Made {
			t.Error("a plan that does not look at the table takes it as it is")
		}
		st.capture.Tables[0].Made = ""
		st.capture = planned(t, st.from, st.capture, &st.capture).Capture
		missed("loaded anew", "")
	})
}
