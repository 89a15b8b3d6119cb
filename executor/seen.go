package executor

import (
	"log/slog"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// see reads how the target tables of the plan's mappings stand once all is done, so that
// what others change later is known as theirs. What can't be read is left unknown.
func (r *run) see() map[string]schema.Table {
	names := map[string][]schema.Name{}
	for _, m := range r.plan.Mappings {
		names[m.Target] = append(names[m.Target], m.TargetTable)
	}
	out := map[string]schema.Table{}
	for at, list := range names {
		conn := r.env.Conns[at]
		if conn == nil {
			continue
		}
		db, err := conn.Inspect(r.hard, providers.InspectOptions{Tables: list, NoEstimates: true})
		if err != nil {
			slog.Warn("how the tables stand after the apply was not read, so drift is only known by their columns", "endpoint", at, "error", err)
			continue
		}
		for _, m := range r.plan.Mappings {
			if t := db.Table(m.TargetTable); m.Target == at && t != nil {
				out[m.Addr] = *t
			}
		}
	}
	return out
}
