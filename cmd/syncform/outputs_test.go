package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/syncform/syncform/planner/state"
	"github.com/syncform/syncform/providers/all"
)

// inProcess runs command lines in this process, in the working directory.
type inProcess struct {
	t   *testing.T
	env map[string]string
}

// run gives what a command line prints, and its exit code.
func (r *inProcess) run(args ...string) (out, errs string, code int) {
	var o, e bytes.Buffer
	s := &session{
		in: strings.NewReader(""), out: &o, err: &e, providers: all.Providers(), hard: context.Background(), automation: true,
		env: func(name string) (string, bool) { v, ok := r.env[name]; return v, ok },
	}
	s.words = s.getenv("SF_ACCESSIBLE") != ""
	code = s.exitCode(s.execute(context.Background(), args))
	return o.String(), e.String(), code
}

// must is run for a command that must end with 0.
func (r *inProcess) must(args ...string) string {
	r.t.Helper()
	out, errs, code := r.run(args...)
	if code != 0 {
		r.t.Fatalf("%q: exit code %d\n%s%s", args, code, out, errs)
	}
	return out
}

// settled replaces what is new with every run.
func settled(dir string) func(string) string {
	ids := map[string]string{}
	number := func(id string) string {
		if ids[id] == "" {
			ids[id] = fmt.Sprintf("%0*x", len(id), len(ids)+1)
		}
		return ids[id]
	}
	replace := []struct {
		re *regexp.Regexp
		by func(string) string
	}{
		{regexp.MustCompile(`\b[0-9a-f]{64}\b|\b[0-9a-f]{32}\b|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), number},
		{regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+Z`), func(string) string { return "2026-01-02T03:04:05Z" }},
		{regexp.MustCompile(`\b\d{8}T\d{6}\.\d{9}-`), func(string) string { return "20260102T030405.000000000-" }},
		{regexp.MustCompile(`nonce\\*":-?\d+`), func(s string) string { k, _, _ := strings.Cut(s, ":"); return k + ":7" }},
		{regexp.MustCompile(`"id": "[0-9a-f]{16}"`), func(string) string { return `"id": "0f3c5a7e91b2d468"` }},
		{regexp.MustCompile(`"took": \d+`), func(string) string { return `"took": 10000000` }},
		{regexp.MustCompile(`"lag_seconds": [0-9.e-]+`), func(string) string { return `"lag_seconds": 0` }},
		{regexp.MustCompile(`[0-9.]+(ms|µs|s) ago`), func(string) string { return "1s ago" }},
		{regexp.MustCompile(`time=\d\S+`), func(string) string { return "time=2026-01-02T03:04:05.000Z" }},
		{regexp.MustCompile(regexp.QuoteMeta(state.Who())), func(string) string { return "ann@example" }},
		{regexp.MustCompile(`"seconds":[0-9.e-]+`), func(string) string { return `"seconds":0.01` }},
		{regexp.MustCompile(`(after|in) [0-9.]+(ms|µs|s)\b`), func(s string) string { w, _, _ := strings.Cut(s, " "); return w + " 10ms" }},
		{regexp.MustCompile(`"((source_|target_)?identity)": ?"[^"]*"`), func(s string) string { k, _, _ := strings.Cut(s, ":"); return k + `: "the database's own name"` }},
		{regexp.MustCompile(regexp.QuoteMeta(`"` + runtime.GOOS + "_" + runtime.GOARCH + `"`)), func(string) string { return `"linux_amd64"` }},
		{regexp.MustCompile(`"version": "3\.[0-9.]+"`), func(string) string { return `"version": "3.49.1"` }},
	}
	return func(s string) string {
		s = strings.ReplaceAll(s, dir, "/srv/shop")
		for _, r := range replace {
			s = r.re.ReplaceAllStringFunc(s, r.by)
		}
		return s
	}
}

// TestOutputs: docs/outputs is what the commands print.
func TestOutputs(t *testing.T) {
	folder, err := filepath.Abs(docs + "/outputs")
	if err != nil {
		t.Fatal(err)
	}
	config, err := os.ReadFile(filepath.Join(folder, "main.sf.hcl"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	t.Chdir(dir)
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile("main.sf.hcl", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sql := func(file string, statements ...string) {
		t.Helper()
		if err := runSQL(file, statements); err != nil {
			t.Fatal(err)
		}
	}
	r := &inProcess{t: t, env: map[string]string{}}
	clean := settled(dir)
	save := func(name, text string) {
		t.Helper()
		same(t, filepath.Join(folder, name), clean(text))
	}

	write(string(config))
	sql("shop.db",
		"CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, status TEXT NOT NULL DEFAULT 'new', CHECK (status IN ('new', 'active', 'gone')))",
		"CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, total NUMERIC)",
		"INSERT INTO users VALUES (1, 'ann@example.com', 'active'), (2, 'bob@example.com', 'new')",
		"INSERT INTO orders VALUES (10, 1, 9.5), (11, 2, 20)")
	out, errs, code := r.run("apply", "-auto-approve", "-parallelism=1")
	if code != 0 {
		t.Fatal(errs)
	}
	save("apply.txt", out) // the progress on stderr comes as tables are done
	save("state.txt", r.must("show"))
	save("state.json", r.must("show", "-json"))
	save("output.txt", r.must("output"))
	save("output.json", r.must("output", "-json"))

	sql("shop.db",
		"CREATE TABLE new (id INTEGER PRIMARY KEY, email TEXT NOT NULL, status TEXT NOT NULL DEFAULT 'active', CHECK (status IN ('new', 'active', 'gone')))",
		"INSERT INTO new SELECT * FROM users", "DROP TABLE users", "ALTER TABLE new RENAME TO users",
		"CREATE INDEX orders_user ON orders (user_id)")
	save("plan.txt", r.must("plan", "-out", "tfplan"))
	save("plan-verbose.txt", r.must("show", "-verbose", "tfplan"))
	r.env["SF_ACCESSIBLE"] = "1"
	save("plan-words.txt", r.must("plan"))
	delete(r.env, "SF_ACCESSIBLE")
	save("plan.sql", r.must("show", "-sql", "tfplan"))
	save("plan.md", r.must("plan", "-markdown"))
	save("plan.json", r.must("show", "-json", "tfplan"))
	save("plan.sarif", r.must("plan", "-sarif"))
	save("plan-code-quality.json", r.must("plan", "-code-quality"))
	_, errs, _ = r.run("show", "-annotations=github", "tfplan")
	save("annotations.txt", errs)
	save("order.dot", r.must("graph", "tfplan"))
	save("order.mmd", r.must("graph", "-format=mermaid", "tfplan"))
	save("flow.mmd", r.must("graph", "-type=flow", "-format=mermaid", "tfplan"))
	save("apply.jsonl", r.must("apply", "-json", "-parallelism=1", "tfplan"))

	sql("copy.db", "UPDATE customers SET email = 'ann@elsewhere.example' WHERE id = 1", "DELETE FROM orders WHERE id = 11")
	for _, form := range []struct{ file, flag string }{{"verify.txt", "-limit=100"}, {"verify.json", "-json"}, {"verify.xml", "-junit"}} {
		out, _, _ := r.run("verify", form.flag)
		save(form.file, out)
	}
	save("history.txt", r.must("history"))
	save("history.json", r.must("history", "-json"))
	save("done.json", r.must("state", "mv", "-dry-run", "-json", `sync.shop.mapping["users"]`, `sync.shop.mapping["people"]`))

	// The same tables, followed.
	r.must("destroy", "-auto-approve", "-drop-tables")
	write(strings.Replace(string(config), `mode            = "full"`, "mode            = \"incremental\"\n  on_bad_row = \"dead_letter\"", 1))
	r.must("apply", "-auto-approve", "-parallelism=1")
	sql("shop.db", "UPDATE users SET status = 'gone' WHERE id = 2")
	_, errs, _ = r.run("sync", "-once")
	save("sync.txt", errs)
	sql("copy.db", "CREATE TRIGGER dear BEFORE INSERT ON orders WHEN new.total > 1000 BEGIN SELECT RAISE(ABORT, 'a total of more than 1000'); END")
	sql("shop.db", "INSERT INTO orders (id, user_id, total) VALUES (12, 1, 5000)")
	out, _, _ = r.run("sync", "-once", "-json")
	save("sync.jsonl", out)
	out, _, _ = r.run("status")
	save("status.txt", out)
	out, _, _ = r.run("status", "-json")
	save("status.json", out)
	save("letters.txt", r.must("dead-letter", "list"))
	save("letters.json", r.must("dead-letter", "list", "-json"))
	out, _, _ = r.run("dead-letter", "retry")
	save("retried.txt", out)
	sql("copy.db", "DROP TRIGGER dear")
	save("retried.json", r.must("dead-letter", "retry", "-json"))
	save("cutover.txt", r.must("cutover", "-quiet=0s", "shop"))
	save("cutover.json", r.must("cutover", "-quiet=0s", "-json", "shop"))

	write(strings.Replace(string(config), `path = "shop.db"`, `pth = "shop.db"`, 1))
	_, errs, _ = r.run("validate")
	save("validate.txt", errs)
	out, _, _ = r.run("validate", "-json")
	save("validate.json", out)
	out, _, _ = r.run("validate", "-sarif")
	save("validate.sarif", out)
	save("version.json", strings.ReplaceAll(r.must("version", "-json"), version, "0.1.0"))
}
