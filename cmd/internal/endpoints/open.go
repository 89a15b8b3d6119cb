// Package endpoints opens the databases of a configuration: it turns blocks into
// what providers take, with their credentials resolved.
package endpoints

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/hashicorp/hcl/v2"

	"github.com/syncform/syncform/cmd/internal/redact"
	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/providers"
)

// Options are what opening needs besides the configuration.
type Options struct {
	Providers map[string]providers.Provider // by name
	Env       func(string) (string, bool)
	Secrets   *redact.Secrets // learns what credentials lead to; may be nil
}

// Conns are open endpoints by address.
type Conns map[string]providers.Conn

// Close closes them all.
func (c Conns) Close() error {
	var errs []error
	for addr, conn := range c {
		if err := conn.Close(); err != nil {
			errs = append(errs, fmt.Errorf("close %s: %w", addr, err))
		}
	}
	return errors.Join(errs...)
}

// Open opens the endpoints of these addresses, all at a time. Where any fails, those
// that were opened are closed again. Diagnostics point at the blocks.
func Open(ctx context.Context, cfg *lang.Config, addrs []string, o Options) (Conns, hcl.Diagnostics) {
	var diags hcl.Diagnostics
	var wanted []*lang.Endpoint
	for _, addr := range slices.Compact(slices.Sorted(slices.Values(addrs))) {
		if e := cfg.Endpoint(addr); e != nil {
			wanted = append(wanted, e)
			continue
		}
		diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Endpoint not in the configuration",
			Detail: fmt.Sprintf("%s is needed, but the configuration has no such block: what was applied used it. Put the block back until its mappings are removed, or forget them with \"syncform state rm\".", addr)})
	}
	var (
		mu    sync.Mutex
		wg    sync.WaitGroup
		conns = Conns{}
	)
	for _, e := range wanted {
		wg.Go(func() {
			conn, diag := o.open(ctx, cfg, e)
			mu.Lock()
			defer mu.Unlock()
			if diag != nil {
				diags = append(diags, diag)
				return
			}
			conns[e.Addr] = conn
		})
	}
	wg.Wait()
	if diags.HasErrors() {
		if err := conns.Close(); err != nil {
			diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagWarning, Summary: "Endpoint not closed cleanly", Detail: err.Error()})
		}
		slices.SortStableFunc(diags, bySubject)
		return nil, diags
	}
	return conns, nil
}

func bySubject(a, b *hcl.Diagnostic) int {
	if a.Subject == nil || b.Subject == nil {
		return 0
	}
	if a.Subject.Filename != b.Subject.Filename {
		if a.Subject.Filename < b.Subject.Filename {
			return -1
		}
		return 1
	}
	return a.Subject.Start.Byte - b.Subject.Start.Byte
}

func (o Options) open(ctx context.Context, cfg *lang.Config, e *lang.Endpoint) (providers.Conn, *hcl.Diagnostic) {
	p := o.Providers[e.Provider]
	if p == nil {
		return nil, fault("Provider not available", fmt.Sprintf("%s: this version of syncform has no provider %q.", e.Addr, e.Provider), e.DeclRange)
	}
	c, diag := o.Config(cfg, e)
	if diag != nil {
		return nil, diag
	}
	if e.Scratch != "" {
		scratch := cfg.Endpoint(e.Scratch)
		if scratch == nil || scratch.Scratch != "" {
			return nil, fault("Unsuitable scratch database", fmt.Sprintf("%s: %s is no database that files could be tried out in.", e.Addr, e.Scratch), e.DeclRange)
		}
		if c.Scratch, diag = o.open(ctx, cfg, scratch); diag != nil {
			return nil, diag
		}
	}
	conn, err := p.Open(ctx, c)
	if err != nil {
		if c.Scratch != nil {
			err = errors.Join(err, c.Scratch.Close())
		}
		return nil, fault("Can't open "+e.Addr, err.Error(), e.DeclRange)
	}
	return conn, nil
}

// Config turns an endpoint's block into what its provider takes.
func (o Options) Config(cfg *lang.Config, e *lang.Endpoint) (providers.Config, *hcl.Diagnostic) {
	c := providers.Config{Addr: e.Addr, Dir: cfg.Dir, Attrs: map[string]any{}}
	for name, v := range e.Arguments() {
		if v != nil { // null is as good as not written
			c.Attrs[name] = v
		}
	}
	if e.Credentials == nil {
		return c, nil
	}
	if err := o.resolve(cfg, e.Credentials, &c); err != nil {
		return c, fault("Credentials not found", fmt.Sprintf("%s: %s.", e.Addr, err), e.Credentials.DeclRange)
	}
	return c, nil
}

func fault(summary, detail string, at hcl.Range) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: at.Ptr()}
}
