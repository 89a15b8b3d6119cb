package lang

import (
	"math"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/zclconf/go-cty/cty"
)

// What the fixture "supported" says arrives in the Config.
func TestDecoded(t *testing.T) {
	cfg, diags := Load(options(t, filepath.Join("testdata", "valid", "supported")))
	if len(diags) > 0 {
		t.Fatalf("%s", render("", diags))
	}
	a := cfg.Endpoint("source.postgresql.a")
	wantArgs := map[string]any{"host": "a.example.com", "port": int64(5432), "database": "a", "ssl": "verify_full", "ca_file": "ca.pem",
		"schemas": []string{"public", `Other "one"`}, "options": map[string]string{"application_name": "x"}}
	if got := a.Arguments(); !reflect.DeepEqual(got, wantArgs) {
		t.Errorf("arguments: %#v", got)
	}
	if a.Credentials.Manager != "secret_manager.file.main" || a.Credentials.Path != "a.json" || a.Role != Source || a.Provider != "postgresql" || a.Name != "a" {
		t.Errorf("endpoint: %+v", a)
	}
	if got := Plain(a.Blocks["pool"]["size"]); got != int64(3) {
		t.Errorf("pool: %v", got)
	}
	if cfg.Backend.Type != "postgresql" || cfg.RequiredVersion != "~> 0.1" {
		t.Errorf("settings: %+v", cfg.Backend)
	}
	s := cfg.Sync("sync.full")
	if s.Source != "source.postgresql.a" || s.Target != "target.sqlite.lite" || s.Pattern != "one_way" || s.Mode != "full" ||
		s.BatchSize != 1 || s.ParallelTables != 1 || s.RetryAttempts != 0 || s.OnBadRow != "stop" {
		t.Errorf("sync: %+v", s)
	}
	if other := cfg.Sync("sync.other"); other.ParallelTables != 4 || other.RetryAttempts != 3 || other.BatchSize != 0 {
		t.Errorf("defaults: %+v", other)
	}
	m := s.Mappings[0]
	if m.Addr != `sync.full.mapping["users"]` || m.TargetTable != "dim users" || !m.PreventDestroy || m.Prune || !m.ColumnsSet ||
		!reflect.DeepEqual(m.Columns, map[string]string{"*": "*", "Größe": "size", "id": "user_id"}) ||
		!reflect.DeepEqual(m.Key, []string{"id"}) || !reflect.DeepEqual(m.AllowHazards, []string{"SF104"}) {
		t.Errorf("mapping: %+v", m)
	}
	tier, n, none := m.ColumnBlocks[1], m.ColumnBlocks[2], m.ColumnBlocks[3]
	if tier.Addr != `sync.full.mapping["users"].column["tier"]` || tier.From != "level" || tier.Nullable == nil || *tier.Nullable || tier.Default.AsString() != "bronze" {
		t.Errorf("column: %+v", tier)
	}
	if !n.Default.RawEquals(cty.NumberIntVal(5)) || n.Nullable != nil || none.Default == cty.NilVal || !none.Default.IsNull() || m.ColumnBlocks[0].Default != cty.NilVal {
		t.Errorf("defaults: %#v %#v", n.Default, none.Default)
	}
	if ix := m.Indexes[0]; ix.Name != "by_tier" || !ix.Unique || !reflect.DeepEqual(ix.Columns, []string{"tier", "n"}) {
		t.Errorf("index: %+v", ix)
	}
	for arg, line := range map[string]int{"columns.id": 67, "columns.nothing": 67, "exclude_columns.secret": 68, "key": 69, "filters": 65} {
		if got := m.Range(arg).Start.Line; got != line {
			t.Errorf("the range of %s begins on line %d, not %d", arg, got, line)
		}
	}
	if w := cfg.Sync("sync.snapshot"); w.Source != "target.postgresql.e" || !w.Mappings[0].Wildcard() {
		t.Errorf("sync: %+v", w)
	}
}

// With AllowMissing what is not set is unknown, and all else is still checked.
func TestAllowMissing(t *testing.T) {
	dir := write(t, map[string]string{"a.sf.hcl": `
variable "needed" {}
variable "tenants" { type = set(string) }
source "postgresql" "a" {
  host     = var.needed
  port     = var.needed
  database = env("NOT_SET")
}
source "postgresql" "t" {
  for_each = var.tenants
  host     = "${each.key}.example.com"
  prot     = 1
}
target "mysql" "b" {
  connection = env("NOT_SET")
}
sync "s" {
  for_each   = var.tenants
  source     = source.postgresql.t[each.key]
  target     = target.mysql.b
  mode       = var.needed
  batch_size = var.needed
  mapping "t" {
    target_table = "t_${each.key}"
    columns      = { a = var.needed }
    key          = [var.needed, "x"]
  }
}
output "o" { value = sync.s }
output "p" { value = sync.s["a"].mode }
`})
	o := options(t, dir)
	o.AllowMissing = true
	_, diags := Load(o)
	if len(diags) != 1 || !strings.Contains(diags[0].Detail, `Did you mean "port"?`) {
		t.Errorf("%s", render(dir, diags))
	}
	o.AllowMissing = false
	if _, diags = Load(o); !diags.HasErrors() || len(diags) < 3 {
		t.Errorf("%s", render(dir, diags))
	}
}

// A build between releases passes as the release that it becomes.
func TestRequiredVersion(t *testing.T) {
	for want, passes := range map[string]bool{">= 0.1.0": true, "~> 0.1": true, "= 0.1.0": true, "> 0.1.0": false, "< 0.1.0": false, ">= 0.1, < 0.2": true} {
		_, diags := load(t, map[string]string{"a.sf.hcl": "syncform {\n  required_version = \"" + want + "\"\n}\n"})
		if diags.HasErrors() == passes {
			t.Errorf("%s: %s", want, render("", diags))
		}
	}
}

func TestUnits(t *testing.T) {
	for s, want := range map[string]time.Duration{
		"5m": 5 * time.Minute, "5_minutes": 5 * time.Minute, "5 minutes": 5 * time.Minute, "1_minute": time.Minute,
		"1h30m": 90 * time.Minute, "2d": 48 * time.Hour, "1w": 168 * time.Hour, "250ms": 250 * time.Millisecond, "90s": 90 * time.Second,
		"": 0, "5": 0, "m": 0, "-5m": 0, "0s": 0, "1.5h": 0, "5 fortnights": 0, "99999999999999999999s": 0, "9999999999w": 0,
	} {
		if got, err := ParseDuration(s); got != want || (err == nil) != (want > 0) {
			t.Errorf("ParseDuration(%q) = %v, %v", s, got, err)
		}
	}
	for s, want := range map[string]int64{
		"10GB": 10 << 30, "512 MB": 512 << 20, "1kib": 1024, "7": 7, "7B": 7, "2t": 2 << 40, "8388607TB": 8388607 << 40,
		"": 0, "GB": 0, "0GB": 0, "-1GB": 0, "1.5GB": 0, "10 apples": 0, "9999999TB": 0, "99999999999999999999": 0,
	} {
		if got, err := ParseSize(s); got != want || (err == nil) != (want > 0) {
			t.Errorf("ParseSize(%q) = %v, %v", s, got, err)
		}
	}
	if math.MaxInt64>>40 < 8388607 {
		t.Error("the largest size does not fit")
	}
	for s, good := range map[string]bool{
		"*/5 * * * *": true, "0 3 * * SUN": true, "0,30 8-18/2 1-15 jan-MAR 1-5": true, "59 23 31 12 7": true, "1/2 * * * *": true,
		"* * * *": false, "* * * * * *": false, "60 * * * *": false, "* 24 * * *": false, "* * 0 * *": false, "* * * 13 *": false,
		"* * * * 8": false, "a * * * *": false, "5-1 * * * *": false, "*/0 * * * *": false, "*/x * * * *": false, "1-2-3 * * * *": false, ", * * * *": false,
	} {
		if err := checkCron(s); (err == nil) != good {
			t.Errorf("checkCron(%q) = %v", s, err)
		}
	}
}

func TestFormat(t *testing.T) {
	got, diags := Format([]byte("sync \"s\" {\n source=source.a.b\n    mode   =    \"full\"\n}\n"), "a.sf.hcl")
	if want := "sync \"s\" {\n  source = source.a.b\n  mode   = \"full\"\n}\n"; diags.HasErrors() || string(got) != want {
		t.Errorf("%s%v", got, diags)
	}
	again, diags := Format(got, "a.sf.hcl")
	if diags.HasErrors() || string(again) != string(got) {
		t.Errorf("a second time: %s%v", again, diags)
	}
	if got, diags = Format([]byte("sync {"), "a.sf.hcl"); !diags.HasErrors() || got != nil {
		t.Errorf("what does not parse: %q", got)
	}
}

// The tables that the docs are made from are whole: every block and argument has its
// sentence, and no name stands twice.
func TestTables(t *testing.T) {
	var visit func(path string, s BlockSpec)
	visit = func(path string, s BlockSpec) {
		path += " " + s.Name
		if s.Text == "" {
			t.Errorf("%s has no text", path)
		}
		seen := map[string]bool{}
		for _, a := range s.Arguments {
			if a.Text == "" || a.Type == "" || a.Name == "" || seen[a.Name] {
				t.Errorf("%s: %+v", path, a)
			}
			if (a.Type == reference || a.Type == references || a.Type == notifiers) != (a.Kinds != nil) {
				t.Errorf("%s: the kinds of %s", path, a.Name)
			}
			seen[a.Name] = true
		}
		for _, b := range s.Blocks {
			visit(path, b)
		}
	}
	for _, s := range Blocks() {
		visit("", s)
	}
	for _, kind := range backendTypes {
		visit("", BackendSpec(kind))
	}
	for _, kind := range secretManagerTypes {
		visit("", SecretManagerSpec(kind))
	}
	for _, p := range laterProviders {
		visit(p.Name, EndpointSpec(p, Source))
	}
	for _, root := range rootNames {
		if rootParts[root] == 0 {
			t.Errorf("no parts for %s", root)
		}
	}
}

var hugeNumber = regexp.MustCompile(`[eE][+-]?[0-9]{5,}`)

// FuzzLoad holds that no input makes Load panic, and that every diagnostic has its
// place and text.
func FuzzLoad(f *testing.F) {
	for _, kind := range []string{"valid", "wrong"} {
		files, err := filepath.Glob(filepath.Join("testdata", kind, "*", "*.sf.*"))
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range files {
			src, err := readRegular(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(src), strings.HasSuffix(name, ".json"))
		}
	}
	f.Fuzz(func(t *testing.T, src string, json bool) {
		if hugeNumber.MatchString(src) {
			return // written out, such a number has more digits than there is memory
		}
		name := "a.sf.hcl"
		if json {
			name = "a.sf.json"
		}
		cfg, diags := load(t, map[string]string{name: src})
		if cfg == nil {
			t.Fatal("a folder with a file gave no Config")
		}
		for _, d := range diags {
			if d.Subject == nil || d.Summary == "" || d.Detail == "" {
				t.Errorf("a diagnostic without place or text: %+v", d)
			}
		}
	})
}
