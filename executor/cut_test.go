package executor_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/syncform/syncform/executor"
	"github.com/syncform/syncform/providers/providertest"
)

// TestAServerThatIsGone goes away in the middle of the copy and stays away: the apply
// ends, says that nothing is lost, and the next one goes on.
func TestAServerThatIsGone(t *testing.T) {
	for _, c := range []struct{ from, to, gone string }{{"postgres", "sqlite", "source"}, {"mariadb", "sqlite", "source"}, {"sqlite", "postgres", "target"}, {"sqlite", "mysql", "target"}} {
		t.Run(c.from+"-"+c.to+"-"+c.gone, func(t *testing.T) {
			source, target := systems[c.from].fresh(t), systems[c.to].fresh(t)
			providertest.Exec(t, source, shop(c.from, 20_000)...)
			from, to := source, target
			var p *providertest.Proxy
			if c.gone == "source" {
				p, from = providertest.NewProxy(t, source)
			} else {
				p, to = providertest.NewProxy(t, target)
			}
			conns, dir, w := openBoth(t, from, to), t.TempDir(), newWatcher()
			pl := makePlan(t, "p1", conns, want{tables: shopNames(), batch: 500, parallel: 2, retries: 2})
			w.atLoad(2, p.End)
			_, err := apply(t, t.Context(), pl, conns, dir, func(e *executor.Env) { e.Observer = w })
			if err == nil || !strings.Contains(err.Error(), "nothing is lost: apply again") {
				t.Fatalf("error %v", err)
			}
			if _, err := apply(t, t.Context(), pl, openBoth(t, source, target), dir, nil); err != nil {
				t.Fatal(err)
			}
			sameRows(t, source, target, shopTables)
		})
	}
}

// TestCutConnectionsLoseNothing cuts all connections of one side, and of both, some
// times in the middle of the copy.
func TestCutConnectionsLoseNothing(t *testing.T) {
	for _, pair := range [][2]string{{"postgres", "postgres"}, {"postgres", "mariadb"}, {"mariadb", "postgres"}} {
		for _, which := range []string{"source", "target", "both"} {
			t.Run(pair[0]+"-"+pair[1]+"-"+which, func(t *testing.T) {
				source, target := systems[pair[0]].fresh(t), systems[pair[1]].fresh(t)
				providertest.Exec(t, source, shop(pair[0], 20_000)...)
				var proxies []*providertest.Proxy
				from, to := source, target
				if which != "target" {
					p, u := providertest.NewProxy(t, source)
					proxies, from = append(proxies, p), u
				}
				if which != "source" {
					p, u := providertest.NewProxy(t, target)
					proxies, to = append(proxies, p), u
				}
				conns, dir, w := openBoth(t, from, to), t.TempDir(), newWatcher()
				p := makePlan(t, "p1", conns, want{tables: shopNames(), batch: 500, parallel: 2, retries: 5})
				cut := func() {
					for _, p := range proxies {
						p.Cut()
					}
				}
				cuts := 0
				var mu sync.Mutex
				w.atLoad(3, cut)
				w.progress = func(l executor.LoadProgress) {
					mu.Lock()
					defer mu.Unlock()
					if cuts < 2 && l.Rows > 0 && !l.Done && l.ChunksDone > cuts {
						cuts++
						cut()
					}
				}
				if _, err := apply(t, t.Context(), p, conns, dir, func(e *executor.Env) { e.Observer = w }); err != nil {
					t.Fatal(err)
				}
				sameRows(t, source, target, shopTables)
				if w.retries == 0 {
					t.Error("nothing was tried again")
				}
			})
		}
	}
}

// TestACutSnapshotSaysWhatToDo: the tables of one moment can't be gone on with from
// another one.
func TestACutSnapshotSaysWhatToDo(t *testing.T) {
	source, target := systems["postgres"].fresh(t), providertest.SQLite(t)
	providertest.Exec(t, source, shop("postgres", 20_000)...)
	proxy, from := providertest.NewProxy(t, source)
	conns, dir, w := openBoth(t, from, target), t.TempDir(), newWatcher()
	p := makePlan(t, "p1", conns, want{mode: "snapshot", tables: shopNames(), batch: 500, parallel: 2, retries: 1})
	w.atLoad(3, proxy.Cut) // by then one table at least is written
	if _, err := apply(t, t.Context(), p, conns, dir, func(e *executor.Env) { e.Observer = w }); err == nil || !strings.Contains(err.Error(), "plan and apply again") || strings.Contains(err.Error(), "goes on from here") {
		t.Fatalf("error %v", err)
	}
}
