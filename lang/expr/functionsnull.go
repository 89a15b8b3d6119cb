package expr

import (
	"slices"

	"github.com/syncform/syncform/providers/schema"
)

var nullFunctions = []function{
	{name: "COALESCE", group: "Choice", args: "a, b, ...", result: "the widest of their types", least: 1, most: -1, text: "The first that is not NULL.", examples: []Example{{"COALESCE(NULL, 'a', 'b')", "a"}}, bind: coalesce},
	{name: "IFNULL", group: "Choice", args: "a, b", result: "the wider of their types", least: 2, most: 2, text: "a, and b where a is NULL.", examples: []Example{{"IFNULL(NULL, 0)", "0"}}, bind: coalesce},
	{name: "NULLIF", group: "Choice", args: "a, b", result: "the type of a", least: 2, most: 2, text: "a, and NULL where a = b.", examples: []Example{{"NULLIF('', '')", "NULL"}, {"NULLIF(2, 1)", "2"}}, bind: nullIf},
	{name: "IF", group: "Choice", args: "condition, a, b", result: "the wider of their types", least: 3, most: 3, text: "a where the condition is true, else b.", examples: []Example{{"IF(1 < 2, 'yes', 'no')", "yes"}}, bind: ifThen},
	{name: "GREATEST", group: "Choice", args: "a, b, ...", result: "the widest of their types", least: 2, most: -1, text: "The greatest; NULL where one is NULL.", examples: []Example{{"GREATEST(1, 3, 2)", "3"}}, bind: extreme(1)},
	{name: "LEAST", group: "Choice", args: "a, b, ...", result: "the widest of their types", least: 2, most: -1, text: "The least; NULL where one is NULL.", examples: []Example{{"LEAST('b', 'a')", "a"}}, bind: extreme(-1)},
}

func coalesce(c *checker, n *Node, a []*typed) (*typed, *Error) {
	a, k, t, err := c.unify(n, a)
	if err != nil {
		return nil, err
	}
	nullable := !slices.ContainsFunc(a, func(x *typed) bool { return !x.nullable })
	count := len(a)
	return c.loose(n, k, t, nullable, a, func(_ *machine, v *value, arg func(int) *value) {
		for i := range count {
			if x := arg(i); !x.null {
				*v = *x
				return
			}
		}
		v.null = true
	}), nil
}

func nullIf(c *checker, n *Node, a []*typed) (*typed, *Error) {
	if a[1].class == cNull || a[0].class == cNull {
		return a[0], nil
	}
	eq, err := c.compare(n, "=", a[0], a[1])
	if err != nil {
		return nil, err
	}
	return c.choice(n, a[0].class, a[0].typ, true, []*typed{eq, a[0]}, func(_ *machine, arg func(int) *value) int {
		if x := arg(0); !x.null && x.i != 0 {
			return -1
		}
		return 1
	}), nil
}

func ifThen(c *checker, n *Node, a []*typed) (*typed, *Error) {
	cond, err := c.truth(a[0])
	if err != nil {
		return nil, err
	}
	r, k, t, err := c.unify(n, a[1:])
	if err != nil {
		return nil, err
	}
	return c.choice(n, k, t, r[0].nullable || r[1].nullable, []*typed{cond, r[0], r[1]}, func(_ *machine, arg func(int) *value) int {
		if x := arg(0); !x.null && x.i != 0 {
			return 1
		}
		return 2
	}), nil
}

func extreme(sign int) func(*checker, *Node, []*typed) (*typed, *Error) {
	return func(c *checker, n *Node, a []*typed) (*typed, *Error) {
		a, k, t, err := c.unify(n, a)
		if err != nil {
			return nil, err
		}
		if k == cJSON || k == cOpaque {
			return nil, errorAt(n, "%s compares, and %s has no order.", n.Name, describeType(t))
		}
		if t.Kind == schema.EnumKind {
			t = varchar(textLength(k, t))
		}
		of := &typed{class: k, typ: t}
		cmp := comparer(of, of)
		return c.strict(n, k, t, a, func(_ *machine, v *value, a []*value) {
			best := a[0]
			for _, x := range a[1:] {
				if cmp(x, best)*sign > 0 {
					best = x
				}
			}
			*v = *best
		}), nil
	}
}
