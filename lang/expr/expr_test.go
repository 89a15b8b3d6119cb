package expr_test

import (
	"errors"
	"testing"
	"time"

	"github.com/syncform/syncform/lang/expr"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// noRow is a row without fields.
func noRow() *row.Batch {
	b := row.NewBatch(0)
	b.EndRow()
	return b
}

// moment is when everything in these tests happens.
var moment = time.Date(2024, 2, 29, 12, 30, 15, 500_000_000, time.UTC)

// evaluate computes an expression over one row; null is "NULL".
func evaluate(t testing.TB, text string, cols []expr.Column, b *row.Batch) (string, error) {
	t.Helper()
	e, err := expr.Parse(text)
	if err != nil {
		return "", err
	}
	c, err := e.Check(cols, expr.Options{Metadata: true})
	if err != nil {
		return "", err
	}
	at := make([]int, len(cols))
	for i := range at {
		at[i] = i
	}
	out, state, err := c.Compile(at).Append(nil, b, 0, moment)
	switch {
	case err != nil:
		return "", err
	case state == row.Null:
		return "NULL", nil
	case state == row.Unchanged:
		return "UNCHANGED", nil
	}
	return string(out), nil
}

// TestExamples runs every example of docs/expressions.md.
func TestExamples(t *testing.T) {
	for _, f := range expr.Functions() {
		if len(f.Examples) == 0 && !f.Metadata {
			t.Errorf("%s has no example", f.Name)
		}
		for _, x := range f.Examples {
			got, err := evaluate(t, x.Expr, nil, noRow())
			if err != nil || got != x.Result {
				t.Errorf("%s = %q, %v; want %q", x.Expr, got, err, x.Result)
			}
		}
	}
}

// sample is a table of every kind, and one row of it.
var sample = []expr.Column{
	{Name: "id", Type: schema.Type{Kind: schema.Int, Bits: 64}},
	{Name: "email", Type: schema.Type{Kind: schema.Varchar, Length: 100}, Nullable: true},
	{Name: "status", Type: schema.Type{Kind: schema.EnumKind, Values: []string{"active", "deleted", "pending"}}},
	{Name: "qty", Type: schema.Type{Kind: schema.Int, Bits: 32}, Nullable: true},
	{Name: "price", Type: schema.Type{Kind: schema.Decimal, Precision: 10, Scale: 2}, Nullable: true},
	{Name: "ratio", Type: schema.Type{Kind: schema.Float, Bits: 32}, Nullable: true},
	{Name: "active", Type: schema.Type{Kind: schema.Bool}, Nullable: true},
	{Name: "born", Type: schema.Type{Kind: schema.Date}, Nullable: true},
	{Name: "created_at", Type: schema.Type{Kind: schema.TimestampTZ}},
	{Name: "at", Type: schema.Type{Kind: schema.Time}, Nullable: true},
	{Name: "doc", Type: schema.Type{Kind: schema.JSONB}, Nullable: true},
	{Name: "raw", Type: schema.Type{Kind: schema.Blob}, Nullable: true},
	{Name: "uid", Type: schema.Type{Kind: schema.UUID}, Nullable: true},
	{Name: "big", Type: schema.Type{Kind: schema.Int, Bits: 64, Unsigned: true}, Nullable: true},
	{Name: "tags", Type: schema.Type{Kind: schema.Array, Elem: &schema.Type{Kind: schema.Text}}, Nullable: true},
	{Name: "nothing", Type: schema.Type{Kind: schema.Text}, Nullable: true},
	{Name: "same", Type: schema.Type{Kind: schema.Text}, Nullable: true},
}

func sampleRow() *row.Batch {
	b := row.NewBatch(len(sample))
	for _, v := range []string{"7", "A.B@Example.COM", "active", "3", "19.90", "0.1", "t", "1990-05-17", "2024-02-29 12:30:15.5+00", "08:15:00",
		`{"a": {"b": [1, "x\ty"]}, "n": null}`, "\x00\xff", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "18446744073709551615", "{a,b}"} {
		b.Append([]byte(v))
	}
	b.AppendNull()
	b.EndField(row.Unchanged)
	b.EndRow()
	return b
}

func TestEvaluate(t *testing.T) {
	for _, x := range []struct{ text, want string }{
		{"UPPER(status)", "ACTIVE"}, {"LOWER(email)", "a.b@example.com"}, {"status != 'deleted'", "t"}, {"created_at > '2023-01-01'", "t"},
		{"created_at > '2024-02-29 13:30:15.5+01'", "f"}, {"created_at = '2024-02-29 12:30:15.500'", "t"}, {"born BETWEEN '1990-01-01' AND '1990-12-31'", "t"},
		{"qty * price", "59.70"}, {"price / qty", "6.633333"}, {"CAST(qty AS DECIMAL(10,2)) / 7", "0.428571"}, {"7 DIV 2", "3"}, {"-7 DIV 2", "-3"}, {"-7 % 3", "-1"},
		{"ratio = 0.1", "t"}, {"ratio", "0.1"}, {"active", "t"}, {"active = 1", "t"}, {"NOT active", "f"}, {"active AND nothing = 'x'", "NULL"}, {"NOT active AND nothing = 'x'", "f"},
		{"nothing = 'x' OR active", "t"}, {"nothing IS NULL", "t"}, {"nothing IS NOT NULL", "f"}, {"nothing <=> NULL", "t"}, {"COALESCE(nothing, email, 'x')", "A.B@Example.COM"},
		{"same", "UNCHANGED"}, {"COALESCE(email, same)", "A.B@Example.COM"}, {"CONCAT(email, same)", "UNCHANGED"}, {"active OR same = 'x'", "t"}, {"IF(active, email, same)", "A.B@Example.COM"},
		{"doc -> '$.a.b'", `[1, "x\ty"]`}, {"doc ->> '$.a.b[1]'", "x\ty"}, {"doc ->> '$.n'", "NULL"}, {"doc ->> '$.zz'", "NULL"}, {"doc -> '$.a.b[last]'", `"x\ty"`}, {"HEX(raw)", "00FF"},
		{"uid = 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", "t"}, {"big", "18446744073709551615"}, {"big > id", "t"}, {"big - 1", "18446744073709551614"}, {"tags", "{a,b}"}, {"tags = '{a,b}'", "t"},
		{"CASE status WHEN 'active' THEN 1 WHEN 'deleted' THEN 0 END", "1"}, {"CASE WHEN qty > 5 THEN 'many' ELSE 'few' END", "few"}, {"CASE WHEN qty > 5 THEN 'many' END", "NULL"},
		{"at > '08:00'", "t"}, {"email LIKE '%@%'", "t"}, {"email LIKE 'a%'", "f"}, {"email NOT LIKE '_.B%'", "f"}, {"email REGEXP '[A-Z]+\\\\.'", "t"},
		{"status IN ('active', 'pending')", "t"}, {"status NOT IN ('active')", "f"}, {"qty IN (1, 2, 3, 4, 5, 6, 7)", "t"}, {"qty IN (1, NULL)", "NULL"}, {"qty IN (3, NULL)", "t"},
		{"1 + 2 * 3", "7"}, {"(1 + 2) * 3", "9"}, {"2 - 3 - 4", "-5"}, {"- -5", "5"}, {"1 < 2 = TRUE", "t"}, {"5 & 3 | 8", "9"}, {"1 << 3", "8"}, {"~0", "18446744073709551615"}, {"TRUE XOR TRUE", "f"},
		{"0.1 + 0.2", "0.3"}, {"1.0 / 3", "0.33333"}, {"1.0 / 3 * 3", "0.99999"}, {"1e0 / 3", "0.3333333333333333"}, {"99999999999999999999 + 1", "100000000000000000000"},
		{"created_at + INTERVAL 1 DAY", "2024-03-01 12:30:15.5+00"}, {"born - INTERVAL 1 YEAR", "1989-05-17"}, {"YEAR(created_at)", "2024"}, {"DATE(created_at)", "2024-02-29"}, {"DATEDIFF(created_at, born)", "12341"},
		{"NOW()", "2024-02-29 12:30:15+00"}, {"NOW(3)", "2024-02-29 12:30:15.5+00"}, {"CURRENT_TIMESTAMP", "2024-02-29 12:30:15+00"}, {"CURRENT_DATE", "2024-02-29"},
		{"CAST(price AS CHAR)", "19.90"}, {"CAST('12.50' AS DECIMAL(10,1))", "12.5"}, {"CAST(email AS CHAR(3))", "A.B"}, {"CAST(created_at AS DATE)", "2024-02-29"}, {"CAST(tags AS CHAR)", "{a,b}"}, {"CAST(id AS CHAR)", "7"},
		{"CONCAT(id, '-', price, '-', active, '-', born)", "7-19.90-1-1990-05-17"}, {"JSON_OBJECT('id', id, 'e', email, 'd', doc -> '$.a', 'n', nothing)", `{"id": 7, "e": "A.B@Example.COM", "d": {"b": [1, "x\ty"]}, "n": null}`},
		{"`id` + 0", "7"}, {"ID", "7"}, {"id -- the key", "7"}, {"id /* x */ + 1", "8"}, {"X'4142' = raw", "f"}, {"'it''s'", "it's"}, {`'a\\b\n'`, "a\\b\n"}, {"DATE'2024-02-29' + INTERVAL 12 HOUR", "2024-02-29 12:00:00"},
	} {
		if got, err := evaluate(t, x.text, sample, sampleRow()); err != nil || got != x.want {
			t.Errorf("%s = %q, %v; want %q", x.text, got, err, x.want)
		}
	}
}

func TestBadValues(t *testing.T) {
	for _, text := range []string{"qty % (qty - 3)", "price / (qty - 3)", "qty DIV (qty - 3)", "id + 9223372036854775807", "big + 1", "CAST(email AS SIGNED)", "CAST(email AS DATE)", "CAST(email AS DECIMAL(10,2))",
		"CAST(id * 1000000 AS DECIMAL(5,2))", "CAST(-id AS UNSIGNED)", "JSON_EXTRACT(email, '$.a')", "SQRT(-id)", "POWER(1e300, id)", "UNHEX(email)", "STR_TO_DATE(email, '%Y-%m-%d')", "-big", "FROM_UNIXTIME(1e300 * ratio)",
		"REPEAT(email, 100000000)", "CAST(raw AS CHAR)"} {
		got, err := evaluate(t, text, sample, sampleRow())
		var bad *expr.ValueError
		if !errors.As(err, &bad) {
			t.Errorf("%s = %q, %v; want a bad value", text, got, err)
		}
	}
}

func BenchmarkTransformAndFilter(b *testing.B) {
	rows := sampleRow()
	at := make([]int, len(sample))
	for i := range at {
		at[i] = i
	}
	compile := func(text string) *expr.Program {
		e, err := expr.Parse(text)
		if err != nil {
			b.Fatal(err)
		}
		c, err := e.Check(sample, expr.Options{})
		if err != nil {
			b.Fatal(err)
		}
		return c.Compile(at)
	}
	for _, x := range []struct{ name, transform, filter string }{
		{"upper", "UPPER(status)", "status != 'deleted'"},
		{"lower and date", "LOWER(email)", "created_at > '2023-01-01'"},
		{"decimal", "price * qty + 1.5", "price > 10 AND qty IN (1, 2, 3)"},
		{"concat", "CONCAT(id, '-', status)", "email LIKE '%@%' OR active"},
		{"json", "doc ->> '$.a.b[1]'", "doc ->> '$.a' IS NOT NULL"},
		{"case", "CASE WHEN qty > 5 THEN 'many' ELSE 'few' END", "COALESCE(nothing, 'x') = 'x'"},
		{"date", "DATE_FORMAT(created_at, '%Y-%m')", "DATEDIFF(created_at, born) > 3"},
		{"regexp", "REGEXP_SUBSTR(email, '[A-Z]+')", "email REGEXP '^[A-Z]'"},
		{"cast", "CAST(CAST(id AS CHAR) AS DECIMAL(20,2))", "CAST(price AS SIGNED) = 20"},
	} {
		b.Run(x.name, func(b *testing.B) {
			tr, f := compile(x.transform), compile(x.filter)
			var dst []byte
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := f.Holds(rows, 0); err != nil {
					b.Fatal(err)
				}
				var err error
				if dst, _, err = tr.Append(dst[:0], rows, 0, moment); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
