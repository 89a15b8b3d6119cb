package main

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/providers/all"
)

// canaries makes configurations in which every sensitive place holds a canary.
func canaries(canary string) map[string]string {
	out := map[string]string{}
	quote := func(s string) string { return fmt.Sprintf("%q", strings.ReplaceAll(s, "${", "$${")) }
	endpoint := func(role, provider, body string) string {
		return fmt.Sprintf("%s %q \"x\" {\n%s}\n", role, provider, body)
	}
	rest := "target \"sqlite\" \"copy\" {\n  path = \"copy.db\"\n}\nsync \"s\" {\n  source = source.%s.x\n  target = target.sqlite.copy\n  mode   = \"full\"\n  mapping \"*\" {}\n}\noutput \"o\" {\n  value     = var.v\n  sensitive = true\n}\nvariable \"v\" {\n  type      = string\n  sensitive = true\n  default   = " + quote(canary) + "\n}\n"
	providers := all.Providers()
	for _, name := range slices.Sorted(maps.Keys(providers)) {
		p := providers[name].Schema()
		role := lang.Source
		spec := lang.EndpointSpec(p, role)
		for _, a := range spec.Arguments {
			if !a.Sensitive && !a.Marked {
				continue
			}
			for how, value := range map[string]string{"literal": quote(canary), "env": `env("CANARY")`, "variable": "var.v", "part": `"x${var.v}y"`} {
				if how == "literal" && !a.Sensitive {
					continue // it is no secret
				}
				body := fmt.Sprintf("  %s = %s\n", a.Name, value)
				for _, other := range spec.Arguments {
					if other.Required && other.Name != a.Name && other.Type == "text" {
						body += fmt.Sprintf("  %s = \"127.0.0.1\"\n", other.Name)
					}
				}
				out[name+" "+a.Name+" "+how] = endpoint("source", name, body) + fmt.Sprintf(rest, name)
			}
		}
		for _, url := range []string{"postgres://u:%s@127.0.0.1:1/d", "mysql://u:%s@127.0.0.1:1/d", "u:%s@tcp(127.0.0.1:1)/d", "host=127.0.0.1 port=1 password=%s", "://%s", "%%zz%s"} {
			out[name+" connection "+url] = endpoint("source", name, "  connection = "+quote(fmt.Sprintf(url, canary))+"\n") + fmt.Sprintf(rest, name)
		}
		out[name+" credentials"] = endpoint("source", name, "  host     = \"127.0.0.1\"\n  port     = 1\n  database = \"d\"\n  credentials {\n    type     = \"static\"\n    username = \"u\"\n    password = "+quote(canary)+"\n  }\n") + fmt.Sprintf(rest, name)
	}
	out["works"] = endpoint("source", "sqlite", "  path = \"shop.db\"\n") + fmt.Sprintf(rest, "sqlite")
	out["misused"] = endpoint("source", "sqlite", "  path = \"shop.db\"\n") + strings.Replace(fmt.Sprintf(rest, "sqlite"), `mapping "*" {}`, "mapping \"users\" {\n    target_table = var.v\n  }", 1)
	out["condition"] = strings.Replace(out["works"], "sensitive = true\n  default", "sensitive = true\n  validation {\n    condition     = var.v == \"no\"\n    error_message = \"it is ${var.v}\"\n  }\n  default", 1)
	out["broken"] = out["works"] + "locals {\n  x = { a = " + quote(canary) + "\n"
	return out
}

// commandLines are all commands and forms that print something of a configuration.
var commandLines = [][]string{
	{"validate"}, {"validate", "-json"}, {"validate", "-sarif"}, {"validate", "-code-quality"}, {"validate", "-annotations=github"},
	{"plan", "-out", "tfplan"}, {"plan", "-verbose"}, {"plan", "-json"}, {"plan", "-markdown"}, {"plan", "-sql"}, {"plan", "-sarif"}, {"plan", "-code-quality"}, {"plan", "-annotations=github"}, {"plan", "-refresh-only"},
	{"graph"}, {"graph", "-type=flow", "-format=mermaid"}, {"show", "-json", "tfplan"}, {"show", "-verbose", "tfplan"},
	{"import", `sync.s.mapping["users"]`},
	{"apply", "-auto-approve"}, {"apply", "-auto-approve", "-json"},
	{"show"}, {"show", "-json"}, {"output"}, {"output", "-json"}, {"output", "o"}, {"state", "list", "-json"}, {"state", "pull"}, {"verify"}, {"verify", "-json"}, {"verify", "-junit"},
	{"completion", "addresses"}, {"init"}, {"destroy", "-auto-approve", "-json"},
}

// checkCanary runs every command on every such configuration and looks for the canary
// in what is printed and in every file but the configuration.
func checkCanary(t *testing.T, canary string, only func(name string) bool) {
	for name, config := range canaries(canary) {
		if !only(name) || strings.HasPrefix(name, "sql ") {
			continue // a schema from files takes no secret
		}
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "main.sf.hcl"), []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := runSQL(filepath.Join(dir, "shop.db"), []string{"CREATE TABLE users (id INTEGER PRIMARY KEY)", "INSERT INTO users VALUES (1)"}); err != nil {
			t.Fatal(err)
		}
		t.Chdir(dir)
		r := &inProcess{t: t, env: map[string]string{"CANARY": canary, "SF_LOG": "debug"}}
		for _, line := range commandLines {
			if name != "works" && !slices.Contains([]string{"validate -json", "validate", "plan -out tfplan", "plan -json", "plan -sarif", "apply -auto-approve -json"}, strings.Join(line, " ")) {
				continue // what can't be planned says the same everywhere
			}
			out, errs, _ := r.run(line...)
			if strings.Contains(out+errs, canary) {
				t.Errorf("%s: %q shows the canary:\n%s%s", name, line, out, errs)
			}
		}
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Base(path) == "main.sf.hcl" {
				return err
			}
			b, err := os.ReadFile(path)
			if strings.Contains(string(b), canary) {
				t.Errorf("%s: %s holds the canary", name, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestCanaries(t *testing.T) {
	checkCanary(t, "c4n4ry-pa55word", func(string) bool { return true })
}

// FuzzCanary: whatever a secret looks like, no output holds it.
func FuzzCanary(f *testing.F) {
	for _, s := range []string{"c4n4ry pa55", `c4n4ry"quote`, "c4n4ry\\back", "c4n4ry%2Fx", "c4n4ry@host:1/x", "c4n4ry\nline", "c4n4ry${x}", "c4n4ry'--", "c4n4ryüñ", "c4n4ry<b>&amp;"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) < 8 || strings.ContainsAny(s, "\x00") || !strings.Contains(s, "c4n4ry") {
			t.Skip()
		}
		checkCanary(t, s, func(name string) bool {
			return !strings.Contains(name, " ") || strings.HasPrefix(name, "postgresql connection postgres:")
		})
	})
}
