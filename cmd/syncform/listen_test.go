package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/syncform/syncform/executor/stream"
	"github.com/syncform/syncform/providers/providertest"
)

// TestListen asks a running sync over HTTP how it is.
func TestListen(t *testing.T) {
	lite := systems()[len(systems())-1]
	if lite.provider != "sqlite" {
		t.Fatalf("the last system is %s", lite.name)
	}
	source, target, dir := lite.fresh(t), lite.fresh(t), t.TempDir()
	providertest.Exec(t, source, `CREATE TABLE "odd ""name" (id integer PRIMARY KEY, v text)`, `INSERT INTO "odd ""name" VALUES (1, 'a'), (2, 'b')`)
	write(t, filepath.Join(dir, "main.sf.hcl"), lite.endpoint("source", "from", source)+lite.endpoint("target", "to", target)+`
sync "shown" {
  source = source.sqlite.from
  target = target.sqlite.to
  mode   = "incremental"
  mapping "*" {}
}
`)
	run(t, dir, 0, "apply", "-auto-approve")
	c := command(t, dir, "sync", "-listen", "127.0.0.1:0", "-json")
	errs, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var base string
	lines := bufio.NewScanner(errs)
	for base == "" && lines.Scan() {
		var l struct{ At string }
		if json.Unmarshal(lines.Bytes(), &l) == nil && strings.HasSuffix(l.At, "/metrics") {
			base = strings.TrimSuffix(l.At, "/metrics")
		}
	}
	if base == "" {
		t.Fatal("the log does not say where metrics are served")
	}
	ended := make(chan string, 1)
	go func() {
		rest, err := io.ReadAll(errs)
		if err != nil {
			rest = append(rest, err.Error()...)
		}
		ended <- string(rest)
	}()
	get := func(path string) (int, string) {
		t.Helper()
		r, err := http.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		return r.StatusCode, string(b)
	}
	if code, text := get("/healthz"); code != http.StatusOK {
		t.Errorf("/healthz: %d %s", code, text)
	}
	until(t, "it is ready", func() bool { code, _ := get("/readyz"); return code == http.StatusOK })
	providertest.Exec(t, source, `INSERT INTO "odd ""name" VALUES (3, 'c')`, `UPDATE "odd ""name" SET v = 'x' WHERE id = 1`)
	all := func(wants ...string) func() bool {
		return func() bool {
			_, text := get("/metrics")
			for _, w := range wants {
				if !strings.Contains(text, "\n"+w+"\n") {
					return false
				}
			}
			return true
		}
	}
	name := `table_name="\"odd \"\"name\""`
	if _, text := get("/metrics"); !strings.Contains(text, name) {
		name = `table_name="odd \"name"`
	}
	until(t, "metrics say what was done", all(
		`sync_lag_seconds{`+name+`,sync_job="sync.shown"} 0`, `records_synced_total{`+name+`,operation="load"} 2`,
		`sync_state{sync_job="sync.shown",state="running"} 1`, `sync_table_state{`+name+`,sync_job="sync.shown",state="live"} 1`,
		`sync_errors_total{table_name="",error_type="interrupted"} 0`, `sync_dead_letters{`+name+`,sync_job="sync.shown"} 0`))
	until(t, "changes are counted", func() bool {
		_, text := get("/metrics")
		return regexp.MustCompile(`operation="(insert|update)"} [1-9]`).MatchString(text)
	})
	_, text := get("/metrics")
	line := regexp.MustCompile(`^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+\{[a-z_]+="([^"\\]|\\.)*"(,[a-z_]+="([^"\\]|\\.)*")*\} [0-9.]+)$`)
	for l := range strings.Lines(text) {
		if !line.MatchString(strings.TrimSuffix(l, "\n")) {
			t.Errorf("not a line of Prometheus' format: %q", l)
		}
	}
	until(t, "/status says that it is alive", func() bool {
		code, body := get("/status")
		var d struct{ Syncs []stream.Health }
		if err := json.Unmarshal([]byte(body), &d); code != http.StatusOK || err != nil || len(d.Syncs) != 1 {
			t.Fatalf("/status: %d %v %s", code, err, body)
		}
		return d.Syncs[0].Alive
	})
	run(t, dir, 0, "pause", "shown")
	until(t, "metrics say that it is paused", all(`sync_state{sync_job="sync.shown",state="paused"} 1`))
	if code, text := get("/readyz"); code != http.StatusOK {
		t.Errorf("a pause that was asked for: /readyz: %d %s", code, text)
	}
	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	said := <-ended
	if err := c.Wait(); err != nil {
		t.Errorf("sync: %v\n%s", err, said)
	}
	if out, err := command(t, dir, "sync", "-listen", "127.0.0.1:99999").CombinedOutput(); err == nil || !strings.Contains(string(out), "Can't listen at 127.0.0.1:99999") {
		t.Errorf("a wrong address: %v %s", err, out)
	}
}
