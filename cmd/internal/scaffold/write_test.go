package scaffold

import (
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/syncform/syncform/providers/schema"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"app.db":                              "sqlite:app.db",
		"./my:odd.db":                         "sqlite:./my:odd.db",
		"sqlite:app.db":                       "sqlite:app.db",
		"sqlite:///tmp/app.db":                "sqlite:/tmp/app.db",
		"postgres://u:s3cret@h:1/d?sslmode=x": "postgres://u:xxxxx@h:1/d",
		"postgresql://h/d":                    "postgresql://h/d",
		"mysql://root@h/shop":                 "mysql://root@h/shop",
		"mariadb://root@h/shop":               "mysql://root@h/shop",
	} {
		l, err := Parse(text)
		if err != nil || l.String() != want {
			t.Errorf("%s: got %s, %v; want %s", text, l, err, want)
		}
	}
	for _, text := range []string{"", "oracle://h/d", "sqlite:", "postgres://u:s3cret%@h/d", "mysql:s3cret"} {
		if _, err := Parse(text); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestWrite(t *testing.T) {
	db := &schema.Database{
		System: schema.PostgreSQL, DefaultSchema: "public",
		Tables: []schema.Table{
			{Name: schema.Name{Schema: "public", Name: "users"}},
			{Name: schema.Name{Schema: "public", Name: "a \"${x}\" %{y}\n`b`\\ Ünïcode"}},
			{Name: schema.Name{Schema: "public", Name: "star*"}},
			{Name: schema.Name{Schema: "other", Name: "users"}},
		},
		Others: []schema.Object{{Kind: "view", Name: schema.Name{Schema: "public", Name: "v\nsync \"x\" {"}}},
	}
	from, err := Parse("postgres://u:s3cret@h/My Shop-1")
	if err != nil {
		from, err = Parse("postgres://u:s3cret@h/My%20Shop-1")
	}
	if err != nil {
		t.Fatal(err)
	}
	to, err := Parse("postgres://v:t0psecret@h/two")
	if err != nil {
		t.Fatal(err)
	}
	r := Write(db, from, to, []string{"X=1", "SHOP_URL=" + from.URL, "_=" + to.URL})
	text := string(r.HCL)
	for _, bad := range []string{"s3cret", "t0psecret"} {
		if strings.Contains(text, bad) {
			t.Errorf("the file holds a password:\n%s", text)
		}
	}
	for _, want := range []string{`connection = env("SHOP_URL")`, `connection = env("POSTGRESQL_CONNECTION_STRING")`, "source = source.postgresql.My_Shop_1", "target = target.postgresql.two", "also has 1 of kind view."} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	f, diags := hclsyntax.ParseConfig(r.HCL, "main.sf.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatalf("%v in\n%s", diags, text)
	}
	var labels []string
	for _, b := range f.Body.(*hclsyntax.Body).Blocks {
		for _, m := range b.Body.Blocks {
			labels = append(labels, m.Labels[0])
		}
	}
	want := []string{"users", db.Tables[1].Name.Name, "other.users"}
	if strings.Join(labels, "|") != strings.Join(want, "|") || r.Tables != 3 {
		t.Errorf("labels %q, want %q, in\n%s", labels, want, text)
	}
}
