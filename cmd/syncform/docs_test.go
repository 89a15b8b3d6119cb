package main

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/urfave/cli/v2"

	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/planner"
)

var update = flag.Bool("update", false, "rewrite what the docs take from the code")

const docs = "../../docs"

// same compares a file with what it should be, or rewrites it.
func same(t *testing.T, path, want string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the code says; run: go test ./cmd/syncform -run %s -update", path, t.Name())
	}
}

// TestCommandPages: each command has its page, made from its own help.
func TestCommandPages(t *testing.T) {
	s := &session{}
	app := s.app()
	var index strings.Builder
	index.WriteString("# Commands\n\nEvery command takes `-chdir=DIR`, `-no-color` and `-help`. Flags take one dash or two, and may stand before or behind other arguments.\n\n| command | does |\n| --- | --- |\n")
	for _, c := range app.Commands {
		if c.Hidden {
			continue
		}
		fmt.Fprintf(&index, "| [%s](%s.md) | %s |\n", c.Name, c.Name, c.Usage)
		var b strings.Builder
		b.WriteString("<!-- Made from the command's own help: go test ./cmd/syncform -run TestCommandPages -update -->\n")
		commandPage(&b, c, c.Name, "#")
		same(t, filepath.Join(docs, "commands", c.Name+".md"), b.String())
	}
	index.WriteString("\nExit codes: 0 done; 1 error (for `verify` also: rows differ; for `status`: something needs a hand; for `cutover`: not all is as it must be; for `dead-letter retry`: a row could not be written); with `plan -detailed-exitcode` 2 = there are changes, 3 = there are changes that are held for review; `fmt -check` 3 = not formatted.\n\n" +
		"Ctrl-C once: what is being written is finished, then syncform stops. Twice: it stops at once. Nothing is lost either way.\n\n" +
		"`NO_COLOR` takes the colours away, `SF_IN_AUTOMATION` the hints on what to type next. `SF_ACCESSIBLE` writes words in place of symbols and progress bars, for a screen reader. `SF_LOG=debug` writes structured lines to stderr; stdout carries only the result.\n\n" +
		"`conflicts` is not part of this version: it says what to do instead.\n")
	same(t, filepath.Join(docs, "commands", "README.md"), index.String())
}

func commandPage(b *strings.Builder, c *cli.Command, path, level string) {
	fmt.Fprintf(b, "%s syncform %s\n\n%s.\n", level, path, c.Usage)
	if len(c.Subcommands) == 0 {
		fmt.Fprintf(b, "\n    syncform %s\n", strings.TrimSpace(path+" [options] "+c.ArgsUsage))
	}
	code := false
	for line := range strings.SplitSeq(strings.TrimSpace(c.Description), "\n") {
		if isCode := strings.HasPrefix(line, "  "); isCode {
			line, code = "    "+strings.TrimSpace(line), true
		} else if line != "" {
			code = false
		}
		if line != "" {
			if !code {
				b.WriteString("\n")
			} else if strings.HasSuffix(b.String(), ":\n") {
				b.WriteString("\n")
			}
			b.WriteString(line + "\n")
		}
	}
	if fs := visible(c.Flags); len(fs) > 0 {
		b.WriteString("\n| option | |\n| --- | --- |\n")
		for _, f := range fs {
			name, text := flagHelp(f)
			fmt.Fprintf(b, "| `%s` | %s |\n", name, cell(text))
		}
	}
	for _, sub := range c.Subcommands {
		b.WriteString("\n")
		commandPage(b, sub, path+" "+sub.Name, level+"#")
	}
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

const begin, end = "<!-- arguments: made from the code, go test ./cmd/syncform -run TestBlockPages -update -->\n", "<!-- end -->\n"

// TestBlockPages: each block has its page; the tables of arguments are made from what
// the decoder checks against.
func TestBlockPages(t *testing.T) {
	pages := map[string]string{}
	for _, spec := range lang.Blocks() {
		var b strings.Builder
		arguments(&b, spec)
		switch spec.Name {
		case "syncform":
			for _, kind := range []string{"local", "postgresql"} {
				nested(&b, lang.BackendSpec(kind), fmt.Sprintf("backend %q", kind))
			}
		case "secret_manager":
			for _, kind := range []string{"file", "env"} {
				nested(&b, lang.SecretManagerSpec(kind), fmt.Sprintf("secret_manager %q", kind))
			}
		case "sync":
			for _, in := range spec.Blocks {
				if in.Name == "mapping" {
					var m strings.Builder
					arguments(&m, in)
					blocks(&m, in, "")
					pages["mapping"] = m.String()
				}
			}
			blocks(&b, spec, "mapping")
		default:
			blocks(&b, spec, "")
		}
		pages[spec.Name] = b.String()
	}
	for name, table := range pages {
		path := filepath.Join(docs, "blocks", name+".md")
		text, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
			continue
		}
		before, rest, ok := strings.Cut(string(text), begin)
		_, after, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			t.Errorf("%s has no place for the arguments", path)
			continue
		}
		same(t, path, before+begin+table+end+after)
	}
}

func blocks(b *strings.Builder, spec lang.BlockSpec, but string) {
	for _, in := range spec.Blocks {
		if in.Name == but {
			continue
		}
		title := in.Name
		for _, l := range in.Labels {
			title += fmt.Sprintf(" %q", strings.ToUpper(l.Name))
		}
		nested(b, in, title)
		blocks(b, in, "")
	}
}

func nested(b *strings.Builder, spec lang.BlockSpec, title string) {
	fmt.Fprintf(b, "\n### `%s`\n\n%s\n\n", title, spec.Text)
	arguments(b, spec)
}

func arguments(b *strings.Builder, spec lang.BlockSpec) {
	if len(spec.Arguments) == 0 {
		return
	}
	b.WriteString("| argument | type | |\n| --- | --- | --- |\n")
	for _, a := range spec.Arguments {
		kind := string(a.Type)
		if len(a.OneOf) > 0 {
			kind = "`" + strings.Join(a.OneOf, "`, `") + "`"
		}
		text := a.Text
		switch {
		case a.Required:
			text += " **Required.**"
		case a.Default != "":
			text += " Default: `" + a.Default + "`."
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", a.Name, cell(kind), cell(text))
	}
}

// TestHazardPages: each code that the planner knows has its page, and no other.
func TestHazardPages(t *testing.T) {
	known := map[string]bool{"README.md": true}
	for _, h := range planner.Hazards {
		known[h.Code+".md"] = true
		text, err := os.ReadFile(filepath.Join(docs, "hazards", h.Code+".md"))
		if err != nil {
			t.Error(err)
			continue
		}
		if want := "# " + h.Code + ": " + h.Text + "\n"; !strings.HasPrefix(string(text), want) {
			t.Errorf("%s.md does not begin with %q", h.Code, want)
		}
		held := strings.Contains(string(text), "Held: it is not applied until")
		if held != h.Held {
			t.Errorf("%s.md says held: %v, the planner %v", h.Code, held, h.Held)
		}
	}
	files, err := os.ReadDir(filepath.Join(docs, "hazards"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !known[f.Name()] {
			t.Errorf("docs/hazards/%s is of no hazard", f.Name())
		}
	}
}

var (
	hclBlock = regexp.MustCompile("(?s)```hcl\n(.*?)```")
	link     = regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
)

// TestDocs: the HCL of every page parses and is in the standard style, and every link
// to a file leads to one.
func TestDocs(t *testing.T) {
	var pages []string
	err := filepath.WalkDir(docs, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".md") {
			pages = append(pages, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"README.md", "CONTRIBUTING.md", "CHANGELOG.md"} {
		pages = append(pages, filepath.Join("../..", name))
	}
	for _, path := range pages {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, m := range hclBlock.FindAllSubmatch(text, -1) {
			if _, diags := hclsyntax.ParseConfig(m[1], path, hcl.InitialPos); diags.HasErrors() {
				t.Errorf("%s: %v in\n%s", path, diags, m[1])
				continue
			}
			if out, _ := lang.Format(m[1], path); !bytes.Equal(out, m[1]) {
				t.Errorf("%s: not in the standard style:\n%s\nwant\n%s", path, m[1], out)
			}
		}
		for _, m := range link.FindAllSubmatch(text, -1) {
			to := filepath.Join(filepath.Dir(path), string(m[1]))
			if _, err := os.Stat(to); err != nil {
				t.Errorf("%s: the link to %s leads nowhere", path, m[1])
			}
		}
	}
}
