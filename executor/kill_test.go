package executor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/syncform/syncform/executor"
	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
)

// childEnv names the file that says what a child process of TestMain is to apply.
const childEnv = "SF_TEST_APPLY_CHILD"

func TestMain(m *testing.M) {
	if file := os.Getenv(childEnv); file != "" {
		if err := applyInChild(file); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// child is what a child process does.
type child struct {
	Source, Target, State string
	Plan                  *plan.Plan
}

func applyInChild(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var c child
	if err := json.Unmarshal(text, &c); err != nil {
		return err
	}
	ctx := context.Background()
	env := executor.Env{Conns: map[string]providers.Conn{}, Backend: state.NewLocal(c.State), By: "child"}
	for addr, url := range map[string]string{sourceAddr: c.Source, targetAddr: c.Target} {
		if env.Conns[addr], err = open(ctx, addr, url); err != nil {
			return err
		}
	}
	if env.State, err = env.Backend.Read(ctx); err != nil {
		return err
	}
	_, err = executor.Apply(ctx, c.Plan, env)
	return err
}

// start begins the child; it ends by itself or is killed.
func (c child) start(t testing.TB, dir string, out *bytes.Buffer) *exec.Cmd {
	t.Helper()
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "child.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childEnv+"="+file)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// TestAKilledApplyIsFinishedByTheNext kills an apply at random moments and compares the
// rows after a plain one: nothing lost, nothing doubled, in a table without a key
// neither. SF_TEST_KILLS says how often per pair; without it there are 20 in all.
func TestAKilledApplyIsFinishedByTheNext(t *testing.T) {
	for _, p := range pairs {
		kills := 4
		if p[0] == "sqlite" {
			kills = 8
		}
		if s := os.Getenv("SF_TEST_KILLS"); s != "" {
			n, err := strconv.Atoi(s)
			if err != nil {
				t.Fatalf("SF_TEST_KILLS: %v", err)
			}
			kills = n
		}
		t.Run(p[0]+"-"+p[1], func(t *testing.T) {
			source := systems[p[0]].fresh(t)
			providertest.Exec(t, source, shop(p[0], 20_000)...)
			seed := rand.Uint64()
			r := rand.New(rand.NewPCG(seed, 0))
			var whole time.Duration
			for i := range kills + 1 {
				target := systems[p[1]].fresh(t)
				conns, dir := openBoth(t, source, target), t.TempDir()
				pl := makePlan(t, "p1", conns, want{tables: shopNames(), batch: 1000, parallel: 1 + i%4, retries: 2})
				c := child{Source: source, Target: target, State: filepath.Join(dir, "syncform.sfstate"), Plan: pl}
				var out bytes.Buffer
				began := time.Now()
				cmd := c.start(t, dir, &out)
				if i > 0 { // the first one is left alone, to know how long it takes
					after := time.Duration(r.Int64N(int64(whole)))
					timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() }) // it may have ended by itself
					defer timer.Stop()
				}
				if err := cmd.Wait(); err != nil && cmd.ProcessState.ExitCode() > 0 {
					t.Fatalf("seed %d, run %d: the apply failed before it was killed: %v\n%s", seed, i, err, out.String())
				}
				if i == 0 {
					whole = time.Since(began)
					t.Logf("seed %d, an undisturbed run takes %v", seed, whole)
				}
				if s := readState(t, dir); s == nil || s.WasApplied("p1") == nil {
					if _, err := apply(t, t.Context(), pl, conns, dir, nil); err != nil {
						t.Fatalf("seed %d, run %d: the apply after it: %v", seed, i, err)
					}
				}
				sameRows(t, source, target, shopTables)
				if s := readState(t, dir); s.Running != "" || s.WasApplied("p1") == nil {
					t.Errorf("seed %d, run %d: state %+v", seed, i, s)
				}
				if t.Failed() {
					t.Fatalf("seed %d, run %d", seed, i)
				}
			}
		})
	}
}

// TestAKilledSnapshotIsNotMixedWithAnother: tables of one moment are gone on with only
// where nothing is left to read.
func TestAKilledSnapshotIsNotMixedWithAnother(t *testing.T) {
	source := providertest.SQLite(t)
	providertest.Exec(t, source, shop("sqlite", 20_000)...)
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	refused := 0
	for i := range 16 {
		target := providertest.SQLite(t)
		conns, dir := openBoth(t, source, target), t.TempDir()
		pl := makePlan(t, "p1", conns, want{mode: "snapshot", tables: shopNames(), batch: 500, parallel: 2})
		w := newWatcher()
		ctx, stop := context.WithCancel(t.Context())
		at := r.Int64N(20_000)
		w.atLoad(1+i%8, stop) // half of the runs have fewer loads
		w.progress = func(p executor.LoadProgress) {
			if p.Rows > at {
				stop()
			}
		}
		_, err := apply(t, ctx, pl, conns, dir, func(e *executor.Env) { e.Observer = w })
		stop()
		if err == nil {
			continue
		}
		if _, err = apply(t, t.Context(), pl, conns, dir, nil); err != nil {
			refused++
			if !strings.Contains(err.Error(), "plan and apply again") {
				t.Fatalf("seed %d, run %d: %v", seed, i, err)
			}
			continue
		}
		sameRows(t, source, target, shopTables)
	}
	if refused == 0 {
		t.Errorf("seed %d: no run was stopped in the middle", seed)
	}
}
