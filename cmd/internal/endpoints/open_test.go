package endpoints

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/attr"
	"github.com/syncform/syncform/providers/schema"
)

// recorder is a provider that keeps what it was opened with.
type recorder struct {
	got  map[string]providers.Config
	fail map[string]error
	open map[string]bool
}

type recorded struct {
	r    *recorder
	addr string
}

func (*recorder) Schema() attr.Provider { return attr.Provider{} }

func (r *recorder) Open(_ context.Context, c providers.Config) (providers.Conn, error) {
	if err := r.fail[c.Addr]; err != nil {
		return nil, err
	}
	r.got[c.Addr], r.open[c.Addr] = c, true
	return recorded{r, c.Addr}, nil
}

func (recorded) Inspect(context.Context, providers.InspectOptions) (*schema.Database, error) {
	return nil, errors.ErrUnsupported
}
func (c recorded) Close() error { c.r.open[c.addr] = false; return nil }

const canary = "c4n4ry-s3cret"

func endpoint(name string, c *lang.Credentials) *lang.Endpoint {
	return &lang.Endpoint{
		Block: lang.Block{Addr: "source.x." + name, DeclRange: hcl.Range{Filename: "main.sf.hcl", Start: hcl.Pos{Line: 1}}}, Provider: "x", Name: name,
		Attrs: map[string]cty.Value{
			"host": cty.StringVal("db"), "port": cty.NumberIntVal(5432), "tls": cty.True, "ca": cty.NullVal(cty.String),
			"hosts": cty.ListVal([]cty.Value{cty.StringVal("a"), cty.StringVal("b")}),
			"opts":  cty.MapVal(map[string]cty.Value{"k": cty.StringVal("v")}),
		},
		Credentials: c,
	}
}

func TestCredentials(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "s.json"), []byte(`{"username":"fu","password":"`+canary+`","host":"ignored","database":"fd","port":"7","more":1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "bad.json"), []byte(`{"username":"fu","password":"`+canary), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"DB_USERNAME": "eu", "DB_PASSWORD": canary, "HALF_USERNAME": "u", "SF_J": `{"username":"ju","password":"` + canary + `"}`, "SF_BAD": canary}
	cfg := &lang.Config{Dir: dir, SecretManagers: []*lang.SecretManager{
		{Block: lang.Block{Addr: "secret_manager.env.e"}, Type: "env", Name: "e", Attrs: map[string]cty.Value{"prefix": cty.StringVal("SF_")}},
		{Block: lang.Block{Addr: "secret_manager.file.f"}, Type: "file", Name: "f"},
	}}
	for name, c := range map[string]struct {
		in         *lang.Credentials
		user, want string // want: part of the error
	}{
		"none":        {},
		"static":      {in: &lang.Credentials{Type: "static", Username: cty.StringVal("su"), Password: cty.StringVal(canary).Mark(lang.Sensitive)}, user: "su"},
		"env":         {in: &lang.Credentials{Type: "env", Path: "DB"}, user: "eu"},
		"env_half":    {in: &lang.Credentials{Type: "env", Path: "HALF"}, want: "HALF_PASSWORD is not set"},
		"env_none":    {in: &lang.Credentials{Type: "env", Path: "NONE"}, want: "NONE_USERNAME is not set"},
		"file":        {in: &lang.Credentials{Type: "file", Path: "s.json"}, user: "fu"},
		"file_none":   {in: &lang.Credentials{Type: "file", Path: "none.json"}, want: "does not exist"},
		"file_bad":    {in: &lang.Credentials{Type: "file", Path: "bad.json"}, want: "not a JSON object"},
		"manager_env": {in: &lang.Credentials{Type: "secret_manager", Manager: "secret_manager.env.e", Path: "J"}, user: "ju"},
		"manager_bad": {in: &lang.Credentials{Type: "secret_manager", Manager: "secret_manager.env.e", Path: "BAD"}, want: "SF_BAD: it is not a JSON object"},
		"manager_fil": {in: &lang.Credentials{Type: "secret_manager", Manager: "secret_manager.file.f", Path: "s.json"}, user: "fu"},
		"manager_non": {in: &lang.Credentials{Type: "secret_manager", Manager: "secret_manager.vault.v", Path: "s"}, want: "there is no secret_manager.vault.v"},
	} {
		t.Run(name, func(t *testing.T) {
			r := &recorder{got: map[string]providers.Config{}, open: map[string]bool{}}
			e := endpoint(name, c.in)
			cfg.Endpoints = []*lang.Endpoint{e}
			conns, diags := Open(t.Context(), cfg, []string{e.Addr, e.Addr}, Options{Providers: map[string]providers.Provider{"x": r}, Env: func(n string) (string, bool) { v, ok := env[n]; return v, ok }})
			if c.want != "" {
				if !diags.HasErrors() || !strings.Contains(diags.Error(), c.want) {
					t.Fatalf("got %v, want %q", diags, c.want)
				}
				if strings.Contains(diags.Error(), canary) || diags[0].Subject == nil {
					t.Errorf("the error holds a secret, or has no place: %v", diags)
				}
				return
			}
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			got := r.got[e.Addr]
			if got.Username != c.user || (c.in != nil) != (got.Password == canary) {
				t.Errorf("user %q, password %q", got.Username, got.Password)
			}
			want := map[string]any{"host": "db", "port": int64(5432), "tls": true, "hosts": []string{"a", "b"}, "opts": map[string]string{"k": "v"}}
			if c.user == "fu" {
				want["database"] = "fd"
			}
			if !reflect.DeepEqual(got.Attrs, want) {
				t.Errorf("attributes %v, want %v", got.Attrs, want)
			}
			if err := conns.Close(); err != nil || r.open[e.Addr] {
				t.Errorf("not closed: %v", err)
			}
		})
	}
}

func TestOpenClosesOnFailure(t *testing.T) {
	r := &recorder{got: map[string]providers.Config{}, open: map[string]bool{}, fail: map[string]error{"source.x.b": errors.New("no route")}}
	cfg := &lang.Config{Endpoints: []*lang.Endpoint{endpoint("a", nil), endpoint("b", nil)}}
	_, diags := Open(t.Context(), cfg, []string{"source.x.a", "source.x.b", "source.x.gone"}, Options{Providers: map[string]providers.Provider{"x": r}})
	if len(diags) != 2 || !strings.Contains(diags.Error(), "Can't open source.x.b") && !strings.Contains(diags.Error(), "source.x.gone is needed") {
		t.Errorf("got %v", diags)
	}
	if r.open["source.x.a"] {
		t.Error("source.x.a was left open")
	}
}
