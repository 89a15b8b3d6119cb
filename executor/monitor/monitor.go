// Package monitor shows over HTTP how the syncs of this process are: /metrics for
// Prometheus, /status as "status -json", /healthz and /readyz for whoever starts and
// stops processes.
package monitor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/syncform/syncform/executor/stream"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
)

// Monitor is the server. A nil Monitor shows nothing, and all its methods may be called.
type Monitor struct {
	listener net.Listener
	server   *http.Server
	log      *slog.Logger
	write    func(io.Writer, []stream.Health) error
	jobs     []*job
	cancel   context.CancelFunc
	running  sync.WaitGroup
}

// Listen takes the address (host:port). write writes /status. It serves from Follow on.
func Listen(address string, log *slog.Logger, write func(io.Writer, []stream.Health) error) (*Monitor, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	return &Monitor{listener: l, log: log, write: write}, nil
}

// Follow serves what becomes of these streams, until Close.
func (m *Monitor) Follow(ctx context.Context, streams []*plan.Stream, conns map[string]providers.Conn) error {
	if m == nil {
		return nil
	}
	ctx, m.cancel = context.WithCancel(context.WithoutCancel(ctx))
	for _, st := range streams {
		j, err := newJob(*st, conns[st.Source], conns[st.Target])
		if err != nil {
			return err
		}
		m.jobs = append(m.jobs, j)
	}
	for _, j := range m.jobs {
		m.running.Go(func() { j.sample(ctx) })
		m.running.Go(func() { j.look(ctx) })
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", m.metrics)
	mux.HandleFunc("GET /status", m.status)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", m.ready)
	m.server = &http.Server{
		Handler: mux, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: time.Minute,
		ErrorLog:    slog.NewLogLogger(m.log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	m.running.Go(func() {
		if err := m.server.Serve(m.listener); !errors.Is(err, http.ErrServerClosed) {
			m.log.Error("metrics are not served any more", "error", err.Error())
		}
	})
	m.log.Info("metrics are served", "at", "http://"+m.listener.Addr().String()+"/metrics")
	return nil
}

// Close ends it.
func (m *Monitor) Close() error {
	if m == nil {
		return nil
	}
	if m.server == nil {
		return m.listener.Close()
	}
	m.cancel()
	err := m.server.Close()
	m.running.Wait()
	return err
}

// Tell takes what a run says of itself.
func (m *Monitor) Tell(sync string) func(stream.Status) {
	if j := m.job(sync); j != nil {
		return j.tell
	}
	return nil
}

// State takes how a sync of this process is: one of stream's States, and why.
func (m *Monitor) State(sync, state, reason string) {
	if j := m.job(sync); j != nil {
		j.become(state, reason)
	}
}

func (m *Monitor) job(sync string) *job {
	if m == nil {
		return nil
	}
	for _, j := range m.jobs {
		if j.spec.Sync == sync {
			return j
		}
	}
	return nil
}

func (m *Monitor) metrics(w http.ResponseWriter, _ *http.Request) {
	var all []shown
	for _, j := range m.jobs {
		all = append(all, j.show(time.Now()))
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	fmt.Fprint(w, text(all))
}

// status looks anew, which takes a second or two.
func (m *Monitor) status(w http.ResponseWriter, r *http.Request) {
	all, errs := make([]stream.Health, len(m.jobs)), make([]error, len(m.jobs))
	var wg sync.WaitGroup
	for i, j := range m.jobs {
		wg.Go(func() { all[i], errs[i] = stream.Look(r.Context(), &j.spec, j.source, j.target) })
	}
	wg.Wait()
	w.Header().Set("Content-Type", "application/json")
	if err := errors.Join(errs...); err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		if err := json.NewEncoder(w).Encode(map[string]string{"error": err.Error()}); err != nil {
			m.log.Debug("write /status", "error", err.Error())
		}
		return
	}
	if err := m.write(w, all); err != nil {
		m.log.Debug("write /status", "error", err.Error())
	}
}

// ready is no while any sync is not at work: it has not begun, waits for a connection,
// or has failed. One that rests because somebody asked for it is ready.
func (m *Monitor) ready(w http.ResponseWriter, _ *http.Request) {
	var not []string
	for _, j := range m.jobs {
		if s := j.show(time.Now()); s.unready != "" {
			not = append(not, s.sync+": "+s.unready)
		}
	}
	if len(not) > 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, strings.Join(not, "\n"))
		return
	}
	fmt.Fprintln(w, "ok")
}
