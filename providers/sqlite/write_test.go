package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
	"github.com/syncform/syncform/providers/sqlite"
)

// oneRow is a row.Reader of one row of canonical text.
type oneRow struct{ fields []string }

func (o *oneRow) Form() row.Form { return row.FormFields }
func (o *oneRow) Close() error   { return nil }

func (o *oneRow) Next(context.Context) (*row.Batch, error) {
	if o.fields == nil {
		return nil, io.EOF
	}
	b := row.NewBatch(len(o.fields))
	for _, f := range o.fields {
		b.Append([]byte(f))
	}
	b.EndRow()
	o.fields = nil
	return b, nil
}

// TestAnotherTypeThanTheSources writes a value of one type into a column of another, as
// a mapping may ask for. Read back as the source's type it is the same, or it was refused.
func TestAnotherTypeThanTheSources(t *testing.T) {
	const refused = "<refused>"
	kind := func(k schema.Kind) schema.Type { return schema.Type{Kind: k, System: schema.PostgreSQL} }
	for i, c := range []struct {
		source   schema.Type
		value    string
		declared string
		stored   string // typeof and text, or refused
	}{
		{kind(schema.Bool), "t", "INTEGER", "integer 1"},
		{kind(schema.Bool), "f", "TEXT", "text f"},
		{kind(schema.Int), "1", "BOOLEAN", "integer 1"},
		{kind(schema.Int), "2", "BOOLEAN", refused},
		{kind(schema.Int), "40000", "SMALLINT", refused},
		{kind(schema.Int), "-1", "SMALLINT UNSIGNED", refused},
		{kind(schema.Int), "5", "TEXT", "text 5"},
		{kind(schema.Int), "5", "DECIMAL(10,2)", "integer 5"},
		{kind(schema.Int), "9007199254740993", "REAL", refused},
		{schema.Type{Kind: schema.Int, Bits: 64, Unsigned: true}, "18446744073709551615", "BIGINT UNSIGNED", "blob 18446744073709551615"},
		{schema.Type{Kind: schema.Int, Bits: 64, Unsigned: true}, "18446744073709551615", "BIGINT", refused},
		{kind(schema.Decimal), "1.50", "REAL", "real 1.5"},
		{kind(schema.Decimal), "1.10", "DECIMAL(10,2)", "real 1.1"},
		{kind(schema.Decimal), "1.105", "DECIMAL(10,2)", refused},
		{kind(schema.Decimal), "NaN", "DECIMAL(10,2)", "text NaN"},
		{kind(schema.Decimal), "12345678901234567.89", "DECIMAL(20,2)", refused},
		{kind(schema.Decimal), "12345678901234567.89", "DECIMAL_TEXT(20,2)", "text 12345678901234567.89"},
		{kind(schema.Decimal), "3.00", "INTEGER", "integer 3"},
		{kind(schema.Decimal), "3.5", "INTEGER", refused},
		{schema.Type{Kind: schema.Float, Bits: 64}, "1e+20", "DECIMAL_TEXT", "text 100000000000000000000"},
		{schema.Type{Kind: schema.Float, Bits: 64}, "0.1", "FLOAT4", "real 0.1"},
		{schema.Type{Kind: schema.Float, Bits: 64}, "0.123456789", "FLOAT4", refused},
		{schema.Type{Kind: schema.Float, Bits: 32}, "0.1", "DOUBLE", "real 0.1"},
		{schema.Type{Kind: schema.Float, Bits: 64}, "NaN", "DOUBLE", "text NaN"},
		{schema.Type{Kind: schema.Float, Bits: 64}, "-Infinity", "DOUBLE", "real -Inf"},
		{kind(schema.TimestampTZ), "2024-02-29 10:00:00.5+00", "TIMESTAMP", "text 2024-02-29 10:00:00.5"},
		{kind(schema.Timestamp), "2024-02-29 10:00:00", "TIMESTAMPTZ", "text 2024-02-29 10:00:00+00"},
		{kind(schema.Date), "2024-02-29", "TIMESTAMP", "text 2024-02-29 00:00:00"},
		{kind(schema.Timestamp), "2024-02-29 10:00:00", "DATE", refused},
		{kind(schema.Timestamp), "2024-02-29 10:00:00.5", "TIMESTAMP(0)", refused},
		{kind(schema.Text), "2024-02-29", "DATE", "text 2024-02-29"},
		{kind(schema.Text), "soon", "DATE", refused},
		{kind(schema.Text), "007", "INTEGER", refused},
		{kind(schema.Text), "7", "INTEGER", "integer 7"},
		{kind(schema.Text), "007", "STRING", refused},
		{kind(schema.Text), "x7", "STRING", "text x7"},
		{kind(schema.Text), "abc", "BLOB", "blob abc"},
		{kind(schema.Text), "four", "VARCHAR(3)", refused},
		{kind(schema.Text), "a\x00b", "TEXT", "text a\x00b"},
		{kind(schema.Text), `{"a":1}`, "JSON_TEXT", `text {"a":1}`},
		{kind(schema.Text), `{"a":`, "JSON_TEXT", refused},
		{kind(schema.Text), "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "UUID", "text 6ba7b810-9dad-11d1-80b4-00c04fd430c8"},
		{kind(schema.Blob), "abc", "TEXT", "text abc"},
		{kind(schema.Blob), "\xff", "TEXT", refused},
		{kind(schema.Blob), "\x00", "BINARY(2)", refused},
		{kind(schema.Bit), "101", "TEXT", "text 101"},
		{kind(schema.Text), "x", "ENUM_TEXT CHECK (\"the c\" IN ('x','y'))", "text x"},
		{kind(schema.Text), "z", "ENUM_TEXT CHECK (\"the c\" IN ('x','y'))", refused},
		{kind(schema.Text), "", "TEXT CHECK (\"the c\" <> '')", refused},
	} {
		t.Run(fmt.Sprintf("%d %s %s", i, c.source, c.declared), func(t *testing.T) {
			path := providertest.SQLite(t)
			providertest.Exec(t, path, `CREATE TABLE t (id INTEGER PRIMARY KEY, "the c" `+c.declared+`)`)
			conn := opened(t, "target.sqlite.a", path)
			r := readTable(t, conn, "t")
			r.Columns[1].As = c.source
			err := writeRow(t, conn, r, "17", c.value)
			if c.stored == refused {
				var bad *providers.BadRowError
				if !errors.As(err, &bad) || bad.Key != "id=17" || bad.Reason == "" {
					t.Errorf("%v", err)
				}
				if n := providertest.Query(t, path, "SELECT count(*) FROM t")[0][0]; n != "0" {
					t.Errorf("%s rows", n)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := providertest.Query(t, path, `SELECT typeof("the c") || ' ' || CAST("the c" AS TEXT) FROM t`)[0][0]
			if got != c.stored {
				t.Errorf("stored as %q, want %q", got, c.stored)
			}
			rows, err := chunkRows(t, snapshot(t, conn, providers.SnapshotOptions{}), r, providers.Chunk{})
			if err != nil || len(rows) != 1 {
				t.Fatal(rows, err)
			}
			a, b := row.Normal(nil, c.source, []byte(c.value)), row.Normal(nil, c.source, []byte(rows[0][1]))
			if string(a) != string(b) {
				t.Errorf("read back as %q, want %q", rows[0][1], c.value)
			}
		})
	}
}

// writeRow writes one row; the columns' As are the source's types.
func writeRow(t *testing.T, conn *sqlite.Conn, r providers.ReadTable, values ...string) error {
	t.Helper()
	l := providers.Load{Mapping: "m", Generation: "g", Table: r.Name, Live: r.Name, Key: r.Key}
	for _, c := range r.Columns {
		w := providers.WriteColumn{Name: c.Name, Type: c.Type, Source: c.As}
		if w.Source.Kind == "" {
			w.Source = c.Type
		}
		l.Columns = append(l.Columns, w)
	}
	st, err := conn.OpenLoad(ctx, l, func() ([]providers.Chunk, error) { return []providers.Chunk{{}}, nil })
	if err != nil {
		t.Fatal(err)
	}
	w, err := conn.OpenWriter(ctx, l)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.WriteChunk(ctx, st.Chunks[0], &oneRow{fields: values})
	return err
}
