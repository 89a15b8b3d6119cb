package providertest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// badValue is one that a column of the type can't hold exactly, coming from a source
// type that can.
type badValue struct {
	native string // the target column, in its system's words
	source schema.Type
	value  string
}

var badValues = map[schema.System][]badValue{
	schema.PostgreSQL: {
		{"smallint", schema.Type{Kind: schema.Int, Bits: 64}, "32768"},
		{"integer", schema.Type{Kind: schema.Int, Bits: 64}, "-2147483649"},
		{"bigint", schema.Type{Kind: schema.Int, Bits: 64, Unsigned: true}, "18446744073709551615"},
		{"numeric(5,2)", schema.Type{Kind: schema.Decimal}, "12345.00"},
		{"numeric(5,2)", schema.Type{Kind: schema.Decimal}, "1.005"},
		{"real", schema.Type{Kind: schema.Float, Bits: 64}, "1e+300"},
		{"real", schema.Type{Kind: schema.Float, Bits: 64}, "16777217"},
		{"varchar(5)", schema.Type{Kind: schema.Text}, "sechs€"},
		{"varchar(5)", schema.Type{Kind: schema.Text}, "12345   "},
		{"character(5)", schema.Type{Kind: schema.Text}, "abcdef"},
		{"text", schema.Type{Kind: schema.Text}, "a\x00b"},
		{"text", schema.Type{Kind: schema.Text}, "not UTF-8: \xff\xfe."},
		{"date", schema.Type{Kind: schema.Date}, "0000-00-00"},
		{"date", schema.Type{Kind: schema.Date}, "2023-02-30"},
		{"timestamp", schema.Type{Kind: schema.Timestamp}, "2023-01-00 00:00:00"},
		{"timestamp(0)", schema.Type{Kind: schema.Timestamp}, "2023-01-01 00:00:00.5"},
		{"time", schema.Type{Kind: schema.Time}, "-12:30:00"},
		{"time(3)", schema.Type{Kind: schema.Time}, "12:30:00.1234"},
		{"mood", schema.Type{Kind: schema.Text}, "enraptured"},
		{"bit(3)", schema.Type{Kind: schema.VarBit}, "1011"},
		{"bit(3)", schema.Type{Kind: schema.VarBit}, "10"},
		{"uuid", schema.Type{Kind: schema.Text}, "not a uuid"},
		{"jsonb", schema.Type{Kind: schema.Text}, `{"half": `},
		{"jsonb", schema.Type{Kind: schema.JSON}, `{"nul": "\u0000"}`},
		{"boolean", schema.Type{Kind: schema.Int, Bits: 8}, "2"},
	},
	schema.MySQL: mysqlBadValues,
	schema.MariaDB: append(mysqlBadValues,
		badValue{"uuid", schema.Type{Kind: schema.Text}, "not a uuid"}),
	schema.SQLite: {
		{"INTEGER", schema.Type{Kind: schema.Int, Bits: 64, Unsigned: true}, "18446744073709551615"},
		{"REAL", schema.Type{Kind: schema.Float, Bits: 64}, "NaN"},
		{"REAL", schema.Type{Kind: schema.Decimal}, "0.123456789012345678901234567890"},
		{"NUMERIC", schema.Type{Kind: schema.Decimal}, "123456789012345678901234567890.5"},
		{"NUMERIC", schema.Type{Kind: schema.Text}, "007"},
		{"INTEGER", schema.Type{Kind: schema.Text}, "1e3"},
		{"TEXT", schema.Type{Kind: schema.Text}, "not UTF-8: \xff\xfe."},
	},
}

var mysqlBadValues = []badValue{
	{"tinyint", schema.Type{Kind: schema.Int, Bits: 16}, "128"},
	{"int unsigned", schema.Type{Kind: schema.Int, Bits: 32}, "-1"},
	{"int", schema.Type{Kind: schema.Int, Bits: 64}, "2147483648"},
	{"decimal(5,2)", schema.Type{Kind: schema.Decimal}, "12345.00"},
	{"decimal(5,2)", schema.Type{Kind: schema.Decimal}, "1.005"},
	{"decimal(5,2)", schema.Type{Kind: schema.Decimal}, "NaN"},
	{"float", schema.Type{Kind: schema.Float, Bits: 64}, "1e+300"},
	{"float", schema.Type{Kind: schema.Float, Bits: 64}, "16777217"},
	{"double", schema.Type{Kind: schema.Float, Bits: 64}, "NaN"},
	{"double", schema.Type{Kind: schema.Float, Bits: 64}, "-Infinity"},
	{"varchar(5)", schema.Type{Kind: schema.Text}, "sechs€"},
	{"varchar(5)", schema.Type{Kind: schema.Text}, "12345   "},
	{"char(5)", schema.Type{Kind: schema.Text}, "abcdef"},
	{"varchar(5) character set latin1", schema.Type{Kind: schema.Text}, "☃"},
	{"varchar(20) character set utf8mb3", schema.Type{Kind: schema.Text}, "smile 😀"},
	{"varchar(20)", schema.Type{Kind: schema.Text}, "not UTF-8: \xff."},
	{"tinytext", schema.Type{Kind: schema.Text}, strings.Repeat("x", 256)},
	{"varbinary(3)", schema.Type{Kind: schema.Blob}, "\x00\x01\x02\x03"},
	{"binary(3)", schema.Type{Kind: schema.Blob}, "\x01"},
	{"date", schema.Type{Kind: schema.Date}, "-infinity"},
	{"date", schema.Type{Kind: schema.Date}, "0044-03-15 BC"},
	{"date", schema.Type{Kind: schema.Date}, "2023-02-30"},
	{"datetime", schema.Type{Kind: schema.Timestamp}, "12024-01-01 00:00:00"},
	{"datetime", schema.Type{Kind: schema.Timestamp}, "2023-01-01 00:00:00.5"},
	{"timestamp", schema.Type{Kind: schema.TimestampTZ}, "1969-12-31 23:59:59+00"},
	{"time", schema.Type{Kind: schema.Time}, "839:00:00"},
	{"time", schema.Type{Kind: schema.Time}, "12:00:00.5"},
	{"year", schema.Type{Kind: schema.Int, Bits: 32}, "1800"},
	{"year", schema.Type{Kind: schema.Int, Bits: 32}, "24"},
	{"enum('a','b')", schema.Type{Kind: schema.Text}, "enraptured"},
	{"enum('a','b')", schema.Type{Kind: schema.Text}, "1"},
	{"set('x','y')", schema.Type{Kind: schema.Text}, "x,enraptured"},
	{"bit(3)", schema.Type{Kind: schema.VarBit}, "1011"},
	{"json", schema.Type{Kind: schema.Text}, `{"half": `},
	{"json", schema.Type{Kind: schema.JSON}, `{"n": 123456789012345678901234567890.123456789}`},
	{"tinyint(1)", schema.Type{Kind: schema.Int, Bits: 64}, "1000"},
}

// testBadRows: a value that would be bent is refused with table, key and column, and
// nothing is written; one that a lenient system holds as it is comes back equal.
func testBadRows(t *testing.T, s Suite) {
	e := s.open(t)
	if e.db.System == schema.PostgreSQL {
		e.exec(t, "CREATE TYPE mood AS ENUM ('sad', 'happy')")
	}
	for i, bad := range badValues[e.db.System] {
		t.Run(fmt.Sprintf("%s %.20q", bad.native, bad.value), func(t *testing.T) {
			name := fmt.Sprintf("bad%d", i)
			e.exec(t, fmt.Sprintf("CREATE TABLE %s (id %s NOT NULL PRIMARY KEY, %s %s NULL, n %s)", name, words["bigint"][e.db.System], e.quote("the co`lumn"), bad.native, words["int"][e.db.System]))
			table := e.table(t, name)
			e.refuses(t, table, bad.source, text(bad.value))
		})
	}
	t.Run("NULL", func(t *testing.T) {
		e.exec(t, fmt.Sprintf("CREATE TABLE nulls (id %s NOT NULL PRIMARY KEY, %s %s NOT NULL, n %s)", words["bigint"][e.db.System], e.quote("the co`lumn"), words["int"][e.db.System], words["int"][e.db.System]))
		table := e.table(t, "nulls")
		e.refuses(t, table, table.Columns[1].Type, nil)
	})
	t.Run("a key twice", func(t *testing.T) {
		table := e.createPlain(t, "twice", "v", "text")
		rows := [][]field{fields("1", "x"), fields("4711", "x"), fields("4711", "y")}
		_, err := e.write(t, loadOf(table, nil), &given{rows: rows})
		var bad *providers.BadRowError
		if !errors.As(err, &bad) {
			t.Fatalf("a key that is there twice: %v", err)
		}
		if bad.Table != table.Name || !strings.Contains(bad.Key, "4711") {
			t.Errorf("refused without its name: table %s, key %q: %v", bad.Table, bad.Key, err)
		}
		if n := len(e.read(t, readOf(loadOf(table, nil)))); n != 0 {
			t.Errorf("%d rows are there", n)
		}
	})
}

// refuses writes 700 rows of which one has the value in its second column.
func (e *endpoint) refuses(t *testing.T, table schema.Table, source schema.Type, value field) {
	t.Helper()
	sources := []schema.Type{table.Columns[0].Type, source, table.Columns[2].Type}
	l := loadOf(table, sources)
	var rows [][]field
	for i := range 700 {
		rows = append(rows, []field{text(fmt.Sprint(i)), nil, text(fmt.Sprint(i))})
	}
	if value == nil {
		for _, r := range rows {
			r[1] = text("1")
		}
	}
	rows[617][1] = value
	_, err := e.write(t, l, &given{rows: rows, batch: 250})
	if err == nil {
		r := readOf(l)
		sameRows(t, "written, so it must be held exactly", r.Columns, rows, e.read(t, r))
		return
	}
	var bad *providers.BadRowError
	if !errors.As(err, &bad) {
		t.Fatalf("not a BadRowError: %v", err)
	}
	if bad.Table != table.Name || bad.Column != table.Columns[1].Name || !strings.Contains(bad.Key, "617") {
		t.Errorf("refused without its name: table %s, key %q, column %q: %v", bad.Table, bad.Key, bad.Column, err)
	}
	if value != nil && len(*value) > 5 && strings.Contains(err.Error(), *value) {
		t.Errorf("the error holds the value: %v", err)
	}
	if bad.Reason == "" {
		t.Error("refused without a reason")
	}
	if n := Query(t, e.url, "SELECT count(*) FROM "+e.quote(table.Name.Name))[0][0]; n != "0" {
		t.Errorf("%s rows were written", n)
	}
	l.Generation += " again"
	rows = append(rows[:617], rows[618:]...)
	e.mustWrite(t, l, rows)
}
