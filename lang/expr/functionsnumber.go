package expr

import (
	"math"

	"github.com/syncform/syncform/providers/schema"
)

var numberFunctions = []function{
	{name: "ABS", group: "Numbers", args: "a", result: "the type of a", least: 1, most: 1, text: "Without its sign.", examples: []Example{{"ABS(-2.5)", "2.5"}}, bind: abs},
	{name: "ROUND", group: "Numbers", args: "a[, digits]", result: "the type of a", least: 1, most: 2, text: "To so many digits behind the point, a half away from zero; below zero before the point. A double's half goes to the even neighbour.", examples: []Example{{"ROUND(2.345, 2)", "2.35"}, {"ROUND(1250, -2)", "1300"}}, bind: rounding(true)},
	{name: "TRUNCATE", group: "Numbers", args: "a, digits", result: "the type of a", least: 2, most: 2, text: "Cut to so many digits behind the point.", examples: []Example{{"TRUNCATE(2.349, 2)", "2.34"}}, bind: rounding(false)},
	{name: "CEILING", aliases: []string{"CEIL"}, group: "Numbers", args: "a", result: "a whole number", least: 1, most: 1, text: "The least whole number that is not below a.", examples: []Example{{"CEILING(1.2)", "2"}}, bind: towards(decimal.ceil, math.Ceil)},
	{name: "FLOOR", group: "Numbers", args: "a", result: "a whole number", least: 1, most: 1, text: "The greatest whole number that is not above a.", examples: []Example{{"FLOOR(-1.2)", "-2"}}, bind: towards(decimal.floor, math.Floor)},
	{name: "SIGN", group: "Numbers", args: "a", result: "int", least: 1, most: 1, text: "-1, 0 or 1.", examples: []Example{{"SIGN(-7)", "-1"}}, bind: sign},
	{name: "MOD", group: "Numbers", args: "a, b", result: "a number", least: 2, most: 2, text: "The rest of a division, as `a % b`.", examples: []Example{{"MOD(7, 3)", "1"}}, bind: func(c *checker, n *Node, a []*typed) (*typed, *Error) {
		m := *n
		m.Name = "%"
		return c.arithmetic(&m, a[0], a[1])
	}},
	{name: "POWER", aliases: []string{"POW"}, group: "Numbers", args: "a, b", result: "double", least: 2, most: 2, text: "a to the power of b.", examples: []Example{{"POWER(2, 10)", "1024"}}, bind: float(2, func(a []float64) float64 { return math.Pow(a[0], a[1]) })},
	{name: "SQRT", group: "Numbers", args: "a", result: "double", least: 1, most: 1, text: "The square root.", examples: []Example{{"SQRT(16)", "4"}}, bind: float(1, func(a []float64) float64 { return math.Sqrt(a[0]) })},
	{name: "EXP", group: "Numbers", args: "a", result: "double", least: 1, most: 1, text: "e to the power of a.", examples: []Example{{"EXP(0)", "1"}}, bind: float(1, func(a []float64) float64 { return math.Exp(a[0]) })},
	{name: "LN", group: "Numbers", args: "a", result: "double", least: 1, most: 1, text: "The natural logarithm.", examples: []Example{{"LN(1)", "0"}}, bind: float(1, func(a []float64) float64 { return math.Log(a[0]) })},
	{name: "LOG10", group: "Numbers", args: "a", result: "double", least: 1, most: 1, text: "The logarithm to base 10.", examples: []Example{{"LOG10(1000)", "3"}}, bind: float(1, func(a []float64) float64 { return math.Log10(a[0]) })},
	{name: "LOG2", group: "Numbers", args: "a", result: "double", least: 1, most: 1, text: "The logarithm to base 2.", examples: []Example{{"LOG2(8)", "3"}}, bind: float(1, func(a []float64) float64 { return math.Log2(a[0]) })},
}

func abs(c *checker, n *Node, a []*typed) (*typed, *Error) {
	if err := each(n, a, c.numberArg); err != nil {
		return nil, err
	}
	part := c.part(n)
	switch x := a[0]; x.class {
	case cDecimal:
		return c.strict(n, cDecimal, x.typ, a, func(_ *machine, v *value, a []*value) {
			if v.d = a[0].d; v.d.sign() < 0 {
				v.d = v.d.neg()
			}
		}), nil
	case cFloat:
		return c.strict(n, cFloat, x.typ, a, func(_ *machine, v *value, a []*value) { v.f = math.Abs(a[0].f) }), nil
	default:
		unsigned := x.typ.Unsigned
		t := typBig
		t.Unsigned = unsigned
		return c.strict(n, cInt, t, a, func(m *machine, v *value, a []*value) {
			v.i = a[0].i
			if unsigned || v.i >= 0 {
				return
			}
			if v.i = -v.i; v.i < 0 {
				m.fail(v, part, outOfRange)
			}
		}), nil
	}
}

// rounding is ROUND and TRUNCATE.
func rounding(half bool) func(*checker, *Node, []*typed) (*typed, *Error) {
	return func(c *checker, n *Node, a []*typed) (*typed, *Error) {
		var err *Error
		if a[0], err = c.num(a[0], n.Name); err != nil {
			return nil, err
		}
		if len(a) == 1 {
			zero := constant(n, cInt, typInt, &value{})
			a = append(a, zero)
		}
		if a[1], err = c.whole(a[1], n.Name); err != nil {
			return nil, err
		}
		part := c.part(n)
		places := func(v *value) int32 { return int32(max(min(v.i, 30), -70)) }
		switch x := a[0]; x.class {
		case cFloat:
			return c.strict(n, cFloat, typDouble, a, func(_ *machine, v *value, a []*value) { v.f = roundFloat(a[0].f, a[1].i, half) }), nil
		case cInt:
			t := typBig
			t.Unsigned = x.typ.Unsigned
			return c.strict(n, cInt, t, a, func(m *machine, v *value, a []*value) {
				if v.i = a[0].i; a[1].i >= 0 {
					return
				}
				d := decimalOfInt(a[0].i, t.Unsigned)
				if half {
					d = d.round(places(a[1]))
				} else {
					d = d.truncateTo(places(a[1]))
				}
				var ok bool
				if v.i, ok = d.int(t.Unsigned); !ok {
					m.fail(v, part, outOfRange)
				}
			}), nil
		}
		t := a[0].typ
		if t.Precision > 0 && a[1].value != nil && !a[1].value.null {
			s := min(max(int(max(min(a[1].value.i, 30), 0)), 0), max(t.Scale, 0))
			whole := t.Precision - t.Scale
			if half {
				whole++
			}
			t = decimalType(whole, s)
		}
		return c.strict(n, cDecimal, t, a, func(_ *machine, v *value, a []*value) {
			if half {
				v.d = a[0].d.round(places(a[1]))
			} else {
				v.d = a[0].d.truncateTo(places(a[1]))
			}
		}), nil
	}
}

func roundFloat(f float64, digits int64, half bool) float64 {
	cut := math.Trunc
	if half {
		cut = math.RoundToEven
	}
	digits = max(min(digits, 400), -400)
	p := math.Pow(10, math.Abs(float64(digits)))
	switch {
	case math.IsInf(f, 0) || math.IsNaN(f):
		return f
	case digits >= 0:
		if r := f * p; !math.IsInf(r, 0) {
			return cut(r) / p
		}
		return f
	case math.IsInf(p, 0):
		return 0
	}
	return cut(f/p) * p
}

// towards is CEILING and FLOOR.
func towards(d func(decimal) decimal, f func(float64) float64) func(*checker, *Node, []*typed) (*typed, *Error) {
	return func(c *checker, n *Node, a []*typed) (*typed, *Error) {
		if err := each(n, a, c.numberArg); err != nil {
			return nil, err
		}
		switch x := a[0]; x.class {
		case cFloat:
			return c.strict(n, cFloat, typDouble, a, func(_ *machine, v *value, a []*value) { v.f = f(a[0].f) }), nil
		case cDecimal:
			whole, _, ok := digitsOf(x.class, x.typ)
			if ok && whole < 18 {
				return c.strict(n, cInt, typBig, a, func(_ *machine, v *value, a []*value) { v.i, _ = d(a[0].d).int(false) }), nil
			}
			t := anyDecimal
			if ok {
				t = decimalType(whole+1, 0)
			}
			return c.strict(n, cDecimal, t, a, func(_ *machine, v *value, a []*value) { v.d = d(a[0].d) }), nil
		}
		return a[0], nil
	}
}

func sign(c *checker, n *Node, a []*typed) (*typed, *Error) {
	if err := each(n, a, c.numberArg); err != nil {
		return nil, err
	}
	zero := constant(n, cInt, typInt, &value{})
	k, t := c.widest(a[0], zero)
	x := c.as(a[0], k, t)
	cmp := comparer(x, c.as(zero, k, t))
	null := &value{}
	return c.strict(n, cInt, schema.Type{Kind: schema.Int, Bits: 8}, []*typed{x}, func(_ *machine, v *value, a []*value) { v.i = int64(cmp(a[0], null)) }), nil
}

// float binds a function of doubles; a result that is no number is a bad value.
func float(count int, f func(a []float64) float64) func(*checker, *Node, []*typed) (*typed, *Error) {
	return func(c *checker, n *Node, a []*typed) (*typed, *Error) {
		if err := each(n, a, c.numberArg); err != nil {
			return nil, err
		}
		for i := range a {
			a[i] = c.as(a[i], cFloat, typDouble)
		}
		part := c.part(n)
		out := c.strict(n, cFloat, typDouble, a, nil)
		out.make = func() eval {
			in := make([]float64, count)
			g := c.strict(n, cFloat, typDouble, a, func(m *machine, v *value, a []*value) {
				for i := range in {
					in[i] = a[i].f
				}
				if v.f = f(in); math.IsNaN(v.f) || math.IsInf(v.f, 0) {
					m.fail(v, part, "there is no such number")
				}
			})
			return g.make()
		}
		return out, nil
	}
}
