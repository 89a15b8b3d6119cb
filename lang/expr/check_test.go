package expr_test

import (
	"strings"
	"testing"

	"github.com/syncform/syncform/lang/expr"
)

// TestWrong holds what is wrong against its place, marked by ^ below the text, and its
// words.
func TestWrong(t *testing.T) {
	for _, x := range []struct{ text, mark, want string }{
		{"qty > 'abc'",
			"      ^^^^^", "'abc' is no int, and qty is int."},
		{"created_at > '2023-13-01'",
			"             ^^^^^^^^^^^^", "no date with time"},
		{"created_at > '2023-02-30'",
			"             ^^^^^^^^^^^^", "no date with time"},
		{"emial = 'x'",
			"^^^^^", `There is no column "emial".`},
		{"status = 'delted'",
			"         ^^^^^^^^", "Did you mean 'deleted'?"},
		{"status IN ('active', 'gone')",
			"                     ^^^^^^", "Its values: 'active', 'deleted', 'pending'."},
		{"uid = 'abc'",
			"      ^^^^^", "no UUID"},
		{"email = 5",
			"^^^^^^^^^", "Write '5' for the text, or CAST(email AS SIGNED)."},
		{"email > qty",
			"^^^^^^^^^^^", "CAST(email AS SIGNED), or CAST(qty AS CHAR)"},
		{"qty / 2",
			"^^^^^^^", "Write qty DIV 2 for the whole quotient, or CAST(qty AS DECIMAL(20, 4)) / 2."},
		{"email = NULL",
			"^^^^^^^^^^^^", "Write email IS NULL."},
		{"NULL <> email",
			"^^^^^^^^^^^^^", "Write email IS NOT NULL."},
		{"qty NOT IN (1, NULL)",
			"               ^^^^", "Take the NULL out."},
		{"doc = '{}'",
			"^^^^^^^^^^", "doc ->> '$.name'"},
		{"doc -> 'a'",
			"       ^^^", "Write '$.a'."},
		{"doc -> '$.*'",
			"       ^^^^^", "* stands for many parts"},
		{"UPPER(doc)",
			"      ^^^", "doc ->> '$'"},
		{"UPPER(raw)",
			"      ^^^", "HEX(raw)"},
		{"email + 1",
			"^^^^^", "CAST(email AS SIGNED)"},
		{"born + 1",
			"^^^^^^^^", "Write born + INTERVAL 1 DAY."},
		{"born - created_at",
			"^^^^^^^^^^^^^^^^^", "DATEDIFF(born, created_at)"},
		{"YEAR(email)",
			"     ^^^^^", "CAST(email AS DATETIME)"},
		{"YEAR(id)",
			"     ^^", "FROM_UNIXTIME(id)"},
		{"CAST(tags AS SIGNED)",
			"^^^^^^^^^^^^^^^^^^^^", "can't be cast to SIGNED"},
		{"COALESCE(qty, 'none')",
			"              ^^^^^^", "'none' is no int"},
		{"IF(active, id, email)",
			"               ^^^^^", "the result has one type"},
		{"CASE WHEN active THEN id ELSE email END",
			"                              ^^^^^", "the result has one type"},
		{"email AND active",
			"^^^^^", "A condition stands here"},
		{"1 DIV 0",
			"^^^^^^^", "division by zero"},
		{"STR_TO_DATE(email, '%Y-%m')",
			"                   ^^^^^^^", "the format has not all of them"},
		{"DATE_FORMAT(born, 'YYYY-MM-DD')",
			"                  ^^^^^^^^^^^^", "no letters behind %"},
		{"DATE_FORMAT(born, '%Q')",
			"                  ^^^^", "which DATE_FORMAT does not know"},
		{"email REGEXP '('",
			"             ^^^", "no regular expression"},
		{"REGEXP_REPLACE(email, 'a', '$1')",
			"                           ^^^^", "there is no $1"},
		{"status < active",
			"^^^^^^^^^^^^^^^", "can't be compared"},
		{"tags > '{a}'",
			"^^^^^^^^^^^^", "whose values have no order"},
		{"SHA2(email, 100)",
			"            ^^^", "224, 256, 384 or 512"},
		{"JSON_OBJECT('a', 1, 'a', 2)",
			"                    ^^^", "stands twice"},
		{"email & 1",
			"^^^^^", "takes numbers"},
		{"price & 1",
			"^^^^^", "takes whole numbers"},
		{"LEFT(email)",
			"^^^^^^^^^^^", "LEFT takes 2 arguments"},
	} {
		e, err := expr.Parse(x.text)
		if err == nil {
			_, err = e.Check(sample, expr.Options{})
		}
		bad, ok := err.(*expr.Error)
		if !ok {
			t.Errorf("%s: %v", x.text, err)
			continue
		}
		mark := strings.Repeat(" ", bad.From) + strings.Repeat("^", bad.To-bad.From)
		if mark != x.mark || !strings.Contains(bad.Error(), x.want) {
			t.Errorf("\n%s\n%s  %s\nwant\n%s  %s", x.text, mark, bad, x.mark, x.want)
		}
	}
}

// TestTypes: what a column becomes that an expression gives.
func TestTypes(t *testing.T) {
	for _, x := range []struct {
		text, want string
		null       bool
	}{
		{"UPPER(email)", "varchar(100)", true}, {"UPPER(status)", "varchar(7)", false}, {"status", "enum", false}, {"CONCAT(id, '-', status)", "varchar(29)", false}, {"CONCAT(email, doc ->> '$.a')", "text", true},
		{"id + 1", "bigint", false}, {"qty * price", "decimal(20,2)", true}, {"price / 3", "decimal(14,6)", true}, {"price + 0.125", "decimal(12,3)", true}, {"ROUND(price)", "decimal(9,0)", true}, {"ratio * 2", "double", true}, {"big + 1", "bigint unsigned", true},
		{"id > 3", "bool", false}, {"email IS NULL", "bool", false}, {"COALESCE(email, 'x')", "varchar(100)", false}, {"COALESCE(qty, 0)", "int", false}, {"COALESCE(nothing, email)", "text", true}, {"CASE WHEN id > 3 THEN 'a' ELSE 'bcd' END", "varchar(3)", false}, {"CASE WHEN id > 3 THEN 'a' END", "varchar(1)", true},
		{"YEAR(created_at)", "int", false}, {"DATE(created_at)", "date", false}, {"created_at + INTERVAL 1 DAY", "timestamptz", false}, {"CAST(created_at AS DATETIME(3))", "timestamp(3)", false}, {"born + INTERVAL 1 HOUR", "timestamp", true}, {"MD5(email)", "varchar(32)", true}, {"doc -> '$.a'", "json", true},
		{"'production'", "varchar(10)", false}, {"NULL", "text", true}, {"uid", "uuid", true}, {"tags", "text[]", true}, {"CAST(email AS DECIMAL(8,2))", "decimal(8,2)", true}, {"LEFT(email, 3)", "varchar(3)", true}, {"HEX(raw)", "text", true}, {"DATE_FORMAT(born, '%Y-%m')", "varchar(13)", true},
	} {
		e, err := expr.Parse(x.text)
		if err != nil {
			t.Fatal(err)
		}
		c, err := e.Check(sample, expr.Options{})
		if err != nil {
			t.Errorf("%s: %v", x.text, err)
			continue
		}
		if got := expr.TypeText(c.Type()); got != x.want || c.Nullable() != x.null {
			t.Errorf("%s is %s, nullable %v; want %s, %v", x.text, got, c.Nullable(), x.want, x.null)
		}
	}
}
