package lang

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
)

// write makes a folder of these files.
func write(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, src := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// load loads a folder of these files.
func load(t testing.TB, files map[string]string) (*Config, hcl.Diagnostics) {
	t.Helper()
	return Load(options(t, write(t, files)))
}

// must loads what has to be right.
func must(t testing.TB, files map[string]string) *Config {
	t.Helper()
	cfg, diags := load(t, files)
	if diags.HasErrors() {
		t.Fatalf("%s", render("", diags))
	}
	return cfg
}

// secrets holds a canary in every place where a secret may be.
const secrets = `
variable "given" {
  type      = string
  sensitive = true
}

variable "default" {
  type      = string
  default   = "canary-default"
  sensitive = true
}

locals {
  derived = "postgres://u:${var.given}@${env("SECRET")}/${upper(var.default)}"
}

source "postgresql" "a" {
  connection = local.derived
}

source "postgresql" "b" {
  connection = "postgres://u:canary-literal@h/db"
}

target "mysql" "c" {
  host     = env("SECRET")
  database = "x-${var.default}"
  options  = { token = env("SECRET"), plain = "shown" }
  schemas  = [var.given, "shown"]
  credentials {
    type     = "static"
    username = "canary-user"
    password = "canary-password"
  }
}

target "postgresql" "d" {
  host = "h"
  pool {
    size  = 1
    token = "canary-token"
  }
}

sync "s" {
  source = source.postgresql.a
  target = target.mysql.c
  mode   = "full"
  mapping "t" {}
}

output "o" {
  value     = [var.given, "x"]
  sensitive = true
}

syncform {
  backend "postgresql" {
    connection = "postgres://u:canary-backend@h/db"
  }
}
`

// Nothing sensitive may be in what the hash is made of, in an output, or in the source
// that diagnostics are shown with.
func TestSecretsStaySecret(t *testing.T) {
	dir := write(t, map[string]string{"a.sf.hcl": secrets, "b.sf.json": `{"source": {"mysql": {"j": {"connection": "mysql://u:canary-json@h/db"}}}}`})
	o := options(t, dir)
	o.Vars = []string{"given=canary-given"}
	cfg, diags := Load(o)
	if diags.HasErrors() {
		t.Fatalf("%s", render(dir, diags))
	}
	if in := hashInput(cfg); bytes.Contains(bytes.ToLower(in), []byte("canary")) {
		t.Errorf("the hash is made of %s", in)
	}
	for name, f := range cfg.Files {
		if bytes.Contains(bytes.ToLower(f.Bytes), []byte("canary-")) {
			t.Errorf("%s is shown with a secret: %s", name, f.Bytes)
		}
	}
	c := cfg.Endpoint("target.mysql.c")
	for _, name := range []string{"host", "database", "options", "schemas"} {
		if !IsSensitive(c.Attrs[name]) {
			t.Errorf("%s lost its mark", name)
		}
	}
	if !IsSensitive(c.Credentials.Password) || !IsSensitive(c.Credentials.Username) {
		t.Error("the credentials are not marked")
	}
	if !IsSensitive(cfg.Endpoint("source.postgresql.b").Attrs["connection"]) || !IsSensitive(cfg.Endpoint("target.postgresql.d").Blocks["pool"]["token"]) {
		t.Error("a literal of a sensitive attribute is not marked")
	}
	args := c.Arguments()
	if args["host"] != "canary-env" || args["database"] != "x-canary-default" {
		t.Errorf("the provider gets %v", args)
	}
	if got := args["options"].(map[string]string)["token"]; got != "canary-env" {
		t.Errorf("the provider gets the option %q", got)
	}
	if !IsSensitive(cfg.Outputs[0].Value) {
		t.Error("the output is not marked")
	}
}

// Mistakes around secrets are told without them, in the source that is shown too.
func TestSecretsInMistakes(t *testing.T) {
	for name, src := range map[string]string{
		"conflict":      "source \"postgresql\" \"a\" {\n  connection = \"postgres://u:canary@h/db\"\n  host = \"h\"\n}\n",
		"not parsed":    "source \"postgresql\" \"a\" {\n  connection = \"postgres://u:canary@h/db\"\n  host = \n}\n",
		"unterminated":  "source \"postgresql\" \"a\" {\n  password = \"canary\n}\n",
		"wrong type":    "variable \"v\" {\n  type = number\n  default = \"canary\"\n  sensitive = true\n}\n",
		"heredoc":       "source \"postgresql\" \"a\" {\n  host = \"x\"\n  connection = <<E\ncanary\nE\n}\n",
		"condition":     "source \"postgresql\" \"a\" {\n  host = 1\n  connection = true ? \"canary-1\" : \"canary-2\"\n  port = \"x\"\n}\n",
		"wrong block":   "source \"postgresql\" \"a\" {\n  credentials {\n    type = \"static\"\n    password = \"canary\"\n  }\n}\n",
		"a false key":   "locals {\n  x = { for k in [env(\"SECRET\"), env(\"SECRET\")] : k => 1 }\n}\n",
		"error message": "variable \"v\" {\n  default = \"canary\"\n  sensitive = true\n  validation {\n    condition = var.v == \"\"\n    error_message = \"no\"\n  }\n}\n",
	} {
		t.Run(name, func(t *testing.T) {
			cfg, diags := load(t, map[string]string{"a.sf.hcl": src})
			if !diags.HasErrors() {
				t.Error("no error")
			}
			wellFormed(t, diags)
			for _, f := range cfg.Files {
				if strings.Contains(string(f.Bytes), "canary") {
					t.Errorf("shown with %s", f.Bytes)
				}
				if len(f.Bytes) != len(src) {
					t.Error("the source's length has changed, and so its ranges are wrong")
				}
			}
		})
	}
}
