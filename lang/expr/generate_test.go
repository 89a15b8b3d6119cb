package expr_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/syncform/syncform/lang/expr"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// generated are the columns of the table that generated expressions are over: two of
// each kind, and how MySQL declares them.
var generated = []struct {
	expr.Column
	sql   string
	value func(r *rand.Rand) string
}{
	{expr.Column{Name: "i", Type: schema.Type{Kind: schema.Int, Bits: 32}}, "INT", func(r *rand.Rand) string {
		return pick(r, "0", "1", "-1", "7", "2147483647", "-2147483648", strconv.Itoa(r.IntN(2000)-1000))
	}},
	{expr.Column{Name: "k", Type: schema.Type{Kind: schema.Int, Bits: 64}}, "BIGINT", func(r *rand.Rand) string {
		return pick(r, "0", "9223372036854775807", "-9223372036854775808", "10", strconv.Itoa(r.IntN(2e9)))
	}},
	{expr.Column{Name: "u", Type: schema.Type{Kind: schema.Int, Bits: 64, Unsigned: true}}, "BIGINT UNSIGNED", func(r *rand.Rand) string {
		return pick(r, "0", "18446744073709551615", "3", strconv.Itoa(r.IntN(2e9)))
	}},
	{expr.Column{Name: "d", Type: schema.Type{Kind: schema.Decimal, Precision: 12, Scale: 3}}, "DECIMAL(12,3)", func(r *rand.Rand) string {
		return pick(r, "0.000", "999999999.999", "-999999999.999", "0.005", "-0.005", "1.500", "2.500", fmt.Sprintf("%d.%03d", r.IntN(2000)-1000, r.IntN(1000)))
	}},
	{expr.Column{Name: "e", Type: schema.Type{Kind: schema.Decimal, Precision: 30, Scale: 10}}, "DECIMAL(30,10)", func(r *rand.Rand) string {
		return pick(r, "0.0000000000", "12345678901234567890.1234567891", "-0.0000000001", fmt.Sprintf("%d.%010d", r.IntN(100), r.IntN(1e9)))
	}},
	{expr.Column{Name: "f", Type: schema.Type{Kind: schema.Float, Bits: 64}}, "DOUBLE", func(r *rand.Rand) string {
		return pick(r, "0", "0.1", "-2.5", "1e20", "1e-7", "123456.789", strconv.FormatFloat(r.Float64()*100, 'g', -1, 64))
	}},
	{expr.Column{Name: "s", Type: schema.Type{Kind: schema.Varchar, Length: 40}}, "VARCHAR(40)", words},
	{expr.Column{Name: "t", Type: schema.Type{Kind: schema.Text}}, "TEXT", words},
	{expr.Column{Name: "n", Type: schema.Type{Kind: schema.Varchar, Length: 20}}, "VARCHAR(20)", func(r *rand.Rand) string {
		return pick(r, "0", "12", "-7", "3.25", "0.005", "  5 ", strconv.Itoa(r.IntN(100000)))
	}},
	{expr.Column{Name: "m", Type: schema.Type{Kind: schema.EnumKind, Values: []string{"small", "Large", "x"}}}, "ENUM('small','Large','x')", func(r *rand.Rand) string { return pick(r, "small", "Large", "x") }},
	{expr.Column{Name: "a", Type: schema.Type{Kind: schema.Date}}, "DATE", func(r *rand.Rand) string {
		return pick(r, "2024-02-29", "1999-12-31", "2000-01-01", "1000-01-01", "8999-12-31", "1900-02-28", "1970-01-01", "2199-12-31", "1901-01-01", fmt.Sprintf("%04d-%02d-%02d", 1900+r.IntN(200), 1+r.IntN(12), 1+r.IntN(28)))
	}},
	{expr.Column{Name: "b", Type: schema.Type{Kind: schema.Timestamp, Precision: 7}}, "DATETIME(6)", func(r *rand.Rand) string {
		return pick(r, "2024-02-29 23:59:59.999999", "1970-01-01 00:00:00", "8999-12-31 23:59:59.999999", "1000-01-01 00:00:00", "2024-12-30 12:00:00.5", fmt.Sprintf("%04d-%02d-%02d %02d:%02d:%02d", 1900+r.IntN(200), 1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60)))
	}},
	{expr.Column{Name: "c", Type: schema.Type{Kind: schema.Time, Precision: 7}}, "TIME(6)", func(r *rand.Rand) string {
		return pick(r, "00:00:00", "-12:30:15.25", "838:59:59", fmt.Sprintf("%02d:%02d:%02d", r.IntN(24), r.IntN(60), r.IntN(60)))
	}},
	{expr.Column{Name: "j", Type: schema.Type{Kind: schema.JSON}}, "JSON", func(r *rand.Rand) string {
		return pick(r, `{"a": 1, "b": "x\ty é", "c": [1, 2, {"d": true}]}`, `[1, "two", 3.5]`, `"text"`, `{"a": {"a": "deep"}, "b": "", "x y": 7}`, `{}`, `12`)
	}},
	{expr.Column{Name: "w", Type: schema.Type{Kind: schema.Bool}}, "BOOLEAN", func(r *rand.Rand) string { return pick(r, "t", "f") }},
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

func words(r *rand.Rand) string {
	return pick(r, "", "a", "abc", "ABC", "née Ünal", "a,b,,c", "x@y.org", "  pad  ", "100%", "a_b", `back\slash`, "it's", "日本語", "aXbXc", "2024-02-29", "e\u0301", "ß", "tab\tx", "{\"a\": 1}", "🎈x🎈é", "nul\x00l", "\u202eabc\u200b", "'\"`\\", "ǅ İı ﬀ Σς")
}

// generatedRows makes rows, and the statements that put them into MySQL.
func generatedRows(r *rand.Rand, n int) (*row.Batch, []string) {
	b := row.NewBatch(len(generated))
	var defs []string
	for _, c := range generated {
		collate := ""
		if strings.HasPrefix(c.sql, "VARCHAR") || c.sql == "TEXT" || strings.HasPrefix(c.sql, "ENUM") {
			collate = " CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin"
		}
		defs = append(defs, "`"+c.Name+"` "+c.sql+collate)
	}
	statements := []string{"CREATE TABLE g (pk INT PRIMARY KEY, " + strings.Join(defs, ", ") + ")"}
	for i := range n {
		values := []string{strconv.Itoa(i)}
		for _, c := range generated {
			if r.IntN(6) == 0 {
				b.AppendNull()
				values = append(values, "NULL")
				continue
			}
			v := c.value(r)
			b.Append([]byte(v))
			switch {
			case v == "t" && c.sql == "BOOLEAN":
				v = "1"
			case v == "f" && c.sql == "BOOLEAN":
				v = "0"
			}
			values = append(values, "'"+strings.NewReplacer(`\`, `\\`, "'", "''", "\x00", `\0`).Replace(v)+"'")
		}
		b.EndRow()
		statements = append(statements, "INSERT INTO g VALUES ("+strings.Join(values, ", ")+")")
	}
	return b, statements
}

// generator makes expressions whose types fit.
type generator struct{ *rand.Rand }

func (g generator) bool(depth int) string {
	if depth <= 0 {
		return pick(g.Rand, "w", "TRUE", "FALSE", "i > 0", "s IS NULL")
	}
	d := depth - 1
	cmp := pick(g.Rand, "=", "<>", "<", "<=", ">", ">=", "<=>")
	switch g.IntN(17) {
	case 0:
		return fmt.Sprintf("(%s AND %s)", g.bool(d), g.bool(d))
	case 1:
		return fmt.Sprintf("(%s OR %s)", g.bool(d), g.bool(d))
	case 2:
		return fmt.Sprintf("(%s XOR %s)", g.bool(d), g.bool(d))
	case 3:
		return fmt.Sprintf("(NOT %s)", g.bool(d))
	case 4:
		return fmt.Sprintf("(%s %s %s)", g.num(d), cmp, g.num(d))
	case 5:
		return fmt.Sprintf("(%s %s %s)", g.text(d), cmp, g.text(d))
	case 6:
		return fmt.Sprintf("(%s %s %s)", g.moment(d), cmp, g.moment(d))
	case 7:
		return fmt.Sprintf("(%s %s '%s')", pick(g.Rand, "a", "b"), cmp, pick(g.Rand, "2024-02-29", "1999-12-31", "2000-01-01"))
	case 8:
		return fmt.Sprintf("(%s IS %s%s)", g.bool(d), pick(g.Rand, "", "NOT "), pick(g.Rand, "TRUE", "FALSE", "UNKNOWN"))
	case 9:
		return fmt.Sprintf("(%s %sIN (%s, %s, %s))", g.text(d), pick(g.Rand, "", "NOT "), g.text(0), g.text(0), g.text(0))
	case 10:
		return fmt.Sprintf("(%s %sIN (1, 2, 7, 10, 100, -1, 0))", g.int(d), pick(g.Rand, "", "NOT "))
	case 11:
		return fmt.Sprintf("(%s %sBETWEEN %s AND %s)", g.num(d), pick(g.Rand, "", "NOT "), g.num(0), g.num(0))
	case 12:
		return fmt.Sprintf("(%s %sLIKE %s)", g.text(d), pick(g.Rand, "", "NOT "), pick(g.Rand, "'%'", "'a%'", "'%c'", "'%b%'", "'_'", "'a_c'", "'%,%,%'", "'100\\%'", "'__%'", "'%X_'", "''", "s"))
	case 13:
		return fmt.Sprintf("(%s REGEXP %s)", pick(g.Rand, "s", "t", "n"), pick(g.Rand, "'^[a-z]+$'", "'[0-9]+'", "'a.c'", "'(x|y)@'", "'^$'", "'[[:upper:]]'"))
	case 14:
		return fmt.Sprintf("(c %s '%s')", cmp, pick(g.Rand, "12:00:00", "00:00:00", "23:59:59.5"))
	case 15:
		return fmt.Sprintf("(m %s '%s')", pick(g.Rand, "=", "<>", "<=>"), pick(g.Rand, "small", "Large", "x"))
	}
	return fmt.Sprintf("(%s IS %sNULL)", g.any(d), pick(g.Rand, "", "NOT "))
}

func (g generator) any(depth int) string {
	switch g.IntN(5) {
	case 0:
		return g.num(depth)
	case 1:
		return g.text(depth)
	case 2:
		return g.moment(depth)
	case 3:
		return g.bool(depth)
	}
	return pick(g.Rand, "j", "c", "m")
}

func (g generator) num(depth int) string {
	switch g.IntN(4) {
	case 0, 1:
		return g.int(depth)
	case 2:
		return g.dec(depth)
	}
	return g.float(depth)
}

func (g generator) int(depth int) string {
	if depth <= 0 {
		return pick(g.Rand, "i", "k", "u", "1", "0", "7", "-3", "100", "4000000000")
	}
	d := depth - 1
	switch g.IntN(18) {
	case 0, 1, 2:
		return fmt.Sprintf("(%s %s %s)", g.int(d), pick(g.Rand, "+", "-", "*"), g.int(d))
	case 3:
		return fmt.Sprintf("(%s %s %s)", g.int(d), pick(g.Rand, "DIV", "%"), g.int(d))
	case 4:
		return fmt.Sprintf("(%s %s %s)", g.int(d), pick(g.Rand, "|", "&", "^"), g.int(d))
	case 5:
		return fmt.Sprintf("(%s %s %d)", g.int(d), pick(g.Rand, "<<", ">>"), g.IntN(70))
	case 6:
		return fmt.Sprintf("%s(%s)", pick(g.Rand, "CHAR_LENGTH", "LENGTH"), g.text(d))
	case 7:
		return fmt.Sprintf("LOCATE(%s, %s)", g.text(0), g.text(d))
	case 8:
		return fmt.Sprintf("%s(%s)", pick(g.Rand, "YEAR", "MONTH", "DAY", "QUARTER", "HOUR", "MINUTE", "SECOND", "MICROSECOND", "DAYOFWEEK", "WEEKDAY", "DAYOFYEAR"), g.moment(d))
	case 9:
		return fmt.Sprintf("DATEDIFF(%s, %s)", g.moment(d), g.moment(d))
	case 10:
		return fmt.Sprintf("TIMESTAMPDIFF(%s, %s, %s)", pick(g.Rand, "SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"), g.moment(d), g.moment(d))
	case 11:
		return fmt.Sprintf("WEEK(%s, %d)", g.moment(d), g.IntN(8))
	case 12:
		return fmt.Sprintf("ABS(%s)", g.int(d))
	case 13:
		return fmt.Sprintf("CAST(%s AS SIGNED)", pick(g.Rand, g.dec(d), g.float(d), "i", "w"))
	case 14:
		return fmt.Sprintf("COALESCE(%s, %s)", g.int(d), g.int(0))
	case 15:
		return fmt.Sprintf("IF(%s, %s, %s)", g.bool(d), g.int(d), g.int(d))
	case 16:
		return fmt.Sprintf("%s(%s, %s)", pick(g.Rand, "GREATEST", "LEAST"), pick(g.Rand, "i", "k", "-3"), pick(g.Rand, "i", "k", "CHAR_LENGTH(s)"))
	}
	return pick(g.Rand, fmt.Sprintf("SIGN(%s)", g.num(d)), fmt.Sprintf("FLOOR(%s)", "d"), fmt.Sprintf("CEILING(%s)", "d"), fmt.Sprintf("EXTRACT(%s FROM %s)", pick(g.Rand, "YEAR", "WEEK", "DAY", "SECOND"), g.moment(d)), "JSON_LENGTH(j)", "IF(a BETWEEN '1971-01-01' AND '2999-12-31', UNIX_TIMESTAMP(a), 0)", "NULLIF(i, 7)", "(-i)", "(~i)", "REGEXP_INSTR(s, '[bc]')")
}

func (g generator) dec(depth int) string {
	if depth <= 0 {
		return pick(g.Rand, "d", "e", "1.5", "0.001", "-2.25", "100.00")
	}
	d := depth - 1
	switch g.IntN(10) {
	case 0, 1:
		return fmt.Sprintf("(%s %s %s)", g.dec(d), pick(g.Rand, "+", "-"), pick(g.Rand, g.dec(d), g.int(0)))
	case 2:
		return fmt.Sprintf("(%s * %s)", g.dec(0), pick(g.Rand, g.dec(0), g.int(0)))
	case 3:
		return fmt.Sprintf("(%s / %s)", g.dec(0), pick(g.Rand, "d", "3", "7", "i", "1.3", "e"))
	case 4:
		return fmt.Sprintf("(%s %% %s)", g.dec(0), pick(g.Rand, "d", "3", "1.3"))
	case 5:
		return fmt.Sprintf("ROUND(%s, %d)", g.dec(d), g.IntN(8)-2)
	case 6:
		return fmt.Sprintf("TRUNCATE(%s, %d)", g.dec(d), g.IntN(8)-2)
	case 7:
		return fmt.Sprintf("CAST(%s AS DECIMAL(40,%d))", pick(g.Rand, g.dec(d), g.int(d), "n"), g.IntN(12))
	case 8:
		return fmt.Sprintf("IFNULL(%s, %s)", g.dec(d), g.dec(0))
	}
	return pick(g.Rand, fmt.Sprintf("ABS(%s)", g.dec(d)), fmt.Sprintf("(-%s)", g.dec(0)), fmt.Sprintf("CASE WHEN %s THEN %s ELSE %s END", g.bool(d), g.dec(d), g.dec(d)), fmt.Sprintf("GREATEST(%s, %s)", g.dec(d), g.dec(d)))
}

func (g generator) float(depth int) string {
	if depth <= 0 {
		return pick(g.Rand, "f", "1e0", "2.5e1", "1e-3")
	}
	d := depth - 1
	switch g.IntN(6) {
	case 0, 1:
		return fmt.Sprintf("(%s %s %s)", g.float(d), pick(g.Rand, "+", "-", "*"), pick(g.Rand, g.float(d), g.int(0), g.dec(0)))
	case 2:
		return fmt.Sprintf("(%s / %s)", g.float(0), pick(g.Rand, "f", "3e0", "i"))
	case 3:
		return fmt.Sprintf("ABS(%s)", g.float(d))
	case 4:
		return pick(g.Rand, "SQRT(ABS(f))", "POWER(2, 10)", "EXP(1)", "LN(10)", "LOG10(1000)", "LOG2(8)", "FLOOR(f)", "CEILING(f)", "ROUND(f, 2)", "ROUND(f)")
	}
	return fmt.Sprintf("CAST(%s AS DOUBLE)", pick(g.Rand, g.dec(d), g.int(d)))
}

func (g generator) moment(depth int) string {
	if depth <= 0 {
		return pick(g.Rand, "a", "b", "DATE'2024-02-29'", "TIMESTAMP'2023-12-31 23:59:59'")
	}
	d := depth - 1
	switch g.IntN(7) {
	case 0, 1, 2:
		return fmt.Sprintf("(%s %s INTERVAL %s %s)", g.moment(d), pick(g.Rand, "+", "-"), pick(g.Rand, "1", "13", "100", "i % 100", "-5"), pick(g.Rand, "MICROSECOND", "SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"))
	case 3:
		return fmt.Sprintf("DATE(%s)", g.moment(d))
	case 4:
		return fmt.Sprintf("LAST_DAY(%s)", g.moment(d))
	case 5:
		return fmt.Sprintf("CAST(%s AS %s)", g.moment(d), pick(g.Rand, "DATE", "DATETIME(6)", "DATETIME(2)", "DATETIME"))
	}
	return pick(g.Rand, fmt.Sprintf("COALESCE(%s, DATE'2000-01-01')", "a"), fmt.Sprintf("IF(%s, a, b)", g.bool(d)), "STR_TO_DATE('29.02.2024', '%d.%m.%Y')", "STR_TO_DATE('Feb 3 2020 4:05:06 PM', '%b %e %Y %h:%i:%s %p')", "GREATEST(a, DATE'2020-01-01')")
}

func (g generator) text(depth int) string {
	if depth <= 0 {
		return pick(g.Rand, "s", "t", "'a'", "'ABC'", "''", "'née'", "n", "'X'", "','")
	}
	d := depth - 1
	switch g.IntN(24) {
	case 0:
		return fmt.Sprintf("CONCAT(%s, %s)", g.text(d), pick(g.Rand, g.text(d), g.int(d), "a", "d"))
	case 1:
		return fmt.Sprintf("CONCAT_WS('-', %s, %s, %s)", g.text(d), g.text(0), pick(g.Rand, "i", "NULL", "a"))
	case 2:
		return fmt.Sprintf("%s(%s)", pick(g.Rand, "UPPER", "LOWER", "TRIM", "LTRIM", "RTRIM", "REVERSE"), g.text(d))
	case 3:
		return fmt.Sprintf("SUBSTRING(%s, %d)", g.text(d), g.IntN(10)-4)
	case 4:
		return fmt.Sprintf("SUBSTRING(%s, %d, %d)", g.text(d), g.IntN(10)-4, g.IntN(6)-1)
	case 5:
		return fmt.Sprintf("%s(%s, %d)", pick(g.Rand, "LEFT", "RIGHT"), g.text(d), g.IntN(8)-1)
	case 6:
		return fmt.Sprintf("REPLACE(%s, %s, %s)", g.text(d), g.text(0), g.text(0))
	case 7:
		return fmt.Sprintf("%s(%s, %d, %s)", pick(g.Rand, "LPAD", "RPAD"), g.text(d), g.IntN(12), pick(g.Rand, "'0'", "'ab'", "'é'"))
	case 8:
		return fmt.Sprintf("REPEAT(%s, %d)", g.text(d), g.IntN(4)-1)
	case 9:
		return fmt.Sprintf("SUBSTRING_INDEX(%s, %s, %d)", g.text(d), pick(g.Rand, "','", "'X'", "'@'", "'aa'", "' '"), g.IntN(7)-3)
	case 10:
		return fmt.Sprintf("COALESCE(%s, %s)", g.text(d), g.text(0))
	case 11:
		return fmt.Sprintf("NULLIF(%s, %s)", g.text(d), g.text(0))
	case 12:
		return fmt.Sprintf("IF(%s, %s, %s)", g.bool(d), g.text(d), g.text(d))
	case 13:
		return fmt.Sprintf("CASE WHEN %s THEN %s WHEN %s THEN %s END", g.bool(d), g.text(d), g.bool(d), g.text(d))
	case 14:
		return fmt.Sprintf("%s(%s)", pick(g.Rand, "HEX", "TO_BASE64"), g.text(d))
	case 15:
		return fmt.Sprintf("SHA2(%s, %d)", g.text(d), pick(g.Rand, 0, 224, 256, 384, 512))
	case 16:
		return fmt.Sprintf("DATE_FORMAT(%s, '%s')", g.moment(d), pick(g.Rand, "%Y-%m-%d", "%a %b %c %D %d %e", "%H:%i:%s.%f", "%h %I %l %p %r %T", "%j %k %M %W %w %y %%", "%U %u %V %v %X %x", "Q%m"))
	case 17:
		return fmt.Sprintf("CAST(%s AS CHAR)", pick(g.Rand, g.int(d), g.dec(0), "a", "w", "m"))
	case 18:
		return fmt.Sprintf("j ->> '%s'", pick(g.Rand, "$.a", "$.b", "$.c[0]", "$[1]", "$[last]", `$."x y"`, "$.zz"))
	case 19:
		return fmt.Sprintf("REGEXP_REPLACE(%s, %s)", g.text(0), pick(g.Rand, "'[aeiou]', '_'", "'([a-z])([a-z])', '$2$1'", "'[^0-9]', ''", "'X', ''"))
	case 20:
		return fmt.Sprintf("REGEXP_SUBSTR(%s, %s)", g.text(0), pick(g.Rand, "'[a-z]+'", "'[0-9.]+'", "'b.*'"))
	case 21:
		return fmt.Sprintf("%s(%s, %s)", pick(g.Rand, "GREATEST", "LEAST"), g.text(d), g.text(d))
	case 22:
		return pick(g.Rand, "TRIM(LEADING 'a' FROM s)", "TRIM(TRAILING 'c' FROM s)", "TRIM(BOTH 'ab' FROM s)", "DAYNAME(a)", "MONTHNAME(a)", "CAST(UNHEX(HEX(s)) AS CHAR)", "CAST(FROM_BASE64(TO_BASE64(s)) AS CHAR)", "UPPER(m)", "CONCAT(m, '!')", "CONCAT(CRC32(s))", "JSON_UNQUOTE(j -> '$.b')", "JSON_VALUE(j, '$.b')", "CASE m WHEN 'small' THEN 'S' ELSE 'L' END", "IF(m = 'x', m, s)")
	}
	return fmt.Sprintf("HEX(%s)", pick(g.Rand, "i", "k", "u"))
}
