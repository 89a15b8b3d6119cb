package planner

import (
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/providers/schema"
)

func TestMentions(t *testing.T) {
	names := map[string]bool{"name": true, "Odd Name": true, `qu"ote`: true}
	for _, c := range []struct {
		sys  schema.System
		sql  string
		want string
	}{
		{schema.PostgreSQL, "(lower(name) <> '')", "name"},
		{schema.PostgreSQL, `("Odd Name" > 0)`, "Odd Name"},
		{schema.PostgreSQL, `("qu""ote" > 0)`, `qu"ote`},
		{schema.PostgreSQL, "(surname > 0 AND name2 > 0)", ""},
		{schema.PostgreSQL, "(x <> 'name')", ""},
		{schema.PostgreSQL, "(x <> 'it''s name')", ""},
		{schema.PostgreSQL, `(x <> '\' AND name > 0)`, "name"},
		{schema.MySQL, "(`name` > 0)", "name"},
		{schema.MySQL, `(x <> 'it\'s name')`, ""},
		{schema.MySQL, "NAME > 0", "name"},
		{schema.SQLite, "[odd name] > 0", "Odd Name"},
		{schema.PostgreSQL, "é > name_é", ""},
		{schema.PostgreSQL, "'unclosed name", ""},
		{schema.PostgreSQL, "", ""},
	} {
		got, ok := mentions(c.sys, c.sql, names)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("%s: %q mentions %q, %v; want %q", c.sys, c.sql, got, ok, c.want)
		}
	}
}

func TestDrawsFrom(t *testing.T) {
	for _, c := range []struct {
		expr string
		seq  schema.Name
		want bool
	}{
		{"nextval('a_id_seq'::regclass)", schema.Name{Schema: "public", Name: "a_id_seq"}, true},
		{"nextval('public.a_id_seq'::regclass)", schema.Name{Schema: "public", Name: "a_id_seq"}, true},
		{"nextval('a_id_seq'::regclass)", schema.Name{Schema: "app", Name: "a_id_seq"}, false},
		{`nextval('app."Odd.Name_seq"'::regclass)`, schema.Name{Schema: "app", Name: "Odd.Name_seq"}, true},
		{`nextval('"it''s"'::regclass)`, schema.Name{Schema: "public", Name: "it's"}, true},
		{`nextval('"a""b"."c"'::regclass)`, schema.Name{Schema: `a"b`, Name: "c"}, true},
	} {
		if got := drawsFrom(c.expr, c.seq, "public"); got != c.want {
			t.Errorf("%s from %s: %v", c.expr, c.seq, got)
		}
	}
}

func TestTargetName(t *testing.T) {
	pg := &endpoint{db: &schema.Database{System: schema.PostgreSQL, DefaultSchema: "public"}}
	main := &endpoint{db: &schema.Database{System: schema.PostgreSQL, DefaultSchema: "main"}}
	my := &endpoint{db: &schema.Database{System: schema.MySQL, Name: "shop"}}
	n := func(in, name string) schema.Name { return schema.Name{Schema: in, Name: name} }
	for _, c := range []struct {
		source, target *endpoint
		table          schema.Name
		pattern        string
		want           schema.Name
	}{
		{pg, main, n("public", "t"), "", n("main", "t")},
		{pg, main, n("app", "t"), "", n("app", "t")},
		{pg, my, n("app", "t"), "", n("", "t")},
		{my, pg, n("", "t"), "", n("public", "t")},
		{my, pg, n("", "a.b"), "", n("public", "a.b")},
		{my, pg, n("", "a.b"), "x.c_*", n("x", "c_a.b")},
		{my, pg, n("", "t"), "x.y", n("x", "y")},
		{pg, my, n("public", "t"), "x.y", n("", "x.y")},
		{pg, my, n("public", "t"), "app_*", n("", "app_t")},
	} {
		got := targetName(found{cfg: &lang.Mapping{TargetTable: c.pattern}, table: &schema.Table{Name: c.table}}, c.source, c.target)
		if got != c.want {
			t.Errorf("%s as %q: got %s, want %s", c.table, c.pattern, got, c.want)
		}
	}
}

func TestLookup(t *testing.T) {
	db := &schema.Database{System: schema.PostgreSQL, DefaultSchema: "public"}
	for _, n := range []schema.Name{{Schema: "public", Name: "a"}, {Schema: "public", Name: "x.y"}, {Schema: "x", Name: "y"}, {Schema: "x", Name: "y.z"}, {Schema: "q.r", Name: "s"}} {
		db.Tables = append(db.Tables, schema.Table{Name: n})
	}
	e := newEndpoint("source.postgresql.a", nil, db)
	for label, want := range map[string]schema.Name{
		"a": {Schema: "public", Name: "a"}, "public.a": {Schema: "public", Name: "a"}, "x.y": {Schema: "public", Name: "x.y"},
		"x.y.z": {Schema: "x", Name: "y.z"}, "q.r.s": {Schema: "q.r", Name: "s"},
	} {
		if got := e.lookup(label); got == nil || got.Name != want {
			t.Errorf("%q is %v, want %s", label, got, want)
		}
	}
	if got := e.lookup("A"); got != nil {
		t.Errorf("PostgreSQL tells upper from lower case: %v", got.Name)
	}
	lite := newEndpoint("source.sqlite.a", nil, &schema.Database{System: schema.SQLite, Tables: []schema.Table{{Name: schema.Name{Name: "Users"}}}})
	if lite.lookup("users") == nil {
		t.Error("SQLite does not")
	}
	my := newEndpoint("source.mysql.a", nil, &schema.Database{System: schema.MySQL, Name: "shop", Tables: []schema.Table{{Name: schema.Name{Name: "users"}}}})
	if my.lookup("shop.users") == nil || my.lookup("other.users") != nil {
		t.Error("MySQL's database is its only schema")
	}
}

func TestCutName(t *testing.T) {
	long := strings.Repeat("é", 40)
	a, b := cutName(long, "key"), cutName(long+"x", "key")
	if len(a) > maxName || len(b) > maxName || a == b || !strings.HasSuffix(a, "_key") || strings.ContainsRune(a, '\uFFFD') {
		t.Errorf("%q, %q", a, b)
	}
	if got := cutName("users", "key"); got != "users_key" {
		t.Errorf("%q", got)
	}
}

func TestBatchSize(t *testing.T) {
	for _, c := range []struct{ said, rows, bytes, want int64 }{
		{1000, 5, 5, 1000},
		{0, 1_000_000, 100_000_000, 100_000},         // short rows: by rows
		{0, 1_000_000, 10_000_000_000, 3355},         // 10 KB rows: by bytes
		{0, 100, 1_000_000_000, chunkMinRows},        // 10 MB rows
		{0, -1, -1, guessRows}, {0, 0, 0, guessRows}, // nothing is known
	} {
		if got := batchSize(c.said, &schema.Table{Rows: c.rows, Bytes: c.bytes}); got != c.want {
			t.Errorf("%d rows of %d bytes: %d, want %d", c.rows, c.bytes, got, c.want)
		}
	}
	if chunks(-1, 10) != -1 || chunks(0, 10) != 1 || chunks(10, 10) != 1 || chunks(11, 10) != 2 {
		t.Error("chunks")
	}
}

func TestSetDefault(t *testing.T) {
	for _, c := range []struct {
		kind schema.Kind
		v    cty.Value
		want string // "!" an error, "-" none
	}{
		{schema.Int, cty.NumberIntVal(7), "7"},
		{schema.Int, cty.StringVal("7"), "7"},
		{schema.Int, cty.MustParseNumberVal("18446744073709551615"), "18446744073709551615"},
		{schema.Int, cty.NumberFloatVal(1.5), "!"},
		{schema.Int, cty.StringVal("x"), "!"},
		{schema.Int, cty.True, "1"},
		{schema.Decimal, cty.MustParseNumberVal("1.10"), "1.1"},
		{schema.Decimal, cty.MustParseNumberVal("0.000000000000000000001"), "0.000000000000000000001"},
		{schema.Bool, cty.False, "f"},
		{schema.Bool, cty.StringVal("maybe"), "!"},
		{schema.Text, cty.StringVal("it's"), "it's"},
		{schema.Text, cty.NumberIntVal(5), "5"},
		{schema.Text, cty.NullVal(cty.String), "-"},
		{schema.Text, cty.StringVal("hunter2").Mark("sensitive"), "!"},
		{schema.Text, cty.EmptyObjectVal, "!"},
	} {
		col := schema.Column{Type: schema.Type{Kind: c.kind}, Default: &schema.Default{Text: "before"}}
		err := setDefault(&col, c.v)
		switch {
		case c.want == "!":
			if err == nil {
				t.Errorf("%s %#v: got %+v, want an error", c.kind, c.v, col.Default)
			} else if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error tells the secret: %v", err)
			}
		case err != nil:
			t.Errorf("%s %#v: %v", c.kind, c.v, err)
		case c.want == "-":
			if col.Default != nil {
				t.Errorf("null is no default: %+v", col.Default)
			}
		case !col.Default.Literal || col.Default.Text != c.want:
			t.Errorf("%s %#v: got %q, want %q", c.kind, c.v, col.Default.Text, c.want)
		}
	}
}

func TestDidYouMean(t *testing.T) {
	names := []string{"users", "orders", "order_items"}
	for given, want := range map[string]string{"usres": "users", "Orders": "orders", "order_item": "order_items", "zebra": ""} {
		got := didYouMean(given, names)
		if want == "" && got != "" || want != "" && !strings.Contains(got, `"`+want+`"`) {
			t.Errorf("%s:%s", given, got)
		}
	}
}

func TestNamesAreToldApart(t *testing.T) {
	n := newNamespace(&schema.Database{System: schema.PostgreSQL, Tables: []schema.Table{{Name: schema.Name{Schema: "public", Name: "taken"}}}})
	a := schema.Table{Name: schema.Name{Schema: "public", Name: "a"}, Indexes: []schema.Index{{Name: "i"}, {Name: "taken"}, {Name: "a"}}}
	b := schema.Table{Name: schema.Name{Schema: "public", Name: "b"}, Indexes: []schema.Index{{Name: "i"}}}
	c := schema.Table{Name: schema.Name{Schema: "other", Name: "c"}, Indexes: []schema.Index{{Name: "i"}}}
	for _, t := range []*schema.Table{&a, &b, &c} {
		n.settle(t)
	}
	got := []string{a.Indexes[0].Name, a.Indexes[1].Name, a.Indexes[2].Name, b.Indexes[0].Name, c.Indexes[0].Name}
	if s := strings.Join(got, " "); s != "i a_taken a_a b_i i" {
		t.Error(s)
	}
}
