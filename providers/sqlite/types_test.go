package sqlite

import (
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
	"zombiezen.com/go/sqlite"
)

func TestDeclaredTypesAreUnderstood(t *testing.T) {
	for _, c := range []struct {
		declared string
		kind     schema.Kind
		bits     int
		length   int
		digits   [2]int
		native   string
	}{
		{"integer", schema.Int, 64, 0, [2]int{}, "INTEGER"},
		{"unsigned  big int", schema.Int, 64, 0, [2]int{}, "UNSIGNED BIG INT"},
		{"SMALLINT", schema.Int, 16, 0, [2]int{}, "SMALLINT"},
		{"POINT", schema.Int, 64, 0, [2]int{}, "POINT"}, // what its affinity makes of it
		{"varchar( 20 )", schema.Varchar, 0, 20, [2]int{}, "VARCHAR(20)"},
		{"character varying (7)", schema.Varchar, 0, 7, [2]int{}, "CHARACTER VARYING(7)"},
		{"CHAR", schema.Text, 0, 0, [2]int{}, "CHAR"},
		{"nchar(3)", schema.Char, 0, 3, [2]int{}, "NCHAR(3)"},
		{"decimal(10, 2)", schema.Decimal, 0, 0, [2]int{10, 2}, "DECIMAL(10,2)"},
		{"NUMERIC", schema.Decimal, 0, 0, [2]int{}, "NUMERIC"},
		{"DECIMAL_TEXT(5,-2)", schema.Decimal, 0, 0, [2]int{5, -2}, "DECIMAL_TEXT(5,-2)"},
		{"DateTime", schema.Timestamp, 0, 0, [2]int{}, "DATETIME"},
		{"TIMESTAMP(3)", schema.Timestamp, 0, 0, [2]int{4, 0}, "TIMESTAMP(3)"},
		{"", schema.Text, 0, 0, [2]int{}, "untyped"},
		{"whatever", schema.Text, 0, 0, [2]int{}, "WHATEVER"},
		{"my blob thing", schema.Blob, 0, 0, [2]int{}, "MY BLOB THING"},
		{`"MY TYPE"`, schema.Text, 0, 0, [2]int{}, `"MY TYPE"`},
		{"integer[]", schema.Int, 64, 0, [2]int{}, "integer[]"},
		{"ENUM_TEXT", schema.Text, 0, 0, [2]int{}, "ENUM_TEXT"}, // without its check
	} {
		got := typeOf(c.declared, "", nil, false)
		if got.Kind != c.kind || got.Bits != c.bits || got.Length != c.length || got.Precision != c.digits[0] || got.Scale != c.digits[1] || got.Native != c.native {
			t.Errorf("%q is %+v", c.declared, got)
		}
	}
}

// TestTypesOfOthersComeBack makes a column for each type that another system may
// have, and inspects it: its meaning must be the same.
func TestTypesOfOthersComeBack(t *testing.T) {
	labels := []string{"a", "it's", "*/ ; --", `back\slash`, "com,ma", "ü", ""}
	number := schema.Type{Kind: schema.Int, Bits: 32}
	types := []schema.Type{
		{Kind: schema.Bool}, {Kind: schema.Date}, {Kind: schema.Year}, {Kind: schema.UUID}, {Kind: schema.JSON}, {Kind: schema.JSONB}, {Kind: schema.XML},
		{Kind: schema.Text}, {Kind: schema.Text, Length: 255}, {Kind: schema.Text, Length: 16777215}, {Kind: schema.Text, Length: 4294967295},
		{Kind: schema.Blob}, {Kind: schema.Blob, Length: 255}, {Kind: schema.Varchar}, {Kind: schema.Varchar, Length: 20}, {Kind: schema.Char, Length: 5},
		{Kind: schema.Binary, Length: 16}, {Kind: schema.Varbinary, Length: 8}, {Kind: schema.Varbinary}, {Kind: schema.Geometry},
		{Kind: schema.Bit, Length: 9}, {Kind: schema.VarBit}, {Kind: schema.VarBit, Length: 9}, {Kind: schema.Float, Bits: 32}, {Kind: schema.Float, Bits: 64},
		{Kind: schema.Decimal}, {Kind: schema.Decimal, Precision: 10, Scale: 2}, {Kind: schema.Decimal, Precision: 65, Scale: 30}, {Kind: schema.Decimal, Precision: 15}, {Kind: schema.Decimal, Precision: 5, Scale: -2},
		{Kind: schema.EnumKind, Values: labels}, {Kind: schema.Set, Values: []string{"x", "it's */", "z"}},
		{Kind: schema.Array, Elem: &number}, {Kind: schema.Array, Elem: &schema.Type{Kind: schema.Decimal, Precision: 20, Scale: 4}},
		{Kind: schema.Array, Elem: &schema.Type{Kind: schema.EnumKind, Values: labels}},
	}
	for _, bits := range []int{8, 16, 24, 32, 64} {
		types = append(types, schema.Type{Kind: schema.Int, Bits: bits}, schema.Type{Kind: schema.Int, Bits: bits, Unsigned: true})
	}
	for _, k := range []schema.Kind{schema.Time, schema.TimeTZ, schema.Timestamp, schema.TimestampTZ, schema.Interval} {
		types = append(types, schema.Type{Kind: k}, schema.Type{Kind: k, Precision: 1}, schema.Type{Kind: k, Precision: 7})
	}
	for _, want := range types {
		got := inspected(t, declared(want)).Column("c").Type
		if !got.SameMeaning(want) {
			t.Errorf("%+v became %s: %+v", want, declared(want).Native, got)
		}
		if want.Kind == schema.Int {
			if got := inspected(t, rowid(declared(want))); rowidAlias(got) == "" || !got.Column("c").Type.SameMeaning(want) {
				t.Errorf("as a row id, %+v became %+v", want, got.Column("c").Type)
			}
		}
	}
	other := schema.Type{Kind: schema.Other, Native: "public.odd*/type", System: schema.PostgreSQL}
	got := inspected(t, declared(other)).Column("c").Type
	if got.Kind != schema.Other || got.Origin != other.Native || got.OriginSystem != schema.PostgreSQL {
		t.Errorf("a type without a counterpart became %+v", got)
	}
	list := inspected(t, declared(schema.Type{Kind: schema.Array, Elem: &schema.Type{Kind: schema.Other, Native: "inet", System: schema.PostgreSQL}})).Column("c").Type
	if list.Kind != schema.Array || list.Elem.Kind != schema.Other || list.Elem.Origin != "inet" {
		t.Errorf("an array of such became %+v", list)
	}
}

// inspected makes a table of one column, its primary key where it can be a row id.
func inspected(t *testing.T, ty schema.Type) *schema.Table {
	t.Helper()
	table := &schema.Table{Name: schema.Name{Name: "t"}, Columns: []schema.Column{{Name: "c", Type: ty}}}
	if isRowidName(ty.Native) {
		table.PrimaryKey = &schema.Key{Parts: []schema.KeyPart{{Column: "c"}}}
	}
	db, err := sqlite.OpenConn(":memory:", sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := execute(db, tableSQL(table, "t")); err != nil {
		t.Fatalf("%s: %v", tableSQL(table, "t"), err)
	}
	d, err := inspectFile(db, providers.InspectOptions{NoEstimates: true})
	if err != nil {
		t.Fatal(err)
	}
	return &d.Tables[0]
}

func TestParseTypeKeepsValuesExact(t *testing.T) {
	for text, want := range map[string]string{
		"json": "JSON_TEXT", "numeric": "DECIMAL_TEXT", "decimal(10,2)": "DECIMAL(10,2)", "Decimal(20, 2)": "DECIMAL_TEXT(20,2)", "varchar(20)": "VARCHAR(20)",
		"bit(3)": "BIT_TEXT(3)", "enum('a','b')": "ENUM_TEXT", "bigint unsigned": "BIGINT UNSIGNED", "datetime": "DATETIME", "xml": "XML_TEXT",
	} {
		got, err := parseType(text)
		if err != nil || got.Native != want {
			t.Errorf("%q is %s, %v; want %s", text, got.Native, err, want)
		}
	}
	for text, want := range map[string]string{
		"varchr(20)": `"varchr(20)" is not a type that is known for SQLite; did you mean "varchar"?`,
		"enum":       `type "enum": the labels are missing, as in enum('a', 'b')`,
		"any":        `type "any" is known in STRICT tables only`,
		"text; drop": `type "text; drop": SQLite's types are a name, with numbers in parentheses behind it`,
	} {
		if _, err := parseType(text); err == nil || err.Error() != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}
