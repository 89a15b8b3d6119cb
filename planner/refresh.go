package planner

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"sync"

	"github.com/hashicorp/hcl/v2"

	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// refresh inspects the endpoints of those addresses, all at once, each once.
func refresh(ctx context.Context, conns map[string]providers.Conn, cfg *lang.Config, addrs []string, o providers.InspectOptions) (map[string]*endpoint, hcl.Diagnostics) {
	addrs = slices.Compact(slices.Sorted(slices.Values(addrs)))
	found := make([]*endpoint, len(addrs))
	fails := make([]error, len(addrs))
	shared := sharedColumns{seed: maphash.MakeSeed(), by: map[uint64][][]schema.Column{}}
	o.Share = shared.one
	var wg sync.WaitGroup
	for i, addr := range addrs {
		conn := conns[addr]
		if conn == nil {
			fails[i] = errors.New("bug in syncform: it was not opened")
			continue
		}
		wg.Go(func() {
			db, err := conn.Inspect(ctx, o)
			if err != nil {
				fails[i] = err
				return
			}
			for j := range db.Tables {
				t := &db.Tables[j]
				t.Columns = shared.one(t.Columns)
			}
			found[i] = newEndpoint(addr, conn, db)
			found[i].declRange = endpointRange(cfg, addr)
		})
	}
	wg.Wait()
	var diags hcl.Diagnostics
	out := make(map[string]*endpoint, len(addrs))
	for i, addr := range addrs {
		if fails[i] != nil {
			diags = append(diags, unreadable(cfg, addr, fails[i]))
		}
		out[addr] = found[i]
	}
	return out, diags
}

func endpointRange(cfg *lang.Config, addr string) hcl.Range {
	if cfg != nil {
		if e := cfg.Endpoint(addr); e != nil {
			return e.DeclRange
		}
	}
	return hcl.Range{}
}

func unreadable(cfg *lang.Config, addr string, err error) *hcl.Diagnostic {
	d := errorf(sumUnreadable, "The schema of %s can't be read: %s.", addr, err)
	if rng := endpointRange(cfg, addr); rng != (hcl.Range{}) {
		d.Subject = &rng
	}
	return d
}

// capable looks up what an endpoint must be able to do as a target.
func (e *endpoint) capable() *hcl.Diagnostic {
	var err error
	if e.translator, err = providers.As[providers.Translator](e.conn); err == nil {
		e.stepper, err = providers.As[providers.StepPlanner](e.conn)
	}
	if err != nil {
		return errorAt(e.declRange, sumNotCapable, "%s can't be the target of a sync: %s.", e.addr, err)
	}
	return nil
}

// findAsides looks which of the tables beside its targets, that the state knows of,
// are there. It asks the server only where there are any.
func (e *endpoint) findAsides(ctx context.Context, s *state.State) error {
	if s == nil {
		return nil
	}
	var names []schema.Name
	for i := range s.Mappings {
		if e.holds(&s.Mappings[i]) {
			names = append(names, s.Mappings[i].Asides...)
		}
	}
	e.asides = map[schema.Name]*schema.Table{}
	if len(names) == 0 {
		return nil
	}
	db, err := e.conn.Inspect(ctx, providers.InspectOptions{Tables: names, NoEstimates: true})
	if err != nil {
		return fmt.Errorf("look for the tables of unfinished loads: %w", err)
	}
	for i := range db.Tables {
		e.asides[db.Tables[i].Name] = &db.Tables[i]
	}
	return nil
}
