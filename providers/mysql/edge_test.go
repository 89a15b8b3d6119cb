package mysql

import (
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
)

// Values at the edges, written by the server itself, go from table to table by LOAD
// DATA and by INSERT and are the same bytes.
func TestEdgeValues(t *testing.T) {
	allBytes := make([]byte, 256)
	for i := range allBytes {
		allBytes[i] = byte(i)
	}
	every := hexLiteral(string(allBytes))
	columns := []struct{ ddl, values string }{
		{"tinyint(1)", "0, 1, 2, -1, 127"}, {"tinyint unsigned", "0, 255"}, {"smallint", "-32768, 32767"}, {"mediumint unsigned", "16777215"}, {"int(8) unsigned zerofill", "0, 7, 4294967295"},
		{"bigint", "-9223372036854775808, 9223372036854775807"}, {"bigint unsigned", "18446744073709551615"},
		{"decimal(65,30)", "99999999999999999999999999999999999.999999999999999999999999999999, -0.000000000000000000000000000001"}, {"decimal(5,2) unsigned zerofill", "1.5"},
		{"float", "3.4028234663852886e38, 1.17549e-38, 16777217, 0.1, -0e0"}, {"double", "1.7976931348623157e308, 5e-324, 0.1, 1e15, 123456789012345678"}, {"float(7,3)", "1.235"}, {"double(10,2)", "0.01"},
		{"char(10)", "'', ' x', 'ü😀'"}, {"varchar(20)", "'', ' a ', 'NULL', '\\\\N', 'tab\\tnew\\nback\\\\slash\\0nul\\Zsub\\r', '😀é'"}, {"varchar(300) charset latin1", "CONVERT(" + every + " USING latin1)"},
		{"varchar(10) charset utf8mb3", "'é€'"}, {"varchar(10) charset utf16", "'a😀'"}, {"varchar(10) charset gbk", "'汉字'"}, {"char(5) charset ascii", "'abc'"}, {"varchar(10) collate utf8mb4_general_ci", "'Straße'"},
		{"tinytext", "REPEAT('x', 255)"}, {"text charset latin1", "_latin1 x'8081e9ff'"}, {"mediumtext", "REPEAT('é', 100000)"}, {"longtext", "REPEAT('ab\\n', 1700000)"},
		{"binary(4)", "x'00', x'00ff0920', ''"}, {"varbinary(300)", every}, {"tinyblob", "x'5c4e'"}, {"blob", every}, {"longblob", "REPEAT(" + every + ", 20000)"},
		{"date", "'0000-00-00', '2024-00-00', '2024-02-31', '9999-12-31', '0001-01-01'"}, {"time", "'-838:59:59', '838:59:59', '00:00:00'"}, {"time(6)", "'-00:00:00.000001', '12:00:00.5'"},
		{"datetime", "'0000-00-00', '9999-12-31 23:59:59'"}, {"datetime(6)", "'2024-01-01 00:00:00.000001', '1000-01-01'"}, {"timestamp null", "'1970-01-01 00:00:01', '2038-01-19 03:14:07', 0"}, {"timestamp(3) null", "'2024-01-01 00:00:00.120'"},
		{"year", "0, 1901, 2155, 2000"}, {"bit(1)", "b'0', b'1'"}, {"bit(10)", "b'1000000001'"}, {"bit(64)", "0xffffffffffffffff, b'1'"},
		{"enum('a','b','','2','1')", "'a', '2', '1', ''"}, {"set('x','y','z z')", "'', 'x,z z', 'x,y,z z'"}, {"json", `'{"b": [1, 2.5, 18446744073709551615, null, "é\\\\n😀"], "a": 1e100}', '"x"', 'null'`},
		{"geometry", "ST_GeomFromText('POINT(1 2)'), ST_GeomFromText('POLYGON((0 0,1 0,1 1,0 0))', 4326)"}, {"point", "ST_GeomFromText('POINT(-1.5 1e100)')"},
	}
	ddl, selects := []string{"id int primary key auto_increment"}, []string{}
	for i, c := range columns {
		name := "`c " + c.ddl[:1] + string(rune('a'+i/26)) + string(rune('a'+i%26)) + "`"
		ddl = append(ddl, name+" "+c.ddl)
		for _, v := range splitValues(c.values) {
			selects = append(selects, "INSERT INTO edge ("+name+") VALUES ("+v+")")
		}
	}
	setup := append([]string{"SET NAMES utf8mb4, sql_mode = 'ALLOW_INVALID_DATES'", "CREATE TABLE edge (" + strings.Join(ddl, ", ") + ") CHARACTER SET utf8mb4"}, selects...)
	providertest.EachMySQL(t, func(t *testing.T, url string) {
		providertest.Exec(t, url, setup...)
		c := connectTo(t, url)
		table := *inspect(t, c).Table(named("edge"))
		want := rowsByHand(t, url, table)
		for _, local := range []bool{true, false} {
			providertest.Exec(t, url, "DROP TABLE IF EXISTS edge_copy", "CREATE TABLE edge_copy LIKE edge")
			c.noLocal = !local
			l, r := wholeTable(t, c, "edge")
			l.Table, l.Live = named("edge_copy"), named("edge_copy")
			copyTable(t, c, c, r, l, 0)
			copied := table
			copied.Name = named("edge_copy")
			got := rowsByHand(t, url, copied)
			for i := range min(len(want), len(got)) {
				for j := range want[i] {
					if want[i][j] != got[i][j] {
						t.Errorf("local %v, %s: %.200s became %.200s", local, table.Columns[j].Type, want[i][j], got[i][j])
					}
				}
			}
			if len(want) != len(got) {
				t.Errorf("local %v: %d rows became %d", local, len(want), len(got))
			}
		}
	})
}

// splitValues cuts at commas outside quotes and parentheses.
func splitValues(list string) []string {
	var out []string
	start := 0
	depth := 0
	for tokens := newTokens(list); ; tokens.next() {
		switch {
		case tokens.end():
			return append(out, list[start:])
		case tokens.cur.is("("):
			depth++
		case tokens.cur.is(")"):
			depth--
		case tokens.cur.is(",") && depth == 0:
			out = append(out, list[start:tokens.cur.start])
			start = tokens.cur.end
		}
	}
}
