package executor

import (
	"fmt"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// check refuses, before anything is done, a plan that can't be run to its end with
// these endpoints, and one that contradicts itself in a way that would lose rows.
func (r *run) check() error {
	if r.plan.ID == "" {
		return fmt.Errorf("%w: the plan has no ID", errBug)
	}
	made := map[schema.Name]map[string]*plan.Action{} // tables that the plan makes or empties, by endpoint
	for _, a := range r.graph.Actions {
		conn := r.env.Conns[a.Endpoint]
		if a.Backfill == nil && len(a.Steps) > 0 && a.Migration == nil {
			if conn == nil {
				return fmt.Errorf("%s: %w: the endpoint %s was not opened", a.Addr, errBug, a.Endpoint)
			}
			if _, err := providers.As[providers.StepRunner](conn); err != nil {
				return fmt.Errorf("%s: %s can't run steps: %w", a.Addr, a.Endpoint, err)
			}
			if a.Backup != nil {
				if _, err := providers.As[providers.Backuper](conn); err != nil {
					return fmt.Errorf("%s: %s can't keep backups: %w", a.Addr, a.Endpoint, err)
				}
			}
		}
		var name schema.Name
		switch c := a.Change.(type) {
		case schema.AddTable:
			name = c.To.Name
		case schema.AddAside:
			name = c.Aside
		case schema.EmptyTable:
			name = c.In
		default:
			continue
		}
		if made[name] == nil {
			made[name] = map[string]*plan.Action{}
		}
		made[name][a.Endpoint] = a
	}
	loaded := map[string]bool{}
	for _, a := range r.graph.Actions {
		if a.Backfill == nil {
			continue
		}
		m := r.plan.Mapping(a.Backfill.Mapping)
		if m == nil || a.Backfill.Generation == "" || loaded[m.Addr] {
			return fmt.Errorf("%s: %w: the load has no mapping, no generation, or stands twice in the plan", a.Addr, errBug)
		}
		loaded[m.Addr] = true
		if by := made[a.Backfill.Into][m.Target]; by != nil && a.Backfill.Resumed {
			return fmt.Errorf("%s: %w: action %s makes or empties table %s, and the load wants to go on with what is in it", a.Addr, errBug, by.ID, a.Backfill.Into)
		}
		if err := r.checkEndpoints(m); err != nil {
			return fmt.Errorf("%s: %w", a.Addr, err)
		}
	}
	return nil
}

func (r *run) checkEndpoints(m *plan.Mapping) error {
	source, target := r.env.Conns[m.Source], r.env.Conns[m.Target]
	if source == nil || target == nil {
		return fmt.Errorf("%w: %s or %s was not opened", errBug, m.Source, m.Target)
	}
	if _, err := providers.As[providers.SnapshotReader](source); err != nil {
		return fmt.Errorf("%s can't be read from: %w", m.Source, err)
	}
	if _, err := providers.As[providers.Writer](target); err != nil {
		return fmt.Errorf("%s can't be written to: %w", m.Target, err)
	}
	return nil
}
