package planner

import (
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

// TestAnUnfinishedCatchUpIsPlannedAgain: a table that reads some rows again while its
// stream goes on is on its way to a moment that it knows, and no apply waits for it,
// unless one ended before it had come there.
func TestAnUnfinishedCatchUpIsPlannedAgain(t *testing.T) {
	for _, c := range []struct {
		state providers.TableState
		goal  string
		cut   bool
		want  bool
	}{
		{providers.TableLive, "", true, false},
		{providers.TableLoading, "", false, true},
		{providers.TableCatchingUp, "", false, true},
		{providers.TableCatchingUp, "0/1", false, false},
		{providers.TableCatchingUp, "0/1", true, true},
		{providers.TableHeld, "", true, false},
	} {
		f := following{cut: c.cut, record: &providers.StreamRecord{Tables: []providers.TableRecord{{State: providers.TableLive}, {State: c.state, ConsistentAt: row.Position(c.goal)}}}}
		if got := f.unfinished(); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
