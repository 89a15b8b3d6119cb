package expr_test

import (
	"errors"
	"testing"

	"github.com/syncform/syncform/lang/expr"
)

// FuzzExpression: any text is parsed, checked, compiled and evaluated, or refused with a
// range within it; nothing panics or hangs, and what a Checked says of its columns holds.
func FuzzExpression(f *testing.F) {
	for _, fn := range expr.Functions() {
		for _, x := range fn.Examples {
			f.Add(x.Expr)
		}
	}
	for _, s := range []string{"UPPER(status) || 'x'", "a::int", "((((", "'\\", "`", "1e", "1e999", "0x1", "-- x", "/* x", "CASE WHEN", "a IN ()", "INTERVAL 1", "NOT NOT NOT active", "- - - id", "doc -> '$[0]'", "id + INTERVAL qty DAY", "CAST(id AS DECIMAL(65,30)) * 1e300", "REPEAT('x', 9223372036854775807)", "SUBSTRING(email, -9223372036854775808)", "ROUND(price, -9223372036854775808)", "1 << 9223372036854775807", "created_at + INTERVAL 9223372036854775807 MICROSECOND", "WEEK(born, 8)", "email REGEXP '('", "LPAD(email, 1000000000, 'x')", "'\xff'", "é", "STR_TO_DATE(email, '%Y%m%d%')", "'a' LIKE '\\\\'"} {
		f.Add(s)
	}
	at := make([]int, len(sample))
	for i := range at {
		at[i] = i
	}
	row := sampleRow()
	f.Fuzz(func(t *testing.T, text string) {
		e, err := expr.Parse(text)
		if err == nil {
			err = e.Verify(expr.Options{Metadata: true})
		}
		var c *expr.Checked
		if err == nil {
			c, err = e.Check(sample, expr.Options{Metadata: true})
		}
		if err != nil {
			x, ok := err.(*expr.Error)
			if !ok || x.Text == "" || x.From < 0 || x.From > x.To || x.To > len(text) {
				t.Fatalf("%q: %#v", text, err)
			}
			return
		}
		p := c.Compile(at)
		first, state, err := p.Append(nil, row, 0, moment)
		if bad := (*expr.ValueError)(nil); err != nil && !errors.As(err, &bad) {
			t.Fatalf("%q: %v", text, err)
		}
		if constant, _ := c.Constant(); constant && err == nil {
			second, again, err := c.Compile(at).Append(nil, row, 0, moment)
			if err != nil || string(first) != string(second) || state != again {
				t.Fatalf("%q is constant, and is %q and then %q, %v", text, first, second, err)
			}
		}
		if _, err := e.Condition(sample, expr.Options{}); err != nil {
			if _, ok := err.(*expr.Error); !ok {
				t.Fatalf("%q: %#v", text, err)
			}
		}
	})
}
