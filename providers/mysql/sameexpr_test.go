package mysql

import "testing"

func TestSameExpression(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"(`a` <> _utf8mb4'zz')", "(`a` <> _latin1'zz')", true},
		{"(`a` <> _utf8mb4'it\\'s')", "(`a` <> 'it\\'s')", true},
		{"(`a` <> _utf8mb4'é')", "(`a` <> _latin1'é')", false},
		{"(`_utf8mb4` <> 'a')", "(`_latin1` <> 'a')", false},
		{"(`a` <> '_utf8mb4''x')", "(`a` <> '_latin1''x')", false},
		{"(`a` <> _utf8mb4'x')", "(`a` <> _utf8mb4'y')", false},
		{"(`a` between -(5) and -(1.5))", "(`a` between -5 and -1.5)", true},
		{"(`a` > -(`b`))", "(`a` > -`b`)", false},
		{"(`a` > -(5", "(`a` > -5", false},
		{"-(", "-", false},
	} {
		if got := (&Conn{}).SameExpression(c.a, c.b); got != c.same {
			t.Errorf("%s and %s: %v", c.a, c.b, got)
		}
	}
}
