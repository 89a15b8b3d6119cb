package lang

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"

	"github.com/syncform/syncform/providers/attr"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// sslModes are the modes of the test's providers.
var sslModes = []string{"disabled", "preferred", "required", "verify_ca", "verify_full"}

// testProviders is a small registry in the manner of the real one.
func testProviders() map[string]attr.Provider {
	server := []attr.Attribute{
		{Name: "connection", Type: attr.String, Sensitive: true, Conflicts: []string{"host", "port", "database"}},
		{Name: "host", Type: attr.String, Conflicts: []string{"connection"}},
		{Name: "port", Type: attr.Int},
		{Name: "database", Type: attr.String},
		{Name: "ssl", Type: attr.String, OneOf: sslModes},
		{Name: "ca_file", Type: attr.String},
		{Name: "options", Type: attr.StringMap},
		{Name: "schemas", Type: attr.StringList},
	}
	return map[string]attr.Provider{
		"postgresql": {Name: "postgresql", Source: true, Target: true, Available: true, Attributes: server,
			Blocks: []attr.Block{{Name: "pool", Attributes: []attr.Attribute{
				{Name: "size", Type: attr.Int, Required: true}, {Name: "token", Type: attr.String, Sensitive: true}}}}},
		"mysql":  {Name: "mysql", Source: true, Target: true, Available: true, Attributes: server},
		"sqlite": {Name: "sqlite", Source: true, Target: true, Available: true, Attributes: []attr.Attribute{{Name: "path", Type: attr.String, Required: true}}},
		"sql":    {Name: "sql", Source: true, Available: true, Attributes: []attr.Attribute{{Name: "files", Type: attr.StringList, Required: true}, {Name: "scratch", Type: attr.Endpoint, Required: true}}},
	}
}

// environment is what the fixtures find in the environment.
var environment = map[string]string{
	"MYSQL_CONNECTION_STRING": "mysql://shop:canary-mysql@shop.example.com/shop",
	"SLACK_WEBHOOK":           "https://hooks.example.com/canary-slack",
	"SECRET":                  "canary-env",
	"SF_VAR_from_env":         "env",
	"SF_VAR_all":              "env",
	"SF_VAR_canary":           "canary-variable",
	"SF_VAR_number":           "canary-number",
	"SF_VAR_wrong":            "{ not an expression canary-wrong",
}

func testEnv(name string) (string, bool) { s, ok := environment[name]; return s, ok }

// options are what a fixture's folder is loaded with: its file "vars", if there, holds
// arguments -var and -var-file, one to a line.
func options(t testing.TB, dir string) Options {
	t.Helper()
	o := Options{Dir: dir, Version: "0.1.0-dev", Providers: testProviders(), Env: testEnv}
	b, err := os.ReadFile(filepath.Join(dir, "vars"))
	if os.IsNotExist(err) {
		return o
	}
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if f, ok := strings.CutPrefix(line, "-var-file "); ok {
			o.VarFiles = append(o.VarFiles, filepath.Join(dir, f))
		} else if v, ok := strings.CutPrefix(line, "-var "); ok {
			o.Vars = append(o.Vars, v)
		} else {
			t.Fatalf("vars: %q is neither -var nor -var-file", line)
		}
	}
	return o
}

// render writes diagnostics as the golden files hold them.
func render(dir string, diags hcl.Diagnostics) []byte {
	var b bytes.Buffer
	for _, d := range diags {
		severity := "error"
		if d.Severity == hcl.DiagWarning {
			severity = "warning"
		}
		s := *d.Subject
		name, err := filepath.Rel(dir, s.Filename)
		if err != nil || strings.HasPrefix(s.Filename, "<") {
			name = s.Filename
		}
		fmt.Fprintf(&b, "%s %s:%d,%d-%d,%d\n  %s\n", severity, name, s.Start.Line, s.Start.Column, s.End.Line, s.End.Column, d.Summary)
		for line := range strings.Lines(strings.ReplaceAll(d.Detail, dir+string(filepath.Separator), "")) {
			fmt.Fprintf(&b, "  %s\n", strings.TrimRight(line, "\n"))
		}
	}
	return b.Bytes()
}

// golden compares with, or rewrites, a file.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test ./lang -update writes it)", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
	}
}

// cases returns the folders below testdata/kind.
func cases(t testing.TB, kind string) []string {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join("testdata", kind, "*"))
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no fixtures of kind %s: %v", kind, err)
	}
	return dirs
}

// TestWrong holds each folder of testdata/wrong against the diagnostics that it has to
// give, with their exact ranges.
func TestWrong(t *testing.T) {
	dirs := cases(t, "wrong")
	if len(dirs) < 60 {
		t.Errorf("only %d negative fixtures", len(dirs))
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			_, diags := Load(options(t, dir))
			if len(diags) == 0 {
				t.Fatal("no diagnostic")
			}
			wellFormed(t, diags)
			golden(t, filepath.Join(dir, "want.txt"), render(dir, diags))
		})
	}
}

// TestValid holds each folder of testdata/valid against its diagnostics: none but what
// this version can't do.
func TestValid(t *testing.T) {
	for _, dir := range cases(t, "valid") {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			cfg, diags := Load(options(t, dir))
			wellFormed(t, diags)
			for _, d := range diags {
				if d.Severity == hcl.DiagError && d.Summary != sumNotYet {
					t.Errorf("%s: %s", d.Subject, d.Detail)
				}
			}
			golden(t, filepath.Join(dir, "want.txt"), append(render(dir, diags), outputsOf(cfg)...))
		})
	}
}

// outputsOf writes the values of a configuration's outputs.
func outputsOf(cfg *Config) []byte {
	var b bytes.Buffer
	for _, o := range cfg.Outputs {
		switch {
		case IsSensitive(o.Value):
			fmt.Fprintf(&b, "output %s = (sensitive)\n", o.Name)
		case !o.Value.IsWhollyKnown():
			fmt.Fprintf(&b, "output %s = (known after apply)\n", o.Name)
		default:
			fmt.Fprintf(&b, "output %s = %s\n", o.Name, valueMeaning(o.Value))
		}
	}
	return b.Bytes()
}

// wellFormed checks what holds of every diagnostic.
func wellFormed(t *testing.T, diags hcl.Diagnostics) {
	t.Helper()
	for _, d := range diags {
		if d.Subject == nil || d.Subject.Filename == "" || d.Summary == "" || d.Detail == "" {
			t.Errorf("a diagnostic without place or text: %+v", d)
		}
		if strings.Contains(d.Summary+d.Detail, "canary") {
			t.Errorf("a sensitive value is shown: %s: %s", d.Summary, d.Detail)
		}
		if d.Expression != nil || d.EvalContext != nil {
			t.Errorf("%s: carries the values of its expression", d.Summary)
		}
	}
}
