package mysql

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// fromPostgres is a database with what has no straight counterpart here.
func fromPostgres() *schema.Database {
	pg := func(native string, t schema.Type) schema.Type {
		t.Native, t.System = native, schema.PostgreSQL
		return t
	}
	public := func(name string) schema.Name { return schema.Name{Schema: "public", Name: name} }
	parts := func(columns ...string) (list []schema.KeyPart) {
		for _, c := range columns {
			list = append(list, schema.KeyPart{Column: c})
		}
		return list
	}
	var (
		integer     = pg("integer", schema.Type{Kind: schema.Int, Bits: 32})
		bigint      = pg("bigint", schema.Type{Kind: schema.Int, Bits: 64})
		text        = pg("text", schema.Type{Kind: schema.Text})
		timestamptz = pg("timestamp with time zone", schema.Type{Kind: schema.TimestampTZ})
		uuid        = pg("uuid", schema.Type{Kind: schema.UUID})
	)
	varchar := func(n int) schema.Type { return pg("character varying", schema.Type{Kind: schema.Varchar, Length: n}) }
	literal := func(text string) *schema.Default { return &schema.Default{Literal: true, Text: text} }
	wide := schema.Table{Name: public("wide")}
	for _, name := range strings.Split("abcdefghij", "") {
		wide.Columns = append(wide.Columns, schema.Column{Name: name, Type: varchar(4000), Nullable: true})
	}
	return &schema.Database{System: schema.PostgreSQL, VersionNum: 160000, DefaultSchema: "public",
		Sequences: []schema.Sequence{{Name: public("orders_no_seq"), OwnerTable: public("orders"), OwnerColumn: "no"}},
		Tables: []schema.Table{
			{Name: public("users"), Comment: "who", PrimaryKey: &schema.Key{Name: "users_pkey", Parts: parts("id")},
				Columns: []schema.Column{
					{Name: "id", Type: bigint, Identity: &schema.Identity{Always: true}},
					{Name: "email", Type: text}, {Name: "nick", Type: pg("citext", schema.Type{Kind: schema.Text, Native: "citext"}), Nullable: true}, {Name: "long", Type: varchar(2000), Nullable: true},
					{Name: "bio", Type: text, Nullable: true, Default: literal("it's \\ 😀")}, {Name: "made", Type: timestamptz, Default: &schema.Default{Text: "now()"}},
					{Name: "seen", Type: timestamptz, Nullable: true, Default: literal("2024-01-01 00:00:00.5+00")}, {Name: "uid", Type: uuid, Nullable: true, Default: &schema.Default{Text: "gen_random_uuid()"}},
					{Name: "ok", Type: pg("boolean", schema.Type{Kind: schema.Bool}), Default: literal("t")}, {Name: "up", Type: text, Nullable: true, Generated: &schema.Generated{Expr: "upper(email)", Stored: true}},
					{Name: "n", Type: pg("numeric", schema.Type{Kind: schema.Decimal}), Nullable: true, Default: literal("1.50")}, {Name: "odd", Type: integer, Nullable: true, Default: &schema.Default{Text: "floor(random())"}},
					{Name: "mood", Type: pg("mood", schema.Type{Kind: schema.EnumKind, Values: []string{"a", "A", "b "}}), Nullable: true},
					{Name: "day", Type: pg("date", schema.Type{Kind: schema.Date}), Nullable: true, Default: literal("infinity")},
				},
				Uniques: []schema.Key{{Name: "users_email", Parts: parts("email")}, {Name: "users_long", Parts: parts("long", "nick")}},
				Indexes: []schema.Index{
					{Name: "by_bio", Parts: parts("bio")}, {Name: "by_bio_desc", Parts: []schema.KeyPart{{Column: "made", Desc: true}, {Column: "long"}}},
					{Name: "partial", Parts: parts("ok"), Where: "ok"}, {Name: "lowered", Parts: []schema.KeyPart{{Expr: "lower(email)"}}}, {Name: "g", Method: "gin", Parts: parts("bio")}, {Name: "primary", Parts: parts("ok")},
				},
				Checks: []schema.Check{{Name: "c", Expr: "(id > 0)"}},
			},
			{Name: public("orders"), PrimaryKey: &schema.Key{Name: "orders_pkey", Parts: parts("no", "part")},
				Columns: []schema.Column{
					{Name: "no", Type: integer, Default: &schema.Default{Text: "nextval('orders_no_seq'::regclass)"}}, {Name: "part", Type: integer}, {Name: "buyer", Type: integer, Nullable: true},
					{Name: "mail", Type: text}, {Name: "up_no", Type: integer, Nullable: true}, {Name: "up_part", Type: integer, Nullable: true}, {Name: "odd", Type: text, Nullable: true},
				},
				ForeignKeys: []schema.ForeignKey{
					{Name: "fk", Columns: []string{"buyer"}, RefTable: public("users"), RefColumns: []string{"id"}, OnDelete: "SET NULL"},
					{Name: "fk_mail", Columns: []string{"mail"}, RefTable: public("users"), RefColumns: []string{"email"}, OnDelete: "SET NULL", OnUpdate: "CASCADE"},
					{Name: "fk_self", Columns: []string{"up_part", "up_no"}, RefTable: public("orders"), RefColumns: []string{"part", "no"}, Deferrable: true},
					{Name: "fk_odd", Columns: []string{"odd"}, RefTable: public("users"), RefColumns: []string{"id"}},
				},
			},
			{Name: public("other"), PrimaryKey: &schema.Key{Parts: parts("id")}, Columns: []schema.Column{{Name: "id", Type: bigint}, {Name: "u", Type: bigint, Nullable: true, Identity: &schema.Identity{}}},
				ForeignKeys: []schema.ForeignKey{{Name: "fk", Columns: []string{"id"}, RefTable: public("users"), RefColumns: []string{"id"}, OnDelete: "CASCADE"}}},
			wide,
			{Name: public("documents"), PrimaryKey: &schema.Key{Parts: parts("doc")}, Columns: []schema.Column{{Name: "doc", Type: schema.Type{Kind: schema.JSONB, Native: "jsonb"}}}},
		},
	}
}

// A database of PostgreSQL becomes one that both servers make as it was said, and
// what it lost is told.
func TestTranslatePostgres(t *testing.T) {
	providertest.EachMySQL(t, func(t *testing.T, url string) {
		c := connectTo(t, url)
		from := fromPostgres()
		var tables []schema.Table
		var notes []providers.Note
		for _, table := range from.Tables {
			out, n := c.Translate(from, table)
			out.Name.Schema = ""
			for i := range out.ForeignKeys {
				out.ForeignKeys[i].RefTable.Schema = ""
			}
			tables, notes = append(tables, out), append(notes, n...)
		}
		tables, err := c.Normalize(t.Context(), tables)
		if err != nil {
			t.Fatal(err)
		}
		create(t, c, tables, nil)
		db := inspect(t, c)
		for _, table := range tables {
			got := db.Table(table.Name)
			sameTables(t, []schema.Table{table}, []schema.Table{*got})
		}
		users, orders := db.Table(named("users")), db.Table(named("orders"))
		for column, want := range map[string]string{"id": "bigint", "email": "varchar(768)", "long": "varchar(383)", "nick": "varchar(384)", "bio": "longtext", "made": "datetime(6)", "uid": "char(36)", "ok": "tinyint(1)", "up": "longtext", "n": "decimal(65,30)", "mood": "varchar(255)"} {
			if got := users.Column(column).Type.Native; !strings.HasPrefix(got, want) {
				t.Errorf("users.%s is %s, want %s", column, got, want)
			}
		}
		if c := users.Column("email"); c.Collation != tablesBinary(db) {
			t.Errorf("email is compared by %s", c.Collation)
		}
		if c := users.Column("nick"); !strings.HasSuffix(c.Collation, "_ci") {
			t.Errorf("citext is compared by %s", c.Collation)
		}
		if users.Column("id").Identity == nil || orders.Column("no").Identity == nil || db.Table(named("other")).Column("u").Identity != nil {
			t.Error("the wrong columns are numbered")
		}
		if got := orders.Column("buyer").Type; got.Bits != 64 {
			t.Errorf("a referencing column is %s", got)
		}
		if got := db.Table(named("documents")).Column("doc").Type; got.Kind != schema.Varchar {
			t.Errorf("a key of JSON is %s", got)
		}
		if got := users.Column("seen").Default.Text; got != "2024-01-01 00:00:00.5" {
			t.Errorf("a default is %q", got)
		}
		said := ""
		for _, n := range notes {
			if n.Refused {
				t.Errorf("refused: %s", n.Text)
			}
			said += n.Object + ": " + n.Text + "\n"
		}
		for _, want := range []string{
			`column "email": a key holds at most 768 characters`, `column "up": it is computed`, `column "n": the source sets no limit`, `column "odd": the default floor(random())`, `column "mood": the label "b " ends`,
			`column "day": the default "infinity"`, `column "uid": the default gen_random_uuid() is uuid()`, `index "by_bio": it holds only the beginning`, `index "partial": there are no partial`, `index "lowered": its expression`,
			`index "g": there are no gin`, `index "primary": the server can't hold the name`, `check "c"`, `column "buyer": it is bigint`, `foreign key "fk_mail": column mail is not null`, `foreign key "fk_odd": column odd and column id`, `foreign key "fk_self": it is checked`,
			`column "u": a numbered column must be`, `column "a": a row holds at most`,
		} {
			if !strings.Contains(said, want) {
				t.Errorf("nothing is said of %s in:\n%s", want, said)
			}
		}
	})
}

// Names that the server can't hold become others, wherever they stand, and nothing is
// lost by it.
func TestTranslateNames(t *testing.T) {
	providertest.EachMySQL(t, func(t *testing.T, url string) {
		c := connectTo(t, url)
		number := schema.Type{Kind: schema.Int, Bits: 64}
		long := strings.Repeat("ü", 70)
		columns := []string{"Id", "id", "ID", "end ", "smile 😀", "smile 😁", long, long + "x"}
		source := schema.Table{Name: named("t 😀"), PrimaryKey: &schema.Key{}}
		for _, name := range columns {
			source.Columns = append(source.Columns, schema.Column{Name: name, Type: number})
			source.PrimaryKey.Parts = append(source.PrimaryKey.Parts, schema.KeyPart{Column: name})
			source.Indexes = append(source.Indexes, schema.Index{Name: "i" + name, Parts: []schema.KeyPart{{Column: name}}})
		}
		source.ForeignKeys = []schema.ForeignKey{{Name: "f " + long, Columns: columns, RefTable: source.Name, RefColumns: columns}}
		table, notes := c.Translate(&schema.Database{System: schema.SQLite, Tables: []schema.Table{source}}, source)
		for _, n := range notes {
			if n.Refused {
				t.Errorf("refused: %s", n.Text)
			}
		}
		if got := table.ForeignKeys[0].Columns; !slices.Equal(got, table.PrimaryKey.Columns()) {
			t.Errorf("the foreign key is of %q", got)
		}
		table.ForeignKeys = nil // a key cannot reference itself
		tables, err := c.Normalize(t.Context(), []schema.Table{table})
		if err != nil {
			t.Fatal(err)
		}
		create(t, c, tables, nil)
		sameTables(t, tables, inspect(t, c).Tables)
		if len(source.PrimaryKey.Parts) != 8 || source.PrimaryKey.Parts[3].Column != "end " {
			t.Error("the source's table was changed")
		}
	})
}

// A thousand columns of text and one with a default to be asked for can be made, and
// rows that fit are written.
func TestManyColumns(t *testing.T) {
	providertest.EachMySQL(t, func(t *testing.T, url string) {
		c := connectTo(t, url)
		from := &schema.Database{System: schema.SQLite}
		source := schema.Table{Name: named("many"), Columns: []schema.Column{{Name: "id", Type: schema.Type{Kind: schema.Int, Bits: 64}}}, PrimaryKey: &schema.Key{Parts: []schema.KeyPart{{Column: "id"}}}}
		for i := range 1000 {
			source.Columns = append(source.Columns, schema.Column{Name: fmt.Sprintf("c%d", i), Type: schema.Type{Kind: schema.Text}, Nullable: true})
		}
		source.Columns[1] = schema.Column{Name: "c0", Type: schema.Type{Kind: schema.Decimal, Precision: 10, Scale: 2}, Nullable: true, Default: &schema.Default{Literal: true, Text: "1.5"}}
		table, notes := c.Translate(from, source)
		if len(notes) > 0 {
			t.Error(notes)
		}
		tables, err := c.Normalize(t.Context(), []schema.Table{table})
		if err != nil {
			t.Fatal(err)
		}
		create(t, c, tables, nil)
		sameTables(t, tables, inspect(t, c).Tables)
		l, r := wholeTable(t, c, "many")
		l.Key = []string{"id"}
		b := row.NewBatch(len(l.Columns))
		b.Append([]byte("1"))
		for range 1000 {
			b.Append([]byte("7"))
		}
		b.EndRow()
		if _, err := c.OpenLoad(t.Context(), l, func() ([]providers.Chunk, error) { return []providers.Chunk{{}}, nil }); err != nil {
			t.Fatal(err)
		}
		w, err := c.OpenWriter(t.Context(), l)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		if _, err := w.WriteChunk(t.Context(), providers.Chunk{}, &kept{batches: []*row.Batch{b}}); err != nil {
			t.Fatal(err)
		}
		s, err := c.OpenSnapshot(t.Context(), providers.SnapshotOptions{Readers: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if got := readAll(t, s, r, providers.Chunk{}); len(got) != 1 || strings.Count(got[0], `"7"`) != 999 {
			t.Errorf("read %.100s", got)
		}
	})
}

// tablesBinary is the collation that users has.
func tablesBinary(db *schema.Database) string { return db.Table(named("users")).Options["collation"] }

// A table of each of the two systems becomes one that the other makes as it was said.
func TestTranslateBetween(t *testing.T) {
	providertest.EachMySQL(t, func(t *testing.T, url string) {
		target := connectTo(t, url)
		other := providertest.MySQL
		files := []string{"common.sql", "mysql.sql"}
		if !target.server.mariadb() {
			other, files = providertest.MariaDB, []string{"common.sql", "mariadb.sql"}
		}
		from := other(t)
		for _, file := range files {
			providertest.Exec(t, from, "SET sql_mode = ''; "+readFile(t, "testdata/"+file))
		}
		db := inspect(t, connectTo(t, from))
		var tables []schema.Table
		for _, table := range db.Tables {
			out, notes := target.Translate(db, table)
			for _, n := range notes {
				t.Logf("%s %s: %s", n.Table, n.Object, n.Text)
				if n.Refused {
					t.Errorf("refused: %s", n.Text)
				}
			}
			tables = append(tables, out)
		}
		tables, err := target.Normalize(t.Context(), tables)
		if err != nil {
			t.Fatal(err)
		}
		create(t, target, tables, nil)
		sameTables(t, tables, inspect(t, target).Tables)
	})
}
