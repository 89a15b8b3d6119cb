package postgres

import (
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

type partValue struct{ typ, values string }

// partValues are columns of every type that parts take as text, with values at their edges.
var partValues = []partValue{
	{"boolean", `true, false`},
	{"smallint", `-32768, 32767, 0`},
	{"integer", `-2147483648, 2147483647, 0, 7`},
	{"bigint", `-9223372036854775808, 9223372036854775807, 0`},
	{"real", `'NaN', 'Infinity', '-Infinity', 0, '-0', 1.5, 3.4e38, 1e-45, 123456, 1234567, 0.0001, 0.00001, 16777216`},
	{"double precision", `'NaN', 'Infinity', '-Infinity', 0, '-0', 1.5, 1e308, 5e-324, 1e15, 999999999999999, 0.0001, 0.00001, 1e22, 123456789.123`},
	{"numeric", `'NaN', 0, 0.00, 1, -1, 10000, 99999999, 0.0001, 0.00001, 1.10, -12345678901234567890.12345678901234567890, 1e130, 1e-130, 100000000, 0.10000, 123.4567, 123.45670, 1234.5`},
	{"numeric(12,2)", `'NaN', 0, 0.01, -9999999999.99, 1999.90, 100`},
	{"numeric(5,-2)", `1200, 0, -99900`},
	{"date", `'infinity', '-infinity', '2000-01-01', '1999-12-31', '2024-02-29', '0001-01-01', '0001-12-31 BC', '4714-11-24 BC', '5874897-12-31', '9999-12-31', '10000-01-01', '1900-02-28', '1900-03-01', '2100-03-01', '0044-03-15 BC', '0005-02-29 BC'`},
	{"timestamp", `'infinity', '-infinity', '2000-01-01', '1999-12-31 23:59:59.999999', '2024-02-29 12:30:15.5', '0001-01-01', '0001-12-31 23:59:59.1 BC', '4714-11-24 BC', '294276-12-31 23:59:59.999999', '10000-01-01 00:00:00.000001'`},
	{"timestamp(3)", `'2024-02-29 12:30:15.5', '1969-12-31 23:59:59.999'`},
	{"timestamptz", `'infinity', '-infinity', '2000-01-01+00', '1999-12-31 23:59:59.999999+00', '2024-02-29 12:30:15.5+05:30', '0044-03-15 00:00:00+00 BC', '294276-12-31 23:59:59.999999+00'`},
	{"text", `'', 'plain', E'tab\there', E'back\\slash', '\N', 'ünï 東京 🎉', E'line\nbreak'`},
	{"varchar(20)", `'', 'twenty characters ok', 'ünï'`},
	{"char(8)", `'', 'ab', 'abcdefgh', ' x'`},
	{"bytea", `'', '\x00ff', '\x5c4e'`},
	{"uuid", `'00000000-0000-0000-0000-000000000000', '12345678-9abc-def0-1234-56789abcdef0'`},
	{"parts_mood", `'sad', 'it''s, "ok"'`},
	{"parts_small", `1, 9`},
}

// TestPartsAreTheSameText: what a column's text is, read as a part, is byte for byte what
// it is in fields; and what is written as parts is what was read.
func TestPartsAreTheSameText(t *testing.T) {
	eachServer(t, func(t *testing.T, version string) {
		url := providertest.Postgres(t, version)
		providertest.Exec(t, url, "CREATE TYPE parts_mood AS ENUM ('sad', 'it''s, \"ok\"'); CREATE DOMAIN parts_small AS integer CHECK (VALUE < 10)")
		columns := "id bigint PRIMARY KEY"
		var parts []partValue
		for _, p := range partValues {
			if p.typ != "numeric(5,-2)" || version != "14" { // which has no such
				parts = append(parts, p)
			}
		}
		for i, p := range parts {
			columns += fmt.Sprintf(", c%d %s", i, p.typ)
		}
		providertest.Exec(t, url, "CREATE TABLE src ("+columns+"); CREATE TABLE dst (LIKE src INCLUDING ALL)")
		for i, p := range parts {
			providertest.Exec(t, url, fmt.Sprintf("INSERT INTO src (id, c%[1]d) SELECT %[1]d * 100 + row_number() OVER (), v::%[2]s FROM unnest(ARRAY[%[3]s]::%[4]s[]) v", i, p.typ, p.values, strings.ReplaceAll(p.typ, "parts_small", "int")))
		}
		c := open(t, url)
		table := tableOf(t, inspect(t, c), "src")
		read := providers.ReadTable{Name: table.Name, Key: []string{"id"}}
		load := providers.Load{Mapping: "m", Generation: "1", Table: schema.Name{Name: "dst"}, Live: schema.Name{Name: "dst"}, Key: []string{"id"}}
		if table.Name.Schema != "" {
			load.Table.Schema, load.Live.Schema = table.Name.Schema, table.Name.Schema
		}
		for _, col := range table.Columns {
			read.Columns = append(read.Columns, providers.ReadColumn{Name: col.Name, Type: col.Type})
			load.Columns = append(load.Columns, providers.WriteColumn{Name: col.Name, Type: col.Type, Source: col.Type})
		}
		snapshot, err := c.OpenSnapshot(t.Context(), providers.SnapshotOptions{Readers: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer snapshot.Close()
		want := partRows(t, snapshot, read, row.FormFields)
		all := read
		for i := range read.Columns {
			all.Parts = append(all.Parts, providers.Part{From: i})
		}
		got := partRows(t, snapshot, all, readForms(all, "UTF8")[0])
		for i := range want {
			for k := range want[i] {
				if want[i][k] != got[i][k] {
					t.Errorf("row %d, %s: as a part %s, as a field %s", i, read.Columns[k].Type.Native, got[i][k], want[i][k])
				}
			}
		}

		// What the writer can't write as text passes in runs.
		for i := 0; i < len(read.Columns); i++ {
			if col := load.Columns[i]; i > 0 && binaryValueOf(col.Source, col.Type) != nil {
				load.Parts = append(load.Parts, providers.Part{From: i})
			} else if n := len(load.Parts) - 1; n >= 0 && load.Parts[n].N > 0 {
				load.Parts[n].N++
			} else {
				load.Parts = append(load.Parts, providers.Part{From: i, N: 1})
			}
		}
		read.Parts = load.Parts // the same columns in the same order
		w, err := c.OpenWriter(t.Context(), load)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		if !w.Forms()[0].Parts() {
			t.Fatalf("the writer takes %v", w.Forms())
		}
		chunks := []providers.Chunk{{}}
		if _, err := c.OpenLoad(t.Context(), load, func() ([]providers.Chunk, error) { return chunks, nil }); err != nil {
			t.Fatal(err)
		}
		src, err := snapshot.Read(t.Context(), read, chunks[0], w.Forms())
		if err != nil {
			t.Fatal(err)
		}
		if !src.Form().Parts() {
			t.Fatalf("the reader gives %s", src.Form())
		}
		done, err := w.WriteChunk(t.Context(), chunks[0], src)
		if err != nil {
			t.Fatal(err)
		}
		if err := src.Close(); err != nil {
			t.Fatal(err)
		}
		if int(done.Rows) != len(want) {
			t.Errorf("%d rows written of %d", done.Rows, len(want))
		}
		for _, r := range providertest.Query(t, url, "SELECT s.id::text, s::text, d::text FROM src s FULL JOIN dst d USING (id) WHERE s::text IS DISTINCT FROM d::text") {
			t.Errorf("written as parts: %v", r)
		}
	})
}

// partRows reads a table in one form, which must be the one that is given.
func partRows(t *testing.T, s providers.Snapshot, table providers.ReadTable, form row.Form) (rows [][]string) {
	t.Helper()
	r, err := s.Read(t.Context(), table, providers.Chunk{}, []row.Form{form})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.Form() != form {
		t.Fatalf("form %s, not %s", r.Form(), form)
	}
	for {
		b, err := r.Next(t.Context())
		if err == io.EOF {
			return rows
		}
		if err != nil {
			t.Fatal(err)
		}
		for i := range b.Rows {
			var f []string
			for k := range b.Width {
				v, state := b.Field(i, k)
				if state == row.Null {
					f = append(f, "NULL")
				} else {
					f = append(f, fmt.Sprintf("%q", v))
				}
			}
			rows = append(rows, f)
		}
		b.Release()
	}
}

func tableOf(t *testing.T, db *schema.Database, name string) schema.Table {
	t.Helper()
	for _, x := range db.Tables {
		if x.Name.Name == name {
			return x
		}
	}
	t.Fatalf("no table %s", name)
	return schema.Table{}
}

// TestBinaryValues: values at random keep their text on the way there and back, and what is
// no value of its type is refused.
func TestBinaryValues(t *testing.T) {
	typ := func(s string) schema.Type {
		x, err := parseType(s)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	r := rand.New(rand.NewPCG(1, 2))
	digits := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = "0123456789"[r.IntN(10)]
		}
		return string(b)
	}
	there := func(typ schema.Type, v string) {
		t.Helper()
		b, reason := binaryValueOf(typ, typ)(nil, []byte(v))
		if reason != "" {
			t.Fatalf("%s %s: %s", typ.Native, v, reason)
		}
		if got, ok := binaryTextOf(typ)(nil, b); !ok || string(got) != v {
			t.Fatalf("%s %s comes back as %s (%x)", typ.Native, v, got, b)
		}
	}
	numeric, stamp, date := typ("numeric"), typ("timestamp"), typ("date")
	for range 20_000 {
		whole := strings.TrimLeft(digits(r.IntN(24)), "0")
		if whole == "" {
			whole = "0"
		}
		v := whole
		if n := r.IntN(20); n > 0 {
			v += "." + digits(n)
		}
		if strings.Trim(v, "0.") != "" && r.IntN(2) == 0 {
			v = "-" + v
		}
		there(numeric, v)
		day, bc := appendDay(nil, int64(r.IntN(6_000_000))-2_400_000)
		v = string(day)
		if r.IntN(2) == 0 {
			v = fmt.Sprintf("%s %02d:%02d:%02d", v, r.IntN(24), r.IntN(60), r.IntN(60))
			if r.IntN(2) == 0 {
				v += "." + digits(r.IntN(6)) + "1"
			}
		}
		on := date
		if strings.Contains(v, " ") {
			on = stamp
		}
		if bc {
			v += " BC"
		}
		there(on, v)
	}
	for _, c := range []struct{ typ, v string }{
		{"smallint", "32768"}, {"integer", "-2147483649"}, {"bigint", "9223372036854775808"}, {"integer", "1.0"}, {"integer", ""}, {"boolean", "1"},
		{"numeric", "1e5"}, {"numeric", ""}, {"numeric", "."}, {"numeric", "1.2.3"}, {"numeric", "--1"}, {"real", "1e39"}, {"real", "x"},
		{"date", "2023-02-29"}, {"date", "2024-13-01"}, {"date", "2024-00-01"}, {"date", "0000-00-00"}, {"date", "2024-1-01"}, {"date", "5874898-01-01"}, {"date", "2024-01-01 00:00:00"}, {"date", "4715-01-01 BC"},
		{"timestamp", "2024-01-01"}, {"timestamp", "2024-01-01 24:00:00"}, {"timestamp", "2024-01-01 00:60:00"}, {"timestamp", "2024-01-01 00:00:00.1234567"}, {"timestamp", "2024-01-01 00:00:00."}, {"timestamp", "294277-01-01 00:00:00"},
	} {
		if b, reason := binaryValueOf(typ(c.typ), typ(c.typ))(nil, []byte(c.v)); reason == "" {
			t.Errorf("%s takes %q: %x", c.typ, c.v, b)
		}
	}
}
