package expr

import (
	"math"
	"math/big"
	"math/bits"

	"github.com/syncform/syncform/providers/schema"
)

func (c *checker) unary(n *Node) (*typed, *Error) {
	arg := n.Args[0]
	if n.Name == "-" && arg.op == opNumber {
		v := &value{}
		return c.number(n, "-"+arg.Text, v, func(k class, t schema.Type) (*typed, *Error) {
			out := constant(n, k, t, v)
			out.literal = true
			return out, nil
		})
	}
	a, err := c.check(arg)
	if err != nil {
		return nil, err
	}
	if n.Name == "NOT" {
		if a, err = c.truth(a); err != nil {
			return nil, err
		}
		return c.not(n, a), nil
	}
	if a, err = c.num(a, n.Name); err != nil {
		return nil, err
	}
	switch n.Name {
	case "+":
		return a, nil
	case "~":
		if a, err = c.whole(a, "~"); err != nil {
			return nil, err
		}
		return c.strict(n, cInt, typUnsigned, []*typed{a}, func(_ *machine, v *value, a []*value) { v.i = ^a[0].i }), nil
	}
	return c.negate(n, a), nil
}

func (c *checker) negate(n *Node, a *typed) *typed {
	part := c.part(n)
	switch a.class {
	case cDecimal:
		return c.strict(n, cDecimal, a.typ, []*typed{a}, func(_ *machine, v *value, a []*value) { v.d = a[0].d.neg() })
	case cFloat:
		return c.strict(n, cFloat, a.typ, []*typed{a}, func(_ *machine, v *value, a []*value) { v.f = -a[0].f })
	}
	unsigned := a.typ.Unsigned
	return c.strict(n, cInt, typBig, []*typed{a}, func(m *machine, v *value, a []*value) {
		x := a[0].i
		if !unsigned && x == math.MinInt64 || unsigned && uint64(x) > 1<<63 {
			m.fail(v, part, "the result is no whole number of 64 bits")
			return
		}
		v.i = -x
	})
}

// num makes a node a number; a text in quotes is read as one.
func (c *checker) num(a *typed, what string) (*typed, *Error) {
	switch {
	case a.class == cBool:
		return c.as(a, cInt, schema.Type{Kind: schema.Int, Bits: 8}), nil
	case a.class.numeric():
		return a, nil
	case a.class == cNull:
		return c.as(a, cInt, typBig), nil
	case a.class == cText && a.literal:
		v := &value{}
		if reason := parseLiteral(v, string(a.value.b), cDecimal, anyDecimal); reason != "" {
			return nil, errorAt(a.node, "%s, and %s takes numbers.", reason, what)
		}
		return constant(a.node, cDecimal, decimalType(max(len(a.value.b), 1), int(v.d.scale)), v), nil
	}
	e := errorAt(a.node, "%s takes numbers, and %s is %s.", what, c.part(a.node), c.is2(a))
	if a.class == cText {
		e.Fix = "Write CAST(" + c.part(a.node) + " AS SIGNED), or AS DECIMAL(20, 4)."
	}
	return nil, e
}

// whole makes a node a whole number.
func (c *checker) whole(a *typed, what string) (*typed, *Error) {
	a, err := c.num(a, what)
	if err != nil || a.class == cInt {
		return a, err
	}
	if a.value != nil && a.class == cDecimal {
		if i, ok := a.value.d.int(false); ok && a.value.d.cmp(decimal{c: i}) == 0 {
			return constant(a.node, cInt, typBig, &value{i: i, null: a.value.null}), nil
		}
	}
	return nil, errorAt(a.node, "%s takes whole numbers, and %s is %s.", what, c.part(a.node), c.is2(a)).fix("Write CAST(%s AS SIGNED).", c.part(a.node))
}

func (c *checker) arithmetic(n *Node, a, b *typed) (*typed, *Error) {
	switch n.Name {
	case "|", "&", "^", "<<", ">>":
		return c.bitwise(n, a, b)
	}
	if a.class.temporal() || b.class.temporal() {
		return nil, c.temporalArithmetic(n, a, b)
	}
	a, err := c.num(a, n.Name)
	if err != nil {
		return nil, err
	}
	if b, err = c.num(b, n.Name); err != nil {
		return nil, err
	}
	switch {
	case a.class == cFloat || b.class == cFloat:
		return c.floatArithmetic(n, c.as(a, cFloat, typDouble), c.as(b, cFloat, typDouble)), nil
	case n.Name == "/" && a.class == cInt && b.class == cInt:
		x, y := c.part(a.node), c.part(b.node)
		return nil, errorAt(n, "Between whole numbers / cuts the fraction off in some databases and keeps it in others.").
			fix("Write %s DIV %s for the whole quotient, or CAST(%s AS DECIMAL(20, 4)) / %s.", x, y, x, y)
	case a.class == cInt && b.class == cInt:
		return c.intArithmetic(n, a, b), nil
	}
	return c.decimalArithmetic(n, a, b), nil
}

func (c *checker) temporalArithmetic(n *Node, a, b *typed) *Error {
	x, y := c.part(a.node), c.part(b.node)
	e := errorAt(n, "Dates and times are no numbers, so %s has no meaning for them.", n.Name)
	switch {
	case n.Name == "-" && a.class.temporal() && b.class.temporal():
		return e.fix("Write DATEDIFF(%s, %s) for days, or TIMESTAMPDIFF(SECOND, %s, %s).", x, y, y, x)
	case (n.Name == "-" || n.Name == "+") && a.class.temporal():
		return e.fix("Write %s %s INTERVAL %s DAY.", x, n.Name, y)
	}
	return e
}

func (c *checker) floatArithmetic(n *Node, a, b *typed) *typed {
	part := c.part(n)
	args := []*typed{a, b}
	if n.Name == "DIV" {
		return c.strict(n, cInt, typBig, args, func(m *machine, v *value, a []*value) {
			q := math.Trunc(a[0].f / a[1].f)
			switch {
			case a[1].f == 0:
				m.fail(v, part, divByZero)
			case !(q < 1<<63 && q >= -1<<63):
				m.fail(v, part, outOfRange)
			default:
				v.i = int64(q)
			}
		})
	}
	name := n.Name
	return c.strict(n, cFloat, typDouble, args, func(m *machine, v *value, a []*value) {
		x, y := a[0].f, a[1].f
		switch name {
		case "+":
			v.f = x + y
		case "-":
			v.f = x - y
		case "*":
			v.f = x * y
		case "/", "%":
			if y == 0 {
				m.fail(v, part, divByZero)
				return
			}
			if v.f = x / y; name == "%" {
				v.f = math.Mod(x, y)
			}
		}
		if math.IsInf(v.f, 0) && !math.IsInf(x, 0) && !math.IsInf(y, 0) {
			m.fail(v, part, "the result is too large for a double")
		}
	})
}

const (
	divByZero  = "division by zero"
	outOfRange = "the result is no whole number of 64 bits"
)

// wide is a whole number of 65 bits and a sign.
type wide struct {
	neg bool
	mag uint64
}

func widen(i int64, unsigned bool) wide {
	if !unsigned && i < 0 {
		return wide{true, uint64(-i)}
	}
	return wide{false, uint64(i)}
}

// narrow gives the number as 64 bits, where it fits.
func (w wide) narrow(unsigned bool) (int64, bool) {
	switch {
	case w.neg && w.mag == 0:
		return 0, true
	case w.neg:
		return -int64(w.mag), !unsigned && w.mag <= 1<<63
	}
	return int64(w.mag), unsigned || w.mag <= math.MaxInt64
}

func (w wide) add(x wide) (wide, bool) {
	if w.neg == x.neg {
		sum, carry := bits.Add64(w.mag, x.mag, 0)
		return wide{w.neg, sum}, carry == 0
	}
	if w.mag >= x.mag {
		return wide{w.neg, w.mag - x.mag}, true
	}
	return wide{x.neg, x.mag - w.mag}, true
}

func (w wide) mul(x wide) (wide, bool) {
	hi, lo := bits.Mul64(w.mag, x.mag)
	return wide{w.neg != x.neg, lo}, hi == 0
}

func (c *checker) intArithmetic(n *Node, a, b *typed) *typed {
	ua, ub := a.typ.Unsigned, b.typ.Unsigned
	t := typBig
	if ua || ub {
		t = typUnsigned
	}
	if n.Name == "%" {
		t.Unsigned = ua
	}
	part, name, unsigned := c.part(n), n.Name, t.Unsigned
	return c.strict(n, cInt, t, []*typed{a, b}, func(m *machine, v *value, a []*value) {
		x, y := widen(a[0].i, ua), widen(a[1].i, ub)
		ok := true
		switch name {
		case "-":
			y.neg = !y.neg
			fallthrough
		case "+":
			x, ok = x.add(y)
		case "*":
			x, ok = x.mul(y)
		default:
			if y.mag == 0 {
				m.fail(v, part, divByZero)
				return
			}
			if name == "%" {
				x.mag %= y.mag
			} else {
				x = wide{x.neg != y.neg, x.mag / y.mag}
			}
		}
		var fits bool
		if v.i, fits = x.narrow(unsigned); !ok || !fits {
			m.fail(v, part, outOfRange)
		}
	})
}

func (c *checker) decimalArithmetic(n *Node, a, b *typed) *typed {
	w1, s1, ok1 := digitsOf(a.class, a.typ)
	w2, s2, ok2 := digitsOf(b.class, b.typ)
	a, b = c.as(a, cDecimal, a.typ), c.as(b, cDecimal, b.typ)
	part := c.part(n)
	args := []*typed{a, b}
	if n.Name == "DIV" {
		return c.strict(n, cInt, typBig, args, func(m *machine, v *value, a []*value) {
			if a[1].d.sign() == 0 {
				m.fail(v, part, divByZero)
				return
			}
			q, _ := a[0].d.quoRem(a[1].d)
			var ok bool
			if v.i, ok = q.int(false); !ok {
				m.fail(v, part, outOfRange)
			}
		})
	}
	t := anyDecimal
	if ok1 && ok2 {
		switch n.Name {
		case "+", "-":
			t = decimalType(max(w1, w2)+1, max(s1, s2))
		case "*":
			t = decimalType(w1+w2, s1+s2)
		case "/":
			t = decimalType(w1+s2, s1+4)
		case "%":
			t = decimalType(max(w1, w2), max(s1, s2))
		}
	}
	name, scale := n.Name, int32(min(s1+4, 30))
	limited := ok1 && ok2
	return c.strict(n, cDecimal, t, args, func(m *machine, v *value, a []*value) {
		x, y := a[0].d, a[1].d
		switch name {
		case "+":
			v.d = x.add(y)
		case "-":
			v.d = x.add(y.neg())
		case "*":
			v.d = x.mul(y)
		default:
			if y.sign() == 0 {
				m.fail(v, part, divByZero)
				return
			}
			if name == "%" {
				_, v.d = x.quoRem(y)
			} else if limited {
				v.d = x.div(y).round(scale)
			} else {
				v.d = x.div(y).round(max(x.scale, y.scale) + 16)
			}
		}
		if v.d.big != nil && v.d.big.BitLen() > 216 && tooLong(v.d.big) {
			m.fail(v, part, "the result has more than 65 digits")
		}
	})
}

var digits65 = bigPow10(65 + maxScale)

func tooLong(b *big.Int) bool { return b.CmpAbs(digits65) >= 0 }

func (c *checker) bitwise(n *Node, a, b *typed) (*typed, *Error) {
	a, err := c.whole(a, n.Name)
	if err != nil {
		return nil, err
	}
	if b, err = c.whole(b, n.Name); err != nil {
		return nil, err
	}
	name := n.Name
	return c.strict(n, cInt, typUnsigned, []*typed{a, b}, func(_ *machine, v *value, a []*value) {
		x, y := uint64(a[0].i), uint64(a[1].i)
		switch name {
		case "|":
			x |= y
		case "&":
			x &= y
		case "^":
			x ^= y
		case "<<":
			x <<= y
		default:
			x >>= y
		}
		v.i = int64(x)
	}), nil
}
