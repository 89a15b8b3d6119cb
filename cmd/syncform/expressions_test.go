package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/syncform/syncform/lang/expr"
)

// TestExpressionsPage: docs/expressions.md lists every function as the table has it; the
// tests of package expr run its examples.
func TestExpressionsPage(t *testing.T) {
	var b strings.Builder
	b.WriteString("<!-- Made from the table of functions: go test ./cmd/syncform -run TestExpressionsPage -update -->\n")
	b.WriteString(expressionsHead)
	group := ""
	for _, f := range expr.Functions() {
		if f.Group != group {
			group = f.Group
			fmt.Fprintf(&b, "\n### %s\n\n| function | gives | | example |\n| --- | --- | --- | --- |\n", group)
		}
		name := fmt.Sprintf("`%s(%s)`", f.Name, f.Args)
		if strings.HasPrefix(f.Args, "a "+f.Name) { // an operator
			name = "`" + f.Args + "`"
		}
		if len(f.Aliases) > 0 {
			name += ", also `" + strings.Join(f.Aliases, "`, `") + "`"
		}
		var examples []string
		for _, x := range f.Examples {
			examples = append(examples, fmt.Sprintf("`%s` → `%s`", x.Expr, x.Result))
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", cell(name), cell(f.Result), cell(f.Text), cell(strings.Join(examples, "<br>")))
	}
	same(t, filepath.Join(docs, "expressions.md"), b.String())
}

const expressionsHead = `# SQL expressions

Filters, transforms and metadata columns are SQL over the columns of one source row, in one dialect, whatever the two databases are. syncform itself evaluates it, so a row gives the same result in the load, in the stream and in ` + "`verify`" + `.

` + "```hcl" + `
mapping "users" {
  filters = ["status != 'deleted'", "created_at > '2023-01-01'"]
  transform "email" { expr = "LOWER(TRIM(email))" }
  column "label" { expr = "CONCAT('#', LPAD(id, 6, '0'))" }
  add_metadata = { _synced_at = "NOW()" }
}
` + "```" + `

` + "`syncform console ENDPOINT TABLE`" + ` evaluates expressions over a row of a live table; ` + "`plan -sample=3`" + ` shows what a mapping's expressions make of the first rows.

## Rules

Names, precedence and functions are MySQL's. Where that would bend a value or leave its meaning open, it is stricter:

- Text is compared byte by byte: ` + "`'a' = 'A'`" + ` is false. For comparison without regard to case write ` + "`LOWER(a) = LOWER(b)`" + `.
- Times are in UTC. The text of a time has no trailing zeros in its fraction.
- Types are checked before anything runs. A text in quotes takes the type of what it meets: ` + "`created_at > '2023-01-01'`" + ` compares moments, ` + "`qty > 'abc'`" + ` is an error. Text and numbers meet only through ` + "`CAST`" + `. An enum is compared with its own labels only.
- NULL has MySQL's three-valued logic; a filter keeps a row only where it is true. ` + "`x = NULL`" + ` is an error that says ` + "`x IS NULL`" + `.
- A value that an expression can't take (division by zero, an overflow, a text that is no number, 0000-00-00 where a day is needed) makes the row a bad row, for which ` + "`on_bad_row`" + ` decides. It never becomes NULL in silence.
- What a user of PostgreSQL would mean otherwise is an error with the rewrite in it: ` + "`a || b`, `\"name\"`, `a::int`, `ILIKE`, `a ~ b`" + `, and ` + "`/`" + ` between whole numbers.
- Filters and transforms give the same for the same row: ` + "`NOW()`, `UUID()`, `RAND()`" + ` stand in ` + "`add_metadata`" + ` only.
- Names stand without quotes or in back quotes, texts in single quotes. In a text ` + "`''`" + ` is a quote and ` + "`\\\\`" + ` a backslash.

## Operators

From the weakest to the strongest: ` + "`OR`; `XOR`; `AND`; `NOT`; `= <=> <> != < <= > >= IS LIKE REGEXP IN BETWEEN`; `|`; `&`; `<< >>`; `+ -`; `* / DIV % MOD`; `^`; `-a ~a !a`" + `.

| | |
| --- | --- |
| ` + "`a <=> b`" + ` | equal, or both NULL |
| ` + "`a IS [NOT] NULL`, `TRUE`, `FALSE`" + ` | never NULL |
| ` + "`a [NOT] LIKE p [ESCAPE 'c']`" + ` | ` + "`%`" + ` any text, ` + "`_`" + ` one character |
| ` + "`a [NOT] REGEXP p`" + ` | a part of the text matches; patterns are RE2's, whose time has a bound |
| ` + "`a / b`" + ` | of decimals: four more digits than a; of doubles: a double |
| ` + "`a DIV b`, `a % b`" + ` | the whole quotient and the rest, cut towards zero |
| ` + "`a + INTERVAL n unit`" + ` | units: MICROSECOND, SECOND, MINUTE, HOUR, DAY, WEEK, MONTH, QUARTER, YEAR |
| ` + "`CASE WHEN c THEN a ELSE b END`, `CASE x WHEN v THEN a END`" + ` | |
| ` + "`CAST(a AS type)`, `CONVERT(a, type)`" + ` | CHAR(n), BINARY(n), SIGNED, UNSIGNED, DECIMAL(p, s), DOUBLE, FLOAT, DATE, TIME(n), DATETIME(n), JSON |
| ` + "`DATE'...'`, `TIME'...'`, `TIMESTAMP'...'`, `X'...'`" + ` | literals |

## The type of the result

It becomes the target column's type; a ` + "`column`" + ` block with ` + "`type`" + ` overrides it. Texts keep what is known of their length, decimals of their digits; comparisons give bool; counts and parts of dates int; arithmetic of whole numbers bigint.

## Functions
`
