package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/syncform/syncform/planner/state"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"syncform": main,
		"sqlite":   sqliteMain,
		"holdlock": holdlockMain,
	})
}

// TestScripts runs the binary as people do: each script of testdata/script in a folder
// of its own. They may use these programs and commands besides testscript's:
//
//	exec sqlite FILE SQL...   runs SQL on an SQLite file and prints the rows
//	exec holdlock FILE        holds the lock of the state FILE until it is killed
//	waitfor FILE              waits until FILE is there
//	edit FILE OLD NEW         replaces text in FILE
//	cut FILE                  keeps the first half of FILE
//	flip FILE                 changes a byte in the middle of FILE
//	keep NAME                 sets a variable to what the last program wrote
//	status N PROGRAM ARGS...  runs PROGRAM, which must end with exit code N
//
// and those of schemaCommands.
func TestScripts(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	cmds := schemaCommands(root)
	maps.Copy(cmds, map[string]func(*testscript.TestScript, bool, []string){
		"waitfor": waitforFile,
		"edit":    editFile,
		"cut":     cutFile,
		"flip":    flipFile,
		"status":  exitStatus,
		"keep":    keepOutput,
	})
	testscript.Run(t, testscript.Params{
		Dir:                 "../../testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("NO_COLOR", "1")
			e.Setenv("canary", "c4n4ry-pa55word")
			return nil
		},
		Cmds: cmds,
	})
}

func exitStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status code program args...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var e *exec.ExitError
		if !errors.As(err, &e) {
			ts.Fatalf("%v", err)
		}
		got = e.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, wanted %d", got, want)
	}
}

func waitforFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: waitfor file")
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(5 * time.Minute)
	for {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			ts.Fatalf("%s does not appear", args[0])
		}
	}
}

func keepOutput(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: keep name")
	}
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile("stdout")))
}

func editFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: edit file old new")
	}
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, args[1]) {
		ts.Fatalf("%s holds no %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.ReplaceAll(text, args[1], args[2])), 0o600))
}

func cutFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: cut file")
	}
	text := ts.ReadFile(args[0])
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text[:len(text)/2]), 0o600))
}

func flipFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: flip file")
	}
	b := []byte(ts.ReadFile(args[0]))
	b[len(b)/2] ^= 1
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o600))
}

// sqliteMain is the program "sqlite".
func sqliteMain() {
	if err := runSQL(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func runSQL(path string, statements []string) (err error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite, sqlite.OpenCreate)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	for _, s := range statements {
		err := sqlitex.ExecuteTransient(conn, s, &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
			var fields []string
			for i := range stmt.ColumnCount() {
				fields = append(fields, stmt.ColumnText(i))
			}
			fmt.Println(strings.Join(fields, "|"))
			return nil
		}})
		if err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

// holdlockMain is the program "holdlock".
func holdlockMain() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	info := state.NewLockInfo("apply")
	info.ID, info.Who = "lock-of-another", "ann@elsewhere"
	unlock, err := state.NewLocal(os.Args[1]).Lock(ctx, info, 0)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := os.WriteFile("held", nil, 0o600); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	<-ctx.Done()
	if err := unlock(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
