package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

var duration = regexp.MustCompile(`\d+(\.\d+)?(ms|s|µs)\b`)

// TestReadmeIsTrue runs what the README shows. Its output is that of stdout, line by
// line, and of stderr in any order, but for durations, and for what "..." leaves out.
func TestReadmeIsTrue(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	example, err := filepath.Abs(filepath.Join("..", "..", "examples", "sqlite-to-sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	hcl, err := os.ReadFile(filepath.Join(example, "main.sf.hcl"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(readme), "```hcl\n")
	shown, rest, _ := strings.Cut(rest, "```\n")
	if shown == "" || !strings.Contains(string(hcl), shown) {
		t.Error("the README's configuration is not the example's")
	}
	_, rest, _ = strings.Cut(rest, "```\n")
	console, _, _ := strings.Cut(rest, "```\n")
	dir := t.TempDir()
	write(t, filepath.Join(dir, "main.sf.hcl"), string(hcl))
	providertest.LoadSQL(t, filepath.Join(dir, "shop.db"), filepath.Join(example, "source.sql"))
	commands := strings.Split("\n"+console, "\n$ syncform ")[1:]
	if len(commands) != 4 {
		t.Fatalf("the README shows %d commands, not 4", len(commands))
	}
	for _, c := range commands {
		args, want, _ := strings.Cut(c, "\n")
		c := command(t, dir, strings.Fields(args)...)
		c.Env = append(c.Env, "SF_IN_AUTOMATION=")
		var stdout, stderr bytes.Buffer
		c.Stdout, c.Stderr = &stdout, &stderr
		if err := c.Run(); err != nil {
			t.Fatalf("syncform %s: %v\n%s", args, err, &stderr)
		}
		out, progress := spokenLines(stdout.String()), spokenLines(stderr.String())
		cut := false
		for _, line := range spokenLines(want) {
			switch {
			case line == "...":
				cut = true
			case len(out) > 0 && out[0] == line:
				out = out[1:]
			case !strings.Contains("\n"+strings.Join(progress, "\n")+"\n", "\n"+line+"\n"):
				t.Errorf("syncform %s does not print %q; stdout goes on with %q, stderr is %q", args, line, out, progress)
			}
		}
		if len(out) > 0 || len(progress) > 0 && !cut {
			t.Errorf("syncform %s also prints %q and %q", args, out, progress)
		}
	}
}

// spokenLines are the lines that are not empty, their durations levelled.
func spokenLines(text string) []string {
	var lines []string
	for _, l := range strings.Split(text, "\n") {
		if strings.TrimSpace(l) != "" {
			lines = append(lines, duration.ReplaceAllString(l, "T"))
		}
	}
	return lines
}
