package executor

import (
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
)

// migrate runs a script. It is not tried again by itself: what it did is noted, and the
// next apply goes on.
func (r *run) migrate(a *plan.Action) error {
	m, err := providers.As[providers.Migrator](r.env.Conns[a.Endpoint])
	if err != nil {
		return err
	}
	script := *a.Migration
	script.By = r.env.By
	if err := m.Migrate(r.hard, script); err != nil {
		return err
	}
	r.done(a, 0)
	return nil
}
