package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestBashCompletion completes words in a real bash.
func TestBashCompletion(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Fatal("bash is not installed, so its completion is not tested")
	}
	dir := t.TempDir()
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "build", "-o", filepath.Join(bin, "syncform"), ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	config := "source \"sqlite\" \"a\" {\n  path = \"a.db\"\n}\ntarget \"sqlite\" \"b\" {\n  path = \"b.db\"\n}\nsync \"shop\" {\n  source = source.sqlite.a\n  target = target.sqlite.b\n  mode   = \"full\"\n  mapping \"users\" {}\n  mapping \"orders\" {}\n}\n"
	if err := os.Mkdir(filepath.Join(dir, "db"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "db", "main.sf.hcl"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		words string // as bash splits them
		want  string
	}{
		{"syncform pl", "plan"},
		{"syncform state l", "list"},
		{"syncform plan -mark", "-markdown"},
		{"syncform -chdir = db plan -target ''", `'sync.shop' 'sync.shop.mapping["orders"]' 'sync.shop.mapping["users"]'`},
		{"syncform -chdir = db plan -target = sync.shop.mapping", `'sync.shop.mapping["orders"]' 'sync.shop.mapping["users"]'`},
		{"syncform -chdir db import \"'sync.shop.mapping\"", `'sync.shop.mapping["orders"]' 'sync.shop.mapping["users"]'`},
		{"syncform -chdir = db state rm -dry", "-dry-run"},
	} {
		cmd := exec.Command(bash, "--norc", "-c", `source <(syncform completion bash); COMP_WORDS=(`+c.words+`); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _syncform; printf '%s\n' "${COMPREPLY[*]}"`)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
		out, err := cmd.CombinedOutput()
		if err != nil || strings.TrimSpace(string(out)) != c.want {
			t.Errorf("%s: %v, got %q, want %q", c.words, err, strings.TrimSpace(string(out)), c.want)
		}
	}
}
