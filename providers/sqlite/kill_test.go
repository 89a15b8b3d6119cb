package sqlite_test

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/schema"
	"github.com/syncform/syncform/providers/sqlite"
)

// TestMain makes the test binary the process that is killed, where its environment
// says so.
func TestMain(m *testing.M) {
	if from := os.Getenv("SF_TEST_SQLITE_CHILD"); from != "" {
		if err := child(from, os.Getenv("SF_TEST_SQLITE_TARGET")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child copies table t and prints a line before each chunk.
func child(from, to string) error {
	src, err := sqlite.Provider{}.Open(ctx, providers.Config{Addr: "source.sqlite.a", Attrs: map[string]any{"path": from}})
	if err != nil {
		return err
	}
	dst, err := sqlite.Provider{}.Open(ctx, providers.Config{Addr: "target.sqlite.a", Attrs: map[string]any{"path": to}})
	if err != nil {
		return err
	}
	return copyTable(src.(*sqlite.Conn), dst.(*sqlite.Conn), func(id int) { fmt.Println(id) })
}

// copyTable loads table t, going on where an earlier run ended.
func copyTable(src, dst *sqlite.Conn, before func(chunk int)) error {
	d, err := src.Inspect(ctx, providers.InspectOptions{})
	if err != nil {
		return err
	}
	table := d.Table(schema.Name{Name: "t"})
	r := providers.ReadTable{Name: table.Name, Key: []string{"id"}}
	l := providers.Load{Mapping: "m", Generation: "g", Table: table.Name, Live: table.Name, Key: r.Key}
	for _, c := range table.Columns {
		r.Columns = append(r.Columns, providers.ReadColumn{Name: c.Name, Type: c.Type})
		l.Columns = append(l.Columns, providers.WriteColumn{Name: c.Name, Type: c.Type, Source: c.Type})
	}
	steps, err := dst.PlanSteps(&schema.Database{}, schema.AddTable{To: *table})
	if err != nil {
		return err
	}
	if _, err := dst.RunStep(ctx, providers.StepKey{Plan: "p", Action: "a"}, steps[0]); err != nil {
		return err
	}
	sn, err := src.OpenSnapshot(ctx, providers.SnapshotOptions{Readers: 1})
	if err != nil {
		return err
	}
	st, err := dst.OpenLoad(ctx, l, func() ([]providers.Chunk, error) { return sn.Chunks(ctx, r, 500) })
	if err != nil {
		return err
	}
	w, err := dst.OpenWriter(ctx, l)
	if err != nil {
		return err
	}
	for _, c := range st.Chunks {
		before(c.ID)
		if st.Done[c.ID] {
			continue
		}
		rd, err := sn.Read(ctx, r, c, w.Forms())
		if err != nil {
			return err
		}
		if _, err := w.WriteChunk(ctx, c, rd); err != nil {
			return err
		}
	}
	return errors.Join(dst.CloseLoad(ctx, l, 0), w.Close(), sn.Close())
}

// TestKilledWhileWriting kills a process in the middle of a load, again and again, and
// lets another one finish it: every row is there once.
func TestKilledWhileWriting(t *testing.T) {
	from := providertest.SQLite(t)
	providertest.Exec(t, from, "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, n INT4)",
		"WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM s WHERE n < 20000) INSERT INTO t SELECT n, 'row ' || n || hex(zeroblob(100)), n % 7 FROM s")
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for _, mode := range []string{"delete", "wal"} {
		to := providertest.SQLite(t)
		providertest.Exec(t, to, "PRAGMA journal_mode = "+mode)
		for range 5 {
			killed(t, from, to, 1+random.IntN(20))
		}
		src, dst := opened(t, "source.sqlite.a", from), opened(t, "target.sqlite.a", to)
		if err := copyTable(src, dst, func(int) {}); err != nil {
			t.Fatal(err)
		}
		if got := providertest.Query(t, to, "PRAGMA integrity_check"); got[0][0] != "ok" {
			t.Fatal(got)
		}
		sum := "SELECT count(*), count(DISTINCT id), sum(id), sum(n), sum(length(v)) FROM t"
		want, got := fmt.Sprint(providertest.Query(t, from, sum)), fmt.Sprint(providertest.Query(t, to, sum))
		if want != got {
			t.Errorf("%s: %s at the source, %s at the target", mode, want, got)
		}
	}
}

// killed starts a copy and kills it while it writes the n-th chunk from its start.
func killed(t *testing.T, from, to string, n int) {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "SF_TEST_SQLITE_CHILD="+from, "SF_TEST_SQLITE_TARGET="+to)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for range n {
		if !lines.Scan() {
			break
		}
	}
	if err := c.Process.Kill(); err != nil {
		t.Logf("it ended by itself: %v", err)
	}
	if err := c.Wait(); err == nil {
		t.Log("it ended by itself")
	}
}
