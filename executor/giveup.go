package executor

import (
	"fmt"
	"slices"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// A source's table may be dropped, renamed or altered before its rows are read. That is no
// reason for the other tables of a stream to wait: its load is given up, and the table is
// held until a plan has seen what it is now.

// lostSource says why a load can't come to its end, where that is since the source's table
// is not any more what the plan has read; else "".
func (r *run) lostSource(m *plan.Mapping, err error) string {
	if m.Mode != "incremental" || providers.IsRetryable(err) || r.hard.Err() != nil {
		return ""
	}
	db, ierr := r.env.Conns[m.Source].Inspect(r.hard, providers.InspectOptions{Tables: []schema.Name{m.SourceTable}, NoEstimates: true})
	if ierr != nil {
		return "" // the failure itself is told
	}
	now := db.Table(m.SourceTable)
	if now == nil {
		return fmt.Sprintf("the source's table %s is gone, or has another name", m.SourceTable)
	}
	for _, c := range m.ReadSource().Columns {
		switch is := now.Column(c.Name); {
		case is == nil:
			return fmt.Sprintf("the source's table %s has no column %q any more", m.SourceTable, c.Name)
		case !is.Type.Equal(c.Type):
			return fmt.Sprintf("column %q of the source's table %s is %s now, and was %s", c.Name, m.SourceTable, is.Type, c.Type)
		}
	}
	return ""
}

// giveUp holds the table of a load whose source is not there any more; else it returns the
// failure.
func (r *run) giveUp(a *plan.Action, failed error) error {
	m := r.mapping(a)
	why := r.lostSource(m, failed)
	if why == "" {
		return failed
	}
	why += ", since the plan was made: run syncform plan"
	store, err := r.store(r.hard, m.Target)
	if err != nil {
		return err
	}
	rec, err := store.Stream(r.hard, m.Sync)
	if err != nil {
		return err
	}
	if rec == nil {
		return failed
	}
	i := slices.IndexFunc(rec.Tables, func(t providers.TableRecord) bool { return t.Mapping == m.Addr })
	if i < 0 {
		return failed
	}
	t := rec.Tables[i]
	t.State, t.Reason = providers.TableHeld, why
	if err := store.SetTables(r.hard, m.Sync, []providers.TableRecord{t}, nil); err != nil {
		return err
	}
	r.mu.Lock()
	r.given[m.Addr] = true
	r.mu.Unlock()
	r.warn(m.Addr, "its load was given up, and the table is held: "+why)
	return nil
}

// givenUp reports whether an action has to do with a table whose load was given up.
func (r *run) givenUp(a *plan.Action) bool {
	m := r.mapping(a)
	r.mu.Lock()
	defer r.mu.Unlock()
	return m != nil && r.given[m.Addr]
}
