package mysql

import (
	"slices"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/schema"
)

// What mirrors can't show: that what is inspected is what was made.
func TestInspect(t *testing.T) {
	providertest.EachMySQL(t, func(t *testing.T, url string) {
		providertest.Exec(t, url, "SET sql_mode = ''; "+readFile(t, "testdata/common.sql"), "INSERT INTO part4 VALUES (1), (2), (NULL)", "ANALYZE TABLE part4", "CREATE TABLE _sync_journal (id int)")
		c := connectTo(t, url)
		db := inspect(t, c)
		if db.System != c.server.system || db.VersionNum < 80000 || !strings.HasSuffix(db.Identity, "/"+db.Name) || db.Charset != "utf8mb4" || db.Collation == "" {
			t.Errorf("the database is %+v", db)
		}
		if db.Table(named("_sync_journal")) != nil {
			t.Error("a table of ours is shown")
		}
		kinds := ""
		for _, o := range db.Others {
			kinds += o.Kind + " " + o.Name.Name + ", "
		}
		if kinds != "event ev, function fn, procedure pr, trigger tr, view v, " {
			t.Errorf("beside tables there are: %s", kinds)
		}
		if p := db.Table(named("part4")); p.Rows < 3 || p.Bytes <= 0 || p.Partition.Strategy != "list" || len(p.Partition.Partitions) != 2 {
			t.Errorf("part4 is %+v", p)
		}
		types := db.Table(named("types"))
		for column, want := range map[string]string{
			"a": "t", "d": "7", "f": "-5", "g": "1.50", "n": "0000000101", "o": "0000-00-00", "p": "2024-01-01 00:00:00", "t": "-10:00:00", "u": "10:00:00.5", "v": "2024", "w": "it's", "x": "back\\slash\nnew",
			"y": "ab\x00", "z": "\x00\xff'", "ai": "é", "aj": "b'c", "ak": "x,y", "ao": "", "ap": "0", "aq": "1e+100", "ar": "1.25", "at": "😀", "au": "?",
		} {
			if d := types.Column(column).Default; d == nil || !d.Literal || d.Text != want {
				t.Errorf("the default of %s is %+v, want %q", column, d, want)
			}
		}
		for column, want := range map[string]schema.Kind{"a": schema.Bool, "b": schema.Int, "m": schema.Bit, "s": schema.TimestampTZ, "p": schema.Timestamp, "al": schema.JSON, "am": schema.Geometry, "v": schema.Year, "y": schema.Binary, "ad": schema.Blob} {
			if got := types.Column(column).Type.Kind; got != want {
				t.Errorf("%s is of kind %s, want %s", column, got, want)
			}
		}
		if got := types.Column("aj").Type.Values; !slices.Equal(got, []string{"a", "b'c", "d,e", "\\", ""}) {
			t.Errorf("the labels are %q", got)
		}
		if c := types.Column("af"); c.Charset != "latin1" || c.Collation != "latin1_swedish_ci" {
			t.Errorf("af is %+v", c)
		}
		if len(types.Checks) > 0 || types.Comment != `it's a "comment" 100%` {
			t.Errorf("checks %v, comment %q", types.Checks, types.Comment)
		}
		gen := db.Table(named("gen"))
		if gen.Column("id").Identity == nil || !gen.Column("d").Invisible || gen.Column("b").Generated.Stored || !gen.Column("c").Generated.Stored || len(gen.Checks) != 2 {
			t.Errorf("gen is %+v", gen)
		}
		if f := gen.ForeignKeys[0]; f.OnDelete != "SET NULL" || f.OnUpdate != "CASCADE" || f.RefTable != named("parent") {
			t.Errorf("the foreign key is %+v", f)
		}
		byName := map[string]schema.Index{}
		for _, x := range gen.Indexes {
			byName[x.Name] = x
		}
		if byName["k2"].Parts[0].Prefix != 10 || byName["k2"].Comment != "ko" || !byName["k1"].Parts[0].Desc || !byName["u1"].Unique || byName["ft"].Method != "fulltext" {
			t.Errorf("the indexes are %+v", gen.Indexes)
		}

		some, err := c.Inspect(t.Context(), providers.InspectOptions{Tables: []schema.Name{named("PARENT"), named("gen"), named("nothing"), named("v"), named("_sync_journal")}, NoEstimates: true})
		if err != nil {
			t.Fatal(err)
		}
		if len(some.Tables) != 2 || some.Tables[1].Name.Name != "gen" || some.Tables[1].Rows != -1 || len(some.Others) != 0 {
			t.Errorf("asked for two, there are %+v", some.Tables)
		}
		none, err := c.Inspect(t.Context(), providers.InspectOptions{Tables: []schema.Name{}})
		if err != nil || len(none.Tables) != 0 {
			t.Errorf("asked for none: %v, %v", none, err)
		}
	})
}

// Words of every kind that a type can be written in.
func TestParseType(t *testing.T) {
	my := &server{system: schema.MySQL, num: 90000}
	old := &server{system: schema.MySQL, num: 80018}
	maria := &server{system: schema.MariaDB, num: 101100}
	for _, c := range []struct {
		s        *server
		in, want string // "" is refused
		kind     schema.Kind
	}{
		{my, "INT", "int", schema.Int}, {my, "int(5)", "int", schema.Int}, {old, "int", "int(11)", schema.Int}, {maria, "INTEGER UNSIGNED", "int(10) unsigned", schema.Int}, {maria, "int(5)", "int(5)", schema.Int},
		{my, "int(5) zerofill", "int(5) unsigned zerofill", schema.Int}, {my, "bool", "tinyint(1)", schema.Bool}, {my, "tinyint(1) unsigned", "tinyint unsigned", schema.Int}, {maria, "BOOLEAN", "tinyint(1)", schema.Bool},
		{my, "numeric", "decimal(10,0)", schema.Decimal}, {my, "dec(5)", "decimal(5,0)", schema.Decimal}, {my, "double precision", "double", schema.Float}, {my, "float(53)", "double", schema.Float}, {my, "float(7, 3)", "float(7,3)", schema.Float},
		{my, "character varying(20)", "varchar(20)", schema.Varchar}, {my, "CHAR", "char(1)", schema.Char}, {my, "varchar", "", ""}, {my, "bit", "bit(1)", schema.Bit}, {my, "year(4)", "year", schema.Year}, {maria, "year", "year(4)", schema.Year},
		{my, "enum('a', 'b''c')", "enum('a','b''c')", schema.EnumKind}, {my, "enum", "", ""}, {my, "datetime(0)", "datetime", schema.Timestamp}, {my, "timestamp(6)", "timestamp(6)", schema.TimestampTZ}, {my, "long varchar", "mediumtext", schema.Text},
		{maria, "json", "json", schema.JSON}, {my, "point srid 4326", "point srid 4326", schema.Geometry}, {my, "GeometryCollection", "geomcollection", schema.Geometry}, {maria, "geomcollection", "geometrycollection", schema.Geometry},
		{my, "text[]", "", ""}, {my, "serial", "", ""}, {my, "int not null", "", ""}, {my, "", "", ""}, {my, "varchar(20", "", ""}, {my, "'int'", "", ""}, {maria, "text compressed", "text compressed", schema.Text},
	} {
		got, err := (&Conn{server: c.s}).ParseType(c.in)
		if err != nil {
			if c.want != "" {
				t.Errorf("%s: %v", c.in, err)
			}
			continue
		}
		if got.Native != c.want || got.Kind != c.kind {
			t.Errorf("%s is %s (%s), want %s", c.in, got.Native, got.Kind, c.want)
		}
	}
}

func TestCompareTypes(t *testing.T) {
	c := &Conn{server: &server{system: schema.MySQL, num: 90000}}
	for _, x := range []struct {
		from, to string
		want     schema.Narrowing
	}{
		{"int", "int", schema.NotNarrow}, {"int", "bigint", schema.Widens}, {"bigint", "int", schema.Narrows}, {"int unsigned", "bigint", schema.Widens}, {"int", "int unsigned", schema.Narrows}, {"int unsigned", "int", schema.Narrows},
		{"varchar(10)", "varchar(20)", schema.Widens}, {"varchar(20)", "varchar(10)", schema.Narrows}, {"varchar(100)", "text", schema.Widens}, {"varchar(20000)", "text", schema.Narrows}, {"tinytext", "varchar(100)", schema.Narrows}, {"text", "longtext", schema.Widens}, {"longtext", "text", schema.Narrows},
		{"char(5)", "varchar(5)", schema.Widens}, {"varchar(5)", "char(5)", schema.Narrows}, {"binary(5)", "binary(6)", schema.Retypes}, {"varbinary(5)", "blob", schema.Widens},
		{"decimal(10,2)", "decimal(12,2)", schema.Widens}, {"decimal(10,2)", "decimal(10,3)", schema.Narrows}, {"float", "double", schema.Widens}, {"double", "float", schema.Narrows}, {"double", "double(10,2)", schema.Narrows},
		{"int", "decimal(10,0)", schema.Widens}, {"int", "double", schema.Widens}, {"bigint", "double", schema.Narrows}, {"tinyint(1)", "int", schema.Widens}, {"int", "tinyint(1)", schema.Narrows},
		{"datetime", "datetime(3)", schema.Widens}, {"datetime(6)", "datetime", schema.Narrows}, {"date", "datetime", schema.Widens}, {"datetime", "date", schema.Retypes},
		{"enum('a','b')", "enum('a','b','c')", schema.Widens}, {"enum('a','b')", "enum('b','a')", schema.Retypes}, {"enum('a','b')", "enum('a')", schema.Narrows}, {"enum('abc')", "varchar(3)", schema.Widens}, {"enum('abc')", "varchar(2)", schema.Narrows},
		{"int", "varchar(20)", schema.Retypes}, {"json", "longtext", schema.Widens}, {"point", "geometry", schema.Widens}, {"geometry", "point", schema.Narrows},
	} {
		from, err := c.ParseType(x.from)
		if err != nil {
			t.Fatal(err)
		}
		to, err := c.ParseType(x.to)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.CompareTypes(from, to); got != x.want {
			t.Errorf("%s to %s: %q, want %q", x.from, x.to, got, x.want)
		}
	}
}
