package main

import (
	"fmt"
	"strings"
)

// oddColumns are columns of each system's own types, with values that go wrong on the
// way; they are followed between two servers of one system, where text compares.
var oddColumns = map[string][]struct {
	name, def string
	values    []string
}{
	"postgresql": {
		{"f", "double precision", []string{"'NaN'", "'Infinity'", "'-Infinity'", "-0.0", "1e-307", "1.7976931348623157e308", "0.1::float8 + 0.2::float8"}},
		{"r", "real", []string{"'NaN'", "16777217", "1e-37", "'-Infinity'"}},
		{"n", "numeric", []string{"'NaN'", "1.00", "1.0", "12345678901234567890123456789.000000001", "-0.1"}},
		{"d", "date", []string{"'infinity'", "'-infinity'", "'0044-03-15 BC'", "'9999-12-31'", "'2024-02-29'"}},
		{"at", "timestamp with time zone", []string{"'infinity'", "'4713-01-01 00:00:00+00 BC'", "'2024-03-31 01:30:00.123456+00'", "'294276-12-31 23:59:59+00'"}},
		{"iv", "interval", []string{"'1 year -2 days 03:04:05.678'", "'-1 mon'", "'0'"}},
		{"by", "bytea", []string{`'\x'`, `'\x00ff0a0d5c27'`, "decode(repeat('00ff', 3000), 'hex')"}},
		{"j", "jsonb", []string{`'{"b": 1, "a": 18446744073709551615}'`, `'1e400'`, `'"\\u0001"'`, `'[]'`, "'null'"}},
		{"js", "json", []string{`'{"b":1,  "a":2,"b":3}'`, `' 1.0 '`}},
		{"ia", "integer[]", []string{"'{}'", "'{1,NULL,-3}'", "'{{1,2},{3,4}}'", "'[0:1]={7,8}'"}},
		{"ta", "text[]", []string{`'{"NULL",NULL,"a,b","q\"uo\\te",""}'`, "'{}'"}},
		{"bt", "bit varying(70)", []string{"B''", "B'0'", "B'1111111100000001'"}},
		{"u", "uuid", []string{"'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-4fff-8fff-ffffffffffff'"}},
		{"t", "text", []string{"''", "' '", "'x  '", "'𝒳🎈'", "E'\\t\\n\\\\'", `'\.'`, `'\N'`}},
		{"c", "character(5)", []string{"''", "'a'", "'ab c'"}},
		{"big", "text", []string{"(SELECT string_agg(md5(g::text), '') FROM generate_series(1, 400) g)", "repeat('é', 100000)", "''"}},
	},
	"mysql": {
		{"ub", "bigint unsigned", []string{"18446744073709551615", "0", "9223372036854775808"}},
		{"ti", "tinyint", []string{"-128", "127"}},
		{"de", "decimal(40,20)", []string{"99999999999999999999.99999999999999999999", "-0.00000000000000000001", "1.00"}},
		{"f", "float", []string{"16777217", "1.1754944e-38", "0.1"}},
		{"d", "double", []string{"1.7976931348623157e308", "0.1e0 + 0.2e0", "-0e0"}},
		{"dt", "datetime(6)", []string{"'0000-00-00 00:00:00'", "'9999-12-31 23:59:59.999999'", "'1000-01-01 00:00:00.000001'", "'2024-00-00 00:00:00'"}},
		{"da", "date", []string{"'0000-00-00'", "'2024-02-29'", "'2024-02-00'"}},
		{"ts", "timestamp(3) NULL", []string{"'1970-01-01 00:00:01.001'", "'2038-01-19 03:14:07.999'", "'0000-00-00 00:00:00'"}},
		{"tm", "time(3)", []string{"'-838:59:59.000'", "'838:59:59.000'", "'00:00:00.001'"}},
		{"y", "year", []string{"1901", "2155", "0"}},
		{"bl", "blob", []string{"''", "x'00ff0a0d5c27'", "REPEAT(x'00ff', 3000)"}},
		{"vb", "varbinary(8)", []string{"''", "x'6100'", "x'2020'"}},
		{"fb", "binary(4)", []string{"''", "x'61'", "x'61000020'"}},
		{"bi", "bit(17)", []string{"b'0'", "b'11111111111111111'", "b'10000000000000001'"}},
		{"e", "enum('', 'a', 'B,c', 'it''s')", []string{"''", "'B,c'", "'it''s'"}},
		{"s", "set('x', 'y', 'z')", []string{"''", "'x,z'", "'y'"}},
		{"t", "text", []string{"''", "' '", "'x  '", "'𝒳🎈'", `'\t\n\\'`, `'\0'`, `'\\N'`}},
		{"c", "char(5)", []string{"''", "'a'", "'ab c'"}},
		{"l", "varchar(10) CHARACTER SET latin1", []string{"'é€'", "'ÿ'", "''"}},
		{"big", "mediumtext", []string{"REPEAT('é', 100000)", "''"}},
	},
	"sqlite": {
		{"i", "integer", []string{"9223372036854775807", "-9223372036854775808", "0"}},
		{"d", "real", []string{"1.7976931348623157e308", "0.1 + 0.2", "-0.0", "5e-324"}},
		{"t", "text", []string{"''", "' '", "'x  '", "'𝒳🎈'", "char(9) || char(10) || char(92)"}},
		{"b", "blob", []string{"x''", "x'00ff0a0d5c27'", "randomblob(5000)"}},
		{"big", "text", []string{"replace(hex(zeroblob(50000)), '00', 'é')", "''"}},
	},
}

func oddTable(s system) string {
	cols := []string{"CREATE TABLE odd (id integer NOT NULL PRIMARY KEY"}
	for _, c := range oddColumns[s.provider] {
		cols = append(cols, c.name+" "+c.def)
	}
	return strings.Join(cols, ", ") + ")"
}

// oddNames is what is read to compare.
func oddNames(s system) string {
	names := []string{"id"}
	for _, c := range oddColumns[s.provider] {
		n := c.name
		switch {
		case s.provider == "mysql" && (strings.Contains(c.def, "blob") || strings.Contains(c.def, "binary") || strings.Contains(c.def, "bit")):
			n = "HEX(" + n + ")"
		case s.provider == "mysql" && c.def == "float":
			n = n + " * 1e0"
		case s.provider == "sqlite":
			n = "typeof(" + n + "), quote(" + n + ")"
		}
		names = append(names, n)
	}
	return strings.Join(names, ", ")
}

// oddChange changes the table odd: rows come, go, change some fields and move.
func (w *workload) oddChange() []string {
	cols := oddColumns[w.s.provider]
	var out []string
	if w.s.provider == "mysql" {
		out = append(out, "SET SESSION sql_mode = ''")
	}
	value := func(i int) string {
		if w.r.IntN(5) == 0 {
			return "NULL"
		}
		return cols[i].values[w.r.IntN(len(cols[i].values))]
	}
	id := w.r.IntN(30)
	switch w.r.IntN(6) {
	case 0, 1:
		row := make([]string, len(cols))
		for i := range cols {
			row[i] = value(i)
		}
		return append(out, fmt.Sprintf("DELETE FROM odd WHERE id = %d", id), fmt.Sprintf("INSERT INTO odd VALUES (%d, %s)", id, strings.Join(row, ", ")))
	case 2:
		return append(out, fmt.Sprintf("DELETE FROM odd WHERE id = %d", id))
	case 3: // a chain of keys, whose rows keep what is not touched
		if w.s.provider == "mysql" {
			return append(out, "UPDATE odd SET id = id + 1 ORDER BY id DESC")
		}
		return append(out, "UPDATE odd SET id = id + 1000000", "UPDATE odd SET id = id - 999999")
	}
	i, j := w.r.IntN(len(cols)), w.r.IntN(len(cols))
	if i == j {
		return out
	}
	return append(out, fmt.Sprintf("UPDATE odd SET %s = %s, %s = %s WHERE id BETWEEN %d AND %d", cols[i].name, value(i), cols[j].name, value(j), id, id+w.r.IntN(4)))
}
