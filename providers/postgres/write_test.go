package postgres

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

func TestCopyContext(t *testing.T) {
	l := providers.Load{Table: schema.Name{Schema: "s", Name: "a, line 7"}, Columns: []providers.WriteColumn{{Name: "b"}, {Name: `b: "c`}, {Name: "ü x"}}}
	for in, want := range map[string]string{
		`COPY a, line 7, line 31, column b: "x"`:                                  "31 b",
		`COPY a, line 7, line 31, column b: "c: "x"`:                              `31 b: "c`,
		`COPY a, line 7, line 31, column ü x`:                                     "31 ü x",
		`COPY a, line 7, line 31, column ü x: null in`:                            "31 ü x",
		`COPY a, line 7, line 31`:                                                 "31 ",
		`COPY a, line 7, line 31: "5,x"`:                                          "31 ",
		`COPY a, line 7, Zeile 12, Spalte b: »x«`:                                 "12 b",
		`PL/pgSQL function f() line 3 at RAISE` + "\n" + `COPY a, line 7, line 4`: "4 ",
		`SQL statement "x"`:                                                       "0 ",
	} {
		line, column := copyContext(in, l.Table.Name, l)
		if got := fmt.Sprint(line, " ", column); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

// TestCopyTextGoesRound: what the encoder writes the decoder reads.
func TestCopyTextGoesRound(t *testing.T) {
	text := schema.Type{Kind: schema.Text, System: schema.MySQL, Native: "longtext"}
	bytea := schema.Type{Kind: schema.Blob, System: schema.MySQL, Native: "blob"}
	to := schema.Type{Kind: schema.Text, System: schema.PostgreSQL, Native: "text"}
	toBytes := schema.Type{Kind: schema.Blob, System: schema.PostgreSQL, Native: "bytea"}
	l := providers.Load{Columns: []providers.WriteColumn{{Name: "a", Type: to, Source: text}, {Name: "b", Type: toBytes, Source: bytea}, {Name: "c", Type: to, Source: text}}}
	d := newFieldDecoder(providers.ReadTable{Columns: []providers.ReadColumn{{Name: "a", Type: to}, {Name: "b", Type: toBytes}, {Name: "c", Type: to}}}, "UTF8")
	e := newFieldEncoder(l)
	rapid.Check(t, func(t *rapid.T) {
		in := row.NewBatch(3)
		for range rapid.IntRange(0, 5).Draw(t, "rows") {
			for range 3 {
				if rapid.Bool().Draw(t, "null") {
					in.AppendNull()
				} else {
					in.Append(rapid.OneOf(rapid.SliceOfN(rapid.SampledFrom([]byte("\\\t\n\r\b\f\vN.a")), 0, 8), rapid.Map(rapid.StringN(0, 9, -1), func(s string) []byte { return []byte(strings.ReplaceAll(s, "\x00", "")) })).Draw(t, "v"))
				}
			}
			in.EndRow()
		}
		lines, err := e.batch(in)
		if err != nil {
			t.Fatal(err)
		}
		out := row.NewBatch(3)
		for len(lines) > 0 {
			end := bytes.IndexByte(lines, '\n') + 1
			if err := d.row(out, lines[:end]); err != nil {
				t.Fatal(err)
			}
			lines = lines[end:]
		}
		if out.Rows != in.Rows || !bytes.Equal(out.Data, in.Data) || fmt.Sprint(out.Ends, out.States) != fmt.Sprint(in.Ends, in.States) {
			t.Fatalf("%q %v became %q %v", in.Data, in.Ends, out.Data, out.Ends)
		}
	})
}

// TestNothingIsBent: values that the server would round, cut or reinterpret are refused.
func TestNothingIsBent(t *testing.T) {
	my := func(native string, k schema.Kind) schema.Type {
		return schema.Type{Kind: k, System: schema.MySQL, Native: native}
	}
	for _, c := range []struct {
		source   schema.Type
		to       string
		in, want string // want "": refused
	}{
		{my("decimal", schema.Decimal), "numeric(10,2)", "1.10", "1.1"},
		{my("decimal", schema.Decimal), "numeric(10,2)", "1.101", ""},
		{my("decimal", schema.Decimal), "numeric(10,2)", "1.100", "1.1"},
		{my("decimal", schema.Decimal), "numeric(5,-2)", "1200", "1200"},
		{my("decimal", schema.Decimal), "numeric(5,-2)", "1250", ""},
		{my("decimal", schema.Decimal), "integer", "3.00", "3"},
		{my("decimal", schema.Decimal), "integer", "3.01", ""},
		{my("decimal", schema.Decimal), "double precision", "0.1", "0.1"},
		{my("decimal", schema.Decimal), "double precision", "12345678901234567890.1", ""},
		{schema.Type{Kind: schema.Float, Bits: 64}, "real", "0.5", "0.5"},
		{schema.Type{Kind: schema.Float, Bits: 64}, "real", "16777217", ""},
		{my("text", schema.Text), "character varying(3)", "abc   ", ""},
		{my("text", schema.Text), "character varying(3)", "äöü", "äöü"},
		{my("text", schema.Text), "character(5)", "ab ", ""},
		{my("datetime", schema.Timestamp), "date", "2024-02-29 00:00:00", "2024-02-29"},
		{my("datetime", schema.Timestamp), "date", "2024-02-29 00:00:01", ""},
		{my("text", schema.Text), "date", "today", ""},
		{my("text", schema.Text), "date", "02/03/2024", ""},
		{my("text", schema.Text), "timestamp", "now", ""},
		{my("text", schema.Text), "timestamp", "2024-02-29 10:00:00.1234567", ""},
		{schema.Type{Kind: schema.Timestamp, Precision: 7, System: schema.MySQL}, "timestamp(3)", "2024-02-29 10:00:00.120000", "2024-02-29 10:00:00.12"},
		{schema.Type{Kind: schema.Timestamp, Precision: 7, System: schema.MySQL}, "timestamp(3)", "2024-02-29 10:00:00.123400", ""},
		{my("time", schema.Time), "time", "-01:00:00", ""},
		{my("time", schema.Time), "time", "838:59:59", ""},
		{my("time", schema.Time), "time", "24:00:00", "24:00:00"},
		{my("time", schema.Time), "time", "24:00:01", ""},
		{my("time", schema.Time), "interval", "-838:59:59", "-838:59:59"},
		{my("int", schema.Int), "boolean", "1", "t"},
		{my("int", schema.Int), "boolean", "2", ""},
		{my("tinyint(1)", schema.Bool), "integer", "t", "1"},
	} {
		to, err := parseType(c.to)
		if err != nil {
			t.Fatal(err)
		}
		got, reason := []byte(c.in), ""
		if convert := converterFor(c.source, to); convert != nil {
			got, reason = convert(nil, []byte(c.in))
		}
		if c.want == "" && reason == "" || c.want != "" && (reason != "" || string(got) != c.want) {
			t.Errorf("%s %q into %s: %q, %q; want %q", c.source.Kind, c.in, c.to, got, reason, c.want)
		}
	}
}

// TestBadRowOfALargeChunk: the row is named though many were sent before and after it,
// in each form; nothing of the chunk is there afterwards, and the writer goes on.
func TestBadRowOfALargeChunk(t *testing.T) {
	link := providertest.Postgres(t, "")
	providertest.Exec(t, link, "CREATE TABLE f (id bigint PRIMARY KEY, v varchar(300), n integer)",
		"INSERT INTO f SELECT i, repeat('x', 200), i FROM generate_series(1, 60000) i",
		"CREATE TABLE g (id bigint, v varchar(300), n integer CONSTRAINT never CHECK (n <> 40000))")
	c := open(t, link)
	db := inspect(t, c)
	from, to := *db.Table(schema.Name{Schema: "public", Name: "f"}), *db.Table(schema.Name{Schema: "public", Name: "g"})
	// As one chunk of 13 MB, which the server gets faster than it looks at it, only the
	// keys of fields are kept long enough.
	l := load(to, "m")
	l.Key = []string{"id"}
	var bad *providers.BadRowError
	if _, _, err := copyRows(t.Context(), c, c, readTable(from), l, onlyForm(row.FormFields), 1_000_000); !errors.As(err, &bad) || bad.Key != "id=40000" {
		t.Error(err)
	}
	for _, form := range []row.Form{binaryPrefix, textForm, row.FormFields} {
		t.Run(string(form), func(t *testing.T) {
			l := load(to, "m "+string(form))
			l.Key = []string{"id"}
			_, used, err := copyRows(t.Context(), c, c, readTable(from), l, onlyForm(form), 15_000)
			var bad *providers.BadRowError
			if !errors.As(err, &bad) || bad.Key != "id=40000" || !strings.Contains(bad.Reason, "never") {
				t.Errorf("%s: %v", used, err)
			}
			if !strings.HasPrefix(string(used), string(form)) {
				t.Errorf("form %s", used)
			}
			// The chunks before it are there, and nothing of its own.
			if n := providertest.Query(t, link, "SELECT count(*), max(id) < 40000 FROM g")[0]; n[0] == "0" || n[1] != "t" {
				t.Errorf("%s rows were left", n)
			}
			providertest.Exec(t, link, "TRUNCATE g")
		})
	}
}
