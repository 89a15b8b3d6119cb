package verify

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
)

// All compares several mappings, o.Tables at a time. The reports stand in the order of
// the mappings. One that can't be compared has Error set and does not keep the others
// from being compared; the error joins all of those. conns are by the endpoints'
// addresses.
func All(ctx context.Context, mappings []*plan.Mapping, conns map[string]providers.Conn, o Options) ([]Report, error) {
	if o.Tables < 1 {
		o.Tables = 2
	}
	reports := make([]Report, len(mappings))
	errs := make([]error, len(mappings))
	var g errgroup.Group
	g.SetLimit(o.Tables)
	for i, m := range mappings {
		g.Go(func() error {
			reports[i], errs[i] = one(ctx, m, conns, o)
			if errs[i] != nil {
				reports[i].Addr, reports[i].Error = m.Addr, errs[i].Error()
			}
			if o.Done != nil {
				o.Done(reports[i])
			}
			return nil
		})
	}
	_ = g.Wait() // no function of it fails: each mapping's error stands in errs
	return reports, errors.Join(errs...)
}

func one(ctx context.Context, m *plan.Mapping, conns map[string]providers.Conn, o Options) (Report, error) {
	if err := ctx.Err(); err != nil {
		return Report{}, fmt.Errorf("%s: %w", m.Addr, err)
	}
	for _, addr := range []string{m.Source, m.Target} {
		if conns[addr] == nil {
			return Report{}, fmt.Errorf("%s: bug in syncform: the endpoint %s was not opened", m.Addr, addr)
		}
	}
	return Mapping(ctx, m, conns[m.Source], conns[m.Target], o)
}
