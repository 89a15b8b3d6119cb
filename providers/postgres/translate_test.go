package postgres

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/schema"
)

func TestTranslateTypes(t *testing.T) {
	kind := func(k schema.Kind) schema.Type { return schema.Type{Kind: k, System: schema.MySQL} }
	with := func(t schema.Type, f func(*schema.Type)) schema.Type { f(&t); return t }
	for _, c := range []struct {
		t    schema.Type
		want string
	}{
		{kind(schema.Bool), "boolean"},
		{with(kind(schema.Int), func(t *schema.Type) { t.Bits = 8 }), "smallint"},
		{with(kind(schema.Int), func(t *schema.Type) { t.Bits, t.Unsigned = 8, true }), "smallint"},
		{with(kind(schema.Int), func(t *schema.Type) { t.Bits, t.Unsigned = 16, true }), "integer"},
		{with(kind(schema.Int), func(t *schema.Type) { t.Bits, t.Unsigned = 24, true }), "integer"},
		{with(kind(schema.Int), func(t *schema.Type) { t.Bits = 32 }), "integer"},
		{with(kind(schema.Int), func(t *schema.Type) { t.Bits, t.Unsigned = 32, true }), "bigint"},
		{with(kind(schema.Int), func(t *schema.Type) { t.Bits = 64 }), "bigint"},
		{with(kind(schema.Int), func(t *schema.Type) { t.Bits, t.Unsigned = 64, true }), "numeric(20,0)"},
		{kind(schema.Year), "smallint"},
		{with(kind(schema.Decimal), func(t *schema.Type) { t.Precision, t.Scale = 65, 30 }), "numeric(65,30)"},
		{with(kind(schema.Float), func(t *schema.Type) { t.Bits = 32 }), "real"},
		{with(kind(schema.Float), func(t *schema.Type) { t.Bits = 64 }), "double precision"},
		{with(kind(schema.Char), func(t *schema.Type) { t.Length = 7 }), "character(7)"},
		{with(kind(schema.Varchar), func(t *schema.Type) { t.Length = 7 }), "character varying(7)"},
		{kind(schema.Text), "text"},
		{with(kind(schema.Binary), func(t *schema.Type) { t.Length = 7 }), "bytea"},
		{kind(schema.Geometry), "bytea"},
		{kind(schema.Date), "date"},
		{with(kind(schema.Time), func(t *schema.Type) { t.Precision = 4 }), "time(3) without time zone"},
		{kind(schema.Timestamp), "timestamp(0) without time zone"},
		{with(kind(schema.TimestampTZ), func(t *schema.Type) { t.Precision = 7 }), "timestamp(6) with time zone"},
		{kind(schema.UUID), "uuid"},
		{kind(schema.JSON), "json"},
		{kind(schema.JSONB), "jsonb"},
		{with(kind(schema.EnumKind), func(t *schema.Type) { t.Values = []string{"a", "längst"} }), "character varying(6)"},
		{with(kind(schema.Set), func(t *schema.Type) { t.Values = []string{"a", "bc"} }), "character varying(4)"},
		{with(kind(schema.Bit), func(t *schema.Type) { t.Length = 12 }), "bit(12)"},
		{with(kind(schema.Other), func(t *schema.Type) { t.Native = "inet6" }), "inet"},
	} {
		got, err := translateType(c.t, schema.MySQL)
		if err != nil || got.Native != c.want || got.System != schema.PostgreSQL {
			t.Errorf("%+v: %+v, %v", c.t, got, err)
		}
	}
}

func TestParseType(t *testing.T) {
	for in, want := range map[string]string{
		"INT": "integer", " int4 ": "integer", "varchar(20)": "character varying(20)", "VARCHAR": "character varying", "character varying ( 20 )": "character varying(20)",
		"decimal(10)": "numeric(10,0)", "numeric(10, -2)": "numeric(10,-2)", "float(24)": "real", "float": "double precision", "timestamptz(3)": "timestamp(3) with time zone",
		"timestamp (3) with time zone": "timestamp(3) with time zone", "time": "time without time zone", "char": "character(1)", `"char"`: `"char"`, "bpchar": "bpchar",
		"int[]": "integer[]", "text[3][]": "text[]", "text ARRAY": "text[]", "interval day to second(3)": "interval day to second(3)", "bit": "bit(1)", "varbit(5)": "bit varying(5)",
		"public.mood": "public.mood", `"Odd S"."T"[]`: `"Odd S"."T"[]`, "pg_catalog.int8": "bigint", "public.geometry(Point,4326)": "public.geometry(Point,4326)",
	} {
		got, err := parseType(in)
		if err != nil || got.Native != want {
			t.Errorf("%q: %q, %v", in, got.Native, err)
		}
		again, err := parseType(got.Native)
		if err != nil || !again.Equal(got) {
			t.Errorf("%q: %q is read as %+v, %v", in, got.Native, again, err)
		}
	}
	for in, want := range map[string]string{"varcha(20)": `did you mean "varchar"`, "int(5)": "takes no length", "mood": "public.mood", "varchar(0)": "1 to 10485760", "": "no type", "timestamp(7)": "0 to 6", "numeric(1": "not closed"} {
		if _, err := parseType(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func TestCompareTypes(t *testing.T) {
	for _, c := range []struct {
		from, to string
		want     schema.Narrowing
	}{
		{"integer", "integer", schema.NotNarrow}, {"integer", "bigint", schema.Widens}, {"bigint", "integer", schema.Narrows}, {"varchar(5)", "varchar(6)", schema.Widens},
		{"varchar(5)", "text", schema.Widens}, {"text", "varchar(5)", schema.Narrows}, {"varchar", "text", schema.Widens}, {"char(5)", "char(4)", schema.Narrows}, {"char(5)", "text", schema.Retypes},
		{"numeric(10,2)", "numeric(12,4)", schema.Widens}, {"numeric(10,2)", "numeric(10,4)", schema.Narrows}, {"numeric", "numeric(10,2)", schema.Narrows}, {"numeric(10,2)", "numeric", schema.Widens},
		{"integer", "numeric", schema.Widens}, {"integer", "numeric(9,0)", schema.Narrows}, {"real", "double precision", schema.Widens}, {"timestamp(3)", "timestamp", schema.Widens},
		{"timestamp", "timestamp(0)", schema.Narrows}, {"timestamp", "timestamptz", schema.Retypes}, {"integer[]", "bigint[]", schema.Widens}, {"bit(3)", "varbit(3)", schema.Widens},
		{"text", "integer", schema.Retypes}, {"inet", "text", schema.Retypes},
	} {
		from, err := parseType(c.from)
		if err != nil {
			t.Fatal(err)
		}
		to, err := parseType(c.to)
		if err != nil {
			t.Fatal(err)
		}
		if got := compareTypes(from, to); got != c.want {
			t.Errorf("%s to %s: %q, want %q", c.from, c.to, got, c.want)
		}
	}
}

func TestExpressions(t *testing.T) {
	table := schema.Table{Name: schema.Name{Name: "t"}, Columns: []schema.Column{
		{Name: "qty", Type: schema.Type{Kind: schema.Int, Bits: 32}}, {Name: "Order", Type: schema.Type{Kind: schema.Int, Bits: 32}},
		{Name: "status", Type: schema.Type{Kind: schema.Text}, Collation: "utf8mb4_general_ci"}, {Name: "code", Type: schema.Type{Kind: schema.Text}, Collation: "utf8mb4_bin"},
		{Name: "paid", Type: schema.Type{Kind: schema.Bool}},
	}}
	my := &translation{from: &schema.Database{System: schema.MySQL}, source: table}
	for in, want := range map[string]string{
		"(`qty` > 0)": "(qty > 0)", "qty >= 1 AND (`Order` < 5 or qty is not null)": `((qty >= 1) AND (("Order" < 5) OR (qty IS NOT NULL)))`,
		"`qty` between 1 and 10": "(qty BETWEEN 1 AND 10)", "qty not in (1, -2)": "(qty NOT IN (1, (- 2)))", "not qty = 1": "(NOT (qty = 1))", "`qty`*2+1 <> `Order`": `(((qty * 2) + 1) <> "Order")`,
		"code in ('a','b''c')": "(code IN ('a', 'b''c'))", "code = _utf8mb4'x'": "(code = 'x')",
		"status = 'a'": "", "qty": "", "qty <=> 1": "", "length(code) > 1": "", "qty / 2 > 1": "", "qty > 1e5": "", "paid": "", "qty and 1": "", "code > 1": "", "nobody > 1": "", "qty > (select 1)": "",
		"qty > 1)": "", "(qty > 1": "", "code = 'a\\'b'": "", "'a' = 'a' -- x": "", "": "", "qty is true": "",
	} {
		got, ok := my.expression(in, schema.Bool)
		if ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q, %v; want %q", in, got, ok, want)
		}
	}
}

// shop is what an inspection of MySQL might give.
func shop() *schema.Database {
	integer := func(bits int, unsigned bool) schema.Type {
		return schema.Type{Kind: schema.Int, Bits: bits, Unsigned: unsigned, System: schema.MySQL, Native: "int"}
	}
	text := func(n int) schema.Type { return schema.Type{Kind: schema.Varchar, Length: n, System: schema.MySQL} }
	id := schema.Column{Name: "id", Type: integer(64, true), Identity: &schema.Identity{Start: "17"}}
	long := strings.Repeat("ü", 60)
	return &schema.Database{System: schema.MySQL, Tables: []schema.Table{
		{Name: schema.Name{Name: "users"}, Columns: []schema.Column{id,
			{Name: "role", Type: schema.Type{Kind: schema.EnumKind, Values: []string{"admin", "it's"}, System: schema.MySQL}, Default: &schema.Default{Literal: true, Text: "it's"}},
			{Name: "one", Type: schema.Type{Kind: schema.EnumKind, Values: []string{"only"}, System: schema.MySQL}, Nullable: true},
			{Name: "tags", Type: schema.Type{Kind: schema.Set, Values: []string{"a", "b"}, System: schema.MySQL}, Nullable: true, Default: &schema.Default{Literal: true, Text: "a,b"}},
			{Name: "active", Type: schema.Type{Kind: schema.Bool, System: schema.MySQL}, Default: &schema.Default{Literal: true, Text: "t"}},
			{Name: "balance", Type: schema.Type{Kind: schema.Decimal, Precision: 10, Scale: 2, System: schema.MySQL}, Default: &schema.Default{Literal: true, Text: "0.00"}},
			{Name: "ratio", Type: schema.Type{Kind: schema.Float, Bits: 64, System: schema.MySQL}, Nullable: true, Default: &schema.Default{Literal: true, Text: "1.5"}},
			{Name: "born", Type: schema.Type{Kind: schema.Timestamp, System: schema.MySQL}, Nullable: true, Default: &schema.Default{Literal: true, Text: "0000-00-00 00:00:00"}},
			{Name: "created", Type: schema.Type{Kind: schema.Timestamp, Precision: 4, System: schema.MySQL}, Default: &schema.Default{Text: "CURRENT_TIMESTAMP(3)"}, OnUpdate: "CURRENT_TIMESTAMP(3)"},
			{Name: "day", Type: schema.Type{Kind: schema.Date, System: schema.MySQL}, Nullable: true, Default: &schema.Default{Text: "(curdate())"}},
			{Name: "token", Type: schema.Type{Kind: schema.Char, Length: 36, System: schema.MySQL}, Nullable: true, Default: &schema.Default{Text: "uuid()"}},
			{Name: "flags", Type: schema.Type{Kind: schema.Bit, Length: 4, System: schema.MySQL}, Nullable: true, Default: &schema.Default{Literal: true, Text: "0101"}},
			{Name: "raw", Type: schema.Type{Kind: schema.Varbinary, Length: 5, System: schema.MySQL}, Nullable: true, Default: &schema.Default{Literal: true, Text: "a'\\"}},
			{Name: "bio", Type: schema.Type{Kind: schema.Text, System: schema.MySQL}, Nullable: true, Comment: "it's"},
			{Name: "twice", Type: integer(32, false), Nullable: true, Generated: &schema.Generated{Expr: "`small` * 2", Stored: false}},
			{Name: "small", Type: integer(8, false), Nullable: true}, {Name: long, Type: text(5), Nullable: true}},
			PrimaryKey: &schema.Key{Name: "PRIMARY", Parts: []schema.KeyPart{{Column: "id"}}},
			Checks:     []schema.Check{{Name: "positive", Expr: "(`balance` >= 0)"}, {Name: "odd", Expr: "(length(`bio`) > 1)"}},
			Indexes: []schema.Index{{Name: "by_role", Parts: []schema.KeyPart{{Column: "role"}, {Column: "created", Desc: true}}}, {Name: "by_bio", Parts: []schema.KeyPart{{Column: "bio", Prefix: 10}}},
				{Name: "full", Method: "fulltext", Parts: []schema.KeyPart{{Column: "bio"}}}, {Name: "uniq", Unique: true, Parts: []schema.KeyPart{{Column: "token"}}}, {Name: "by_long", Parts: []schema.KeyPart{{Column: long}}}}},
		{Name: schema.Name{Name: "orders"}, Columns: []schema.Column{id, {Name: "user_id", Type: integer(64, true), Nullable: true}, {Name: "other", Type: integer(64, true), Nullable: true}},
			PrimaryKey: &schema.Key{Name: "PRIMARY", Parts: []schema.KeyPart{{Column: "id"}}},
			Indexes:    []schema.Index{{Name: "by_role", Parts: []schema.KeyPart{{Column: "user_id"}}}},
			ForeignKeys: []schema.ForeignKey{{Name: "fk_user", Columns: []string{"user_id"}, RefTable: schema.Name{Name: "users"}, RefColumns: []string{"id"}, OnDelete: "CASCADE", OnUpdate: "NO ACTION"},
				{Name: "fk_small", Columns: []string{"other"}, RefTable: schema.Name{Name: "users"}, RefColumns: []string{"small"}}}},
	}}
}

// TestTranslatedTablesAreStable: what was translated, normalized and made is what an
// inspection finds, so that a second plan is empty.
func TestTranslatedTablesAreStable(t *testing.T) {
	eachServer(t, func(t *testing.T, version string) {
		c := open(t, providertest.Postgres(t, version))
		from := shop()
		var tables []schema.Table
		notes := map[string]bool{}
		for _, table := range from.Tables {
			made, n := c.Translate(from, table)
			made.Name.Schema = "public"
			for i := range made.ForeignKeys {
				made.ForeignKeys[i].RefTable.Schema = "public"
			}
			tables = append(tables, made)
			for _, x := range n {
				notes[x.Object] = true
				if x.Refused {
					t.Errorf("refused: %+v", x)
				}
			}
		}
		for _, want := range []string{`column "born"`, `column "created"`, `check "odd"`, `index "full"`, `foreign key "fk_small"`} {
			if !notes[want] {
				t.Errorf("no note on %s: %v", want, notes)
			}
		}
		users, orders := &tables[0], &tables[1]
		if users.Column("id").Type.Native != "bigint" || orders.Column("user_id").Type.Native != "bigint" || orders.Column("other").Type.Native != "numeric(20,0)" || users.Column("twice").Generated == nil || len(orders.ForeignKeys) != 1 {
			t.Errorf("%+v\n%+v", users, orders)
		}
		normal, err := c.Normalize(t.Context(), tables)
		if err != nil {
			t.Fatal(err)
		}
		again, err := c.Normalize(t.Context(), normal)
		if err != nil {
			t.Fatal(err)
		}
		before := inspect(t, c)
		if len(before.Tables) > 0 || len(before.Schemas) != 1 {
			t.Errorf("normalizing left something behind: %+v", before)
		}
		r := &runner{t: t, conn: c, db: before}
		r.run(r.create(&schema.Database{Tables: normal})...)
		after := inspect(t, c)
		for i, want := range normal {
			got := *after.Table(want.Name)
			want.Rows, want.Bytes, got.Rows, got.Bytes = 0, 0, 0, 0
			for what, other := range map[string]schema.Table{"made": got, "normalized again": again[i]} {
				other.Rows, other.Bytes = 0, 0
				if other.Fingerprint() != want.Fingerprint() {
					a, _ := json.MarshalIndent(want, "", " ")
					b, _ := json.MarshalIndent(other, "", " ")
					t.Errorf("%s %s:\n%s\n%s", want.Name, what, a, b)
				}
			}
		}
		// The enum's check is written in the server's own words at once.
		for _, k := range tables[0].Checks {
			if !slices.Contains(normal[0].Checks, k) && strings.Contains(k.Expr, "ARRAY") {
				t.Errorf("%+v is not in %+v", k, normal[0].Checks)
			}
		}
	})
}
