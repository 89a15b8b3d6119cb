package lang

import (
	"strings"
	"testing"
)

const hashed = `
source "postgresql" "a" {
  host     = "a"
  port     = 5432
  database = "d"
}
target "mysql" "b" {
  connection = env("MYSQL_CONNECTION_STRING")
}
sync "s" {
  source = source.postgresql.a
  target = target.mysql.b
  mode   = "full"
  mapping "t" {
    columns         = { a = "x", b = "y", "*" = "*" }
    exclude_columns = ["c", "d"]
    key             = ["a", "b"]
    column "x" { default = "1" }
  }
  mapping "u" {}
}
output "o" { value = "v" }
`

// The hash is the same for the same meaning, whatever the spelling.
func TestHashSame(t *testing.T) {
	want := must(t, map[string]string{"a.sf.hcl": hashed}).Hash
	if want == "" {
		t.Fatal("no hash")
	}
	replace := func(pairs ...string) map[string]string {
		out := strings.NewReplacer(pairs...).Replace(hashed)
		if out == hashed {
			t.Fatalf("nothing replaced: %q", pairs)
		}
		return map[string]string{"a.sf.hcl": out}
	}
	head, tail, _ := strings.Cut(hashed, "sync ")
	for name, files := range map[string]map[string]string{
		"layout and comments": replace("  host ", "# where\n\n      host ", "mapping \"u\" {}", "mapping \"u\" {\n}"),
		"other files":         {"z.sf.hcl": head, "b.sf.hcl": "sync " + tail},
		"number as text":      replace("5432", `"5432"`),
		"a local":             replace(`host     = "a"`, `host     = local.h`, "output ", "locals { h = \"a\" }\noutput "),
		"order of a map":      replace(`a = "x", b = "y"`, `b = "y", a = "x"`),
		"order of a set":      replace(`["c", "d"]`, `["d", "c"]`),
		"order of blocks":     replace("  mapping \"u\" {}\n", "", "  mapping \"t\"", "  mapping \"u\" {}\n  mapping \"t\""),
		"the default written": replace(`mode   = "full"`, "mode = \"full\"\n  pattern = \"one_way\"\n  parallel_tables = 4\n  retry_attempts = 3\n  on_bad_row = \"stop\""),
		"another secret":      replace(`env("MYSQL_CONNECTION_STRING")`, `env("SECRET")`),
		"a description":       replace(`output "o" { value = "v" }`, "output \"o\" {\n  value = \"v\"\n  description = \"what\"\n}"),
		"where the state is":  replace("output ", "syncform {\n  backend \"local\" {\n    path = \"x\"\n  }\n}\noutput "),
		"an unused variable":  replace("output ", "variable \"v\" { default = 1 }\noutput "),
	} {
		if got := must(t, files).Hash; got != want {
			t.Errorf("%s: another hash", name)
		}
	}
}

// A change of what is meant changes the hash.
func TestHashOther(t *testing.T) {
	seen := map[string]string{must(t, map[string]string{"a.sf.hcl": hashed}).Hash: "the original"}
	for name, pair := range map[string][2]string{
		"host":           {`host     = "a"`, `host     = "aa"`},
		"role":           {`"mysql" "b"`, `"mysql" "c"`},
		"mode":           {`"full"`, `"snapshot"`},
		"column":         {`b = "y"`, `b = "z"`},
		"excluded":       {`["c", "d"]`, `["c"]`},
		"order of key":   {`["a", "b"]`, `["b", "a"]`},
		"default":        {`default = "1"`, `default = "2"`},
		"no default":     {`default = "1"`, `default = null`},
		"nothing said":   {`default = "1"`, ``},
		"default's type": {`default = "1"`, `default = 1`},
		"retries":        {`mode   =`, "retry_attempts = 0\n  mode   ="},
		"another table":  {`"u" {}`, `"v" {}`},
		"output":         {`value = "v"`, `value = "w"`},
		"nullable":       {`default = "1"`, "nullable = false"},
		"nullable true":  {`default = "1"`, "nullable = true"},
	} {
		src := strings.ReplaceAll(hashed, pair[0], pair[1])
		if name == "role" {
			src = strings.ReplaceAll(src, "target.mysql.b", "target.mysql.c")
		}
		h := must(t, map[string]string{"a.sf.hcl": src}).Hash
		if first, ok := seen[h]; ok {
			t.Errorf("%s: the same hash as %s", name, first)
		}
		seen[h] = name
	}
}
