package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/syncform/syncform/cmd/internal/endpoints"
	"github.com/syncform/syncform/executor/monitor"
	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers"
)

// work is what a command works with: the configuration, and the state under its lock.
type work struct {
	s       *session
	cfg     *lang.Config
	backend state.Backend
	state   *state.State // nil where there is none yet
	unlock  state.Unlock
	conns   endpoints.Conns
	applies bool             // what is planned is applied at once
	mu      sync.Mutex       // state, while streams run
	monitor *monitor.Monitor // of sync -listen; nil: none
}

// begin reads the configuration, takes the state's lock for an operation and reads
// the state. The caller must call close.
func (s *session) begin(ctx context.Context, operation string, c configOptions, l lockOptions) (*work, error) {
	cfg, err := s.load(c)
	if err != nil {
		return nil, err
	}
	return s.withState(ctx, cfg, operation, l)
}

// beginState is begin for commands that only have to do with the state: they need no
// values of variables or of the environment.
func (s *session) beginState(ctx context.Context, operation string, l lockOptions) (*work, error) {
	cfg, diags := s.read(configOptions{}, true)
	if diags.HasErrors() {
		return nil, &diagnosed{diags, filesOf(cfg)}
	}
	return s.withState(ctx, cfg, operation, l)
}

func (s *session) withState(ctx context.Context, cfg *lang.Config, operation string, l lockOptions) (*work, error) {
	w, err := s.locked(ctx, cfg, operation, l)
	if err != nil {
		return nil, err
	}
	if w.state, err = w.backend.Read(ctx); err != nil {
		return nil, errors.Join(failed("Can't read the state", err), w.close())
	}
	return w, nil
}

// streamLock is the operation of a stream's lock on the state, which it has for the moment
// in which it notes what has become of columns: others wait that long, whatever
// -lock-timeout says.
const (
	streamLock     = "sync"
	streamLockWait = 30 * time.Second
)

// locked opens the backend and takes its lock.
func (s *session) locked(ctx context.Context, cfg *lang.Config, operation string, l lockOptions) (*work, error) {
	w := &work{s: s, cfg: cfg}
	var err error
	if w.backend, err = s.backend(cfg); err != nil {
		return nil, err
	}
	if l.lock {
		slog.Debug("lock the state", "operation", operation, "wait", l.wait)
		w.unlock, err = w.backend.Lock(ctx, state.NewLockInfo(operation), l.wait)
		if locked := (*state.LockedError)(nil); errors.As(err, &locked) && locked.Holder.Operation == streamLock {
			w.unlock, err = w.backend.Lock(ctx, state.NewLockInfo(operation), streamLockWait)
		}
		if err != nil {
			return nil, failed("Error acquiring the state lock", err)
		}
	}
	return w, nil
}

// backend is where the configuration keeps its state.
func (s *session) backend(cfg *lang.Config) (state.Backend, error) {
	b := cfg.Backend
	switch b.Type {
	case "local":
		path := b.Path
		if !filepath.IsAbs(path) {
			path = filepath.Join(cfg.Dir, path)
		}
		return state.NewLocal(path), nil
	case "postgresql":
		connection := b.Connection
		if connection == "" {
			connection = s.getenv("SF_BACKEND_CONNECTION")
		}
		if connection == "" {
			return nil, refused("Backend without a connection", "backend \"postgresql\" takes its connection from the argument or, so that no password stands in the file, from the environment variable SF_BACKEND_CONNECTION; neither is set.")
		}
		p, err := state.NewPostgres(connection, "")
		if err != nil {
			return nil, failed("Unsuitable backend", err)
		}
		return p, nil
	}
	return nil, refused("Unsuitable backend", "This version of syncform keeps its state in backend \"local\" or \"postgresql\", not in %q.", b.Type)
}

// close closes what was opened and gives the lock back.
func (w *work) close() error {
	err := w.conns.Close()
	w.conns = nil
	if w.unlock != nil {
		// The command may be ending because its context has.
		ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
		defer cancel()
		err = errors.Join(err, failed("The state's lock was not given back", w.unlock(ctx)))
		w.unlock = nil
	}
	return err
}

// open opens endpoints.
func (w *work) open(ctx context.Context, addrs []string) error {
	slog.Debug("open endpoints", "addresses", addrs)
	conns, diags := endpoints.Open(ctx, w.cfg, addrs, endpoints.Options{Providers: w.s.providers, Env: w.s.env, Secrets: &w.s.secrets})
	if diags.HasErrors() {
		return &diagnosed{diags, w.cfg.Files}
	}
	w.conns = conns
	return nil
}

// settle waits, where an earlier apply was cut short, for what the servers still do of it.
func (w *work) settle(ctx context.Context) error {
	if w.state == nil || w.state.Running == "" {
		return nil
	}
	waiting := time.AfterFunc(2*time.Second, func() {
		fmt.Fprintln(w.s.err, "An earlier apply was cut short; waiting for what the server still does of it...")
	})
	defer waiting.Stop()
	for _, addr := range slices.Sorted(maps.Keys(w.conns)) {
		settler, err := providers.As[providers.Settler](w.conns[addr])
		if errors.Is(err, errors.ErrUnsupported) {
			continue
		}
		if err := settler.Settle(ctx); err != nil {
			return failed("Can't go on from the apply that was cut short", fmt.Errorf("%s: %w", addr, err))
		}
	}
	return nil
}

// endpointsOf gives the endpoints that a plan has to do with: those of the syncs in
// question and, where what was applied is taken down or looked at, its targets that are
// still in the configuration.
func (w *work) endpointsOf(o customOptions) []string {
	wanted := func(addr string) bool {
		return len(o.targets) == 0 || slices.ContainsFunc(o.targets, func(t string) bool { return state.Under(t, addr) || state.Under(addr, t) })
	}
	var out []string
	for _, sync := range w.cfg.Syncs {
		if !o.destroy && sync.Source != "" && sync.Target != "" && wanted(sync.Addr) {
			out = append(out, sync.Source, sync.Target)
		}
	}
	if !o.destroy && !o.refreshOnly && len(o.targets) == 0 {
		for _, m := range w.cfg.Migrations {
			out = append(out, m.Target)
		}
	}
	if w.state != nil && (o.destroy || o.refreshOnly || len(w.cfg.Removed) > 0) {
		for _, m := range w.state.Mappings {
			if wanted(m.Addr) && w.cfg.Endpoint(m.Target) != nil {
				out = append(out, m.Target)
			}
		}
	}
	if w.state != nil {
		for _, st := range w.state.Streams {
			for _, addr := range []string{st.Source, st.Target} {
				if (wanted(st.Sync) || st.Reverses != "" && wanted(st.Reverses)) && w.cfg.Endpoint(addr) != nil {
					out = append(out, addr)
				}
			}
		}
	}
	return out
}

// endpointsOfPlan gives the endpoints that a saved plan has to do with.
func endpointsOfPlan(p *plan.Plan) []string {
	var out []string
	for _, e := range p.Endpoints {
		out = append(out, e.Addr)
	}
	return out
}
