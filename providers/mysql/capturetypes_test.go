package mysql

import (
	"fmt"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// everyType has a column of every type, with values at its bounds.
func everyType(mariadb bool) (ddl string, rows []string) {
	type column struct{ ddl, values string }
	columns := []column{
		{"tinyint", "-128, 127, 0"}, {"tinyint unsigned", "255, 128, 0"}, {"tinyint(1)", "0, 1, 2"}, {"smallint", "-32768, 32767, -1"}, {"smallint unsigned", "65535, 0, 1"},
		{"mediumint", "-8388608, 8388607, -1"}, {"mediumint unsigned", "16777215, 0, 1"}, {"int", "-2147483648, 2147483647, -1"}, {"int unsigned zerofill", "4294967295, 0, 7"},
		{"bigint", "-9223372036854775808, 9223372036854775807, -1"}, {"bigint unsigned", "18446744073709551615, 0, 1"},
		{"decimal(65,30)", "-99999999999999999999999999999999999.999999999999999999999999999999, 0.000000000000000000000000000001, -0.5"},
		{"decimal(10,0)", "-9999999999, 1, 0"}, {"decimal(5,5)", "-0.00001, 0.99999, 0"}, {"decimal(19,9)", "1234567890.123456789, -1.000000001, 1000000000"}, {"decimal(12,3) unsigned zerofill", "1.5, 0, 999999999.999"},
		{"float", "16777217, 1.1e-38, -0.1"}, {"double", "1.7976931348623157e308, 5e-324, -0.1"}, {"float(7,3)", "1234.567, -0.001, 0"}, {"double(10,2)", "12345678.91, -0.05, 0"}, {"float unsigned", "0.1, 0, 3e38"},
		{"bit(1)", "b'0', b'1', b'1'"}, {"bit(13)", "b'1000000000001', b'0', b'1'"}, {"bit(64)", "0xFFFFFFFFFFFFFFFF, 0, 1"},
		{"date", "'1000-01-01', '9999-12-31', '0000-00-00'"}, {"year", "1901, 2155, 0"},
		{"datetime", "'2024-02-29 23:59:59', '0000-00-00 00:00:00', '9999-12-31 23:59:59'"}, {"datetime(1)", "'2024-02-29 23:59:59.9', '2024-01-01 00:00:00', '1000-01-01 00:00:00.1'"},
		{"datetime(3)", "'2024-02-29 23:59:59.999', '2024-01-01 00:00:00.010', '1000-01-01 00:00:00.001'"}, {"datetime(6)", "'2024-02-29 23:59:59.999999', '2024-01-01 00:00:00.000001', '1000-01-01 00:00:00.1'"},
		{"timestamp NULL", "'2038-01-19 03:14:07', '1970-01-01 00:00:01', '0000-00-00 00:00:00'"}, {"timestamp(2) NULL", "'2024-03-31 02:30:00.25', '1970-01-01 00:00:01.01', NULL"},
		{"timestamp(4) NULL", "'2024-03-31 02:30:00.0001', '1970-01-01 00:00:01', NULL"}, {"timestamp(6) NULL", "'2024-10-27 01:30:00.000001', '1970-01-01 00:00:01.5', NULL"},
		{"time", "'-838:59:59', '838:59:59', '00:00:00'"}, {"time(1)", "'-00:00:00.1', '12:34:56.7', '-838:59:58.9'"}, {"time(2)", "'-00:00:00.01', '-00:00:01.10', '-00:00:01.00'"},
		{"time(4)", "'-00:00:00.0001', '12:34:56.7891', '-01:00:00.5'"}, {"time(6)", "'-00:00:00.000001', '838:59:58.999999', '-838:59:58.999999'"},
		{"char(10)", "'', 'a  ', 'ü'"}, {"char(255)", "'x', REPEAT('€', 255), '😀'"}, {"varchar(20)", "'', ' a ', '日本語'"}, {"varchar(2000)", "REPEAT('y', 2000), 'tab\\t', '\\\\'"},
		{"varchar(20) CHARACTER SET latin1", "'é€', 'ÿ', 'plain'"}, {"char(20) CHARACTER SET latin1", "_latin1 x'808182', 'ß', ''"}, {"text CHARACTER SET latin1", "_latin1 x'E9FC80', '', 'x'"},
		{"varchar(20) CHARACTER SET ucs2", "'日本', 'a', ''"}, {"varchar(20) CHARACTER SET utf16", "'😀a', 'a', ''"}, {"varchar(20) CHARACTER SET utf32", "'😀a', 'a', ''"}, {"varchar(20) CHARACTER SET utf16le", "'😀a', 'a', ''"},
		{"varchar(20) CHARACTER SET gbk", "'中文', 'a\\\\~', 'x'"}, {"varchar(20) CHARACTER SET sjis", "'日本', 'a', ''"}, {"varchar(20) CHARACTER SET cp1251", "'Привет', 'a', ''"}, {"varchar(20) CHARACTER SET koi8r", "'Привет', 'a', ''"},
		{"varchar(20) CHARACTER SET ascii", "'a', '', '~'"}, {"varchar(20) CHARACTER SET utf8mb3", "'€', '', 'x'"},
		{"tinytext", "'t', '', 'ü'"}, {"text", "REPEAT('z', 60000), '', 'x'"}, {"mediumtext", "REPEAT('m', 70000), '', 'x'"}, {"longtext", "'l', '', '😀'"},
		{"binary(4)", "x'00000000', x'01020300', x'FFFFFFFF'"}, {"varbinary(10)", "x'', x'0000', x'00FF'"}, {"tinyblob", "x'00', x'', x'FF'"}, {"blob", "x'0D0A1A5C27', x'', x'00'"}, {"mediumblob", "REPEAT(x'00', 70000), x'', x'01'"}, {"longblob", "x'00', x'', x'02'"},
		{"enum('a','b','ü','d,e')", "'a', 'ü', 'd,e'"}, {"enum('x','é') CHARACTER SET latin1", "'x', 'é', NULL"}, {"set('a','b','ü','d')", "'', 'a,d', 'b,ü'"}, {"set('x','é') CHARACTER SET latin1", "'x,é', 'é', NULL"},
		{"geometry", "ST_GeomFromText('POINT(1 2)'), ST_GeomFromText('LINESTRING(0 0,1 1)'), NULL"}, {"point", "ST_GeomFromText('POINT(1 2)', 4326), ST_GeomFromText('POINT(0 0)'), NULL"},
		{"int GENERATED ALWAYS AS (id * 2) VIRTUAL", ""}, {"int GENERATED ALWAYS AS (id * 3) STORED", ""},
	}
	json := `'{"b": 1, "a": [1, 2.0, -3, 18446744073709551615, -9223372036854775808, 1e300, 1.5e-7, 70000, -70000, 4000000000, true, false, null]}', '[]', '"a\\"\\\\\\n\\u0001ü😀"'`
	columns = append(columns, column{"json", json}, column{"json", `'{}', 'null', '[{"x": {"y": [[], {}]}}]'`})
	if mariadb {
		columns = append(columns,
			column{"uuid", "'123e4567-e89b-12d3-a456-426655440000', 'ffffffff-ffff-ffff-ffff-fffffffffffe', '00000000-0000-0000-0000-000000000000'"},
			column{"uuid", "'018f3a3e-7d3c-7b2a-8c1d-0123456789ab', '123e4567-e89b-42d3-0456-426655440000', '6ba7b810-9dad-11d1-80b4-00c04fd430c8'"},
			column{"inet6", "'::', '2001:db8::ff00:42:8329', '::ffff:192.0.2.128'"}, column{"inet6", "'::192.0.2.128', '::1', 'fe80::1:0:0:0:1'"}, column{"inet4", "'0.0.0.0', '255.255.255.255', '1.2.3.0'"},
			column{"varchar(2000) COMPRESSED", "REPEAT('abc', 500), '', 'short'"}, column{"text COMPRESSED", "REPEAT('äbc', 5000), '', 'short'"}, column{"blob COMPRESSED", "REPEAT(x'00', 5000), x'', x'01'"})
	} else {
		columns = append(columns, column{"vector(3)", "TO_VECTOR('[1,2,3]'), TO_VECTOR('[0,0,0]'), NULL"},
			column{"json", `JSON_OBJECT('d', CAST('2024-01-02' AS DATE), 't', CAST('-12:34:56.7' AS TIME(6)), 'dt', CAST('2024-01-02 03:04:05.6' AS DATETIME(6))), JSON_ARRAY(CAST(-1.5 AS DECIMAL(10,1)), CAST(x'00FF' AS BINARY)), JSON_OBJECT('k', REPEAT('v', 70000))`},
			column{"json", `JSON_ARRAY(1e17, 123456789012345680000e0, 0.00001e0, 1e-6, 1e16, 100000.0e0, -0.0e0), JSON_ARRAY(3.0e0, 1e5, 0.1e0), JSON_ARRAY(CAST('838:59:59' AS TIME))`})
	}
	var parts, names []string
	values := make([][]string, 4)
	for i, c := range columns {
		null := ""
		if !strings.Contains(c.ddl, "NULL") && !strings.Contains(c.ddl, "GENERATED") {
			null = " NULL"
		}
		parts = append(parts, fmt.Sprintf("c%d %s%s", i, c.ddl, null))
		if c.values == "" {
			continue
		}
		names = append(names, fmt.Sprintf("c%d", i))
		for r, v := range splitTypeValues(c.values) {
			values[r] = append(values[r], v)
		}
		values[3] = append(values[3], "NULL")
	}
	ddl = "CREATE TABLE types (id int primary key, " + strings.Join(parts, ", ") + ")"
	for r, v := range values {
		rows = append(rows, fmt.Sprintf("INSERT INTO types (id, %s) VALUES (%d, %s)", strings.Join(names, ", "), r, strings.Join(v, ", ")))
	}
	return ddl, rows
}

// splitTypeValues splits at commas outside quotes and parentheses.
func splitTypeValues(text string) (all []string) {
	depth, quoted, start := 0, false, 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && quoted:
			i++
		case c == '\'':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ',' && depth == 0:
			all = append(all, strings.TrimSpace(text[start:i]))
			start = i + 1
		}
	}
	return append(all, strings.TrimSpace(text[start:]))
}

// Every type's values come out of the log as SELECT gives them, whatever the server's
// time zone.
func TestBinlogTypes(t *testing.T) {
	providertest.EachMySQL(t, func(t *testing.T, url string) {
		ddl, rows := everyType(strings.Contains(t.Name(), "mariadb"))
		from, to := pairOf(t, url, ddl)
		f := follow(t, from, to, "", "types")
		for _, r := range rows {
			exec(t, from, r)
		}
		f.catchUp()
		f.same()
		// What the log says and what is read by key are the same text.
		exec(t, from, "UPDATE types SET c0 = 5 WHERE id < 2")
		exec(t, from, "DELETE FROM types WHERE id = 3")
		f.catchUp()
		f.same()
	})
}
